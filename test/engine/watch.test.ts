import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ShareWatch } from '../../src/engine/watch.js';
import type { Trouble } from '../../src/stats/snapshot.js';

const HOUR = 3_600_000;

/** A watch of shares that answer as `answers` says: a code, undefined for well, 'silent', or 'not begun' to be asked. */
function setUp(timeoutMs = 24 * HOUR) {
  let nowMs = 1_000_000;
  const answers: { source?: string | undefined; dest?: string | undefined } = {};
  const told: string[] = [];
  const looks: (number | undefined)[] = [];
  const silent: (() => void)[] = [];
  const watch = new ShareWatch(
    {
      look: (side, room) => {
        if (side === 'dest') looks.push(room);
        const given = answers[side];
        const isLate = given === 'silent' || given === 'not begun';
        const answer = isLate
          ? new Promise<undefined>((resolve) => silent.push(() => resolve(undefined)))
          : Promise.resolve(given);
        return { answer, hasBegun: () => given !== 'not begun' };
      },
      suspected: (side) => told.push(`${side} suspected`),
      cleared: (side) => told.push(`${side} cleared`),
      lost: ({ side, why }: Trouble) => told.push(`${side}: ${why}`),
      back: (side, ms) => told.push(`${side} back after ${ms}`),
      gaveUp: ({ side }) => told.push(`${side} gave up`),
      timeoutMs,
    },
    () => nowMs,
  );
  /** Lets time pass, 100 ms a tick. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      nowMs += 100;
      watch.tick();
      await setImmediate();
    }
  };
  return { watch, answers, told, looks, silent, pass };
}

describe('a share', () => {
  test('that is well is looked at, and nothing is said of it', async () => {
    const { watch, told, looks, pass } = setUp();
    await pass(10_000);
    expect([told, watch.troubles, watch.isTroubled]).toEqual([[], [], false]);
    expect(looks.length).toBeGreaterThan(3);
    expect(new Set(looks)).toEqual(new Set([undefined]));
  });

  test('that is another one is told within two seconds, and when it is back', async () => {
    const { watch, answers, told, pass } = setUp();
    answers.source = 'ENODEV';
    await pass(2000);
    expect(told).toEqual(['source: not the share that it was (ENODEV)']);
    expect(watch.troubles).toMatchObject([{ side: 'source' }]);
    answers.source = undefined;
    await pass(5000);
    expect(told.slice(1)).toEqual([expect.stringMatching(/^source back after \d+$/)]);
    expect(watch.isTroubled).toBe(false);
  });

  test('that does not answer is told within five seconds, and when it does again', async () => {
    const { answers, told, silent, pass } = setUp();
    answers.dest = 'silent';
    await pass(5000);
    expect(told).toEqual(['dest: does not answer']);
    answers.dest = undefined;
    for (const answer of silent) answer();
    await pass(100);
    expect(told.slice(1)).toEqual([expect.stringMatching(/^dest back after \d+$/)]);
  });

  test('that was not asked yet is not silent', async () => {
    const { answers, told, pass } = setUp();
    answers.dest = 'not begun';
    await pass(20_000);
    expect(told).toEqual([]);
  });

  test('in another kind of trouble than before is told again, since the first', async () => {
    const { watch, answers, told, pass } = setUp();
    answers.source = 'ENOTCONN';
    await pass(2000);
    const [first] = watch.troubles;
    answers.source = 'ENODEV';
    await pass(5000);
    expect(told).toHaveLength(2);
    expect(watch.troubles).toMatchObject([{ sinceMs: first!.sinceMs }]);
  });
});

describe('an operation that failed', () => {
  test('for lack of room has the next looks try whether there is as much', async () => {
    const { watch, answers, told, looks, pass } = setUp();
    answers.dest = 'ENOSPC';
    watch.report('dest', 'ENOSPC', 5_000_000);
    expect([told, watch.isHolding, watch.isTroubled]).toEqual([['dest suspected'], true, false]);
    await pass(200);
    expect(told.slice(1)).toEqual(['dest: no space left (ENOSPC)']);
    await pass(3000);
    expect(new Set(looks)).toEqual(new Set([5_000_000]));
    answers.dest = undefined;
    await pass(10_000);
    expect(told).toHaveLength(3);
    expect(looks.at(-1)).toBeUndefined();
    expect(watch.isHolding).toBe(false);
  });

  test('on a share that is well is not told of that, and nothing waits for it', async () => {
    const { watch, told, pass } = setUp();
    watch.report('dest', 'EROFS', 1);
    await pass(200);
    expect(told).toEqual(['dest suspected', 'dest cleared']);
    expect(watch.isHolding).toBe(false);
  });

  test('is not cleared by a look that had begun before', async () => {
    const { watch, answers, told, silent, pass } = setUp();
    answers.dest = 'silent';
    await pass(1600);
    watch.report('dest', 'ENOTCONN', 0);
    answers.dest = 'ENOTCONN';
    for (const answer of silent) answer();
    await pass(300);
    expect(told).toEqual(['dest suspected', 'dest: not connected (ENOTCONN)']);
  });

  test('again and again counts each time by itself', async () => {
    const { watch, answers, told, pass } = setUp(15_000);
    for (let time = 0; time < 5; time++) {
      answers.dest = 'ENOSPC';
      watch.report('dest', 'ENOSPC', 1);
      await pass(5000);
      answers.dest = undefined;
      await pass(10_000);
    }
    expect(told).not.toContain('dest gave up');
    const waits = told.flatMap((line) => /back after (\d+)$/.exec(line)?.[1] ?? []).map(Number);
    expect(waits).toHaveLength(5);
    expect(Math.max(...waits)).toBeLessThan(15_000);
  });
});

test('a look that fails for lack of descriptors of our own says nothing of the share', async () => {
  const { answers, told, pass } = setUp();
  answers.dest = 'EMFILE';
  await pass(20_000);
  expect(told).toEqual([]);
});

test('trouble that lasts too long is given up', async () => {
  const { answers, told, pass } = setUp(10_000);
  answers.dest = 'ENODEV';
  await pass(11_000);
  expect(told).not.toContain('dest gave up');
  await pass(2000);
  expect(told).toContain('dest gave up');
});
