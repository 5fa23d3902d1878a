import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checksumCode, digestLength } from '../../src/hash/registry.js';
import { Ledger } from '../../src/ledger/ledger.js';
import { openLedgerFile } from '../../src/ledger/open.js';
import { EntryStatus } from '../../src/ledger/schema.js';
import { metaWith } from '../helpers/entries.js';
import { temporaryFolder } from '../helpers/tree.js';
import { dirWith, entryWith, PAIR } from './rows.js';

const ROWS = 100_000;
const IN_ONE_DIR = 1000;
/** Bytes of the file for one row, for names of 20 characters and a SHA-256. */
/** "At most about 120". */
const MOST = 121;

/** In the order in which a scan finds them. */
function nameOf(index: number): string {
  return `a file number ${String(index).padStart(6, '0')}`;
}

test('a row is small, and a pending one has room for what it becomes', () => {
  const file = join(temporaryFolder(), 'ledger.db');
  const ledger = new Ledger(openLedgerFile(file, PAIR));
  const bytesPerRow = () => {
    ledger.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return statSync(file).size / ROWS;
  };
  const meta = (index: number) =>
    metaWith({
      size: 4000 + index,
      mtimeNs: 1_600_000_000_123_456_789n + BigInt(index),
      ctimeNs: 1_650_000_000_123_456_789n + BigInt(index),
      btimeNs: 1_640_000_000_123_456_789n + BigInt(index),
    });
  const entry = { algorithm: checksumCode('sha256'), hash: Buffer.alloc(digestLength('sha256'), 0xee) };
  ledger.commit(() => {
    for (let index = 0; index < ROWS; index++) {
      const dir = 1 + Math.floor(index / IN_ONE_DIR);
      if (index % IN_ONE_DIR === 0) ledger.putDir(dirWith(dir, { path: `some/folder/number ${dir}` }));
      const pending = index % 2 === 0;
      const row = { ...entry, status: pending ? EntryStatus.pending : EntryStatus.synced, meta: meta(index) };
      ledger.putEntry(dir, nameOf(index), entryWith(row), undefined);
    }
  });
  const before = bytesPerRow();
  ledger.commit(() => {
    for (let index = 0; index < ROWS; index += 2) {
      const dir = 1 + Math.floor(index / IN_ONE_DIR);
      const row = { ...entry, status: EntryStatus.synced, meta: meta(index) };
      const known = { status: EntryStatus.pending, size: row.meta.size };
      ledger.putEntry(dir, nameOf(index), entryWith(row), known);
    }
  });
  expect(ledger.totals).toMatchObject({ syncedFiles: ROWS, pendingFiles: 0 });
  expect(bytesPerRow()).toBe(before);
  expect(before).toBeLessThanOrEqual(MOST);
  ledger.close();
});
