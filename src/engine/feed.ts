/**
 * The feed: items that wait for a lane, by folder. Linux locks a folder for every create and rename in it, so lanes
 * that work in one folder queue up behind each other; the feed hands concurrent lanes items of different folders.
 */
import type { Item } from './item.js';

interface DirQueue {
  readonly id: number;
  readonly items: Item[];
  /** Items before this index were taken. */
  head: number;
  /** Leases out that hold items of this folder. */
  leases: number;
}

/** Folders looked at for one that no lane works in. */
const LOOKED_AT = 64;

/** Taken items that a folder, which may never be used up, keeps until they are as many as the waiting ones. */
const LET_GO = 1024;

/** Items waiting below which more are asked for. */
export const LOW = 1024;

export class Feed {
  /** `inOrder`: items are taken in the order they came in, whatever folders they are of. */
  constructor(private readonly inOrder = false) {}

  private readonly queues = new Map<number, DirQueue>();
  /** Folders with waiting items, taken in turn. */
  private readonly turn: DirQueue[] = [];
  private next = 0;
  count = 0;
  /** Of all waiting items together. */
  bytes = 0;

  add(item: Item): void {
    const id = this.idOf(item);
    let queue = this.queues.get(id);
    if (!queue) {
      queue = { id, items: [], head: 0, leases: 0 };
      this.queues.set(id, queue);
    }
    if (queue.head === queue.items.length) this.turn.push(queue);
    queue.items.push(item);
    this.count++;
    this.bytes += item.meta.size;
  }

  private idOf({ dir }: Item): number {
    return this.inOrder ? 0 : dir.id;
  }

  /**
   * Up to `limit` items of together about `maxBytes`, at least one when there is any: in turns from `spread` folders,
   * each in its order, and from others when one of them is used up.
   */
  take(limit: number, maxBytes: number, spread = 1): Item[] {
    const lease: Item[] = [];
    const open: DirQueue[] = [];
    const seen = new Set<DirQueue>();
    let bytes = 0;
    while (lease.length < limit && bytes < maxBytes) {
      while (open.length < spread && this.turn.length > 0) {
        const queue = this.quietest();
        if (open.includes(queue)) break;
        open.push(queue);
        if (!seen.has(queue)) queue.leases++;
        seen.add(queue);
      }
      if (open.length === 0) break;
      for (const queue of [...open]) {
        if (lease.length === limit || bytes >= maxBytes) break;
        const item = queue.items[queue.head++]!;
        bytes += item.meta.size;
        lease.push(item);
        this.count--;
        if (this.settle(queue)) open.splice(open.indexOf(queue), 1);
      }
    }
    this.bytes -= bytes;
    return lease;
  }

  /** The lease is done with: its folders are quieter now. */
  release(lease: readonly Item[]): void {
    for (const id of new Set(lease.map((item) => this.idOf(item)))) {
      const queue = this.queues.get(id);
      if (queue && --queue.leases === 0 && queue.head === queue.items.length) this.queues.delete(id);
    }
  }

  /** Takes back up to `count` waiting items from the newest folders. */
  evict(count: number): Item[] {
    const evicted: Item[] = [];
    while (evicted.length < count && this.turn.length > 0) {
      const queue = this.turn.pop()!;
      for (let at = queue.head; at < queue.items.length; at++) evicted.push(queue.items[at]!);
      queue.head = 0;
      queue.items.length = 0;
      if (queue.leases === 0) this.queues.delete(queue.id);
    }
    this.count -= evicted.length;
    for (const { meta } of evicted) this.bytes -= meta.size;
    this.next = 0;
    return evicted;
  }

  /** The next folder in turn that no lane works in, or else the one with the fewest lanes. */
  private quietest(): DirQueue {
    let best = this.next % this.turn.length;
    for (let step = 0; step < Math.min(LOOKED_AT, this.turn.length); step++) {
      const at = (this.next + step) % this.turn.length;
      if (this.turn[at]!.leases < this.turn[best]!.leases) best = at;
      if (this.turn[best]!.leases === 0) break;
    }
    this.next = best + 1;
    return this.turn[best]!;
  }

  /** Takes a folder that is used up out of the turn; false when it is not. Lets go of what was taken. */
  private settle(queue: DirQueue): boolean {
    if (queue.head < queue.items.length) {
      if (queue.head >= LET_GO && queue.head * 2 >= queue.items.length) {
        queue.items.splice(0, queue.head);
        queue.head = 0;
      }
      return false;
    }
    queue.items.length = 0;
    queue.head = 0;
    const at = this.turn.indexOf(queue);
    this.turn.splice(at, 1);
    if (at < this.next) this.next--;
    return true;
  }
}

/** Items in one lease: many while there is plenty, few towards the end, so that all lanes finish together. */
export function leaseSize(waiting: number, readers: number): number {
  return Math.max(4, Math.min(128, Math.ceil(waiting / (readers * 3))));
}
