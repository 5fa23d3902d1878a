import fc from 'fast-check';
import { expect, test } from 'vitest';
import { longestIn, quantile, STEPS, stepOf } from '../../src/pace/latency.js';

test('a time is in a step that is long enough for it, and no more than 19 % longer', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.06, max: 2000, noNaN: true }), (ms) => {
      const longest = longestIn(stepOf(ms));
      expect(longest).toBeGreaterThanOrEqual(ms * 0.999999);
      expect(longest).toBeLessThanOrEqual(ms * 1.19);
    }),
  );
});

test.each([
  [0, 0],
  [-1, 0],
  [Number.NaN, 0],
  [1e9, STEPS - 1],
  [Number.POSITIVE_INFINITY, STEPS - 1],
])('%d ms is in step %d', (ms, step) => {
  expect(stepOf(ms)).toBe(step);
});

test('a quantile is what that part of the calls did not exceed', () => {
  const counts = new Float64Array(STEPS);
  expect(quantile(counts, 0.9)).toBeUndefined();
  counts[stepOf(1)] = 90;
  counts[stepOf(100)] = 10;
  expect(quantile(counts, 0.9)).toBe(longestIn(stepOf(1)));
  expect(quantile(counts, 0.91)).toBe(longestIn(stepOf(100)));
});
