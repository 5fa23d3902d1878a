import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Holes } from '../../src/share/holes.js';

const MIB = 1024 * 1024;

/** Stretches of data in a file of `size` bytes, as lseek(2) tells them. */
function fileWith(size: number, stretches: readonly (readonly [from: number, to: number])[]) {
  const ends = (at: number) => stretches.find(([from, to]) => at >= from && at < to);
  return {
    nextData: (at: number) => (ends(at) ? at : stretches.map(([from]) => from).find((from) => from >= at)),
    nextHole: (at: number) => {
      let end = at;
      for (let stretch = ends(end); stretch; stretch = ends(end)) end = stretch[1];
      return Math.min(end, size);
    },
  };
}

describe('where a sparse file has data', () => {
  test('all of it is told, in order, and no hole of a MiB is taken for data', () => {
    const stretch = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 40 }));
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 6 }), fc.integer({ min: 1, max: 20 }), (parts, enough) => {
        const unit = 64 * 1024;
        let at = 0;
        const data: [number, number][] = [];
        for (const [hole, length] of parts) {
          at += hole * unit;
          if (length > 0) data.push([at, at + length * unit]);
          at += length * unit;
        }
        const size = at + unit;
        const holes = new Holes(fileWith(size, data), size);
        const read = new Uint8Array(size / unit);
        for (let from = 0; from < size; ) {
          const { hole, data: more } = holes.next(from, enough * unit);
          expect(hole + more).toBeGreaterThan(0);
          const begin = from + hole;
          const length = Math.min(more, enough * unit);
          read.fill(1, begin / unit, (begin + length) / unit);
          from = begin + length;
          expect(from).toBeLessThanOrEqual(size);
        }
        for (const [begin, end] of data)
          for (let unitAt = begin / unit; unitAt < end / unit; unitAt++) expect(read[unitAt]).toBe(1);
        for (const [hole, index] of parts.map(([length], i) => [length, i] as const))
          if (hole * unit >= MIB) {
            const end = data[index]?.[0];
            if (end !== undefined && parts.slice(0, index + 1).every(([, length]) => length > 0))
              expect(read[end / unit - hole]).toBe(0);
          }
      }),
    );
  });

  test('its total leaves the holes out, and is not told of more stretches than are to be looked for', () => {
    const stretches = [
      [0, MIB],
      [4 * MIB, 5 * MIB],
      [9 * MIB, 10 * MIB],
    ] as const;
    const holes = new Holes(fileWith(20 * MIB, stretches), 20 * MIB);
    expect(holes.total(4)).toBe(3 * MIB);
    expect(holes.total(2)).toBeUndefined();
  });

  test('in a file that is being cut off ends', () => {
    const holes = new Holes({ nextData: () => undefined, nextHole: (at) => at }, 5 * MIB);
    expect(holes.next(MIB, MIB)).toEqual({ hole: 4 * MIB, data: 0 });
    const lying = new Holes({ nextData: (at) => at, nextHole: (at) => at }, 5 * MIB);
    expect(lying.next(MIB, MIB)).toEqual({ hole: 0, data: 4 * MIB });
  });
});
