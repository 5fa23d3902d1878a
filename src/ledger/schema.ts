/**
 * The ledger's tables. Rows are small, since there is one for every file of a migration: a folder's path is stored
 * once, a file's row has its name only and lies beside its siblings (WITHOUT ROWID: the table is its own index).
 * Times are ns since the Unix epoch, sizes bytes; names and paths are TEXT, or BLOB when they are not valid UTF-8.
 */
export const SCHEMA_VERSION = 7;
/** "mill" in SQLite's header, so that file(1) and we know the file as ours. */
export const APPLICATION_ID = 0x6d696c6c;

/** Status of an entry. 0 and 1 take no byte in a row. */
export const EntryStatus = { pending: 0, synced: 1, failed: 2, skipped: 3 } as const;
export type EntryStatus = (typeof EntryStatus)[keyof typeof EntryStatus];

/**
 * What a verification found of a synced entry; 0 and 1 take no byte in a row. differs, missing, unreadable: the
 * destination is not what the ledger has; sourceDiffers: it is, but the source no longer is; unhashed: nothing seen
 * differs, but no hash was recorded that would tell the contents.
 */
export const Verdict = { equal: 0, differs: 1, missing: 2, unreadable: 3, sourceDiffers: 4, unhashed: 5 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** SQL: the verification found the destination to be another than the ledger has, or the source. With an index. */
export const IS_DIFFERENT = 'verdict BETWEEN 1 AND 4';

/** SQL: the verification found that the destination has not what the ledger says. */
export const IS_DAMAGED = `coalesce(verdict BETWEEN ${Verdict.differs} AND ${Verdict.unreadable}, FALSE)`;

/** SQL: the error of a row, if it has one, is a warning of the copy, and not what a verification found. */
export const IS_OF_COPY = `coalesce(verdict, ${Verdict.equal}) = ${Verdict.equal}`;

/**
 * SQL, of a row: the entry is to be copied whatever it looks like at the destination. The second kind waits for its content,
 * as pendinghash.ts has it.
 */
export const IS_TO_COPY = `${IS_DAMAGED}
  OR status <> ${EntryStatus.synced} AND length(hash) > 0 AND hash = zeroblob(length(hash))`;

/** Status of a folder: missing at the destination, to get its times, done, failed. */
export const DirStatus = { toMake: 0, toStamp: 1, synced: 2, failed: 3 } as const;
export type DirStatus = (typeof DirStatus)[keyof typeof DirStatus];

/** Whether a folder's entries are in the ledger. */
export const Listed = { no: 0, yes: 1, failed: 2 } as const;
export type Listed = (typeof Listed)[keyof typeof Listed];

/** Which share a folder exists on: at the source, or as an extra at the destination only. */
export const DirSide = { source: 0, extra: 1 } as const;
export type DirSide = (typeof DirSide)[keyof typeof DirSide];

const PATH = `CASE WHEN d.path = '' THEN '' ELSE d.path || '/' END || e.name`;

/** Columns of the view `files` since version 1; `beneath`: what of the path at the destination is beneath its root. */
const filesColumns = (
  beneath: string,
): string => `(SELECT value FROM meta WHERE key = 'source') || '/' || CASE WHEN d.path = '' THEN '' ELSE d.path || '/' END || e.name AS source_path,
  (SELECT value FROM meta WHERE key = 'dest') || '/' || ${beneath} AS dest_path,
  NULLIF(e.btime, 0) AS created,
  e.ctime AS changed,
  e.mtime AS modified,
  e.mode & 4095 AS permissions,
  CASE WHEN e.status = 1 AND e.hash IS NOT NULL THEN lower(hex(e.hash)) END AS hash,
  e.size AS size,
  CASE e.status WHEN 0 THEN 'pending' WHEN 1 THEN 'synced' WHEN 2 THEN 'failed' ELSE 'skipped' END AS status,
  e.error AS error,
  CASE e.mode & 61440 WHEN 32768 THEN 'file' WHEN 40960 THEN 'link' ELSE 'other' END AS kind,
  CASE WHEN e.status = 1 AND e.hash IS NOT NULL THEN (SELECT name FROM algorithms WHERE id = e.algorithm) END AS algorithm,
  e.uid AS uid,
  e.gid AS gid`;

const FILES_COLUMNS = filesColumns(PATH);

/** The column of what a verification found, since version 4. */
const VERDICT_COLUMNS = `e.verified_at * 1000000 AS verified_at,
    CASE e.verdict WHEN 0 THEN 'equal' WHEN 1 THEN 'differs' WHEN 2 THEN 'missing' WHEN 3 THEN 'unreadable'
      WHEN 4 THEN 'source differs' WHEN 5 THEN 'no hash' END AS verdict`;

/** Migrations, each from one version to the next; version 0 is an empty database. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

  CREATE TABLE dirs (
    id INTEGER PRIMARY KEY,    -- larger than its parent's
    parent INTEGER,
    path NOT NULL,             -- beneath the root; '' is the root
    depth INTEGER NOT NULL,
    side INTEGER NOT NULL,     -- DirSide
    listed INTEGER NOT NULL,   -- Listed
    status INTEGER NOT NULL,   -- DirStatus
    pending INTEGER NOT NULL,  -- entries of this folder that are pending
    scan INTEGER NOT NULL,     -- number of the scan that last joined it
    mtime INTEGER, ctime INTEGER, btime INTEGER, mode INTEGER, uid INTEGER, gid INTEGER,
    error TEXT
  );
  CREATE INDEX dirs_parent ON dirs (parent);
  CREATE INDEX dirs_to_list ON dirs (id) WHERE listed = 0;
  CREATE INDEX dirs_pending ON dirs (id) WHERE pending > 0;
  CREATE INDEX dirs_unsynced ON dirs (status, id) WHERE status <> 2;

  CREATE TABLE entries (
    dir INTEGER NOT NULL,
    name NOT NULL,
    status INTEGER NOT NULL,   -- EntryStatus
    size INTEGER NOT NULL,
    mtime INTEGER, ctime INTEGER, btime INTEGER,
    mode INTEGER,              -- file type and permissions, as st_mode
    uid INTEGER, gid INTEGER,
    algorithm INTEGER,         -- of the hash
    hash BLOB,                 -- of a pending entry: room for it, so that the row does not grow and split its page
    error TEXT,
    PRIMARY KEY (dir, name)
  ) WITHOUT ROWID;
  CREATE INDEX entries_failed ON entries (dir, name) WHERE status = 2;

  CREATE TABLE extras (
    dir INTEGER NOT NULL,
    name NOT NULL,
    kind INTEGER NOT NULL,     -- Action of its removal
    PRIMARY KEY (dir, name)
  ) WITHOUT ROWID;

  CREATE TABLE algorithms (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

  CREATE VIEW files AS
  SELECT ${FILES_COLUMNS}
  FROM entries e JOIN dirs d ON d.id = e.dir;
  `,
  // The listing that the last scan found (scan/seal.ts), once all of it is synced; NULL: none.
  `ALTER TABLE dirs ADD COLUMN seal BLOB;`,
  // Times in ms since the Unix epoch; counts are those of the session, from its beginning.
  `
  ALTER TABLE dirs ADD COLUMN work_ms INTEGER NOT NULL DEFAULT 0; -- time that the folder's files were in work, together

  CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    begun INTEGER NOT NULL,
    ended INTEGER,             -- NULL: it runs, or was cut off
    exit_code INTEGER,
    seen INTEGER NOT NULL,     -- when the counts were taken
    read_bytes INTEGER NOT NULL, written_bytes INTEGER NOT NULL,
    copied_files INTEGER NOT NULL, copied_bytes INTEGER NOT NULL,
    same_files INTEGER NOT NULL, deleted INTEGER NOT NULL, failed INTEGER NOT NULL
  );

  CREATE TABLE history (
    session INTEGER NOT NULL,
    at INTEGER NOT NULL,
    read_bytes INTEGER NOT NULL, written_bytes INTEGER NOT NULL, done_files INTEGER NOT NULL,
    read_limit INTEGER NOT NULL, write_limit INTEGER NOT NULL, -- bytes/s, 0: none
    -- of the whole migration
    synced_files INTEGER NOT NULL, synced_bytes INTEGER NOT NULL,
    pending_files INTEGER NOT NULL, pending_bytes INTEGER NOT NULL, failed_files INTEGER NOT NULL,
    PRIMARY KEY (session, at)
  ) WITHOUT ROWID;
  `,
  // What `millrace verify` found of an entry since it was copied; NULL: not verified. What differs is its error.
  `
  ALTER TABLE entries ADD COLUMN verified_at INTEGER; -- ms since the Unix epoch
  ALTER TABLE entries ADD COLUMN verdict INTEGER;     -- Verdict
  CREATE INDEX entries_different ON entries (dir, name) WHERE ${IS_DIFFERENT};

  DROP VIEW files;
  CREATE VIEW files AS
  SELECT ${FILES_COLUMNS},
    ${VERDICT_COLUMNS}
  FROM entries e JOIN dirs d ON d.id = e.dir;
  `,
  // Entries that are names of one file (-H). Device 0 is the root's, whatever its number was.
  `
  CREATE TABLE hardlinks (
    dir INTEGER NOT NULL,
    name NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    PRIMARY KEY (dir, name)
  ) WITHOUT ROWID;
  CREATE INDEX hardlinks_inode ON hardlinks (device, inode);
  CREATE TRIGGER entries_hardlinks AFTER DELETE ON entries BEGIN
    DELETE FROM hardlinks WHERE dir = old.dir AND name = old.name;
  END;
  `,
  // Entries that the destination has under another name (--rename-invalid), or in a folder that it has so.
  `
  CREATE TABLE renamed (
    dir INTEGER NOT NULL,
    name NOT NULL,
    became NOT NULL,           -- path beneath the destination's root
    PRIMARY KEY (dir, name)
  ) WITHOUT ROWID;
  CREATE TRIGGER entries_renamed AFTER DELETE ON entries BEGIN
    DELETE FROM renamed WHERE dir = old.dir AND name = old.name;
  END;

  DROP VIEW files;
  CREATE VIEW files AS
  SELECT ${filesColumns(`coalesce((SELECT became FROM renamed r WHERE r.dir = e.dir AND r.name = e.name), ${PATH})`)},
    ${VERDICT_COLUMNS}
  FROM entries e JOIN dirs d ON d.id = e.dir;
  `,
  // See damaged.ts; by the folder's path, since folders that are left out have no row.
  `
  CREATE TABLE damaged (
    dir NOT NULL,
    name NOT NULL,
    error TEXT,
    PRIMARY KEY (dir, name)
  ) WITHOUT ROWID;
  `,
];
