/** How folders with millions of entries are kept from taking more memory, or more time at once, than others. */
import { type Db, openDb } from '../ledger/sqlite.js';

/** Entries of one folder that are held in memory; of a larger folder they are in temporary tables. */
export const IN_MEMORY = 40_000;

/** Steps of a join after which it lets others have the thread. */
export const YIELD_EVERY = 4096;

/** A temporary database of SQLite's own with one table: a file that is unlinked once open, gone with the process. */
export function temporaryTable(table: string): Db {
  const db = openDb('');
  db.exec(`PRAGMA cache_size = -8000; CREATE TABLE ${table} WITHOUT ROWID`);
  return db;
}
