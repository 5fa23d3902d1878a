import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { busyMs, FIRST_LANES, MOST_LANES, wantedLanes } from '../../src/engine/lanecount.js';

describe('the number of lanes', () => {
  test.each([
    // lanes, ms of an operation, share of the processors in use, lanes wanted
    [2, 0, 0, 2], // nothing was measured yet
    [2, Number.NaN, 0, 2],
    [2, 0.05, 0.1, 2], // a local disk
    [2, 0.3, 0.1, 2],
    [2, 0.31, 0.1, 4],
    [4, 0.5, 0.1, 8],
    [8, 0.5, 0.1, 16],
    [16, 0.5, 0.1, 16],
    [16, 1, 0.1, 32],
    [32, 100, 0, 32],
    [2, 100, 0, 4], // not at once
    [2, 5, 0.71, 2], // operations are slow because the processors are busy
    [2, 5, 0.7, 4],
    [20, 0.5, 0, 20], // never fewer
    [40, 5, 0, 40],
  ])('%i lanes, %f ms, %f busy: %i', (current, latency, busy, wanted) => {
    expect(wantedLanes(current, latency, busy)).toBe(wanted);
  });

  test('never falls, at most doubles, and grows to no more than the most', () => {
    const any = fc.double({ min: 0, max: 1e6 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MOST_LANES }),
        any,
        fc.double({ min: 0, max: 1 }),
        (current, latency, busy) => {
          const wanted = wantedLanes(current, latency, busy);
          expect(Number.isInteger(wanted)).toBe(true);
          expect(wanted).toBeGreaterThanOrEqual(current);
          expect(wanted).toBeLessThanOrEqual(Math.min(MOST_LANES, 2 * current));
        },
      ),
    );
  });

  test('reaches the most within a few steps on a share with waits', () => {
    let lanes = FIRST_LANES;
    for (let step = 0; step < 4; step++) lanes = wantedLanes(lanes, 3, 0.2);
    expect(lanes).toBe(MOST_LANES);
  });
});

test('busy time is that of all processors, idle time left out', () => {
  const cpu = (user: number, idle: number) => ({ times: { user, nice: 1, sys: 2, irq: 3, idle } });
  expect(busyMs([cpu(10, 1e9), cpu(100, 0)])).toBe(122);
});
