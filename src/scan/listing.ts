/**
 * One side's listing of one folder, to be looked up by name: in memory, or, beyond a size, in a temporary SQLite
 * table, so that a folder with millions of entries needs no more memory than any other.
 */
import { prepare, type Statement } from '../ledger/sqlite.js';
import { fromColumn, toColumn } from '../posix/names.js';
import { Entries, STRIDE } from '../share/entries.js';
import { Finder } from './finder.js';
import { IN_MEMORY, temporaryTable } from './largest.js';

/** One entry: the batch it is in and its place there. */
export interface Found {
  readonly entries: Entries;
  readonly index: number;
}

export class Listing {
  private readonly batches: { readonly entries: Entries; readonly finder: Finder }[] = [];
  private spool: Spool | undefined;
  count = 0;

  add(entries: Entries): void {
    this.count += entries.count;
    if (!this.spool && this.count > IN_MEMORY) {
      this.spool = new Spool();
      for (const batch of this.batches.splice(0)) this.spool.add(batch.entries);
    }
    if (this.spool) this.spool.add(entries);
    else this.batches.push({ entries, finder: new Finder(entries.names) });
  }

  get isOnDisk(): boolean {
    return this.spool !== undefined;
  }

  /** All entries, in batches. */
  each(): Iterable<Entries> {
    return this.spool ? this.spool.each() : this.batches.map(({ entries }) => entries);
  }

  find(name: string): Found | undefined {
    if (this.spool) return this.spool.find(name);
    for (const { entries, finder } of this.batches) {
      const index = finder.find(name);
      if (index >= 0) return { entries, index };
    }
    return undefined;
  }

  close(): void {
    this.spool?.close();
  }
}

/** Entries in a temporary table. */
class Spool {
  private readonly db = temporaryTable('listing (name PRIMARY KEY, data BLOB)');
  private readonly insert: Statement;
  private readonly select: Statement;
  private readonly page: Statement;

  constructor() {
    this.insert = prepare(this.db, 'INSERT OR REPLACE INTO listing VALUES (?, ?)');
    this.select = prepare(this.db, 'SELECT data FROM listing WHERE name = ?').pluck();
    this.page = prepare(this.db, 'SELECT name, data FROM listing WHERE name > ? ORDER BY name LIMIT 2000').raw();
  }

  add(entries: Entries): void {
    this.db.transaction(() => {
      for (let index = 0; index < entries.count; index++)
        this.insert.run(toColumn(entries.names[index]!), entries.bytesOf(index));
    })();
  }

  find(name: string): Found | undefined {
    const data = this.select.get(toColumn(name)) as Buffer | undefined;
    return data && { entries: new Entries({ names: [name], data: copyOf(data) }), index: 0 };
  }

  /** Pages by key. The empty string sorts before every name, and TEXT before BLOB. */
  *each(): Generator<Entries> {
    let after: string | Buffer = '';
    for (;;) {
      const rows = this.page.all(after) as [string | Buffer, Buffer][];
      if (rows.length === 0) return;
      after = rows[rows.length - 1]![0];
      const data = new Uint8Array(rows.length * STRIDE);
      for (const [at, row] of rows.entries()) data.set(row[1], at * STRIDE);
      yield new Entries({ names: rows.map(([name]) => fromColumn(name)), data: data.buffer });
    }
  }

  close(): void {
    this.db.close();
  }
}

function copyOf(data: Buffer): ArrayBuffer {
  const copy = new Uint8Array(data.length);
  copy.set(data);
  return copy.buffer;
}
