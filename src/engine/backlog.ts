/**
 * The backlog: pending rows of the ledger that are not in the window, taken in pages, from several folders at a time
 * so that lanes find work apart from each other.
 */
import type { Ledger } from '../ledger/ledger.js';
import { keptOf } from '../ledger/pendinghash.js';
import type { KeyedEntry } from '../ledger/rows.js';
import { Action } from '../pipeline/record.js';
import { bringing, type DirRef, type Item, newItem } from './item.js';

/** Folders read from at a time, and rows taken of one in turn. */
const OPEN = 16;
const PAGE = 256;

interface OpenFolder {
  readonly id: number;
  readonly path: string;
  /** The last name that was taken; '' before the first. */
  after: string;
}

/** Where pending entries come from that are not in the window. */
export interface Source {
  /** False: every pending row is in the window, as far as is known. */
  mayHave: boolean;
  /** Gives about `room` items to `hold`. */
  take(room: number, hold: (item: Item) => void): void;
  /** A checkpoint was committed. */
  committed(): void;
  /** The item is no longer in the window. */
  letGo(item: Item): void;
}

export class Backlog implements Source {
  private isKnownEmpty = true;
  /** Folders that count pending entries and have none: they are not looked at again until there may be new ones. */
  private readonly hollow = new Set<number>();
  private open: OpenFolder[] = [];
  private lastDir = 0;
  /** What is left is in live folders: no use to look again before a checkpoint has let some go. */
  private blocked = false;

  /** `isLive`: whether the window holds items of a folder; such a folder is not taken from now. */
  constructor(
    private readonly ledger: Ledger,
    private readonly scan: () => number,
    private readonly isLive: (dir: number) => boolean,
  ) {}

  /** False: every pending row is in the window, as far as is known. */
  get mayHave(): boolean {
    return !this.isKnownEmpty;
  }
  set mayHave(may: boolean) {
    this.isKnownEmpty = !may;
    if (may) this.hollow.clear();
  }

  /** Gives about `room` items to `hold`, which makes their folders live. */
  take(room: number, hold: (item: Item) => void): void {
    let taken = 0;
    while (taken < room && this.mayHave && !this.blocked) {
      if (this.open.length === 0 && !this.openMore()) break;
      for (const folder of this.open) {
        if (taken >= room) break;
        const rows = this.ledger.pendingAfter(folder.id, folder.after, PAGE);
        for (const row of rows) hold(itemOf(folder, row));
        taken += rows.length;
        if (rows.length === 0 && folder.after === '') this.hollow.add(folder.id);
        folder.after = rows.at(-1)?.name ?? folder.after;
        if (rows.length < PAGE) this.open = this.open.filter((other) => other !== folder);
      }
    }
  }

  /** A checkpoint was committed. */
  committed(): void {
    this.blocked = false;
  }

  letGo(): void {}

  private openMore(): boolean {
    let sawLive = false;
    let wrapped = this.lastDir === 0;
    for (;;) {
      const found = this.ledger.dirsWithPending(this.scan(), this.lastDir, OPEN);
      if (found.length === 0) {
        this.lastDir = 0;
        if (wrapped) {
          if (sawLive) this.blocked = true;
          else this.mayHave = false;
          return false;
        }
        wrapped = true;
        continue;
      }
      this.lastDir = found.at(-1)!.id;
      for (const dir of found) {
        if (this.isLive(dir.id)) sawLive = true;
        else if (!this.hollow.has(dir.id)) this.open.push({ ...dir, after: '' });
      }
      if (this.open.length > 0) return true;
    }
  }
}

export function itemOf(folder: DirRef, row: KeyedEntry): Item {
  const saved = { status: row.status, size: row.meta.size };
  const kept = keptOf(row);
  const action = bringing(row.meta.mode, kept);
  const item = newItem(folder, row.name, action, row.meta, saved);
  return action === Action.stamp ? { ...item, kept: kept! } : item;
}
