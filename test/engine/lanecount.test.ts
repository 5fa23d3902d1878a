import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  busyBetween,
  FIRST_LANES,
  firstLanes,
  lanesBeside,
  processorTicks,
  wantedLanes,
} from '../../src/engine/lanecount.js';
import { MOST_LANES } from '../../src/settings.js';
import type { Operations } from '../../src/stats/shared.js';

/** As many operations as tell something, of `ms` each; those over 0.3 ms are slow. */
const each = (ms: number, count = 16): Operations => ({ count, ms: ms * count, slow: ms > 0.3 ? count : 0 });

describe('the number of lanes', () => {
  test.each([
    // lanes, ms of an operation, share of the processors in use, lanes wanted
    [2, 0.05, 0.1, 2], // a local disk
    [2, 0.3, 0.1, 2],
    [2, 0.31, 0.1, 6],
    [6, 0.5, 0.1, 16],
    [16, 0.5, 0.1, 16],
    [16, 1, 0.1, 32],
    [32, 100, 0, 32],
    [2, 100, 0, 6], // not at once
    [2, 5, 0.91, 2], // no processor has time for another lane
    [2, 5, 0.9, 6],
    [20, 0.5, 0, 20], // never fewer
    [40, 5, 0, 40],
  ])('%i lanes, %f ms, %f busy: %i', (current, ms, busy, wanted) => {
    expect(wantedLanes(current, each(ms), busy, MOST_LANES)).toBe(wanted);
  });

  test('stays while too few operations were measured to tell', () => {
    expect(wantedLanes(2, each(5, 0), 0, MOST_LANES)).toBe(2);
    expect(wantedLanes(2, each(5, 15), 0, MOST_LANES)).toBe(2);
  });

  test('stays when most operations were quick: the slow ones have waited for a processor', () => {
    expect(wantedLanes(2, { count: 100, ms: 1000, slow: 50 }, 0, MOST_LANES)).toBe(2);
    expect(wantedLanes(2, { count: 100, ms: 1000, slow: 51 }, 0, MOST_LANES)).toBe(6);
  });

  test('never falls, and grows step by step to no more than the most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MOST_LANES }),
        fc.record({ count: fc.nat(1e6), ms: fc.double({ min: 0, max: 1e9, noNaN: true }), slow: fc.nat(1e6) }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: MOST_LANES }),
        (current, operations, busy, most) => {
          const wanted = wantedLanes(current, operations, busy, most);
          expect(Number.isInteger(wanted)).toBe(true);
          expect(wanted).toBeGreaterThanOrEqual(current);
          expect(wanted).toBeLessThanOrEqual(Math.max(current, Math.min(most, 3 * current)));
        },
      ),
    );
  });

  test('reaches the most within a few steps on a share with waits', () => {
    let lanes = FIRST_LANES;
    for (let step = 0; step < 3; step++) lanes = wantedLanes(lanes, each(3), 0.2, MOST_LANES);
    expect(lanes).toBe(MOST_LANES);
  });
});

describe('readers beside writers, and writers beside readers', () => {
  test.each([
    // ms of an own operation, ms of one of the others, lanes
    [1, 1, 32],
    [5, 1, 32],
    [1, 2, 20],
    [1, 4, 10],
    [0.01, 1, 2],
  ])('%f ms beside %f ms: %i lanes are of use', (own, other, lanes) => {
    expect(lanesBeside(each(own), each(other))).toBe(lanes);
  });

  test('stay as few as at first until both were measured', () => {
    expect(lanesBeside(each(1, 15), each(1))).toBe(FIRST_LANES);
    expect(lanesBeside(each(1), each(1, 15))).toBe(FIRST_LANES);
  });
});

test('more lanes begin where a share is a network one', () => {
  expect(firstLanes(false, false)).toEqual({ readers: FIRST_LANES, writers: FIRST_LANES });
  expect(firstLanes(true, false)).toEqual({ readers: 4, writers: FIRST_LANES });
  expect(firstLanes(true, true)).toEqual({ readers: 4, writers: 8 });
});

describe('the share of the processors in use', () => {
  const stat = (...ticks: number[]) => `cpu  ${ticks.join(' ')} 7 8\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1\n`;

  test('counts all but idle time and waiting for disks, and a guest once', () => {
    expect(processorTicks(stat(10, 1, 5, 100, 20, 2, 3, 4))).toEqual({ busy: 25, all: 145 });
  });

  test('is that between two looks', () => {
    const before = processorTicks(stat(10, 0, 10, 100, 0, 0, 0, 0));
    expect(busyBetween(before, processorTicks(stat(25, 0, 10, 105, 0, 0, 0, 0)))).toBe(0.75);
    expect(busyBetween(before, before)).toBe(0);
  });

  test('is read from this machine', () => {
    const { busy, all } = processorTicks(readFileSync('/proc/stat', 'utf8'));
    expect(busy).toBeGreaterThan(0);
    expect(all).toBeGreaterThanOrEqual(busy);
  });
});
