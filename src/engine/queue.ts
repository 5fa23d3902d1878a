/** The backlog in an order that was asked for (--order): all that is pending once the scan has ended, largest first or so. */

import type { Ledger } from '../ledger/ledger.js';
import { queuedAfter, queueLength, queuePending } from '../ledger/queue.js';
import type { TransferOrder } from '../settings.js';
import { itemOf, type Source } from './backlog.js';
import type { DirRef, Item } from './item.js';

/** Places looked at in one go. */
const PAGE = 1024;

export class Queue implements Source {
  /** Places that were taken, and that there are; undefined: what is pending has to be put in order (anew). */
  private at: number | undefined;
  private length = 0;
  private isWanted = false;
  /** In the window, where the ledger calls them pending, too. */
  private readonly held = new Set<string>();

  constructor(
    private readonly ledger: Ledger,
    private readonly scan: () => number,
    private readonly order: TransferOrder,
  ) {}

  get mayHave(): boolean {
    return this.isWanted;
  }
  set mayHave(may: boolean) {
    this.isWanted = may;
    this.at = undefined;
  }

  take(room: number, hold: (item: Item) => void): void {
    if (this.at === undefined) {
      queuePending(this.ledger, this.scan(), this.order);
      this.at = 0;
      this.length = queueLength(this.ledger);
    }
    for (let taken = 0; taken < room && this.at < this.length; ) {
      const rows = queuedAfter(this.ledger, this.at, PAGE);
      this.at += PAGE;
      for (const row of rows) {
        const dir: DirRef = { id: row.dir, path: row.path };
        const item = itemOf(dir, row);
        if (this.held.has(keyOf(item))) continue;
        this.held.add(keyOf(item));
        taken++;
        hold(item);
      }
    }
    if (this.at >= this.length) this.isWanted = false;
  }

  committed(): void {}

  letGo(item: Item): void {
    this.held.delete(keyOf(item));
  }
}

function keyOf({ dir, name }: Item): string {
  return `${dir.id}/${name}`;
}
