/**
 * The conveyor: items in, results out. It leases waiting items to reader lanes, keeps each lane supplied ahead of
 * its need, takes in what readers and writers report, and brings retryable failures back after a while.
 */
import type { FailedItem, LaneMessage, Lease } from '../pipeline/messages.js';
import { Action, results } from '../pipeline/record.js';
import { join } from '../posix/names.js';
import type { Failure } from '../share/failure.js';
import type { Side } from '../share/share.js';
import { Feed, leaseSize } from './feed.js';
import type { Item } from './item.js';
import { ATTEMPTS, backoffMs, ITEM_DEATHS, worthRetrying } from './retry.js';
import type { Lane } from './threads.js';

/** Leases a reader has at hand: the one it works on and the next. */
const AHEAD = 2;
const LEASE_BYTES = 64 * 1024 * 1024;

export interface ConveyorEvents {
  /** The item is done with, for this session: `result` or `failure` is set, or neither for an extra that is kept. */
  finished(item: Item): void;
  /** The share itself is in trouble (failure class stop or fatal): the item waits until `unpark`. */
  stuck(item: Item, failure: Failure, side: Side): void;
  /** A failure that may come from the share as a whole, and may pass by itself. */
  odd(side: Side): void;
  /** Something changed: there may be room, or nothing left. */
  moved(): void;
}

interface ReaderLane {
  readonly lane: Lane<Lease>;
  readonly leases: Item[][];
}

export class Conveyor {
  readonly feed: Feed;
  /** Lanes take no more: the run drains. */
  draining = false;
  /** Nothing is handed out: a share is in trouble. */
  held = false;
  /** Readers that get work; the others rest. */
  readersAtWork = Number.POSITIVE_INFINITY;
  /** Writer lanes there are: as many folders are to be in work at a time. */
  writers = 1;
  private readonly readers: ReaderLane[] = [];
  private readonly inFlight = new Map<number, Item>();
  private retries: { item: Item; dueMs: number }[] = [];
  /** Items that met a share in trouble: what they met, or undefined for what may have been the same. */
  private parked: { item: Item; met?: FailedItem }[] = [];
  private lastId = 0;

  /** `inOrder`: see Feed. */
  constructor(
    private readonly events: ConveyorEvents,
    inOrder = false,
  ) {
    this.feed = new Feed(inOrder);
  }

  /** Items that lanes have. */
  get inHand(): Iterable<Item> {
    return this.inFlight.values();
  }

  get inFlightCount(): number {
    return this.inFlight.size;
  }

  get isIdle(): boolean {
    return this.inFlight.size === 0 && (this.draining || this.waiting === 0);
  }

  /** Items that are not in flight and not done with. */
  private get waiting(): number {
    return this.feed.count + this.retries.length + this.parked.length;
  }

  /** The shares are well again: what waited for that is handed out again. */
  unpark(): void {
    for (const { item } of this.parked.splice(0)) this.feed.add(item);
  }

  /**
   * A share is well, and was: what its items met is of something within it (another filesystem that is mounted there, the
   * quota of a folder), and counts as an attempt of each.
   */
  blame(side: Side): void {
    const { parked } = this;
    this.parked = parked.filter(({ met }) => met?.side !== side);
    for (const { item, met } of parked) {
      if (met?.side !== side) continue;
      item.attempts++;
      if (item.attempts < ATTEMPTS) this.retryLater(item);
      else this.fail(item, met.failure);
    }
  }

  item(id: number): Item | undefined {
    return this.inFlight.get(id);
  }

  /**
   * All lanes are gone: what they had in hand waits again. One died with the item `blamed`; gives that back when it was
   * so too often.
   */
  lanesGone(blamed: number): Item | undefined {
    const suspect = this.inFlight.get(blamed);
    const isWorn = suspect !== undefined && ++suspect.deaths >= ITEM_DEATHS;
    for (const { leases } of this.readers.splice(0)) for (const lease of leases) this.feed.release(lease);
    for (const item of this.inFlight.values()) {
      item.attempts--;
      if (item !== suspect || !isWorn) this.feed.add(item);
    }
    this.inFlight.clear();
    return isWorn ? suspect : undefined;
  }

  addReader(lane: Lane<Lease>): void {
    this.readers.push({ lane, leases: [] });
  }

  /** Hands out what waits, and takes retries that are due back in line. */
  pump(nowMs: number): void {
    if (this.retries.length > 0) {
      const due = this.retries.filter(({ dueMs }) => dueMs <= nowMs);
      this.retries = this.retries.filter(({ dueMs }) => dueMs > nowMs);
      for (const { item } of due) this.feed.add(item);
    }
    if (this.draining || this.held) return;
    // Round by round, so that every lane has one lease before any has two.
    const readers = this.readers.slice(0, this.readersAtWork);
    for (let depth = 0; depth < AHEAD; depth++)
      for (const reader of readers)
        if (reader.leases.length === depth && this.feed.count > 0) this.lease(reader, readers.length);
  }

  /** One of so many `readers`. */
  private lease(reader: ReaderLane, readers: number): void {
    const spread = Math.ceil(this.writers / readers);
    const items = this.feed.take(leaseSize(this.feed.count, readers), LEASE_BYTES, spread);
    reader.leases.push(items);
    const dirs = new Map<string, number>();
    const dirOf = new Uint32Array(items.length);
    const lease = {
      dirs: [] as readonly string[],
      dirOf,
      names: items.map((item) => (isFolderWork(item) ? item.dir.path : item.name)),
      actions: new Uint8Array(items.length),
      ids: new Float64Array(items.length),
      sizes: new Float64Array(items.length),
      mtimes: new BigInt64Array(items.length),
      ctimes: new BigInt64Array(items.length),
      ...(items.some(({ target }) => target) && { targets: items.map(({ target }) => target?.path) }),
    };
    for (const [index, item] of items.entries()) {
      const dir = isFolderWork(item) ? '' : item.dir.path;
      const number = dirs.get(dir) ?? dirs.size;
      dirs.set(dir, number);
      dirOf[index] = number;
      lease.actions[index] = item.action;
      lease.ids[index] = ++this.lastId;
      lease.sizes[index] = item.meta.size;
      lease.mtimes[index] = item.meta.mtimeNs;
      lease.ctimes[index] = item.meta.ctimeNs;
      item.attempts++;
      this.inFlight.set(this.lastId, item);
    }
    lease.dirs = [...dirs.keys()];
    reader.lane.outbox.send(lease);
  }

  /** A message of a reader (its lane number is given) or a writer. */
  receive(message: LaneMessage, reader?: number): void {
    switch (message.type) {
      case 'leaseDone': {
        const lease = this.readers.find(({ lane }) => lane.number === reader)!.leases.shift()!;
        this.feed.release(lease);
        this.pump(Date.now());
        break;
      }
      case 'finished':
        for (const { id, text } of message.warnings ?? []) {
          const item = this.inFlight.get(id);
          if (item) item.warning = text;
        }
        for (const result of results(message.headers)) {
          const item = this.takeBack(result.id);
          if (!item) continue;
          item.result = result;
          this.events.finished(item);
        }
        break;
      case 'failed':
        for (const failed of message.items) this.failed(failed);
        break;
      case 'kept':
        for (const id of message.ids) {
          const item = this.takeBack(id);
          if (item) this.events.finished(item);
        }
        break;
      case 'returned':
        for (const id of message.ids) this.takeBack(id);
        break;
      default:
        message satisfies never;
    }
    this.events.moved();
  }

  private failed(met: FailedItem): void {
    const { id, failure, side } = met;
    const item = this.takeBack(id);
    if (!item) return;
    if (failure.class === 'retry' && this.held) {
      this.park({ item }); // perhaps for the same reason
      return;
    }
    if (worthRetrying(failure, item.attempts) && !this.draining) {
      this.retryLater(item);
      this.events.odd(side);
      return;
    }
    if (failure.class === 'stop' || failure.class === 'fatal') {
      this.park({ item, met });
      this.events.stuck(item, failure, side);
      return;
    }
    this.fail(item, failure);
  }

  private retryLater(item: Item): void {
    this.retries.push({ item, dueMs: Date.now() + backoffMs(item.attempts + 1, Math.random()) });
  }

  private fail(item: Item, failure: Failure): void {
    item.failure = failure;
    this.events.finished(item);
  }

  /** The attempt does not count, if it was the share's fault. */
  private park(parked: Conveyor['parked'][number]): void {
    parked.item.attempts--;
    this.parked.push(parked);
  }

  private takeBack(id: number): Item | undefined {
    const item = this.inFlight.get(id);
    this.inFlight.delete(id);
    if (item) item.shown = undefined;
    return item;
  }
}

/** Folders to be made or stamped are named by their path, and have no entry of their own. */
function isFolderWork(item: Item): boolean {
  return item.action === Action.makeDir || item.action === Action.stampDir;
}

/** Beneath the root, for the progress and for messages. */
export function pathOf(item: Item): string {
  return isFolderWork(item) ? item.dir.path : join(item.dir.path, item.name);
}
