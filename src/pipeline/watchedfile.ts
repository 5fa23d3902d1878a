/** A file of the source of which each call is told when it hangs. */

import type { Stat } from '../posix/stat.js';
import type { Xattr } from '../share/attributes.js';
import type { SourceFile } from '../share/share.js';
import type { LaneCounters } from '../stats/shared.js';

export class WatchedFile implements SourceFile {
  constructor(
    private readonly inner: SourceFile,
    private readonly counters: LaneCounters,
  ) {}

  ask(at: number, length: number): void {
    this.counters.during(() => this.inner.ask(at, length));
  }
  readAlone(alone: boolean): void {
    this.counters.during(() => this.inner.readAlone(alone));
  }
  dropCache(size: number): number | undefined {
    return this.counters.during(() => this.inner.dropCache(size));
  }
  read(view: Uint8Array, at: number): number {
    return this.counters.during(() => this.inner.read(view, at));
  }
  stat(fresh: boolean): Stat {
    return this.counters.during(() => this.inner.stat(fresh));
  }
  nextData(at: number): number | undefined {
    return this.counters.during(() => this.inner.nextData(at));
  }
  nextHole(at: number): number {
    return this.counters.during(() => this.inner.nextHole(at));
  }
  xattrs(): Xattr[] {
    return this.counters.during(() => this.inner.xattrs());
  }
  close(): void {
    this.counters.during(() => this.inner.close());
  }
}
