import { beforeEach, expect, test } from 'vitest';
import { Ledger } from '../../src/ledger/ledger.js';
import { openScratchLedger } from '../../src/ledger/open.js';
import {
  closeSession,
  type HistoryRow,
  historyOf,
  noteSession,
  openSession,
  sessionsOf,
  thinHistory,
} from '../../src/ledger/sessions.js';
import { PAIR } from './rows.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const COUNTS = {
  readBytes: 10,
  writtenBytes: 9,
  copiedFiles: 2,
  copiedBytes: 8,
  sameFiles: 3,
  deleted: 1,
  failed: 4,
};

let ledger: Ledger;

beforeEach(() => {
  ledger = new Ledger(openScratchLedger(PAIR));
});

function row(session: number, atMs: number, bytes = 0): HistoryRow {
  return {
    session,
    atMs,
    readBytes: bytes,
    writtenBytes: bytes,
    doneFiles: 1,
    readLimit: 0,
    writeLimit: 5,
    syncedFiles: 1,
    syncedBytes: 2,
    pendingFiles: 3,
    pendingBytes: 4,
    failedFiles: 5,
  };
}

test('a session that ended has its counts and its exit code, one that was cut off has what was noted last', () => {
  const first = openSession(ledger, 1000);
  noteSession(ledger, COUNTS, row(first, 2000));
  const second = openSession(ledger, 5000);
  noteSession(ledger, { ...COUNTS, copiedFiles: 7 }, row(second, 6000));
  closeSession(ledger, second, 7000, 1);
  expect(sessionsOf(ledger)).toEqual([
    { id: 1, begunMs: 1000, endedMs: undefined, exitCode: undefined, seenMs: 2000, ...COUNTS },
    { id: 2, begunMs: 5000, endedMs: 7000, exitCode: 1, seenMs: 6000, ...COUNTS, copiedFiles: 7 },
  ]);
  expect(historyOf(ledger)).toEqual([row(1, 2000), row(2, 6000)]);
});

test('a year of history stays small, in full detail for the last hour', () => {
  const now = 400 * DAY;
  const session = openSession(ledger, now - 365 * DAY);
  const add = (from: number, to: number, step: number) => {
    ledger.db.transaction(() => {
      for (let at = from; at < to; at += step) noteSession(ledger, COUNTS, row(session, at, at));
    })();
  };
  add(now - 365 * DAY, now - 31 * DAY, HOUR / 4);
  add(now - 31 * DAY, now - DAY, 120_000);
  add(now - DAY, now, 10_000);
  thinHistory(ledger, now);
  const rows = historyOf(ledger);
  expect(rows.length).toBeLessThan(14_500);
  expect(rows.filter(({ atMs }) => atMs >= now - HOUR)).toHaveLength(360);
  expect(rows.filter(({ atMs }) => atMs < now - 30 * DAY).length).toBeLessThanOrEqual(335 * 24 + 1);
  // What is kept is the last of its step, so counters are never older than their time says.
  for (const { atMs, readBytes } of rows) expect(readBytes).toBe(atMs);
  thinHistory(ledger, now);
  expect(historyOf(ledger)).toEqual(rows);
});
