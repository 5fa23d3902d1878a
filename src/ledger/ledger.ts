/**
 * The ledger's queries. Reads page by key and never hold a cursor across writes; writes happen inside `commit`, one
 * short transaction, which also keeps the totals and each folder's count of pending entries true.
 */
import { checksumCode } from '../hash/registry.js';
import { fromColumn, toColumn } from '../posix/names.js';
import { CHECKSUMS } from '../settings.js';
import {
  DIR_COLUMNS,
  dirFrom,
  ENTRY_COLUMNS,
  entryFrom,
  metaColumns,
  type Row,
  rowsOf,
  STAMP_COLUMNS,
  stampFrom,
} from './columns.js';
import { damaged } from './errors.js';
import type { Pair } from './open.js';
import { type Dir, type Entry, type KeyedEntry, NO_TOTALS, type ScanState, type Stamp, type Totals } from './rows.js';
import { DirSide, DirStatus, EntryStatus, IS_DIFFERENT, Listed } from './schema.js';
import { type Db, prepare, type Statement } from './sqlite.js';

/** The row still is of the content that was verified. */
const IS_AS_VERIFIED = `entries.status = ${EntryStatus.synced} AND excluded.status = ${EntryStatus.synced}
  AND excluded.size = entries.size AND excluded.mtime = entries.mtime AND excluded.hash IS entries.hash`;

const UPSERT_ENTRY = `INSERT INTO entries (${ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET status = excluded.status, size = excluded.size, mtime = excluded.mtime,
    ctime = excluded.ctime, btime = excluded.btime, mode = excluded.mode, uid = excluded.uid, gid = excluded.gid,
    algorithm = excluded.algorithm, hash = excluded.hash, (verified_at, verdict, error) =
      (SELECT iif(${IS_AS_VERIFIED}, entries.verified_at, NULL), iif(${IS_AS_VERIFIED}, entries.verdict, NULL),
         iif(${IS_AS_VERIFIED}, entries.error, excluded.error))`;

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

  /** Whatever folders were like, their listings are to be joined again. */
  forgetSeals(): void {
    this.db.exec('UPDATE dirs SET seal = NULL WHERE seal IS NOT NULL');
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

  private rows(sql: string): Statement {
    return rowsOf(this.db, sql);
  }
}

/** What the totals need to know of an entry. */
export interface Counted {
  readonly status: EntryStatus;
  readonly size: number;
}
