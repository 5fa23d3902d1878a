import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ATTEMPTS, backoffMs, inTheWay, worthLastPass, worthRetrying } from '../../src/engine/retry.js';
import { failureWith } from './items.js';

describe('backoff', () => {
  test.each([
    [2, 0, 125],
    [2, 0.5, 250],
    [3, 0.5, 500],
    [4, 0.5, 1000],
  ])('before attempt %i, with chance at %f, is %i ms', (attempt, random, ms) => {
    expect(backoffMs(attempt, random)).toBe(ms);
  });

  test('is spread by half to either side and longer for each attempt', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), chance, (attempt, random) => {
        const middle = backoffMs(attempt, 0.5);
        expect(backoffMs(attempt, random)).toBeGreaterThanOrEqual(middle / 2);
        expect(backoffMs(attempt, random)).toBeLessThanOrEqual(middle * 1.5);
        expect(backoffMs(attempt + 1, random)).toBe(2 * backoffMs(attempt, random));
      }),
    );
  });
});

test.each([
  ['EIO', 1, true],
  ['ESTALE', ATTEMPTS - 1, true],
  ['EIO', ATTEMPTS, false],
  ['EACCES', 1, false],
  ['CHANGED', 1, false], // was tried again on the spot
  ['ENOSPC', 1, false],
  ['EBADF', 1, false],
])('%s after %i attempts is worth another: %s', (code, attempts, worth) => {
  expect(worthRetrying(failureWith(code), attempts)).toBe(worth);
});

test.each([
  ['EIO', true],
  ['ETIMEDOUT', true],
  ['CHANGED', true],
  ['EACCES', false],
  ['ENOENT', false],
  ['ENOSPC', false],
  ['EISDIR', false],
])('the last pass tries %s once more: %s', (code, worth) => {
  expect(worthLastPass(code)).toBe(worth);
});

test.each([
  ['EISDIR', true],
  ['ENOTDIR', true],
  ['EEXIST', true],
  ['ENOTEMPTY', true],
  ['ELOOP', true],
  ['EIO', false],
  ['EACCES', false],
  ['CHANGED', false],
])('after extras are gone, %s is tried again: %s', (code, worth) => {
  expect(inTheWay(code)).toBe(worth);
});
