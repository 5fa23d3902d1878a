import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteClock, burst, claim, delay, position, withRate } from '../../src/pace/clock.js';

const SECOND = 1_000_000_000n;
const clockAt = (rate: bigint, since = 0n): ByteClock => ({ rate, base: burst(rate), since });

describe('position', () => {
  it('advances by the rate and never past what a whole byte takes', () => {
    const clock: ByteClock = { rate: 3n, base: 100n, since: 7n };
    expect(position(clock, 7n + SECOND)).toBe(103n);
    expect(position(clock, 7n + SECOND / 3n)).toBe(100n);
    expect(position(clock, 7n + SECOND / 3n + 1n)).toBe(101n);
  });

  it('does not run backwards for a thread whose time is older than the change of rate', () => {
    expect(position({ rate: 1_000n, base: 100n, since: SECOND }, 0n)).toBe(100n);
  });
});

describe('delay', () => {
  it('is the first nanosecond at which the clock has reached the stretch', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 10n), fc.bigInt(0n, 10n ** 12n), fc.bigInt(0n, 10n ** 9n), (rate, end, now) => {
        const clock: ByteClock = { rate, base: 0n, since: 0n };
        const ns = delay(clock, end, 0n, now);
        expect(position(clock, now + ns)).toBeGreaterThanOrEqual(end);
        if (ns > 0n) expect(position(clock, now + ns - 1n)).toBeLessThan(end);
      }),
    );
  });
});

describe('withRate', () => {
  it('keeps the position at the moment of the change', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 10n), fc.bigInt(1n, 10n ** 10n), fc.bigInt(0n, 10n ** 15n), (one, two, now) => {
        const before = clockAt(one);
        expect(position(withRate(before, two, 0n, now), now)).toBe(position(before, now));
      }),
    );
  });

  it('forgives what was claimed before a time without limit', () => {
    const free = withRate(clockAt(1_000n), 0n, 0n, SECOND);
    const again = withRate(free, 2_000n, 500_000n, 2n * SECOND);
    expect(delay(again, 500_000n, 1_000n, 2n * SECOND)).toBe(0n);
    expect(delay(again, claim(again, 500_000n, 80n, 2n * SECOND), 80n, 2n * SECOND)).toBe(0n);
    expect(delay(again, claim(again, 500_080n, 80n, 2n * SECOND), 80n, 2n * SECOND)).toBe(SECOND / 25n);
  });
});

/**
 * Sleepers as `take` has them: every claimed piece waits, and every change of rate makes all that still wait look up
 * their time anew. Returns the pieces in the order of their claims, with the ns at which each moved.
 */
function simulate(steps: readonly { advance: bigint; n?: bigint; rate?: bigint }[], rate: bigint) {
  const clocks = [clockAt(rate)];
  let claimed = 0n;
  let now = 0n;
  const pieces: { end: bigint; n: bigint; moves: bigint }[] = [];
  for (const step of steps) {
    now += step.advance;
    const clock = clocks.at(-1)!;
    if (step.rate !== undefined) {
      const next = withRate(clock, step.rate, claimed, now);
      clocks.push(next);
      for (const piece of pieces) {
        if (piece.moves > now) piece.moves = now + delay(next, piece.end, piece.n, now);
      }
    }
    if (step.n !== undefined) {
      claimed = claim(clocks.at(-1)!, claimed, step.n, now);
      pieces.push({ end: claimed, n: step.n, moves: now + delay(clocks.at(-1)!, claimed, step.n, now) });
    }
  }
  return { pieces, clocks };
}

/** What the limits in force added up to from ns 0 to `now`, in whole bytes. */
function allowed(clocks: readonly ByteClock[], now: bigint): bigint {
  const clock = clocks.findLast(({ since }) => since <= now)!;
  return position(clock, now) - clocks[0]!.base;
}

describe('a change of rate', () => {
  const rates = fc.bigInt(1_000n, 10n ** 9n);
  const steps = fc.array(
    fc.record(
      { advance: fc.bigInt(0n, SECOND / 4n), n: fc.bigInt(0n, 2n ** 20n), rate: rates },
      { requiredKeys: ['advance'] },
    ),
    { minLength: 1, maxLength: 60 },
  );

  it('keeps the order of sleepers', () => {
    fc.assert(
      fc.property(steps, rates, (sequence, rate) => {
        const { pieces } = simulate(sequence, rate);
        for (const [i, piece] of pieces.entries()) {
          expect(pieces[i - 1]?.moves ?? 0n).toBeLessThanOrEqual(piece.moves);
        }
      }),
    );
  });

  it('lets no window through more than the rates in force during it, one burst and one piece', () => {
    fc.assert(
      fc.property(steps, rates, (sequence, rate) => {
        const { pieces, clocks } = simulate(sequence, rate);
        const saved = Math.max(...clocks.map((clock) => Number(burst(clock.rate))));
        for (const [i, first] of pieces.entries()) {
          let sum = 0n;
          let largest = 0;
          for (const last of pieces.slice(i)) {
            sum += last.n;
            largest = Math.max(largest, Number(last.n));
            // A byte for each rounding: once per change of rate, and at both ends of the window.
            const slack = 2n + BigInt(clocks.length);
            const window = allowed(clocks, last.moves) - allowed(clocks, first.moves);
            // Both, where one rate would give the larger of them: a bucket that was not full is, once it is smaller.
            expect(sum).toBeLessThanOrEqual(window + BigInt(saved + largest) + slack);
          }
        }
      }),
    );
  });
});
