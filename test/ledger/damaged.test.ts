import { expect, test } from 'vitest';
import { spreadToNames } from '../../src/ledger/damaged.js';
import { otherName, putInode } from '../../src/ledger/hardlinks.js';
import { EntryStatus, Verdict } from '../../src/ledger/schema.js';
import { prepare } from '../../src/ledger/sqlite.js';
import { differencesSince, putFinding } from '../../src/ledger/verification.js';
import { metaWith } from '../helpers/entries.js';
import { dirWith, entryWith, scratch } from './rows.js';

const SYNCED = entryWith({ status: EntryStatus.synced });
const FILE = { device: 0, number: 7n };

function ledgerOf(verdict: Verdict) {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putDir(dirWith(2));
    for (const dir of [1, 2]) ledger.putEntry(dir, 'name', SYNCED, undefined);
    for (const dir of [1, 2]) putInode(ledger, dir, 'name', FILE);
    ledger.putEntry(2, 'another file', SYNCED, undefined);
    putInode(ledger, 2, 'another file', { device: 0, number: 8n });
    putFinding(ledger, { dir: 2, name: 'name', verdict, difference: 'content' }, 1000);
    spreadToNames(ledger);
  });
  return ledger;
}

test.each([Verdict.differs, Verdict.unreadable])('what is damaged by one name is so by all (verdict %i)', (verdict) => {
  const ledger = ledgerOf(verdict);
  expect(differencesSince(ledger, 0, 9)).toEqual([
    { path: 'name', difference: 'another name of the file differs' },
    { path: 'dir 2/name', difference: 'content' },
  ]);
  expect(otherName(ledger, FILE, metaWith(SYNCED.meta), 1, 'name')).toBeUndefined();
  // Verifications have not looked at it.
  const seen = prepare(ledger.db, 'SELECT verified_at FROM entries WHERE dir = 1').pluck().all();
  expect(seen).toEqual([null]);
});

test.each([Verdict.missing, Verdict.sourceDiffers, Verdict.unhashed])(
  'what is said of one name alone (verdict %i) is not said of others',
  (verdict) => {
    const ledger = ledgerOf(verdict);
    expect(differencesSince(ledger, 0, 9).map(({ path }) => path)).not.toContain('name');
    expect(otherName(ledger, FILE, metaWith(SYNCED.meta), 2, 'name')?.path).toBe('name');
  },
);
