import { describe, expect, test } from 'vitest';
import { beginPass, type Pass, scopeOf, timeOf, type Which } from '../../src/verify/pass.js';
import { isInSample } from '../../src/verify/sample.js';

const ALL: Which = { kind: 'all' };
const sample = (part: number, seed?: string): Which => ({ kind: 'sample', part, seed });

function begun(which: Which = ALL, part: Partial<Pass> = {}): Pass {
  return { ...beginPass(undefined, which, 'dest', 1000), seenMs: 5000, different: 3, ...part };
}

describe('beginPass', () => {
  test('goes on with an unfinished one of the same kind', () => {
    for (const which of [ALL, { kind: 'unverified' } as const, sample(0.1)]) {
      const last = begun(which);
      expect(beginPass(last, which, 'dest', 9000)).toEqual(last);
    }
    const since = begun({ kind: 'since', sinceMs: 1 });
    expect(beginPass(since, { kind: 'since', sinceMs: 2 }, 'dest', 9000)).toEqual({ ...since, sinceMs: 2 });
  });

  test.each<[string, Pass, Which, 'dest' | 'both']>([
    ['one that ended', begun(ALL, { endedMs: 6000 }), ALL, 'dest'],
    ['one of another kind', begun(), { kind: 'unverified' }, 'dest'],
    ['one that did not read the source', begun(), ALL, 'both'],
    ['a sample of another part', begun(sample(0.1)), sample(0.2), 'dest'],
    ['a sample of another seed', begun(sample(0.1, 'a')), sample(0.1, 'b'), 'dest'],
  ])('begins anew after %s', (_, last, which, reads) => {
    expect(beginPass(last, which, reads, 9000)).toMatchObject({ begunMs: 9000, endedMs: null, different: 0, reads });
  });

  test('is later than all that was found before, also when the clock was set back', () => {
    const last = begun(ALL, { endedMs: 5000 });
    expect(beginPass(last, ALL, 'dest', 100).begunMs).toBe(5001);
    expect(timeOf(last, 100)).toBe(5000);
    expect(timeOf(last, 6000)).toBe(6000);
  });

  test('a sample without a seed gets one of its own', () => {
    const seeds = [0, 1].map(() => beginPass(undefined, sample(0.5), 'dest', 1).sample!.seed);
    expect(seeds[0]).toMatch(/^[0-9a-f]{8}$/);
    expect(seeds[0]).not.toBe(seeds[1]);
  });
});

test('scopes: what was found equal counts for what is unverified, since a time, or not at all', () => {
  expect(scopeOf(begun({ kind: 'unverified' }))).toEqual({ begunMs: 1000, equalSinceMs: Number.MIN_SAFE_INTEGER });
  expect(scopeOf(begun({ kind: 'since', sinceMs: 7 }))).toEqual({ begunMs: 1000, equalSinceMs: 7 });
  for (const which of [ALL, sample(0.5)]) expect(scopeOf(begun(which))).toEqual({ begunMs: 1000, equalSinceMs: 1000 });
});

describe('isInSample', () => {
  const paths = Array.from({ length: 20_000 }, (_, index) => `d${index % 30}/f${index}`);
  const drawn = (part: number, seed: string) => paths.filter((path) => isInSample(path, { part, seed }));

  test('draws about its part, by the seed, and all of a smaller part', () => {
    const five = drawn(0.05, 'a');
    expect(five.length).toBeGreaterThan(850);
    expect(five.length).toBeLessThan(1150);
    expect(drawn(0.05, 'b')).not.toEqual(five);
    const ten = new Set(drawn(0.1, 'a'));
    expect(five.every((path) => ten.has(path))).toBe(true);
    expect(drawn(1, 'a')).toEqual(paths);
  });
});
