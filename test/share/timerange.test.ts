import { expect, test } from 'vitest';
import { kept, sameKept } from '../../src/share/timerange.js';

const SECOND = 1_000_000_000n;
const RANGE = { firstNs: 0n, lastNs: 9n * SECOND };

test.each([
  ['within', 5n * SECOND + 1n, 5n * SECOND + 1n],
  ['before the first', -5n * SECOND, 0n],
  ['in the first second', SECOND - 1n, 0n],
  ['after the last', 20n * SECOND, 9n * SECOND],
  ['in the last second', 9n * SECOND + 1n, 9n * SECOND],
])('a time %s becomes the nearest that is kept', (_, time, expected) => {
  expect(kept(time, RANGE)).toBe(expected);
  expect(kept(time, undefined)).toBe(time);
});

test.each([
  ['the nearest', 20n * SECOND + 5n, 9n * SECOND, true],
  ['a fraction of the last second', 9n * SECOND + 5n, 9n * SECOND + 5n, true],
  ['a fraction of the first second', 5n, 5n, true],
  ['another time', 9n * SECOND, 8n * SECOND, false],
  ['another time, far beyond', 20n * SECOND, 5n * SECOND, false],
])('a share that has %s of it has the time: %s', (_, source, dest, expected) => {
  expect(sameKept(source, dest, 1n, RANGE)).toBe(expected);
});
