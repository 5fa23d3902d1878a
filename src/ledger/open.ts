/** Opening the ledger's file: who may, what it must be, what is refused. Refusing leaves everything as it was. */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pause } from '../pause.js';
import { filesystemFacts } from '../posix/filesystems.js';
import { damagedFile, LedgerError, notOurs } from './errors.js';
import { besides, checkHeader, checkVersion, isEmpty } from './header.js';
import { takeLock } from './lock.js';
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from './schema.js';
import { type Db, openDb, pragma, prepare } from './sqlite.js';

/** The pair of roots that a ledger belongs to: absolute paths. */
export interface Pair {
  readonly source: string;
  readonly dest: string;
}

/** A file that only its owner may read (0600), kept open; SQLite gives its WAL the mode of the database. */
const PRIVATE = 0o600;
/** How often opening is tried where SQLite is refused, and the time between, ms. */
const ATTEMPTS = 5;
const BETWEEN_ATTEMPTS_MS = 50;

/**
 * Opens, and where needed creates, the ledger for a run, and takes its lock for the life of the process.
 * Throws LedgerError when it is in use, belongs to another pair, is of a newer version, is not a ledger, is broken,
 * cannot be written or is on a network filesystem.
 */
export function openLedgerFile(file: string, pair: Pair): Db {
  const isNew = !existsSync(file);
  // Before the lock file is made: a refusal leaves no trace.
  if (isNew) {
    refuseNetwork(file);
    guard(file, () => refuseRemains(file));
  } else {
    refuseUnwritable(file);
    readPair(file, pair);
  }
  const real = isNew ? file : realpathSync(file); // one lock for one ledger, whatever names it has
  guard(file, () => takeLock(real));
  if (!isNew) refuseDamaged(file);
  return guard(file, () => {
    if (isNew) closeSync(openSync(file, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, PRIVATE));
    else if (statSync(file).size === 0) chmodSync(file, PRIVATE);
    return insist(() => openToWrite(file, pair));
  });
}

/** Where no database is, what would be taken for one, or for a part of the new one. */
function refuseRemains(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new LedgerError(`${file}: a symbolic link that leads nowhere; remove it or name another ledger`);
  const [remains] = besides(file);
  if (remains !== undefined)
    throw new LedgerError(`${remains}: would be lost, for its database is gone; move it or name another ledger`);
}

/** SQLite looks into what it may not write, makes its files beside it, and cannot remove them again. */
function refuseUnwritable(file: string): void {
  if (!statSync(file).isFile()) return; // as the next check says
  try {
    closeSync(openSync(file, constants.O_RDWR));
  } catch (error) {
    throw new LedgerError(`${file}: cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** By another name SQLite would not find what a crash left beside this one (https://www.sqlite.org/howtocorrupt.html, 2.5). */
function refuseTwins(file: string): void {
  if (statSync(file).nlink > 1)
    throw new LedgerError(`${file}: has another name (a hard link), by which it could be damaged; leave it one`);
}

/** Of larger ledgers damage is found where they are read: a check takes a second or two for each GiB that memory has, bytes. */
const CHECKED_AT_MOST = 1024 ** 3;

/** Damage may be where a run never reads, and a run that wrote beside it would make it worse. */
function refuseDamaged(file: string): void {
  const { size } = statSync(file);
  if (isEmpty(file) || size > CHECKED_AT_MOST) return;
  const found = lookInto(file, (db) => pragma(db, 'integrity_check(1)'));
  if (found !== 'ok') throw damagedFile(file, String(found).replace(/\s+/g, ' '));
}

/** Throws what SQLite throws; nothing is left open then. */
function openToWrite(file: string, pair: Pair): Db {
  const db = openDb(file, { timeout: 10_000 });
  try {
    db.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;
       PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864`,
    );
    migrate(db, pair);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Tries again what SQLite may not open or write: where root looks at a user's ledger in that moment, the files of the
 * WAL are root's until SQLite has given them to the owner of the database (robustFchown in its os_unix.c).
 */
function insist<T>(work: () => T): T {
  for (let attempt = 1; ; attempt++) {
    try {
      return work();
    } catch (error) {
      const { code } = error as { code?: string };
      if (attempt === ATTEMPTS || !/^SQLITE_(READONLY|CANTOPEN)/.test(code ?? '')) throw error;
      pause(BETWEEN_ATTEMPTS_MS);
    }
  }
}

/** Throws LedgerError when a ledger that is there is of another pair. */
export function checkPair(file: string, wanted: Pair): void {
  if (existsSync(file)) readPair(file, wanted);
}

/** Opens an existing ledger to look at it, also while a run has it. */
export function openLedgerForReading(file: string): Db {
  if (!existsSync(file)) throw new LedgerError(`${file}: no ledger here; name one with --db FILE, or the two shares`);
  readPair(file, undefined);
  const db = openBegun(file);
  if (db) return db;
  throw new LedgerError(`${file}: nothing is in it yet: a run was cut short while it made it; run millrace copy again`);
}

/** Undefined: nothing is in it yet. */
function openBegun(file: string): Db | undefined {
  if (isEmpty(file)) return undefined;
  const db = guard(file, () => openDb(file, { readonly: true, timeout: 10_000 }));
  if (isLedger(db)) return db;
  db.close();
  return undefined;
}

/**
 * Looks into the ledger of a pair for a moment, in which nothing is to be left beside it: SQLite removes what it needs there
 * only if it may write. Undefined: there is none, or nothing in it. Throws LedgerError when it is of another pair.
 */
export function peekIntoLedger<T>(file: string, pair: Pair, look: (db: Db) => T): T | undefined {
  checkPair(file, pair);
  if (!existsSync(file) || isEmpty(file)) return undefined;
  return lookInto(file, (db) => (isLedger(db) ? look(db) : undefined));
}

function isLedger(db: Db): boolean {
  return pragma(db, 'application_id') === APPLICATION_ID;
}

/**
 * Opens a ledger to read it for a moment, so that nothing is left beside it: SQLite makes what it needs there, and removes it
 * only if it may write.
 */
function lookInto<T>(file: string, look: (db: Db) => T): T {
  return guard(file, () =>
    insist(() => {
      const wasAlone = besides(file).length === 0;
      const db = openDb(file, { readonly: true, timeout: 10_000 });
      let removing: Db | undefined;
      try {
        if (wasAlone) removing = remover(file);
        return look(db);
      } finally {
        db.close();
        removing?.close();
      }
    }),
  );
}

/** Takes part in the log of changes, which the last to close removes. Undefined: it cannot, or would not. */
function remover(file: string): Db | undefined {
  let db: Db | undefined;
  try {
    db = openDb(file, { timeout: 10_000 });
    pragma(db, 'user_version');
    return db;
  } catch {
    db?.close();
    return undefined;
  }
}

/** A ledger in memory-backed temporary files of SQLite's own, gone with the process: for dry runs. */
export function openScratchLedger(pair: Pair): Db {
  const db = openDb('');
  migrate(db, pair);
  return db;
}

/** Schema, version and pair in one transaction: a ledger is whole, or it is still an empty database. */
function migrate(db: Db, pair: Pair): void {
  const from = pragma(db, 'user_version') as number;
  db.transaction(() => {
    for (const step of MIGRATIONS.slice(from)) db.exec(step);
    const put = prepare(db, 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING');
    put.run('source', pair.source);
    put.run('dest', pair.dest);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; PRAGMA application_id = ${APPLICATION_ID}`);
  })();
}

/** Checks, without writing a byte, that the file is a ledger that this version understands, and whose it is. */
function readPair(file: string, wanted: Pair | undefined): void {
  refuseNetwork(file);
  guard(file, () => {
    if (!statSync(file).isFile()) throw new LedgerError(`${file}: not a file`);
    refuseTwins(file);
    if (isEmpty(file)) return;
    checkHeader(file);
    lookInto(file, (db) => checkHead(db, file, wanted));
  });
}

function checkHead(db: Db, file: string, wanted: Pair | undefined): void {
  // A database without a single table is what a kill in the middle of making a ledger leaves.
  if (!isLedger(db) && prepare(db, 'SELECT count(*) FROM sqlite_master').pluck().get() === 0) return;
  if (!isLedger(db)) throw notOurs(file);
  checkVersion(file, pragma(db, 'user_version') as number);
  if (!wanted) return;
  const value = prepare(db, 'SELECT value FROM meta WHERE key = ?').pluck();
  const [source, dest] = [value.get('source'), value.get('dest')];
  if (source !== wanted.source || dest !== wanted.dest)
    throw new LedgerError(`${file}: belongs to another pair, ${source} -> ${dest}; name another ledger with --db`);
}

/** Also for reading: who cannot see the locks of the run that has a ledger takes away its log of changes at the end. */
function refuseNetwork(file: string): void {
  guard(file, () => {
    let there = file;
    while (!existsSync(there)) there = dirname(there);
    const { type } = statfsSync(there);
    const { network, name } = filesystemFacts(type);
    if (network)
      throw new LedgerError(
        `${file}: on a network filesystem (${name}), where SQLite cannot lock; put the ledger on a local disk with --db`,
      );
  });
}

/** The folder of a default ledger is made (private); one that the user named must be there. Throws LedgerError. */
export function makeLedgerFolder(file: string): void {
  refuseNetwork(file);
  guard(file, () => mkdirSync(dirname(file), { recursive: true, mode: 0o700 }));
}

/** Turns errors of the filesystem and of SQLite into one line with the ledger's name. */
export function guard<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    const { code, message } = error as { code?: string; message: string };
    if (code === 'ENOENT') throw new LedgerError(`${file}: its folder does not exist; make it first`);
    if (code?.startsWith('SQLITE_NOTADB')) throw notOurs(file);
    if (code?.startsWith('SQLITE_CANTOPEN'))
      throw new LedgerError(
        `${file}: cannot be opened, or nothing written beside it, as SQLite has to also to read it`,
      );
    if (code?.startsWith('SQLITE_CORRUPT')) throw damagedFile(file, message);
    if (code) throw new LedgerError(`${file}: ${message}`);
    throw error;
  }
}

/** The same for what is read as it is taken. */
export function* guardEach<T>(file: string, items: Iterable<T>): Generator<T> {
  const all = items[Symbol.iterator]();
  try {
    for (;;) {
      const next = guard(file, () => all.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    all.return?.();
  }
}
