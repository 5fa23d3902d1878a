/** Reading a file front to back at the pace that is allowed. */

import type { Bucket } from '../pace/bucket.js';
import type { Window } from '../pace/window.js';
import type { SourceFile } from '../share/share.js';
import type { LaneCounters } from '../stats/shared.js';
import { Command } from './ring.js';
import { moveOf, timedCall } from './timedcall.js';

/** Read and hashed in one go, so that the hash finds the bytes in the processor's cache. */
const CHUNK = 256 * 1024;

/**
 * Pieces on their way from the share before the first of them is awaited. The kernel's own reading ahead goes by its
 * settings, 128 KiB or many MB, at line rate and unpaced; with so many pieces asked for it has nothing left to do.
 */
const AHEAD = 4;

export interface PacedDeps {
  readonly pace: Bucket;
  readonly window: Window;
  readonly counters: LaneCounters;
  /** What the lane is told; a stop ends reading. */
  readonly ring: { readonly command: Command };
}

export class PacedRead {
  /** Up to here the file was paid for and, under a limit, asked for. */
  private asked = 0;
  private isAlone = false;

  constructor(
    private readonly deps: PacedDeps,
    private readonly file: SourceFile,
    private readonly size: number,
  ) {}

  /** What is before byte `at` is not read. */
  skipTo(at: number): void {
    this.asked = Math.max(this.asked, at);
  }

  /**
   * Reads `view.length` bytes from byte `at`, where the last call ended or what was skipped, and gives each piece to `each`. False when the
   * file ended early or the run is to stop.
   */
  fill(view: Uint8Array, at: number, each: (piece: Uint8Array) => void): boolean {
    const { ring, counters } = this.deps;
    for (let done = 0; done < view.length; ) {
      if (ring.command === Command.stop) return false;
      const length = this.ask(at + done);
      const piece = view.subarray(done, Math.min(done + length, view.length));
      // The first of a file's reads waits for the share more than for the data.
      const operations = at + done === 0 ? 1 : 0;
      const kind = moveOf(piece.length, this.deps.pace.quantum());
      const count = timedCall(this.deps, kind, operations, () => this.file.read(piece, at + done));
      if (count < piece.length) return false;
      each(piece);
      counters.moved(count);
      done += count;
    }
    return true;
  }

  /** Waits until the piece at `at` may be read, and has those after it sent; returns how long a piece is. */
  private ask(at: number): number {
    const { pace, window } = this.deps;
    const quantum = pace.quantum();
    const isPaced = quantum < Number.POSITIVE_INFINITY;
    const piece = Math.min(CHUNK, quantum);
    const isLong = this.size > piece;
    // Where calls are counted, what the kernel asks for by itself would pass uncounted.
    const isCounted = window.size > 0;
    if (isLong && isCounted !== this.isAlone) {
      this.file.readAlone(isCounted);
      this.isAlone = isCounted;
    }
    const isAhead = isPaced && !isCounted;
    const until = Math.min(this.size, at + (isAhead ? AHEAD : 1) * piece);
    while (this.asked < until) {
      const length = Math.min(piece, until - this.asked);
      pace.take(length);
      if (isAhead && isLong) this.file.ask(this.asked, length);
      this.asked += length;
    }
    return Math.min(piece, this.asked - at);
  }
}
