/**
 * Everything that the ledger calls synced, in one order whatever order it was found in: a folder, then its files and
 * links, then its subfolders, each with all beneath it; names, as the source has them, by their bytes. As it is at one moment, also while a run
 * writes the ledger, and with bounded memory: folders are put in order in a temporary file of SQLite's, entries
 * are read by key.
 */

import { decodeName, nameBytes } from '../posix/names.js';
import { kindOfMode, type SpecialKind, specialKindOf } from '../posix/stat.js';
import type { Checksum } from '../settings.js';
import { Renaming } from '../share/renaming.js';
import { algorithmOf } from './algorithms.js';
import type { Ledger } from './ledger.js';
import { renamedSorts } from './renamed.js';
import { DirSide, DirStatus, EntryStatus } from './schema.js';
import { type Db, prepare } from './sqlite.js';

export interface SyncedEntry {
  /** The bytes of its path beneath the destination's root, after `./`; the root is `.`. */
  readonly path: Buffer;
  readonly kind: 'file' | 'link' | 'folder' | SpecialKind;
  /** Bytes, of a link those of its target; 0 for a folder. */
  readonly size: number;
  /** ns since the Unix epoch. */
  readonly mtimeNs: bigint;
  /** Undefined for links, folders and special files, and for files that the destination had before the first copy. In lower-case hex. */
  readonly hash: { readonly algorithm: Checksum; readonly hex: string } | undefined;
}

const PAGE = 2000;
const SLASH = Buffer.from('/');
const ROOT = Buffer.from('.');

/**
 * All of it, in one read transaction, which keeps SQLite from folding its log of changes back into the file until the
 * last entry was taken.
 */
export function* syncedEntries(ledger: Ledger): Generator<SyncedEntry> {
  const renaming = new Renaming(renamedSorts(ledger) ?? []);
  if (renaming.changesNothing) yield* entriesByName(ledger);
  else for (const entry of entriesByName(ledger)) yield renamed(entry, renaming);
}

/** By the name that the destination has it under. */
function renamed(entry: SyncedEntry, renaming: Renaming): SyncedEntry {
  if (entry.path.length === ROOT.length) return entry;
  const before = ROOT.length + SLASH.length;
  const path = renaming.encodePath(decodeName(entry.path, before, entry.path.length));
  return { ...entry, path: Buffer.concat([ROOT, SLASH, nameBytes(path)]) };
}

function* entriesByName({ db }: Ledger): Generator<SyncedEntry> {
  prepare(db, 'BEGIN').run();
  try {
    // With the lowest byte for the slash, a folder's own are before what else begins with its name: a, a/b, a!.
    db.exec(`CREATE TEMP TABLE in_order AS SELECT id FROM dirs WHERE side = ${DirSide.source}
      ORDER BY CAST(replace(path, '/', x'00') AS BLOB)`);
    for (const folder of foldersInOrder(db)) {
      if (folder.mtimeNs !== null)
        yield { path: folder.path, kind: 'folder', size: 0, mtimeNs: folder.mtimeNs, hash: undefined };
      yield* entriesOf(db, folder.id, Buffer.concat([folder.path, SLASH]));
    }
  } finally {
    // Some errors have ended it.
    if (db.inTransaction) prepare(db, 'ROLLBACK').run();
  }
}

interface Folder {
  readonly id: bigint;
  readonly path: Buffer;
  /** Null: it is not synced, as long as its times are not set, or was never looked at. */
  readonly mtimeNs: bigint | null;
}

function* foldersInOrder(db: Db): Generator<Folder> {
  const query = prepare(
    db,
    `SELECT o.rowid, d.id, CAST(d.path AS BLOB), CASE d.status WHEN ${DirStatus.synced} THEN d.mtime END
     FROM in_order o CROSS JOIN dirs d ON d.id = o.id WHERE o.rowid > ? ORDER BY o.rowid LIMIT ${PAGE}`,
  );
  for (let after = 0n; ; ) {
    const rows = query.raw(true).safeIntegers(true).all(after) as [bigint, bigint, Buffer, bigint | null][];
    for (const [at, id, path, mtimeNs] of rows) {
      yield { id, path: path.length === 0 ? ROOT : Buffer.concat([ROOT, SLASH, path]), mtimeNs };
      after = at;
    }
    if (rows.length < PAGE) return;
  }
}

/** SQLite has all BLOBs after all TEXT, whatever their bytes are. */
function* entriesOf(db: Db, folder: bigint, before: Buffer): Generator<SyncedEntry> {
  const columns = `SELECT name, size, mtime, mode, algorithm,
    lower(hex(hash)) FROM entries WHERE dir = ? AND name > ?`;
  const rest = `AND status = ${EntryStatus.synced} ORDER BY name LIMIT ${PAGE}`;
  const texts = rowsOf(db, `${columns} AND name < x'' ${rest}`, folder, '');
  const blobs = rowsOf(db, `${columns} ${rest}`, folder, Buffer.alloc(0));
  for (const [name, size, mtimeNs, mode, algorithm, hex] of merged(texts, blobs)) {
    yield {
      path: Buffer.concat([before, bytesOf(name)]),
      kind: kindOf(Number(mode)),
      size: Number(size),
      mtimeNs,
      hash: hex && algorithm !== null ? { algorithm: algorithmOf(Number(algorithm)), hex } : undefined,
    };
  }
}

function kindOf(mode: number): SyncedEntry['kind'] {
  return specialKindOf(mode) ?? (kindOfMode(mode) === 'link' ? 'link' : 'file');
}

type Row = [name: string | Buffer, size: bigint, mtime: bigint, mode: bigint, algorithm: bigint | null, hash: string];

function* rowsOf(db: Db, sql: string, folder: bigint, from: string | Buffer): Generator<Row> {
  const query = prepare(db, sql);
  for (let after = from; ; ) {
    const rows = query.raw(true).safeIntegers(true).all(folder, after) as Row[];
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)![0];
  }
}

function bytesOf(name: string | Buffer): Buffer {
  return typeof name === 'string' ? Buffer.from(name) : name;
}

/** Two lists in the order of their names' bytes as one. */
function* merged(some: Iterator<Row>, others: Iterator<Row>): Generator<Row> {
  let [one, other] = [some.next(), others.next()];
  while (!one.done || !other.done) {
    if (other.done || (!one.done && bytesOf(one.value[0]).compare(bytesOf(other.value[0])) < 0)) {
      yield one.value as Row;
      one = some.next();
    } else {
      yield other.value;
      other = others.next();
    }
  }
}
