/** Which entries of the source are names of one file, as far as scans have seen it: what -H goes by. */
import { fromColumn, join, toColumn } from '../posix/names.js';
import type { Inode, Meta } from '../share/entries.js';
import type { Ledger } from './ledger.js';
import type { Entry } from './rows.js';
import { EntryStatus, IS_DAMAGED, IS_OF_COPY } from './schema.js';
import { prepare } from './sqlite.js';

/** A file that the destination has, and what the ledger has of its content. */
export interface Member extends Pick<Entry, 'algorithm' | 'hash'> {
  /** Beneath the root. */
  readonly path: string;
  /** What the destination did not take of it. */
  readonly warning?: string | undefined;
}

/** Entries of the folder that are names of a file with others, by name. */
export function inodesIn({ db }: Ledger, dir: number): Map<string, Inode> {
  const query = prepare(db, 'SELECT name, device, inode FROM hardlinks WHERE dir = ?').raw(true).safeIntegers(true);
  const rows = query.all(dir) as [string | Buffer, bigint, bigint][];
  return new Map(rows.map(([name, device, number]) => [fromColumn(name), { device: Number(device), number }]));
}

export function inodeOf({ db }: Ledger, dir: number, name: string): Inode | undefined {
  const query = prepare(db, 'SELECT device, inode FROM hardlinks WHERE dir = ? AND name = ?').raw(true);
  const row = query.safeIntegers(true).get(dir, toColumn(name)) as [bigint, bigint] | undefined;
  return row && { device: Number(row[0]), number: row[1] };
}

/** Undefined: the entry is the only name of its file now. Inside `commit`. */
export function putInode({ db }: Ledger, dir: number, name: string, inode: Inode | undefined): void {
  if (inode)
    prepare(
      db,
      `INSERT INTO hardlinks (dir, name, device, inode) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET device = excluded.device, inode = excluded.inode`,
    ).run(dir, toColumn(name), inode.device, inode.number);
  else prepare(db, 'DELETE FROM hardlinks WHERE dir = ? AND name = ?').run(dir, toColumn(name));
}

/** No names are known to be of one file until the next scan, which looks into every folder, finds them. Inside `commit`. */
export function forgetInodes(ledger: Ledger): void {
  ledger.db.exec('DELETE FROM hardlinks');
  ledger.forgetSeals();
}

/**
 * Another name of the file that the destination has, with the content that has this size and mtime, and is not known to be
 * damaged. `but`: paths that are not to be given.
 */
export function otherName(
  { db }: Ledger,
  inode: Inode,
  { size, mtimeNs }: Pick<Meta, 'size' | 'mtimeNs'>,
  dir: number,
  name: string,
  but: ReadonlySet<string> = new Set(),
): Member | undefined {
  const query = prepare(
    db,
    `SELECT d.path, e.name, e.algorithm, e.hash, iif(${IS_OF_COPY}, e.error, NULL)
     FROM hardlinks h JOIN entries e ON e.dir = h.dir AND e.name = h.name JOIN dirs d ON d.id = h.dir
     WHERE h.device = ? AND h.inode = ? AND (h.dir <> ? OR h.name <> ?)
       AND e.status = ${EntryStatus.synced} AND e.size = ? AND e.mtime = ?
       AND NOT ${IS_DAMAGED} LIMIT ?`,
  ).raw(true);
  type Row = [string | Buffer, string | Buffer, number | null, Buffer | null, string | null];
  const rows = query.all(inode.device, inode.number, dir, toColumn(name), size, mtimeNs, but.size + 1) as Row[];
  const members = rows.map(([folder, other, algorithm, hash, warning]) => ({
    path: join(fromColumn(folder), fromColumn(other)),
    algorithm: algorithm ?? undefined,
    hash: hash ?? undefined,
    warning: warning ?? undefined,
  }));
  return members.find(({ path }) => !but.has(path));
}
