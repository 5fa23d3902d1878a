/**
 * The sessions of a migration and what their counters were, in the ledger: every few seconds for the last hour, and
 * the coarser the longer ago, so that weeks stay small. Times in ms since the Unix epoch, sizes in bytes.
 */

import type { Ledger } from './ledger.js';
import { pragma, prepare } from './sqlite.js';

export interface SessionCounts {
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly copiedFiles: number;
  readonly copiedBytes: number;
  readonly sameFiles: number;
  readonly deleted: number;
  readonly failed: number;
}

export interface SessionRow extends SessionCounts {
  /** From 1. */
  readonly id: number;
  readonly begunMs: number;
  /** Undefined: it runs, or was cut off. */
  readonly endedMs: number | undefined;
  readonly exitCode: number | undefined;
  /** When the counts were taken. */
  readonly seenMs: number;
}

/** The counters at one moment of a session. */
export interface HistoryRow {
  readonly session: number;
  readonly atMs: number;
  /** Of the session so far; files that were copied or failed. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly doneFiles: number;
  /** Bytes/s; 0: unlimited. */
  readonly readLimit: number;
  readonly writeLimit: number;
  /** Of the whole migration. */
  readonly syncedFiles: number;
  readonly syncedBytes: number;
  readonly pendingFiles: number;
  readonly pendingBytes: number;
  readonly failedFiles: number;
}

/** The first version of the ledger with these tables. */
const SINCE_VERSION = 3;

const HOUR_MS = 3_600_000;
/** Of what is older than `ageMs`, one row in `stepMs` is kept. A year of one session is less than 12,000 rows. */
const TIERS = [
  { ageMs: HOUR_MS, stepMs: 60_000 },
  { ageMs: 24 * HOUR_MS, stepMs: 600_000 },
  { ageMs: 30 * 24 * HOUR_MS, stepMs: HOUR_MS },
] as const;

const COUNTS = 'read_bytes, written_bytes, copied_files, copied_bytes, same_files, deleted, failed';
const SAMPLE =
  'session, at, read_bytes, written_bytes, done_files, read_limit, write_limit, synced_files, synced_bytes, pending_files, pending_bytes, failed_files';

/** Notes that a session begins; its number. */
export function openSession({ db }: Ledger, nowMs: number): number {
  const insert = `INSERT INTO sessions (begun, seen, ${COUNTS}) VALUES (?, ?, 0, 0, 0, 0, 0, 0, 0)`;
  return Number(prepare(db, insert).run(nowMs, nowMs).lastInsertRowid);
}

/** Writes the counts of a session down, with a row of its history. */
export function noteSession({ db }: Ledger, counts: SessionCounts, row: HistoryRow): void {
  db.transaction(() => {
    putCounts({ db }, row.session, counts, row.atMs);
    prepare(db, `INSERT OR REPLACE INTO history (${SAMPLE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`).run(
      row.session,
      row.atMs,
      row.readBytes,
      row.writtenBytes,
      row.doneFiles,
      Math.round(row.readLimit),
      Math.round(row.writeLimit),
      row.syncedFiles,
      row.syncedBytes,
      row.pendingFiles,
      row.pendingBytes,
      row.failedFiles,
    );
  })();
}

export function closeSession({ db }: Ledger, id: number, nowMs: number, exitCode: number): void {
  prepare(db, 'UPDATE sessions SET ended = ?, exit_code = ? WHERE id = ?').run(nowMs, exitCode, id);
}

function putCounts({ db }: Pick<Ledger, 'db'>, id: number, counts: SessionCounts, nowMs: number): void {
  prepare(db, `UPDATE sessions SET (seen, ${COUNTS}) = (?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?`).run(
    nowMs,
    counts.readBytes,
    counts.writtenBytes,
    counts.copiedFiles,
    counts.copiedBytes,
    counts.sameFiles,
    counts.deleted,
    counts.failed,
    id,
  );
}

/** Leaves out what is finer than its age deserves: of each step the last row stays, since counters only grow. */
export function thinHistory({ db }: Ledger, nowMs: number): void {
  const remove = prepare(db, 'DELETE FROM history WHERE session = ? AND at = ?');
  db.transaction(() => {
    const rows = prepare(db, 'SELECT session, at FROM history ORDER BY session, at').raw(true).all() as Key[];
    rows.forEach((row, index) => {
      const next = rows[index + 1];
      if (next && stepOf(row, nowMs) === stepOf(next, nowMs)) remove.run(...row);
    });
  })();
}

type Key = readonly [session: number, atMs: number];

/** What tells the steps of rows apart. */
function stepOf([session, atMs]: Key, nowMs: number): string {
  const stepMs = TIERS.findLast(({ ageMs }) => nowMs - atMs > ageMs)?.stepMs ?? 1;
  return `${session} ${stepMs} ${Math.floor(atMs / stepMs)}`;
}

/** All sessions, the first one first; none from a ledger of an earlier version. */
export function sessionsOf({ db }: Ledger): SessionRow[] {
  if (isOlder(db)) return [];
  const rows = prepare(db, `SELECT id, begun, ended, exit_code, seen, ${COUNTS} FROM sessions ORDER BY id`).raw(true);
  return (rows.all() as (number | null)[][]).map(([id, begun, ended, exitCode, seen, ...counts]) => ({
    id: id!,
    begunMs: begun!,
    endedMs: ended ?? undefined,
    exitCode: exitCode ?? undefined,
    seenMs: seen!,
    readBytes: counts[0]!,
    writtenBytes: counts[1]!,
    copiedFiles: counts[2]!,
    copiedBytes: counts[3]!,
    sameFiles: counts[4]!,
    deleted: counts[5]!,
    failed: counts[6]!,
  }));
}

/** The history of all sessions in the order of time. */
export function historyOf({ db }: Ledger): HistoryRow[] {
  if (isOlder(db)) return [];
  const rows = prepare(db, `SELECT ${SAMPLE} FROM history ORDER BY session, at`).raw(true).all() as number[][];
  return rows.map((row) => ({
    session: row[0]!,
    atMs: row[1]!,
    readBytes: row[2]!,
    writtenBytes: row[3]!,
    doneFiles: row[4]!,
    readLimit: row[5]!,
    writeLimit: row[6]!,
    syncedFiles: row[7]!,
    syncedBytes: row[8]!,
    pendingFiles: row[9]!,
    pendingBytes: row[10]!,
    failedFiles: row[11]!,
  }));
}

/** The ledger is of a version that kept no sessions, no history, and no time of work in folders. */
export function isOlder(db: Ledger['db']): boolean {
  return (pragma(db, 'user_version') as number) < SINCE_VERSION;
}
