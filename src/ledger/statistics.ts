/**
 * What a report asks of a whole ledger of many millions of rows, while a run may be writing it: each query reads a piece
 * and ends, so that none keeps SQLite from folding its log of changes back into the file, and memory stays bounded.
 * Sizes in bytes, times in ms since the Unix epoch; paths are beneath the root and raw.
 */

import { fromColumn, join, toColumn } from '../posix/names.js';
import type { Checksum } from '../settings.js';
import type { Tally } from '../stats/snapshot.js';
import { algorithmOf } from './algorithms.js';
import type { Ledger } from './ledger.js';
import { DirSide, DirStatus, EntryStatus } from './schema.js';
import { isOlder } from './sessions.js';
import { prepare } from './sqlite.js';

/** Rows that one query goes through, give or take a folder. */
const ROWS_AT_ONCE = 200_000;
const PAGE = 2000;

// ---- all entries, counted

/** Sizes from the one before, included, to this one, excluded; beyond the last one without an end. Steps of 32, but for 0. */
export const SIZE_BOUNDS = [
  1,
  1024,
  32 * 1024,
  1024 ** 2,
  32 * 1024 ** 2,
  1024 ** 3,
  32 * 1024 ** 3,
  1024 ** 4,
] as const;

/** Ages since the last change of contents, as SIZE_BOUNDS; the first one is what lies in the future. Days. */
export const AGE_BOUNDS_DAYS = [0, 7, 30, 365, 2 * 365, 5 * 365, 10 * 365] as const;

export interface Distribution {
  /** One more than SIZE_BOUNDS. */
  readonly sizes: readonly Tally[];
  /** One more than AGE_BOUNDS_DAYS. */
  readonly ages: readonly Tally[];
  /** Synced entries with a recorded hash, by its algorithm, the most frequent first. */
  readonly hashed: readonly { readonly algorithm: Checksum; readonly entries: number }[];
  /** All that was counted: files and links that are synced, pending or failed. */
  readonly all: Tally;
}

const DAY_NS = 86_400_000_000_000n;

/** Files and links by size, age and hash. What is skipped (pipes, devices) is not counted. */
export function distributionOf({ db }: Ledger, nowMs: number): Distribution {
  const nowNs = BigInt(Math.round(nowMs)) * 1_000_000n;
  const size = stepOf('size', SIZE_BOUNDS.map(BigInt));
  // The older, the smaller the time, so the age is what is compared.
  const age = stepOf(
    `${nowNs} - mtime`,
    AGE_BOUNDS_DAYS.map((days) => BigInt(days) * DAY_NS),
  );
  const query = prepare(
    db,
    `SELECT ${size}, ${age}, CASE WHEN status = ${EntryStatus.synced} AND hash IS NOT NULL THEN algorithm END,
       count(*), sum(size)
     FROM entries WHERE dir > ? AND dir <= ? AND status <> ${EntryStatus.skipped} GROUP BY 1, 2, 3`,
  ).raw(true);
  const sizes = tallies(SIZE_BOUNDS.length + 1);
  const ages = tallies(AGE_BOUNDS_DAYS.length + 1);
  const hashed = new Map<number, number>();
  const all = tallies(1)[0]!;
  for (const [after, last] of folderRanges(db)) {
    for (const [sizeStep, ageStep, algorithm, files, bytes] of query.all(after, last) as (number | null)[][]) {
      for (const tally of [sizes[sizeStep!]!, ages[ageStep!]!, all]) {
        tally.files += files!;
        tally.bytes += bytes!;
      }
      if (algorithm !== null) hashed.set(algorithm!, (hashed.get(algorithm!) ?? 0) + files!);
    }
  }
  const byCount = [...hashed].sort(([, a], [, b]) => b - a);
  return { sizes, ages, all, hashed: byCount.map(([code, entries]) => ({ algorithm: algorithmOf(code), entries })) };
}

function tallies(count: number): { files: number; bytes: number }[] {
  return Array.from({ length: count }, () => ({ files: 0, bytes: 0 }));
}

/** SQL for how many of `bounds`, which ascend, are not above the value of `expression`. */
function stepOf(expression: string, bounds: readonly bigint[]): string {
  return `CASE ${bounds.map((bound, step) => `WHEN ${expression} < ${bound} THEN ${step}`).join(' ')} ELSE ${bounds.length} END`;
}

/** Ranges of folders' ids, first one excluded, with about ROWS_AT_ONCE entries in each. */
function* folderRanges(db: Ledger['db']): Generator<[after: number, last: number]> {
  const find = prepare(db, 'SELECT dir FROM entries WHERE dir > ? ORDER BY dir LIMIT 1 OFFSET ?').pluck();
  for (let after = 0; ; ) {
    const last = (find.get(after, ROWS_AT_ONCE) as number | undefined) ?? Number.MAX_SAFE_INTEGER;
    yield [after, last];
    if (last === Number.MAX_SAFE_INTEGER) return;
    after = last;
  }
}

// ---- slow folders

export interface SlowFolder extends Tally {
  readonly path: string;
  /** Time that lanes spent on the folder's files, together. */
  readonly workMs: number;
}

/** The folders whose files took the most work, and what is in them now (not beneath); none from an older ledger. */
export function slowestFolders({ db }: Ledger, most: number): SlowFolder[] {
  if (isOlder(db)) return [];
  const slowest = prepare(db, 'SELECT id, path, work_ms FROM dirs WHERE work_ms > 0 ORDER BY work_ms DESC LIMIT ?');
  const content = prepare(
    db,
    `SELECT count(*), coalesce(sum(size), 0) FROM entries WHERE dir = ? AND status <> ${EntryStatus.skipped}`,
  ).raw(true);
  return (slowest.raw(true).all(most) as [number, string | Buffer, number][]).map(([id, path, workMs]) => {
    const [files, bytes] = content.get(id) as [number, number];
    return { path: fromColumn(path), workMs, files, bytes };
  });
}

// ---- failures

export interface Failed {
  readonly path: string;
  /** A folder that could not be listed or finished, or one of its entries. */
  readonly kind: 'folder' | 'entry';
  /** Its line, "EACCES: permission denied (open)"; '' when none is known. */
  readonly error: string;
}

/** All that failed, folders first. */
export function* failuresOf(ledger: Ledger): Generator<Failed> {
  for (const { path, error } of failedFolders(ledger)) yield { path, error, kind: 'folder' };
  let [dir, folder] = [0, ''];
  for (let [afterDir, afterName] = [0, '']; ; ) {
    const page = ledger.failedAfter(afterDir, afterName, PAGE);
    for (const entry of page) {
      if (entry.dir !== dir) [dir, folder] = [entry.dir, ledger.pathOf(entry.dir) ?? ''];
      yield { path: join(folder, entry.name), kind: 'entry', error: entry.error ?? '' };
    }
    const last = page.at(-1);
    if (last === undefined) return;
    [afterDir, afterName] = [last.dir, last.name];
  }
}

interface FailedFolder {
  readonly path: string;
  readonly error: string;
  readonly mtime: Time | undefined;
}

function* failedFolders({ db }: Ledger): Generator<FailedFolder> {
  const query = prepare(
    db,
    `SELECT id, path, error, mtime / 1000000000, mtime % 1000000000 FROM dirs
     WHERE status = ${DirStatus.failed} AND status <> ${DirStatus.synced} AND side = ${DirSide.source} AND id > ?
     ORDER BY id LIMIT ${PAGE}`,
  ).raw(true);
  for (let after = 0; ; ) {
    const page = query.all(after) as [number, string | Buffer, string | null, number | null, number | null][];
    for (const [id, path, error, seconds, rest] of page) {
      const mtime = seconds === null ? undefined : { seconds, rest: rest! };
      yield { path: fromColumn(path), error: error ?? '', mtime };
      after = id;
    }
    if (page.length === 0) return;
  }
}

// ---- all rows

/** A moment as SQLite divides ns since the Unix epoch: whole seconds and the rest in ns, both rounded towards zero. */
export interface Time {
  readonly seconds: number;
  readonly rest: number;
}

export interface ListedEntry {
  readonly path: string;
  readonly kind: 'file' | 'link' | 'folder' | 'other';
  readonly size: number;
  readonly mtime: Time | undefined;
  readonly status: 'pending' | 'synced' | 'failed' | 'skipped';
  /** Of synced entries whose contents were hashed; the hash in lower-case hex. */
  readonly hash: { readonly algorithm: Checksum; readonly hex: string } | undefined;
  readonly error: string;
}

const STATUSES = ['pending', 'synced', 'failed', 'skipped'] as const;

type EntryRow = [
  dir: number,
  name: string | Buffer,
  path: string | Buffer,
  status: EntryStatus,
  size: number,
  seconds: number | null,
  rest: number | null,
  format: number,
  algorithm: number | null,
  hash: string | null,
  error: string | null,
];

/** Every entry of the ledger, in pages, folder by folder; last the folders that failed. */
export function* entryPages(ledger: Ledger): Generator<ListedEntry[]> {
  const query = prepare(
    ledger.db,
    `SELECT e.dir, e.name, d.path, e.status, e.size, e.mtime / 1000000000, e.mtime % 1000000000, e.mode & 61440,
       e.algorithm, CASE WHEN e.status = ${EntryStatus.synced} THEN lower(hex(e.hash)) END, e.error
     FROM entries e CROSS JOIN dirs d ON d.id = e.dir
     WHERE (e.dir, e.name) > (?, ?) ORDER BY e.dir, e.name LIMIT ${PAGE}`,
  ).raw(true);
  let after: [number, string | Buffer] = [0, toColumn('')];
  for (;;) {
    const rows = query.all(...after) as EntryRow[];
    if (rows.length === 0) break;
    yield rows.map(listed);
    const [dir, name] = rows.at(-1)!;
    after = [dir, name];
  }
  for (const { path, error, mtime } of failedFolders(ledger))
    yield [{ path, kind: 'folder', size: 0, mtime, status: 'failed', hash: undefined, error }];
}

function listed([, name, path, status, size, seconds, rest, format, algorithm, hash, error]: EntryRow): ListedEntry {
  return {
    path: join(fromColumn(path), fromColumn(name)),
    kind: format === 0o100000 ? 'file' : format === 0o120000 ? 'link' : 'other',
    size,
    mtime: seconds === null ? undefined : { seconds, rest: rest! },
    status: STATUSES[status],
    hash: hash && algorithm !== null ? { algorithm: algorithmOf(algorithm), hex: hash } : undefined,
    error: error ?? '',
  };
}
