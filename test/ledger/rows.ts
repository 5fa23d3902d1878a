/** Rows made from plain values, and a ledger that is gone with the test. */
import { afterEach } from 'vitest';
import { Ledger } from '../../src/ledger/ledger.js';
import { openScratchLedger } from '../../src/ledger/open.js';
import { type Dir, type Entry, NO_TOTALS, type Totals } from '../../src/ledger/rows.js';
import { DirSide, DirStatus, EntryStatus, Listed } from '../../src/ledger/schema.js';
import type { SessionRow } from '../../src/ledger/sessions.js';
import { prepare } from '../../src/ledger/sqlite.js';
import { metaWith } from '../helpers/entries.js';

export const PAIR = { source: '/the/source', dest: '/the/dest' };

const ledgers: Ledger[] = [];

afterEach(() => {
  for (const ledger of ledgers.splice(0)) ledger.close();
});

export function scratch(): Ledger {
  const ledger = new Ledger(openScratchLedger(PAIR));
  ledgers.push(ledger);
  return ledger;
}

/** A listed folder of scan 1; `part` tells what is different. */
export function dirWith(id: number, part: Partial<Dir> = {}): Dir {
  return {
    id,
    parent: id === 1 ? undefined : 1,
    path: id === 1 ? '' : `dir ${id}`,
    depth: id === 1 ? 0 : 1,
    side: DirSide.source,
    listed: Listed.yes,
    status: DirStatus.synced,
    scan: 1,
    meta: metaWith({ size: 0 }),
    error: undefined,
    seal: undefined,
    ...part,
  };
}

/** A pending file of 1 byte. */
export function entryWith(part: Partial<Entry> = {}): Entry {
  return {
    status: EntryStatus.pending,
    meta: metaWith(),
    algorithm: undefined,
    hash: undefined,
    error: undefined,
    ...part,
  };
}

/** What the totals should be, counted anew from the rows. */
export function recount({ db }: Ledger): Totals {
  const totals = { ...NO_TOTALS };
  const rows = prepare(db, 'SELECT status, count(*), sum(size) FROM entries GROUP BY status').raw().all();
  for (const [status, files, bytes] of rows as number[][]) {
    if (status === EntryStatus.pending) Object.assign(totals, { pendingFiles: files, pendingBytes: bytes });
    if (status === EntryStatus.synced) Object.assign(totals, { syncedFiles: files, syncedBytes: bytes });
    if (status === EntryStatus.failed) Object.assign(totals, { failedFiles: files, failedBytes: bytes });
    if (status === EntryStatus.skipped) totals.skippedFiles = files!;
  }
  return totals;
}

/** Folders whose count of pending entries is not what their rows add up to. */
export function miscounted({ db }: Ledger): unknown[] {
  return prepare(
    db,
    `SELECT id, pending, (SELECT count(*) FROM entries e WHERE e.dir = d.id AND e.status = 0) AS counted
       FROM dirs d WHERE pending <> counted`,
  ).all();
}

/** The first session, which runs since the epoch and has done nothing; `part` tells what is different. */
export function sessionWith(part: Partial<SessionRow>): SessionRow {
  const counts = { readBytes: 0, writtenBytes: 0, copiedFiles: 0, copiedBytes: 0, sameFiles: 0, deleted: 0, failed: 0 };
  return { id: 1, begunMs: 0, endedMs: undefined, exitCode: undefined, seenMs: 0, ...counts, ...part };
}
