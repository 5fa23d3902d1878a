import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, firstState, type GuardState, quietMs, windowFor, withSeen } from '../../src/pace/guard.js';

const MiB = 1024 ** 2;
const RULES = { targetMs: 20, floor: MiB };

/**
 * A share that serves `capacity` bytes/s, of which others use some: calls take longer the less is left, as in a queue
 * (M/M/1), at most what the lanes have on their way.
 */
function share(capacity: number, others: number) {
  return (rate: number) => {
    const left = capacity - others;
    const moved = Math.min(rate, left);
    const use = Math.min(moved / left, 0.999);
    return { moved, wasBinding: rate <= left, excessMs: Math.min(300, (2 * use) / (1 - use)) };
  };
}

function run(state: GuardState, to: ReturnType<typeof share>, steps: number): { state: GuardState; moved: number[] } {
  const moved: number[] = [];
  let now = state;
  for (let step = 0; step < steps; step++) {
    const seen = to(now.rate);
    moved.push(seen.moved);
    now = decide(now, seen, RULES);
  }
  return { state: now, moved };
}

const state = fc.record({ rate: fc.double({ min: MiB, max: 1e10, noNaN: true }), isSeeking: fc.boolean() });
const seen = fc.record({
  moved: fc.double({ min: 0, max: 1e10, noNaN: true }),
  wasBinding: fc.boolean(),
  excessMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
});

describe('the rate of a guard', () => {
  test('is never below the floor, and moves by bounded steps', () => {
    fc.assert(
      fc.property(state, seen, (before, what) => {
        const { rate } = decide(before, what, RULES);
        expect(rate).toBeGreaterThanOrEqual(RULES.floor);
        expect(rate).toBeLessThanOrEqual(Math.max(before.rate * 2, RULES.floor));
      }),
    );
  });

  test('shrinks above the target and does not shrink below it while it is used', () => {
    fc.assert(
      fc.property(state, seen, (before, what) => {
        const { rate } = decide(before, { ...what, wasBinding: true }, RULES);
        if (what.excessMs > RULES.targetMs) expect(rate).toBeLessThanOrEqual(before.rate);
        else expect(rate).toBeGreaterThanOrEqual(before.rate);
      }),
    );
  });

  test('stays where it is at the target', () => {
    const before = { rate: 30 * MiB, isSeeking: false };
    expect(decide(before, { moved: 30 * MiB, wasBinding: true, excessMs: 20 }, RULES)).toEqual(before);
  });

  test('gives way from what is moved, not from a limit that nothing meets', () => {
    const { rate } = decide(
      { rate: 1e9, isSeeking: false },
      { moved: 10 * MiB, wasBinding: false, excessMs: 90 },
      RULES,
    );
    expect(rate).toBeCloseTo(7.5 * MiB, 0);
  });

  test('does not grow past twice what is moved', () => {
    const { rate } = decide(
      { rate: 1e9, isSeeking: false },
      { moved: 10 * MiB, wasBinding: false, excessMs: 0 },
      RULES,
    );
    expect(rate).toBe(20 * MiB);
  });

  test.each([5, 50, 500])('uses most of an idle share of %d MiB/s after 20 decisions', (capacity) => {
    const { moved } = run(firstState(RULES), share(capacity * MiB, 0), 40);
    const settled = moved.slice(-20);
    const mean = settled.reduce((sum, rate) => sum + rate, 0) / settled.length;
    expect(mean).toBeGreaterThan(0.75 * capacity * MiB);
  });

  test('settles: no oscillation wider than a factor of two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 2000 }), fc.double({ min: 0, max: 0.7, noNaN: true }), (capacity, part) => {
        const settled = run(firstState(RULES), share(capacity * MiB, part * capacity * MiB), 60);
        const { moved } = run(settled.state, share(capacity * MiB, part * capacity * MiB), 40);
        expect(Math.max(...moved)).toBeLessThanOrEqual(2 * Math.min(...moved));
      }),
    );
  });

  test('gives way within ten decisions when others need the share, and comes back when they are gone', () => {
    const idle = run(firstState(RULES), share(100 * MiB, 0), 30);
    const busy = run(idle.state, share(100 * MiB, 80 * MiB), 10);
    expect(busy.state.rate).toBeLessThan(25 * MiB);
    const free = run(busy.state, share(100 * MiB, 0), 60);
    expect(free.moved.at(-1)).toBeGreaterThan(70 * MiB);
  });
});

describe('the window of a guard', () => {
  /** A share that serves `most` calls at a time, each in one unit of time; what is above waits in its queue. */
  const busyAt = (window: number, most: number) => Math.min(window, most);

  test.each([1, 2, 7, 32])('grows until it keeps a share of %d calls at a time busy, and by little more', (most) => {
    let window = windowFor(0);
    for (let decision = 0; decision < 25; decision++) window = windowFor(busyAt(window, most));
    expect(window).toBeGreaterThan(most);
    expect(window).toBeLessThanOrEqual(Math.max(2, 1 + most * 1.25));
  });

  test('is two calls at a share that is hardly used', () => {
    expect(windowFor(0.1)).toBe(2);
  });
});

describe('the quiet time of a call', () => {
  test('is the least of the last ten minutes in which it was seen', () => {
    let quiet = withSeen(undefined, 0, 5);
    quiet = withSeen(quiet, 0, 3);
    quiet = withSeen(quiet, 0, 9);
    expect(quietMs(quiet)).toBe(3);
    for (let minute = 1; minute < 10; minute++) quiet = withSeen(quiet, minute, 7);
    expect(quietMs(quiet)).toBe(3);
    expect(quietMs(withSeen(quiet, 10, 8))).toBe(7);
  });
});
