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
    expect(told).toEqual(['dest: no space left (ENOSPC)']);
    await pass(3000);
    expect(new Set(looks)).toEqual(new Set([5_000_000]));
    answers.dest = undefined;
    await pass(10_000);
    expect(told).toHaveLength(2);
    expect(looks.at(-1)).toBeUndefined();
  });

  test('again and again is tried less and less often, and counts as one trouble', async () => {
    const { watch, told, pass } = setUp(10 * 60_000);
    for (let minute = 0; minute < 12; minute++) {
      watch.report('dest', 'EDQUOT', 1);
      await pass(60_000);
    }
    expect(told.filter((line) => line === 'dest: quota exceeded (EDQUOT)').length).toBeLessThan(13);
    const waits = told.flatMap((line) => /back after (\d+)$/.exec(line)?.[1] ?? []).map(Number);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  });
});

test('trouble that lasts too long is given up', async () => {
  const { answers, told, pass } = setUp(10_000);
  answers.dest = 'ENODEV';
  await pass(11_000);
  expect(told).not.toContain('dest gave up');
  await pass(2000);
  expect(told).toContain('dest gave up');
});
