/**
 * Names of one folder that are several at the source and one at a destination that folds names: one is copied, and each
 * other is told as a collision, never written over the first. Pure but for its temporary table.
 */
import { type Db, prepare } from '../ledger/sqlite.js';
import { fromColumn, toColumn } from '../posix/names.js';
import { type Folding, foldName } from '../share/folding.js';
import { IN_MEMORY, temporaryTable, YIELD_EVERY } from './largest.js';
import type { Found, Listing } from './listing.js';

export class Twins {
  /** By folded name: the destination's name, and the source's that is to be there. */
  private readonly there: Names;
  private readonly chosen: Names;

  private constructor(
    private readonly folding: Folding,
    private readonly dest: Listing,
    count: number,
  ) {
    this.there = new Names(count);
    this.chosen = new Names(count);
  }

  /** Looks at all names of both sides; yields now and then. */
  static *of(folding: Folding, source: Listing, dest: Listing): Generator<void, Twins> {
    const twins = new Twins(folding, dest, source.count + dest.count);
    let steps = 0;
    for (const { names } of dest.each())
      for (const name of names) {
        if (++steps % YIELD_EVERY === 0) yield;
        twins.there.set(foldName(name, folding), name);
      }
    for (const { names } of source.each())
      for (const name of names) {
        if (++steps % YIELD_EVERY === 0) yield;
        twins.choose(name);
      }
    return twins;
  }

  /** The one that the destination has by its very name stays; else the first in the order of names, in every scan. */
  private choose(name: string): void {
    const key = foldName(name, this.folding);
    const before = this.chosen.get(key);
    const there = this.there.get(key);
    if (before === undefined || (before !== there && (name === there || name < before))) this.chosen.set(key, name);
  }

  /** The name at the source for which this one of the source cannot be at the destination. */
  collision(name: string): string | undefined {
    const chosen = this.chosen.get(foldName(name, this.folding));
    return chosen === name ? undefined : chosen;
  }

  /** What the destination has by a name of the source. */
  counterpart(name: string): Found | undefined {
    const there = this.there.get(foldName(name, this.folding));
    return there === undefined ? undefined : this.dest.find(there);
  }

  /** The source's name of what the destination has by this one. */
  original(name: string): string | undefined {
    return this.chosen.get(foldName(name, this.folding));
  }

  close(): void {
    this.there.close();
    this.chosen.close();
  }
}

/** A map from names to names, which needs no more memory than any other when it is huge. */
class Names {
  private readonly map = new Map<string, string>();
  private readonly db: Db | undefined;

  constructor(count: number) {
    if (count > IN_MEMORY) this.db = temporaryTable('names (key PRIMARY KEY, name)');
  }

  set(key: string, name: string): void {
    if (!this.db) this.map.set(key, name);
    else prepare(this.db, 'INSERT OR REPLACE INTO names VALUES (?, ?)').run(toColumn(key), toColumn(name));
  }

  get(key: string): string | undefined {
    if (!this.db) return this.map.get(key);
    const name = prepare(this.db, 'SELECT name FROM names WHERE key = ?').pluck().get(toColumn(key));
    return name === undefined ? undefined : fromColumn(name as string | Buffer);
  }

  close(): void {
    this.db?.close();
  }
}
