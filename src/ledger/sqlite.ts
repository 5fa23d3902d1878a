/**
 * Databases and statements that live as long as the process. Node 24.19 and later end the process (SIGABRT in
 * RemoveEnvironmentCleanupHook) when the binding's objects are collected while no JavaScript runs; so none ever is.
 * They are few: a ledger, its statements, a spool for each huge folder; closing a database frees what is large.
 */
import Database from 'better-sqlite3';

export type Db = Database.Database;
export type Statement = Database.Statement<unknown[]>;

const KEPT = new Map<Db, Map<string, Statement>>();

/** Opens a database file ('': a temporary one of SQLite's own, gone with the process). */
export function openDb(file: string, options?: Database.Options): Db {
  const db = new Database(file, options);
  KEPT.set(db, new Map());
  return db;
}

/** The statement for a text; the same object each time, so how its rows come is set anew where it matters. */
export function prepare(db: Db, sql: string): Statement {
  const statements = KEPT.get(db)!;
  let statement = statements.get(sql);
  if (!statement) {
    statement = db.prepare(sql);
    statements.set(sql, statement);
  }
  return statement;
}

/** The value of a pragma. */
export function pragma(db: Db, name: string): unknown {
  return prepare(db, `PRAGMA ${name}`).pluck().get();
}
