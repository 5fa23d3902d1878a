/** The ledger's part of deleting: what a scan found at the destination only. Writes happen inside `commit`. */
import { baseName, fromColumn, toColumn } from '../posix/names.js';
import { type Row, rowsOf } from './columns.js';
import type { Ledger } from './ledger.js';
import { type Extra, PROTECTED } from './rows.js';
import { DirSide } from './schema.js';
import { prepare } from './sqlite.js';

export function putExtra({ db }: Ledger, { dir, name, kind }: Extra): void {
  const insert = 'INSERT INTO extras VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET kind = excluded.kind';
  prepare(db, insert).run(dir, toColumn(name), kind);
}

export function removeExtra({ db }: Ledger, dir: number, name: string): void {
  prepare(db, 'DELETE FROM extras WHERE dir = ? AND name = ?').run(dir, toColumn(name));
}

/** Extras of one kind in folders of one depth, in order of (folder, name), after the given one. */
export function extrasAfter(
  { db }: Ledger,
  kind: number,
  depth: number | undefined,
  dir: number,
  name: string,
  limit: number,
): (Extra & { path: string })[] {
  const atDepth = depth === undefined ? '' : `AND d.depth = ${depth}`;
  const query = rowsOf(
    db,
    `SELECT e.dir, e.name, e.kind, d.path FROM extras e JOIN dirs d ON d.id = e.dir
     WHERE e.kind = ? ${atDepth} AND (e.dir, e.name) > (?, ?) ORDER BY e.dir, e.name LIMIT ?`,
  );
  return (query.all(kind, dir, toColumn(name), limit) as Row[]).map(([dirId, entry, entryKind, path]) => ({
    dir: Number(dirId),
    name: fromColumn(entry as string),
    kind: Number(entryKind),
    path: fromColumn(path as string),
  }));
}

/** Folders that have something protected in them, however deep, are no extras any more. */
export function keepProtected(ledger: Ledger): void {
  const folders = prepare(
    ledger.db,
    `WITH RECURSIVE kept (id) AS (
       SELECT dir FROM extras WHERE kind = ${PROTECTED} UNION SELECT d.parent FROM dirs d JOIN kept k ON d.id = k.id
     ) SELECT parent, path FROM dirs JOIN kept USING (id) WHERE side = ${DirSide.extra}`,
  ).raw(true);
  for (const [parent, path] of folders.all() as [number, string | Buffer][])
    removeExtra(ledger, parent, baseName(fromColumn(path)));
}

/** Depths of the folders that hold extras of a kind, deepest first. */
export function extraDepths({ db }: Ledger, kind: number): number[] {
  const query = 'SELECT DISTINCT d.depth FROM extras e JOIN dirs d ON d.id = e.dir WHERE e.kind = ? ORDER BY 1 DESC';
  return prepare(db, query).pluck().all(kind) as number[];
}

/** Extras of these kinds, in all folders. */
export function countExtras({ db }: Ledger, ...kinds: number[]): number {
  const query = `SELECT count(*) FROM extras WHERE kind IN (${kinds.map(() => '?').join(', ')})`;
  return prepare(db, query)
    .pluck()
    .get(...kinds) as number;
}
