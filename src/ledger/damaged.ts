/**
 * What is to be copied whatever it looks like at the destination, and has no row that would say so: its row was removed or
 * written over by a run whose choice left it out, or that could not look at it.
 */
import { fromColumn, join, toColumn } from '../posix/names.js';
import type { Ledger } from './ledger.js';
import { DirSide, EntryStatus, IS_DAMAGED, IS_DIFFERENT, IS_TO_COPY, Verdict } from './schema.js';
import { pragma, prepare } from './sqlite.js';

/** The first version of the ledger with this table. */
const SINCE_VERSION = 7;

/** Before the row of an entry, or those of all entries of a folder, go. Inside `commit`. */
export function rememberDamaged({ db }: Ledger, dir: number, name?: string): void {
  const one = name === undefined ? '' : 'AND name = ?';
  const query = prepare(
    db,
    `INSERT OR REPLACE INTO damaged SELECT (SELECT path FROM dirs WHERE id = dir), name, error FROM entries
     WHERE dir = ? ${one} AND (${IS_TO_COPY})`,
  );
  if (name === undefined) query.run(dir);
  else query.run(dir, toColumn(name));
}

/** The same for a folder and all beneath it. Inside `commit`. */
export function rememberDamagedBeneath(ledger: Ledger, dir: number): void {
  rememberDamaged(ledger, dir);
  const below = prepare(ledger.db, 'SELECT id FROM dirs WHERE parent = ?').pluck().all(dir) as number[];
  for (const child of below) rememberDamagedBeneath(ledger, child);
}

/** The content of a file is that of all its names: what was found of one is so for the others. Inside `commit`. */
export function spreadToNames({ db }: Ledger): void {
  prepare(
    db,
    `UPDATE entries SET verdict = ${Verdict.differs}, error = 'another name of the file differs'
     WHERE status = ${EntryStatus.synced} AND NOT ${IS_DAMAGED} AND (dir, name) IN (
       SELECT o.dir, o.name FROM entries e INDEXED BY entries_different JOIN hardlinks h USING (dir, name)
       JOIN hardlinks o ON o.device = h.device AND o.inode = h.inode
       WHERE ${IS_DIFFERENT} AND verdict IN (${Verdict.differs}, ${Verdict.unreadable}))`,
  ).run();
}

/** Paths beneath the root. */
export function damagedPaths({ db }: Ledger): Set<string> {
  const rows = prepare(db, 'SELECT dir, name FROM damaged').raw(true).all() as [string | Buffer, string | Buffer][];
  return new Set(rows.map(([dir, name]) => join(fromColumn(dir), fromColumn(name))));
}

const WITH_ROWS = `damaged x LEFT JOIN dirs d ON d.path = x.dir AND d.side = ${DirSide.source}
  LEFT JOIN entries e ON e.dir = d.id AND e.name = x.name`;

/** Forgets those that were copied since, and of those that have no row, those that are gone. Inside `commit`. */
export function forgetMended(ledger: Ledger, isGone: (path: string) => boolean): void {
  const { db } = ledger;
  const isMended = `e.status = ${EntryStatus.synced} AND NOT coalesce(${IS_DIFFERENT}, FALSE)`;
  db.exec(`DELETE FROM damaged WHERE (dir, name) IN (SELECT x.dir, x.name FROM ${WITH_ROWS} WHERE ${isMended})`);
  const forget = prepare(db, 'DELETE FROM damaged WHERE dir = ? AND name = ?');
  const without = prepare(db, `SELECT x.dir, x.name FROM ${WITH_ROWS} WHERE e.dir IS NULL`).raw(true);
  for (const [dir, name] of without.all() as [string | Buffer, string | Buffer][])
    if (isGone(join(fromColumn(dir), fromColumn(name)))) forget.run(dir, name);
}

/** No row, or one of what an option lets be. */
const IS_UNTOLD = `(e.dir IS NULL OR e.status = ${EntryStatus.skipped})`;

/** The first of those of which their rows do not tell, and what was found of them. None in a ledger of an earlier version. */
export function untoldDamage({ db }: Ledger, limit: number): { path: string; difference: string }[] {
  if ((pragma(db, 'user_version') as number) < SINCE_VERSION) return [];
  const query = prepare(
    db,
    `SELECT x.dir, x.name, coalesce(x.error, 'is to be copied again') FROM ${WITH_ROWS}
     WHERE ${IS_UNTOLD} ORDER BY x.dir, x.name LIMIT ?`,
  ).raw(true);
  const rows = query.all(limit) as [string | Buffer, string | Buffer, string][];
  return rows.map(([dir, name, difference]) => ({ path: join(fromColumn(dir), fromColumn(name)), difference }));
}

export function countUntoldDamage({ db }: Ledger): number {
  if ((pragma(db, 'user_version') as number) < SINCE_VERSION) return 0;
  return prepare(db, `SELECT count(*) FROM ${WITH_ROWS} WHERE ${IS_UNTOLD}`).pluck().get() as number;
}
