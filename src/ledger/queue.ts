/** Pending entries in an order that was asked for (--order): a list of this process alone, in a temporary file of SQLite's. */
import { fromColumn } from '../posix/names.js';
import type { TransferOrder } from '../settings.js';
import { ENTRY_COLUMNS, entryFrom, type Row, rowsOf } from './columns.js';
import type { Ledger } from './ledger.js';
import type { KeyedEntry } from './rows.js';
import { EntryStatus, Listed } from './schema.js';
import { prepare } from './sqlite.js';

/** SQL: a folder comes before what else begins with its name. */
const QUEUED_BY = {
  name: ["CAST(replace(d.path, '/', x'00') AS BLOB)", 'CAST(e.name AS BLOB)'],
  size: ['e.size'],
  mtime: ['e.mtime'],
} as const;

/** Puts the pending entries of the folders that scan number `scan` has joined in an order, to be read with `queuedAfter`. */
export function queuePending({ db }: Ledger, scan: number, order: TransferOrder): void {
  const way = order.startsWith('-') ? 'DESC' : 'ASC';
  const by = QUEUED_BY[order.replace('-', '') as keyof typeof QUEUED_BY];
  db.exec(`DROP TABLE IF EXISTS temp.queue;
    CREATE TEMP TABLE queue AS SELECT e.dir, e.name FROM dirs d JOIN entries e ON e.dir = d.id
      WHERE d.pending > 0 AND d.listed <> ${Listed.no} AND d.scan = ${scan} AND e.status = ${EntryStatus.pending}
      ORDER BY ${by.map((column) => `${column} ${way}`).join(', ')}`);
}

/** Those that are still pending, of the next so many places in the queue after `at`, which is from 0. */
export function queuedAfter({ db }: Ledger, at: number, count: number): (KeyedEntry & { readonly path: string })[] {
  const columns = ENTRY_COLUMNS.split(', ').map((column) => `e.${column}`);
  const query = rowsOf(
    db,
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
export function queueLength({ db }: Ledger): number {
  return prepare(db, 'SELECT coalesce(max(rowid), 0) FROM temp.queue').pluck().get() as number;
}
