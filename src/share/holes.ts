/** Where a sparse file has data, as a copy takes it. */
import type { SourceFile } from './share.js';

/** Shorter holes are copied as the zeros that they read as: a record for each would cost more than they save, bytes. */
const SHORTEST = 256 * 1024;

export class Holes {
  constructor(
    private readonly file: Pick<SourceFile, 'nextData' | 'nextHole'>,
    private readonly size: number,
  ) {}

  /**
   * How long the hole at byte `at` is, 0 where there is data, and how much data follows it, at least `enough` bytes
   * where there is as much before the next hole.
   */
  next(at: number, enough: number): { hole: number; data: number } {
    const { size } = this;
    const begin = this.dataAt(at);
    const from = begin - at >= SHORTEST || begin === size ? begin : at;
    let end = from;
    while (end < size && end - from < enough) {
      const hole = Math.min(size, this.file.nextHole(end));
      const after = this.dataAt(hole);
      end = after - hole >= SHORTEST || after === size ? hole : after;
      if (end === hole) break;
    }
    // A file that is being cut off has neither; reading it shows that.
    return { hole: from - at, data: end > from ? end - from : size - from };
  }

  /** Bytes of data from the beginning on; undefined where there are more than `most` stretches of it. */
  total(most: number): number | undefined {
    let total = 0;
    for (let at = 0, stretches = 0; at < this.size; stretches++) {
      if (stretches === most) return undefined;
      const { hole, data } = this.next(at, 1);
      total += data;
      at += hole + data;
    }
    return total;
  }

  private dataAt(at: number): number {
    return at >= this.size ? this.size : Math.min(this.size, this.file.nextData(at) ?? this.size);
  }
}
