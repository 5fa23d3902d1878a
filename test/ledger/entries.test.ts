import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyedEntry } from '../../src/ledger/rows.js';
import { EntryStatus } from '../../src/ledger/schema.js';
import { prepare } from '../../src/ledger/sqlite.js';
import { nameBytes } from '../../src/posix/names.js';
import { metaWith } from '../helpers/entries.js';
import { anyName } from '../pipeline/arbitrary.js';
import { dirWith, entryWith, scratch } from './rows.js';

const names = (entries: readonly KeyedEntry[]) => entries.map(({ name }) => name);

/** Names as SQLite orders them: text by its bytes, then those that are not UTF-8 by theirs. */
function inOrder(list: Iterable<string>): string[] {
  return [...list].sort(
    (a, b) => Number(b.isWellFormed()) - Number(a.isWellFormed()) || Buffer.compare(nameBytes(a), nameBytes(b)),
  );
}

test('an entry comes back as it was put', () => {
  const ledger = scratch();
  const entries = [
    entryWith(),
    entryWith({ meta: metaWith({ size: 2 ** 52 + 1, mtimeNs: -1n, ctimeNs: -(2n ** 63n), btimeNs: 0n }) }),
    entryWith({ status: EntryStatus.synced, algorithm: 4, hash: Buffer.alloc(64, 0xab) }),
    entryWith({ status: EntryStatus.failed, error: 'EACCES: permission denied (open)' }),
    entryWith({ status: EntryStatus.skipped, meta: metaWith({ mode: 0o177777, uid: 2 ** 32 - 1, gid: 2 ** 32 - 2 }) }),
  ];
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    for (const [index, entry] of entries.entries()) ledger.putEntry(1, `${index}`, entry, undefined);
  });
  expect(ledger.entriesAfter(1, '', 999)).toEqual(
    entries.map((entry, index) => ({ ...entry, dir: 1, name: `${index}` })),
  );
  expect(ledger.entry(1, '2')).toEqual({ ...entries[2], dir: 1, name: '2' });
  expect(ledger.entry(1, 'other')).toBeUndefined();
  expect(ledger.entry(2, '2')).toBeUndefined();
});

test('names that differ in case, in normal form or in invalid bytes only are different entries', () => {
  const ledger = scratch();
  const twins = ['a', 'A', 'é', 'e\u0301', 'x\udcff', 'x\udcfe', 'x\ufffd', "'; DROP TABLE entries; --", '', '%'].slice(
    0,
    -2,
  );
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    for (const name of twins) ledger.putEntry(1, name, entryWith({ error: name }), undefined);
  });
  expect(names(ledger.entriesAfter(1, '', 999))).toEqual(inOrder(twins));
  for (const name of twins) expect(ledger.entry(1, name)!.name).toBe(name);
});

test('a name that is not UTF-8 is stored as its bytes, any other as text', () => {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    for (const name of ['né', 'n\udcff']) ledger.putEntry(1, name, entryWith(), undefined);
  });
  expect(prepare(ledger.db, 'SELECT name FROM entries').pluck().all()).toEqual(['né', Buffer.of(0x6e, 0xff)]);
});

describe('paging', () => {
  test('gives every entry of the folder once, in order, whatever the names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (list, limit) => {
        const ledger = scratch();
        ledger.commit(() => {
          for (const id of [1, 2]) {
            ledger.putDir(dirWith(id));
            for (const [index, name] of list.entries())
              ledger.putEntry(id, name, entryWith({ status: (index % 2) as EntryStatus }), undefined);
          }
        });
        const pages = (read: (after: string) => KeyedEntry[]) => {
          const seen: string[] = [];
          for (let page = read(''); page.length > 0; page = read(seen.at(-1)!)) {
            expect(page.length).toBeLessThanOrEqual(limit);
            seen.push(...names(page));
          }
          return seen;
        };
        expect(pages((after) => ledger.entriesAfter(1, after, limit))).toEqual(inOrder(list));
        const pending = list.filter((_, index) => index % 2 === EntryStatus.pending);
        expect(pages((after) => ledger.pendingAfter(2, after, limit))).toEqual(inOrder(pending));
        ledger.close();
      }),
      { numRuns: 40 },
    );
  });

  test('of failures goes on in the next folder', () => {
    const ledger = scratch();
    ledger.commit(() => {
      for (const id of [1, 2, 3]) {
        ledger.putDir(dirWith(id));
        for (const name of ['a', 'b', 'z\udcff'])
          ledger.putEntry(
            id,
            name,
            entryWith({ status: id === 2 ? EntryStatus.synced : EntryStatus.failed }),
            undefined,
          );
      }
    });
    const seen: string[] = [];
    for (let at = { dir: 0, name: '' }; ; ) {
      const page = ledger.failedAfter(at.dir, at.name, 2);
      if (page.length === 0) break;
      seen.push(...page.map(({ dir, name }) => `${dir} ${name}`));
      at = page.at(-1)!;
    }
    expect(seen).toEqual(['1 a', '1 b', '1 z\udcff', '3 a', '3 b', '3 z\udcff']);
  });
});

test('an entry that is put again is replaced as a whole', () => {
  const ledger = scratch();
  const first = entryWith({ status: EntryStatus.failed, error: 'x', algorithm: 1, hash: Buffer.alloc(16) });
  const second = entryWith({ status: EntryStatus.synced, meta: metaWith({ size: 9, mode: 0, uid: 1, gid: 2 }) });
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putEntry(1, 'a', first, undefined);
    ledger.putEntry(1, 'a', second, { status: first.status, size: first.meta.size });
  });
  expect(ledger.entriesAfter(1, '', 999)).toEqual([{ ...second, dir: 1, name: 'a' }]);
});
