/** The columns of the ledger's tables as queries name them, and the rows that these give. */
import { fromColumn } from '../posix/names.js';
import type { Meta } from '../share/entries.js';
import type { Dir, KeyedEntry, Stamp } from './rows.js';
import { type DirStatus, type EntryStatus, IS_OF_COPY, IS_TO_COPY, type Listed } from './schema.js';
import { type Db, prepare, type Statement } from './sqlite.js';

/** Integers as bigint. */
export type Row = (string | Buffer | bigint | null)[];

export const DIR_COLUMNS =
  'id, parent, path, depth, side, listed, status, scan, mtime, ctime, btime, mode, uid, gid, error, seal';
export const ENTRY_COLUMNS = 'dir, name, status, size, mtime, ctime, btime, mode, uid, gid, algorithm, hash, error';

const parts = (time: string) => `${time} / 1000000000, ${time} % 1000000000`;
export const STAMP_COLUMNS = `name, status, size, ${parts('mtime')}, ${parts('ctime')}, ${parts('btime')}, mode, uid, gid,
  error IS NOT NULL AND ${IS_OF_COPY},
  ${IS_TO_COPY}`;

/** A query whose rows come as arrays, with integers as bigint: times need all 64 bits. */
export function rowsOf(db: Db, sql: string): Statement {
  return prepare(db, sql).raw(true).safeIntegers(true);
}

export function stampFrom(row: (string | Buffer | number)[]): Stamp {
  return {
    name: fromColumn(row[0] as string | Buffer),
    status: row[1] as EntryStatus,
    size: row[2] as number,
    mtimeSeconds: row[3] as number,
    mtimeRest: row[4] as number,
    ctimeSeconds: row[5] as number,
    ctimeRest: row[6] as number,
    btimeSeconds: row[7] as number,
    btimeRest: row[8] as number,
    mode: row[9] as number,
    uid: row[10] as number,
    gid: row[11] as number,
    isWarned: row[12] === 1,
    isDamaged: row[13] === 1,
  };
}

export function metaColumns(meta: Meta | undefined): (bigint | number | null)[] {
  if (!meta) return [null, null, null, null, null, null];
  return [meta.mtimeNs, meta.ctimeNs, meta.btimeNs, meta.mode, meta.uid, meta.gid];
}

function metaFrom(size: number, row: Row, at: number): Meta {
  return {
    size,
    mtimeNs: row[at] as bigint,
    ctimeNs: row[at + 1] as bigint,
    btimeNs: row[at + 2] as bigint,
    mode: Number(row[at + 3]),
    uid: Number(row[at + 4]),
    gid: Number(row[at + 5]),
  };
}

export function dirFrom(row: Row): Dir {
  const [id, parent, path, depth, side, listed, status, scan] = row;
  return {
    id: Number(id),
    parent: parent === null ? undefined : Number(parent),
    path: fromColumn(path as string),
    depth: Number(depth),
    side: Number(side) as Dir['side'],
    listed: Number(listed) as Listed,
    status: Number(status) as DirStatus,
    scan: Number(scan),
    meta: row[8] === null ? undefined : metaFrom(0, row, 8),
    error: (row[14] as string | null) ?? undefined,
    seal: row[15] === null ? undefined : (row[15] as Buffer).toString('hex'),
  };
}

export function entryFrom(row: Row): KeyedEntry {
  const [dir, name, status, size] = row;
  return {
    dir: Number(dir),
    name: fromColumn(name as string),
    status: Number(status) as EntryStatus,
    meta: metaFrom(Number(size), row, 4),
    algorithm: row[10] === null ? undefined : Number(row[10]),
    hash: (row[11] as Buffer | null) ?? undefined,
    error: (row[12] as string | null) ?? undefined,
  };
}
