/**
 * The ledger's queries. Reads page by key and never hold a cursor across writes; writes happen inside `commit`, one
 * short transaction, which also keeps the totals and each folder's count of pending entries true.
 */
import { checksumCode } from '../hash/registry.js';
import { baseName, fromColumn, toColumn } from '../posix/names.js';
import { CHECKSUMS, type TransferOrder } from '../settings.js';
import type { Meta } from '../share/entries.js';
import { damaged } from './errors.js';
import type { Pair } from './open.js';
import {
  type Dir,
  type Entry,
  type Extra,
  type KeyedEntry,
  NO_TOTALS,
  PROTECTED,
  type ScanState,
  type Stamp,
  type Totals,
} from './rows.js';
import { DirSide, DirStatus, EntryStatus, IS_DIFFERENT, IS_TO_COPY, Listed, Verdict } from './schema.js';
import { type Db, prepare, type Statement } from './sqlite.js';

type Row = (string | Buffer | bigint | null)[];

const DIR_COLUMNS =
  'id, parent, path, depth, side, listed, status, scan, mtime, ctime, btime, mode, uid, gid, error, seal';
const ENTRY_COLUMNS = 'dir, name, status, size, mtime, ctime, btime, mode, uid, gid, algorithm, hash, error';

const parts = (time: string) => `${time} / 1000000000, ${time} % 1000000000`;
const STAMP_COLUMNS = `name, status, size, ${parts('mtime')}, ${parts('ctime')}, ${parts('btime')}, mode, uid, gid,
  error IS NOT NULL AND coalesce(verdict, ${Verdict.equal}) = ${Verdict.equal},
  ${IS_TO_COPY}`;

/** The row still is of the content that was verified. */
const IS_AS_VERIFIED = `entries.status = ${EntryStatus.synced} AND excluded.status = ${EntryStatus.synced}
  AND excluded.size = entries.size AND excluded.mtime = entries.mtime AND excluded.hash IS entries.hash`;

const UPSERT_ENTRY = `INSERT INTO entries (${ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET status = excluded.status, size = excluded.size, mtime = excluded.mtime,
    ctime = excluded.ctime, btime = excluded.btime, mode = excluded.mode, uid = excluded.uid, gid = excluded.gid,
    algorithm = excluded.algorithm, hash = excluded.hash, (verified_at, verdict, error) =
      (SELECT iif(${IS_AS_VERIFIED}, entries.verified_at, NULL), iif(${IS_AS_VERIFIED}, entries.verdict, NULL),
         iif(${IS_AS_VERIFIED}, entries.error, excluded.error))`;

/** SQL: a folder comes before what else begins with its name. */
const QUEUED_BY = {
  name: ["CAST(replace(d.path, '/', x'00') AS BLOB)", 'CAST(e.name AS BLOB)'],
  size: ['e.size'],
  mtime: ['e.mtime'],
} as const;

export class Ledger {
  readonly totals: Totals;
  private readonly pendingChanges = new Map<number, number>();
  private readonly workMs = new Map<number, number>();
  /** The one statement that runs for every file; the others are found by their text. */
  private upsertEntry: Statement | undefined;

  constructor(readonly db: Db) {
    this.totals = { ...NO_TOTALS, ...this.meta<Totals>('totals') };
    const name = prepare(db, 'INSERT INTO algorithms VALUES (?, ?) ON CONFLICT DO NOTHING');
    if (!db.readonly) db.transaction(() => CHECKSUMS.map((checksum) => name.run(checksumCode(checksum), checksum)))();
  }

  get pair(): Pair {
    const value = this.one('SELECT value FROM meta WHERE key = ?').pluck();
    const [source, dest] = [value.get('source'), value.get('dest')];
    if (typeof source !== 'string' || typeof dest !== 'string') throw damaged('it does not say which shares it is of');
    return { source, dest };
  }

  meta<T>(key: string): T | undefined {
    const text = this.one('SELECT value FROM meta WHERE key = ?').pluck().get(key) as string | undefined;
    try {
      return text === undefined ? undefined : (JSON.parse(text) as T);
    } catch {
      throw damaged(`its value of ${key}`);
    }
  }

  setMeta(key: string, value: unknown): void {
    this.one('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(
      key,
      JSON.stringify(value),
    );
  }

  get scanState(): ScanState {
    return this.meta<ScanState>('scan') ?? { number: 0, running: false, errors: 0, extras: false };
  }

  /** Runs `work` as one transaction; nothing of it stays when it throws. */
  commit(work: () => void): void {
    const before = { ...this.totals };
    try {
      this.db.transaction(() => {
        work();
        const add = this.one('UPDATE dirs SET pending = pending + ? WHERE id = ?');
        for (const [dir, change] of this.pendingChanges) if (change !== 0) add.run(change, dir);
        const addWork = this.one('UPDATE dirs SET work_ms = work_ms + ? WHERE id = ?');
        for (const [dir, ms] of this.workMs) addWork.run(Math.round(ms), dir);
        this.setMeta('totals', this.totals);
      })();
    } catch (error) {
      Object.assign(this.totals, before);
      throw error;
    } finally {
      this.pendingChanges.clear();
      this.workMs.clear();
    }
  }

  // ---- folders

  get lastDirId(): number {
    return (this.one('SELECT max(id) FROM dirs').pluck().get() as number | null) ?? 0;
  }

  dir(id: number): Dir | undefined {
    const row = this.rows(`SELECT ${DIR_COLUMNS} FROM dirs WHERE id = ?`).get(id) as Row | undefined;
    return row && dirFrom(row);
  }

  /** The path of a folder, also in a ledger of an earlier version. */
  pathOf(id: number): string | undefined {
    const path = this.one('SELECT path FROM dirs WHERE id = ?').pluck().get(id) as string | Buffer | undefined;
    return path === undefined ? undefined : fromColumn(path);
  }

  putDir(dir: Dir): void {
    const { meta } = dir;
    this.one(
      `INSERT INTO dirs (${DIR_COLUMNS}, pending) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
       ON CONFLICT DO UPDATE SET listed = excluded.listed, status = excluded.status, scan = excluded.scan,
         mtime = excluded.mtime, ctime = excluded.ctime, btime = excluded.btime, mode = excluded.mode,
         uid = excluded.uid, gid = excluded.gid, error = excluded.error, seal = excluded.seal`,
    ).run(
      dir.id,
      dir.parent ?? null,
      toColumn(dir.path),
      dir.depth,
      dir.side,
      dir.listed,
      dir.status,
      dir.scan,
      ...metaColumns(meta),
      dir.error ?? null,
      dir.seal === undefined ? null : Buffer.from(dir.seal, 'hex'),
    );
  }

  /** Whether nothing of the folder is pending or failed, or was found to differ, so that its seal counts. */
  isSettled(dir: number): boolean {
    const failed = `SELECT 1 FROM entries WHERE dir = id AND status = ${EntryStatus.failed}`;
    const different = `SELECT 1 FROM entries INDEXED BY entries_different WHERE dir = id AND ${IS_DIFFERENT}`;
    const query = this.one(
      `SELECT pending = 0 AND NOT EXISTS (${failed}) AND NOT EXISTS (${different}) FROM dirs WHERE id = ?`,
    ).pluck();
    return query.get(dir) === 1;
  }

  /** Folders that the present scan has still to list, lowest ids first. */
  dirsToList(limit: number): Dir[] {
    const query = this.rows(`SELECT ${DIR_COLUMNS} FROM dirs WHERE listed = ${Listed.no} ORDER BY id LIMIT ?`);
    return (query.all(limit) as Row[]).map(dirFrom);
  }

  childDirs(parent: number): Dir[] {
    return (
      this.rows(`SELECT ${DIR_COLUMNS} FROM dirs WHERE parent = ? AND side = ${DirSide.source}`).all(parent) as Row[]
    ).map(dirFrom);
  }

  /** Folders of a status other than synced, lowest ids first: the index has no others, and is found by that condition. */
  dirsByStatus(status: DirStatus, afterId: number, limit: number): Dir[] {
    const query = this.rows(
      `SELECT ${DIR_COLUMNS} FROM dirs WHERE status = ${status} AND status <> ${DirStatus.synced} AND id > ? AND side = ${DirSide.source} ORDER BY id LIMIT ?`,
    );
    return (query.all(afterId, limit) as Row[]).map(dirFrom);
  }

  setDirStatus(id: number, status: DirStatus, error?: string): void {
    this.one('UPDATE dirs SET status = ?, error = ? WHERE id = ?').run(status, error ?? null, id);
  }

  /** A file of the folder was in work for so long. Inside `commit`. */
  addWork(dir: number, ms: number): void {
    this.workMs.set(dir, (this.workMs.get(dir) ?? 0) + ms);
  }

  /** Entries of the folder were changed at the destination, so its times must be set (again). */
  touchDir(id: number): void {
    this.one(`UPDATE dirs SET status = ${DirStatus.toStamp} WHERE id = ? AND status <> ${DirStatus.toStamp}`).run(id);
  }

  /** Folders that were joined by scan number `scan` and have pending entries. */
  dirsWithPending(scan: number, afterId: number, limit: number): { id: number; path: string }[] {
    const query = this.rows(
      `SELECT id, path FROM dirs WHERE pending > 0 AND listed <> ${Listed.no} AND scan = ? AND id > ? ORDER BY id LIMIT ?`,
    );
    return (query.all(scan, afterId, limit) as Row[]).map(([id, path]) => ({
      id: Number(id),
      path: fromColumn(path as string),
    }));
  }

  /** Forgets a folder that is no longer at the source, with all beneath it. */
  removeDir(id: number): void {
    const below = this.one('SELECT id FROM dirs WHERE parent = ?').pluck().all(id) as number[];
    for (const child of below) this.removeDir(child);
    const page = () => this.entriesAfter(id, '', 1000);
    for (let gone = page(); gone.length > 0; gone = page())
      for (const entry of gone) this.removeEntry(id, entry.name, entry);
    this.one('DELETE FROM extras WHERE dir = ?').run(id);
    this.one('DELETE FROM dirs WHERE id = ?').run(id);
    this.pendingChanges.delete(id);
  }

  // ---- entries

  entry(dir: number, name: string): KeyedEntry | undefined {
    const query = this.rows(`SELECT ${ENTRY_COLUMNS} FROM entries WHERE dir = ? AND name = ?`);
    const row = query.get(dir, toColumn(name)) as Row | undefined;
    return row && entryFrom(row);
  }

  /** As a scan compares them, the folder's entries in the order of their names, after the given one; '' is before all. */
  stampsAfter(dir: number, name: string, limit: number): Stamp[] {
    const sql = `SELECT ${STAMP_COLUMNS} FROM entries WHERE dir = ? AND name > ? ORDER BY name LIMIT ?`;
    const rows = this.one(sql).raw(true).all(dir, toColumn(name), limit);
    return (rows as (string | Buffer | number)[][]).map(stampFrom);
  }

  stamp(dir: number, name: string): Stamp | undefined {
    const query = this.one(`SELECT ${STAMP_COLUMNS} FROM entries WHERE dir = ? AND name = ?`).raw(true);
    const row = query.get(dir, toColumn(name)) as (string | Buffer | number)[] | undefined;
    return row && stampFrom(row);
  }

  /** All entries of the folder in the order of their names, after the given one; '' is before all. */
  entriesAfter(dir: number, name: string, limit: number): KeyedEntry[] {
    const query = this.rows(`SELECT ${ENTRY_COLUMNS} FROM entries WHERE dir = ? AND name > ? ORDER BY name LIMIT ?`);
    return (query.all(dir, toColumn(name), limit) as Row[]).map(entryFrom);
  }

  /** Pending entries of the folder in the order of their names, after the given one; '' is before all. */
  pendingAfter(dir: number, name: string, limit: number): KeyedEntry[] {
    const query = this.rows(
      `SELECT ${ENTRY_COLUMNS} FROM entries WHERE dir = ? AND name > ? AND status = ${EntryStatus.pending} ORDER BY name LIMIT ?`,
    );
    return (query.all(dir, toColumn(name), limit) as Row[]).map(entryFrom);
  }

  /**
   * Puts the pending entries of the folders that scan number `scan` has joined in an order: a list of this process alone, in
   * a temporary file of SQLite's, read with `queuedAfter`.
   */
  queuePending(scan: number, order: TransferOrder): void {
    const way = order.startsWith('-') ? 'DESC' : 'ASC';
    this.db.exec(`DROP TABLE IF EXISTS temp.queue;
      CREATE TEMP TABLE queue AS SELECT e.dir, e.name FROM dirs d JOIN entries e ON e.dir = d.id
        WHERE d.pending > 0 AND d.listed <> ${Listed.no} AND d.scan = ${scan} AND e.status = ${EntryStatus.pending}
        ORDER BY ${QUEUED_BY[order.replace('-', '') as keyof typeof QUEUED_BY].map((by) => `${by} ${way}`).join(', ')}`);
  }

  /** Those that are still pending, of the next so many places in the queue after `at`, which is from 0. */
  queuedAfter(at: number, count: number): (KeyedEntry & { readonly path: string })[] {
    const columns = ENTRY_COLUMNS.split(', ').map((column) => `e.${column}`);
    const query = this.rows(
      `SELECT ${columns.join(', ')}, d.path FROM temp.queue q CROSS JOIN entries e ON e.dir = q.dir AND e.name = q.name
       CROSS JOIN dirs d ON d.id = e.dir
       WHERE q.rowid > ? AND q.rowid <= ? AND e.status = ${EntryStatus.pending} ORDER BY q.rowid`,
    );
    return (query.all(at, at + count) as Row[]).map((row) => ({
      ...entryFrom(row),
      path: fromColumn(row[columns.length] as string),
    }));
  }

  /** Entries that were put in order. */
  get queueLength(): number {
    return this.one('SELECT coalesce(max(rowid), 0) FROM temp.queue').pluck().get() as number;
  }

  /** Failed entries in order of (folder, name), after the given one. */
  failedAfter(dir: number, name: string, limit: number): KeyedEntry[] {
    const query = this.rows(
      `SELECT ${ENTRY_COLUMNS} FROM entries WHERE status = ${EntryStatus.failed} AND (dir, name) > (?, ?) ORDER BY dir, name LIMIT ?`,
    );
    return (query.all(dir, toColumn(name), limit) as Row[]).map(entryFrom);
  }

  /** Counts anew what folders have pending, and the totals; looks at every entry. Inside `commit`. */
  recount(): void {
    const pending = `SELECT count(*) FROM entries WHERE dir = id AND status = ${EntryStatus.pending}`;
    this.db.exec(`UPDATE dirs SET pending = (${pending}) WHERE pending <> 0`);
    Object.assign(this.totals, NO_TOTALS);
    const groups = this.one('SELECT status, count(*), total(size) FROM entries GROUP BY status').raw(true).all();
    for (const [status, files, bytes] of groups as [EntryStatus, number, number][]) {
      if (status === EntryStatus.pending) Object.assign(this.totals, { pendingFiles: files, pendingBytes: bytes });
      if (status === EntryStatus.synced) Object.assign(this.totals, { syncedFiles: files, syncedBytes: bytes });
      if (status === EntryStatus.failed) Object.assign(this.totals, { failedFiles: files, failedBytes: bytes });
      if (status === EntryStatus.skipped) Object.assign(this.totals, { skippedFiles: files });
    }
  }

  /** Whether an entry's error begins with a code. */
  hasFailed(code: string): boolean {
    const query = `SELECT 1 FROM entries WHERE status = ${EntryStatus.failed} AND error LIKE ? LIMIT 1`;
    return this.one(query).get(`${code}:%`) !== undefined;
  }

  /** Stores an entry; `before` is what the ledger has of it now, undefined when it has nothing. */
  putEntry(dir: number, name: string, entry: Entry, before: Counted | undefined): void {
    const { meta } = entry;
    this.upsertEntry ??= prepare(this.db, UPSERT_ENTRY);
    this.upsertEntry.run(
      dir,
      toColumn(name),
      entry.status,
      meta.size,
      meta.mtimeNs,
      meta.ctimeNs,
      meta.btimeNs,
      meta.mode,
      meta.uid,
      meta.gid,
      entry.algorithm ?? null,
      entry.hash ?? null,
      entry.error ?? null,
    );
    if (before) this.count(dir, before.status, before.size, -1);
    this.count(dir, entry.status, meta.size, 1);
  }

  removeEntry(dir: number, name: string, before: { status: EntryStatus; meta: { size: number } }): void {
    this.one('DELETE FROM entries WHERE dir = ? AND name = ?').run(dir, toColumn(name));
    this.count(dir, before.status, before.meta.size, -1);
  }

  private count(dir: number, status: EntryStatus, size: number, sign: 1 | -1): void {
    const { totals } = this;
    switch (status) {
      case EntryStatus.pending:
        totals.pendingFiles += sign;
        totals.pendingBytes += sign * size;
        this.pendingChanges.set(dir, (this.pendingChanges.get(dir) ?? 0) + sign);
        break;
      case EntryStatus.synced:
        totals.syncedFiles += sign;
        totals.syncedBytes += sign * size;
        break;
      case EntryStatus.failed:
        totals.failedFiles += sign;
        totals.failedBytes += sign * size;
        break;
      case EntryStatus.skipped:
        totals.skippedFiles += sign;
        break;
    }
  }

  // ---- extras

  putExtra(extra: Extra): void {
    this.one('INSERT INTO extras VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET kind = excluded.kind').run(
      extra.dir,
      toColumn(extra.name),
      extra.kind,
    );
  }

  removeExtra(dir: number, name: string): void {
    this.one('DELETE FROM extras WHERE dir = ? AND name = ?').run(dir, toColumn(name));
  }

  /** Extras of one kind in folders of one depth, in order of (folder, name), after the given one. */
  extrasAfter(
    kind: number,
    depth: number | undefined,
    dir: number,
    name: string,
    limit: number,
  ): (Extra & { path: string })[] {
    const atDepth = depth === undefined ? '' : `AND d.depth = ${depth}`;
    const query = this.rows(
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
  keepProtected(): void {
    const folders = this.one(
      `WITH RECURSIVE kept (id) AS (
         SELECT dir FROM extras WHERE kind = ${PROTECTED} UNION SELECT d.parent FROM dirs d JOIN kept k ON d.id = k.id
       ) SELECT parent, path FROM dirs JOIN kept USING (id) WHERE side = ${DirSide.extra}`,
    ).raw(true);
    for (const [parent, path] of folders.all() as [number, string | Buffer][])
      this.removeExtra(parent, baseName(fromColumn(path)));
  }

  /** Whatever folders were like, their listings are to be joined again. */
  forgetSeals(): void {
    this.db.exec('UPDATE dirs SET seal = NULL WHERE seal IS NOT NULL');
  }

  /** Depths of the folders that hold extras of a kind, deepest first. */
  extraDepths(kind: number): number[] {
    const query = 'SELECT DISTINCT d.depth FROM extras e JOIN dirs d ON d.id = e.dir WHERE e.kind = ? ORDER BY 1 DESC';
    return this.one(query).pluck().all(kind) as number[];
  }

  /** Extras of these kinds, in all folders. */
  countExtras(...kinds: number[]): number {
    const query = `SELECT count(*) AS count FROM extras WHERE kind IN (${kinds.map(() => '?').join(', ')})`;
    return (this.one(query).get(...kinds) as { count: number }).count;
  }

  /** What the ledger knows is in doubt until a new scan has begun, which looks at everything. Inside `commit`. */
  wantFullScan(): void {
    this.setMeta('fullScan', true);
  }

  get wantsFullScan(): boolean {
    return this.meta<boolean>('fullScan') === true;
  }

  /** A scan begins: forgets what an earlier one found of extras, and what it had still to list. Inside `commit`. */
  beginScan(): void {
    this.setMeta('fullScan', false);
    this.db.exec(`DELETE FROM extras; DELETE FROM dirs WHERE side = ${DirSide.extra};
      UPDATE dirs SET listed = ${Listed.yes} WHERE listed = ${Listed.no}`);
  }

  /**
   * A scan that was cut off goes on. Folders whose join it did not end are joined again, and find the folders in them
   * again: those that have still to be listed are not to be taken before, nor their entries from the backlog.
   */
  resumeScan(): void {
    const open = `SELECT id FROM dirs WHERE listed = ${Listed.no}`;
    this.db.exec(`CREATE TEMP TABLE found AS
        WITH RECURSIVE beneath (id) AS (
          SELECT id FROM dirs WHERE side = ${DirSide.extra} AND parent IN (${open})
          UNION SELECT d.id FROM dirs d JOIN beneath b ON d.parent = b.id
        ) SELECT id FROM beneath;
      DELETE FROM extras WHERE dir IN (SELECT id FROM found);
      DELETE FROM dirs WHERE id IN (SELECT id FROM found);
      DROP TABLE found;
      UPDATE dirs SET listed = ${Listed.yes}, scan = -abs(scan)
        WHERE listed = ${Listed.no} AND parent IN (${open})`);
  }

  close(): void {
    this.db.close();
  }

  private one(sql: string): Statement {
    return prepare(this.db, sql);
  }

  /** A query whose rows come as arrays, with integers as bigint: times need all 64 bits. */
  private rows(sql: string): Statement {
    return this.one(sql).raw(true).safeIntegers(true);
  }
}

/** What the totals need to know of an entry. */
export interface Counted {
  readonly status: EntryStatus;
  readonly size: number;
}

function stampFrom(row: (string | Buffer | number)[]): Stamp {
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

function metaColumns(meta: Meta | undefined): (bigint | number | null)[] {
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

function dirFrom(row: Row): Dir {
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

function entryFrom(row: Row): KeyedEntry {
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
