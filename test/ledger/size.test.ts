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
const MOST = 120;

test('a row is small, also when it was pending first', () => {
  const file = join(temporaryFolder(), 'ledger.db');
  const ledger = new Ledger(openLedgerFile(file, PAIR));
  const meta = (index: number) =>
    metaWith({
      size: 4000 + index,
      mtimeNs: 1_600_000_000_123_456_789n + BigInt(index),
      ctimeNs: 1_650_000_000_123_456_789n + BigInt(index),
      btimeNs: 1_640_000_000_123_456_789n + BigInt(index),
      uid: 1000,
      gid: 1000,
    });
  const entry = { algorithm: checksumCode('sha256'), hash: Buffer.alloc(digestLength('sha256'), 0xee) };
  ledger.commit(() => {
    for (let index = 0; index < ROWS; index++) {
      const dir = 1 + Math.floor(index / IN_ONE_DIR);
      if (index % IN_ONE_DIR === 0) ledger.putDir(dirWith(dir, { path: `some/folder/number ${dir}` }));
      const name = `name-${index}`.padEnd(20, '-');
      const pending = index % 2 === 0;
      const row = { ...entry, status: pending ? EntryStatus.pending : EntryStatus.synced, meta: meta(index) };
      ledger.putEntry(dir, name, entryWith(row), undefined);
    }
  });
  ledger.commit(() => {
    for (let index = 0; index < ROWS; index += 2) {
      const dir = 1 + Math.floor(index / IN_ONE_DIR);
      const row = { ...entry, status: EntryStatus.synced, meta: meta(index) };
      const before = { status: EntryStatus.pending, size: row.meta.size };
      ledger.putEntry(dir, `name-${index}`.padEnd(20, '-'), entryWith(row), before);
    }
  });
  ledger.db.pragma('wal_checkpoint(TRUNCATE)');
  expect(ledger.totals).toMatchObject({ syncedFiles: ROWS, pendingFiles: 0 });
  expect(statSync(file).size / ROWS).toBeLessThanOrEqual(MOST);
  ledger.close();
});
