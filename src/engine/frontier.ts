/**
 * The folders that are to be listed next: the nearest in memory, those beyond only as rows of the ledger, and those
 * that wait until they are listed again after a failure.
 */
import type { Dir } from '../ledger/rows.js';

/** Folders known to be next, in memory; beyond, they are in the ledger only. */
const MOST = 20_000;
/** Those that were taken are forgotten in strides of this many. */
const STRIDE = 1024;

export class Frontier {
  private dirs: Dir[] = [];
  private head = 0;
  private later: { dir: Dir; dueMs: number }[] = [];

  /** `overflow`: more folders are in the ledger than in memory. */
  constructor(private overflow: boolean) {}

  clear(): void {
    this.dirs = [];
    this.head = 0;
    this.later = [];
    this.overflow = false;
  }

  /** A folder that the ledger has, or will have with the next checkpoint. */
  push(dir: Dir): void {
    if (this.dirs.length - this.head >= MOST) this.overflow = true;
    // Once some are only in the ledger, all that follow are too: `fill` brings them.
    if (!this.overflow) this.dirs.push(dir);
  }

  /** From here on folders are taken from the ledger. */
  passOver(): void {
    this.overflow = true;
  }

  /** Folders that were taken and came to nothing. */
  putBack(dirs: readonly Dir[]): void {
    this.dirs.push(...dirs);
  }

  putBackLater(dir: Dir, dueMs: number): void {
    this.later.push({ dir, dueMs });
  }

  /** Takes folders that are to be listed again back in line, as their time comes. */
  takeDue(nowMs: number): void {
    if (this.later.length === 0) return;
    this.putBack(this.later.filter(({ dueMs }) => dueMs <= nowMs).map(({ dir }) => dir));
    this.later = this.later.filter(({ dueMs }) => dueMs > nowMs);
  }

  peek(): Dir | undefined {
    return this.dirs[this.head];
  }

  take(): Dir | undefined {
    const dir = this.dirs[this.head];
    if (dir === undefined) return undefined;
    this.head++;
    if (this.head > STRIDE && this.head * 2 > this.dirs.length) {
      this.dirs = this.dirs.slice(this.head);
      this.head = 0;
    }
    return dir;
  }

  /** Those in memory are used up, but the ledger has more. */
  get wantsMore(): boolean {
    return this.overflow && this.peek() === undefined;
  }

  get isEmpty(): boolean {
    return this.peek() === undefined && this.later.length === 0 && !this.overflow;
  }

  /**
   * Takes folders from the ledger, in the place of those in memory: `find` returns so many that are to be listed by
   * their rows. `busy`: those that were taken and are not done with; `unwritten`: those whose rows are out of date.
   */
  fill(
    find: (count: number) => Dir[],
    busy: ReadonlySet<number>,
    unwritten: Pick<ReadonlySet<number>, 'has' | 'size'>,
  ): void {
    const found = find(MOST / 2 + busy.size).filter(({ id }) => !unwritten.has(id));
    this.overflow = found.length >= MOST / 2 || unwritten.size > 0;
    const waiting = new Set(this.later.map(({ dir }) => dir.id));
    this.dirs = found.filter(({ id }) => !busy.has(id) && !waiting.has(id));
    this.head = 0;
  }
}
