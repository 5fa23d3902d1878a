import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksumCode } from '../../src/hash/registry.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { EntryStatus, Verdict } from '../../src/ledger/schema.js';
import { prepare } from '../../src/ledger/sqlite.js';
import {
  countAfter,
  countDifferent,
  type DueRow,
  differencesSince,
  dueAfter,
  FIRST_KEY,
  putFinding,
  type RowKey,
  type Scope,
} from '../../src/ledger/verification.js';
import { metaWith } from '../helpers/entries.js';
import { dirWith, entryWith, scratch } from './rows.js';

const SYNCED = entryWith({ status: EntryStatus.synced, algorithm: checksumCode('md5'), hash: Buffer.alloc(16, 1) });

function due(ledger: Ledger, scope: Scope): DueRow[] {
  const rows: DueRow[] = [];
  for (let after: RowKey | undefined = FIRST_KEY; after; ) {
    const page = dueAfter(ledger, scope, after);
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

function counted(ledger: Ledger, scope: Scope): { files: number; bytes: number } {
  const sum = { files: 0, bytes: 0 };
  for (let after: RowKey | undefined = FIRST_KEY; after; ) {
    const { all, next } = countAfter(ledger, scope, after);
    sum.files += all.files;
    sum.bytes += all.bytes;
    after = next;
  }
  return sum;
}

test('rows are due by their status, their verdict and when it was found', () => {
  const row = fc.record({
    status: fc.constantFrom(...Object.values(EntryStatus)),
    verifiedMs: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    verdict: fc.constantFrom(...Object.values(Verdict)),
  });
  const scopes = fc.record({ begunMs: fc.integer({ min: 1, max: 9 }), equalSinceMs: fc.integer({ min: -1, max: 9 }) });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), scopes, (rows, scope) => {
      const ledger = scratch();
      ledger.commit(() => {
        ledger.putDir(dirWith(1));
        for (const [index, { status, verifiedMs, verdict }] of rows.entries()) {
          ledger.putEntry(1, `${index}`, { ...SYNCED, status, meta: metaWith({ size: index }) }, undefined);
          if (verifiedMs !== undefined)
            putFinding(ledger, { dir: 1, name: `${index}`, verdict, difference: undefined }, verifiedMs);
        }
      });
      const isDone = (index: number) => {
        const { verifiedMs } = rows[index]!;
        return verifiedMs !== undefined && verifiedMs >= scope.begunMs;
      };
      const about = [...rows.keys()].filter((index) => {
        const { status, verifiedMs, verdict } = rows[index]!;
        if (status !== EntryStatus.synced) return false;
        const isKnownEqual = verifiedMs !== undefined && verdict === Verdict.equal && verifiedMs >= scope.equalSinceMs;
        return isDone(index) || !isKnownEqual;
      });
      const names = due(ledger, scope).map(({ name }) => Number(name));
      expect(names.sort((a, b) => a - b)).toEqual(about.filter((index) => !isDone(index)));
      expect(counted(ledger, scope)).toEqual({
        files: about.length,
        bytes: about.reduce((sum, index) => sum + index, 0),
      });
    }),
    { numRuns: 50 },
  );
});

test('every row comes once, with what it takes to verify it, over folders and pages', () => {
  const ledger = scratch();
  const names = (dir: number) => Array.from({ length: 3000 }, (_, index) => `${dir}-${index}`);
  ledger.commit(() => {
    for (const dir of [1, 2, 3]) {
      ledger.putDir(dirWith(dir));
      for (const name of names(dir)) ledger.putEntry(dir, name, SYNCED, undefined);
    }
    ledger.putEntry(3, 'bytes \udcff', SYNCED, undefined);
  });
  const rows = due(ledger, { begunMs: 1, equalSinceMs: 0 });
  const expected = [1, 2, 3].flatMap(names);
  expect(new Set(rows.map(({ name }) => name))).toEqual(new Set([...expected, 'bytes \udcff']));
  expect(rows).toHaveLength(9001);
  expect(rows.find(({ name }) => name === '2-7')).toEqual({
    dir: 2,
    name: '2-7',
    path: 'dir 2',
    meta: { size: 1, mtimeNs: 1_000n, mode: SYNCED.meta.mode },
    algorithm: checksumCode('md5'),
    hash: SYNCED.hash,
  });
});

function verdictOf({ db }: Ledger): unknown {
  return prepare(db, 'SELECT verdict, error, verified_at FROM files').get();
}

test('a finding stays with a row of the same content, and goes with any other', () => {
  const same = { ...SYNCED, meta: metaWith({ ctimeNs: 99n, mode: 0o100600 }) };
  const others = [
    { ...SYNCED, status: EntryStatus.pending },
    { ...SYNCED, meta: metaWith({ size: 2 }) },
    { ...SYNCED, meta: metaWith({ mtimeNs: 2n }) },
    { ...SYNCED, hash: Buffer.alloc(16, 2) },
    { ...SYNCED, hash: undefined },
  ];
  for (const entry of [same, ...others]) {
    const ledger = scratch();
    const known = { status: SYNCED.status, size: 1 };
    ledger.commit(() => {
      ledger.putDir(dirWith(1));
      ledger.putEntry(1, 'a', SYNCED, undefined);
      putFinding(ledger, { dir: 1, name: 'a', verdict: Verdict.differs, difference: 'content' }, 7);
    });
    const before = { verdict: 'differs', error: 'content', verified_at: 7_000_000 };
    expect(verdictOf(ledger)).toEqual(before);
    ledger.commit(() => ledger.putEntry(1, 'a', entry, known));
    expect(verdictOf(ledger)).toEqual(entry === same ? before : { verdict: null, error: null, verified_at: null });
    expect(countDifferent(ledger)).toBe(entry === same ? 1 : 0);
  }
});

test('what differs is listed with its words, and keeps its folder from being settled', () => {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putDir(dirWith(2));
    for (const name of ['a', 'b', 'c', 'd']) ledger.putEntry(2, name, SYNCED, undefined);
  });
  expect(ledger.isSettled(2)).toBe(true);
  ledger.commit(() => {
    putFinding(ledger, { dir: 2, name: 'a', verdict: Verdict.equal, difference: undefined }, 10);
    putFinding(ledger, { dir: 2, name: 'b', verdict: Verdict.unhashed, difference: undefined }, 10);
  });
  expect(ledger.isSettled(2)).toBe(true);
  ledger.commit(() => {
    putFinding(ledger, { dir: 2, name: 'c', verdict: Verdict.missing, difference: 'missing' }, 10);
    putFinding(ledger, { dir: 2, name: 'd', verdict: Verdict.sourceDiffers, difference: 'source: mtime' }, 20);
  });
  expect(ledger.isSettled(2)).toBe(false);
  expect(ledger.stampsAfter(2, '', 9).map(({ isDamaged }) => isDamaged)).toEqual([false, false, true, false]);
  const both = [
    { path: 'dir 2/c', difference: 'missing' },
    { path: 'dir 2/d', difference: 'source: mtime' },
  ];
  expect(differencesSince(ledger, 0, 9)).toEqual(both);
  expect(differencesSince(ledger, 0, 1)).toEqual(both.slice(0, 1));
  expect(differencesSince(ledger, 15, 9)).toEqual(both.slice(1));
  expect(countDifferent(ledger)).toBe(2);
});

test('an agreed hash is recorded with its algorithm', () => {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putEntry(1, 'a', { ...SYNCED, algorithm: undefined, hash: undefined }, undefined);
    const hash = { algorithm: checksumCode('sha1'), digest: Buffer.from('ab01', 'hex') };
    putFinding(ledger, { dir: 1, name: 'a', verdict: Verdict.equal, difference: undefined, hash }, 10);
  });
  expect(prepare(ledger.db, 'SELECT hash, algorithm, verdict FROM files').get()).toEqual({
    hash: 'ab01',
    algorithm: 'sha1',
    verdict: 'equal',
  });
});
