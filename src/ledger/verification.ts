/**
 * The ledger's part of a verification: which rows it is about, a page at a time by their keys, and what was found of
 * them. A page looks at a bounded number of rows, however few of them are wanted, so that the caller is never kept long.
 * Times in ms since the Unix epoch, sizes in bytes; paths are beneath the root and raw.
 */
import { fromColumn, join, toColumn } from '../posix/names.js';
import type { Meta } from '../share/entries.js';
import type { Tally } from '../stats/snapshot.js';
import { countUntoldDamage, untoldDamage } from './damaged.js';
import type { Ledger } from './ledger.js';
import { EntryStatus, IS_DIFFERENT, IS_OF_COPY, Verdict } from './schema.js';
import { pragma, prepare } from './sqlite.js';

/** The first version of the ledger with these columns. */
const SINCE_VERSION = 4;

/** Rows that one page looks at. */
const PAGE = 4096;

/** The place of a row in the order of all: the folder's id, and the name as its column has it. */
export type RowKey = readonly [dir: number, name: string | Buffer];

/** Before all rows. */
export const FIRST_KEY: RowKey = [0, toColumn('')];

/**
 * Which synced rows: all but those that were found equal at or after `equalSinceMs`, and but those of which anything was
 * found at or after `begunMs`, in this verification.
 */
export interface Scope {
  readonly begunMs: number;
  readonly equalSinceMs: number;
}

const IN_SCOPE = `status = ${EntryStatus.synced} AND
  (verified_at IS NULL OR verified_at >= :begun OR verdict <> ${Verdict.equal} OR verified_at < :since)`;
const IS_DUE = `${IN_SCOPE} AND (verified_at IS NULL OR verified_at < :begun)`;

/** A row that is to be verified. */
export interface DueRow {
  readonly dir: number;
  readonly name: string;
  /** The folder's. */
  readonly path: string;
  readonly meta: Pick<Meta, 'size' | 'mtimeNs' | 'mode'>;
  readonly algorithm: number | undefined;
  readonly hash: Uint8Array | undefined;
}

export interface DuePage {
  readonly rows: readonly DueRow[];
  /** The last row that was looked at; undefined: there are no more. */
  readonly next: RowKey | undefined;
}

/** The rows among the next ones after a key that are due. */
export function dueAfter({ db }: Ledger, { begunMs, equalSinceMs }: Scope, after: RowKey): DuePage {
  const next = pageEnd(db, after);
  const upTo = next === undefined ? '' : 'AND (dir, name) <= (:lastDir, :lastName)';
  const query = prepare(
    db,
    `SELECT dir, name, (SELECT path FROM dirs WHERE id = dir), size, mtime, mode, algorithm, hash FROM entries
     WHERE (dir, name) > (:dir, :name) ${upTo} AND ${IS_DUE} ORDER BY dir, name`,
  );
  const found = query
    .raw(true)
    .safeIntegers(true)
    .all(bindings(after, next, begunMs, equalSinceMs));
  const rows = (found as [bigint, string, string | null, bigint, bigint, bigint, bigint | null, Buffer | null][]).map(
    ([dir, name, path, size, mtimeNs, mode, algorithm, hash]): DueRow => ({
      dir: Number(dir),
      name: fromColumn(name),
      path: fromColumn(path ?? ''),
      meta: { size: Number(size), mtimeNs, mode: Number(mode) },
      algorithm: algorithm === null ? undefined : Number(algorithm),
      hash: hash ?? undefined,
    }),
  );
  return { rows, next };
}

/** Counts the rows among the next ones after a key that a verification is about, due or done. */
export function countAfter(
  { db }: Ledger,
  { begunMs, equalSinceMs }: Scope,
  after: RowKey,
): { readonly all: Tally; readonly next: RowKey | undefined } {
  const next = pageEnd(db, after);
  const upTo = next === undefined ? '' : 'AND (dir, name) <= (:lastDir, :lastName)';
  const query = prepare(
    db,
    `SELECT count(*), total(size) FROM entries WHERE (dir, name) > (:dir, :name) ${upTo} AND ${IN_SCOPE}`,
  );
  const values = bindings(after, next, begunMs, equalSinceMs);
  const [files, bytes] = query.raw(true).get(values) as [number, number];
  return { all: { files, bytes }, next };
}

function pageEnd(db: Ledger['db'], after: RowKey): RowKey | undefined {
  const query = prepare(
    db,
    `SELECT dir, name FROM entries WHERE (dir, name) > (?, ?) ORDER BY dir, name LIMIT 1 OFFSET ${PAGE - 1}`,
  );
  return query.raw(true).get(...after) as RowKey | undefined;
}

function bindings([dir, name]: RowKey, next: RowKey | undefined, begunMs: number, equalSinceMs: number) {
  const last = next && { lastDir: next[0], lastName: next[1] };
  return { dir, name, ...last, begun: begunMs, since: equalSinceMs };
}

/** What was found of a row. */
export interface Finding {
  readonly dir: number;
  readonly name: string;
  readonly verdict: Verdict;
  /** In words; undefined where nothing differs. */
  readonly difference: string | undefined;
  /** A hash to be recorded, with the code of its algorithm. */
  readonly hash?: { readonly algorithm: number; readonly digest: Uint8Array } | undefined;
}

/** Writes a finding down. Inside `commit`. */
export function putFinding({ db }: Ledger, { dir, name, verdict, difference, hash }: Finding, atMs: number): void {
  const where = `WHERE dir = ? AND name = ? AND status = ${EntryStatus.synced}`;
  const key = [dir, toColumn(name)];
  // What a verification before this one found goes; a warning of the copy stays.
  const error = `coalesce(?, iif(${IS_OF_COPY}, error, NULL))`;
  prepare(db, `UPDATE entries SET verified_at = ?, verdict = ?, error = ${error} ${where}`).run(
    atMs,
    verdict,
    difference ?? null,
    ...key,
  );
  if (hash) prepare(db, `UPDATE entries SET algorithm = ?, hash = ? ${where}`).run(hash.algorithm, hash.digest, ...key);
}

export interface Difference {
  readonly path: string;
  readonly difference: string;
}

/** The first of the entries that were found to differ at or after a time, 0 for all that is known; none in a ledger of an earlier version. */
export function differencesSince(ledger: Ledger, sinceMs: number, limit: number): Difference[] {
  if (isOlder(ledger)) return [];
  const query = prepare(
    ledger.db,
    `SELECT (SELECT path FROM dirs WHERE id = dir), name, error FROM entries
     WHERE ${IS_DIFFERENT} AND coalesce(verified_at, 0) >= ? ORDER BY dir, name LIMIT ?`,
  ).raw(true);
  const rows = query.all(sinceMs, limit) as [string | Buffer, string | Buffer, string][];
  const found = rows.map(([path, name, difference]) => ({
    path: join(fromColumn(path), fromColumn(name)),
    difference,
  }));
  return sinceMs > 0 ? found : [...found, ...untoldDamage(ledger, limit - found.length)];
}

/** Entries that the ledger has as different now, of whatever verification. */
export function countDifferent(ledger: Ledger): number {
  if (isOlder(ledger)) return 0;
  const rows = prepare(ledger.db, `SELECT count(*) FROM entries WHERE ${IS_DIFFERENT}`).pluck().get() as number;
  return rows + countUntoldDamage(ledger);
}

function isOlder({ db }: Ledger): boolean {
  return (pragma(db, 'user_version') as number) < SINCE_VERSION;
}
