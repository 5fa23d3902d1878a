import { describe, expect, test } from 'vitest';
import { parseTimetable } from '../../src/cli/timetable.js';
import { windowFor } from '../../src/pace/guard.js';
import { CALLS, Call, longestIn, STEPS, stepOf } from '../../src/pace/latency.js';
import { bucketOf, Pacer, windowOf } from '../../src/pace/pacer.js';

const MiB = 1024 ** 2;
const MORNING = new Date('2026-11-20T07:59:00');
const later = (ms: number) => new Date(MORNING.getTime() + ms);

/** A pacer whose calls all take `callMs`, a thousand of them before each look. */
function pacer(bwlimit: string, targetMs = 0) {
  const counts = CALLS.map(() => new Float64Array(STEPS));
  const calls = { ms: 1 };
  const made = new Pacer(
    {
      bwlimit: parseTimetable(bwlimit),
      latencyTarget: { source: targetMs, dest: 0 },
      bwlimitFloor: MiB,
      opCost: 2048,
    },
    () => {
      counts[Call.move]![stepOf(calls.ms)]! += 1000;
      return counts.map((of) => of.slice());
    },
    MORNING,
  );
  const rates = () => [bucketOf(made.memory, 'source').rate / MiB, bucketOf(made.memory, 'dest').rate / MiB];
  return { made, rates, calls };
}

describe('the pacer', () => {
  test('gives each side its limit', () => {
    expect(pacer('20M:10M').rates()).toEqual([20, 10]);
    expect(pacer('off').rates()).toEqual([0, 0]);
  });

  test('changes limits when the timetable says so, and tells of it before', () => {
    const { made, rates } = pacer('08:00-18:00 20M, off');
    expect(made.state).toMatchObject({ bwlimit: { read: 0, write: 0 }, nextLimit: { atMs: later(60_000).getTime() } });
    made.tick(later(59_999));
    expect(rates()).toEqual([0, 0]);
    made.tick(later(60_000));
    expect(rates()).toEqual([20, 20]);
    expect(made.state.nextLimit?.limits).toEqual({ read: 0, write: 0 });
  });

  test('follows a clock that was set back', () => {
    const { made, rates } = pacer('08:00-18:00 20M, off');
    made.tick(later(120_000));
    expect(rates()).toEqual([20, 20]);
    made.tick(later(0));
    expect(rates()).toEqual([0, 0]);
  });

  test('takes another timetable at once', () => {
    const { made, rates } = pacer('20M');
    made.setTimetable(parseTimetable('5M:off'), MORNING);
    expect(rates()).toEqual([5, 0]);
  });

  test('holds both sides while it is paused, with or without a limit', () => {
    const { made, rates } = pacer('20M:off');
    expect(made.pause()).toBe(true);
    expect(made.pause()).toBe(false);
    expect([made.mostLanes('source'), made.mostLanes('dest')]).toEqual([0, 0]);
    made.tick(later(1000));
    expect(bucketOf(made.memory, 'dest').reserve(1)).toBeGreaterThan(0n);
    expect(made.resume()).toBe(true);
    expect(rates()).toEqual([20, 0]);
    expect(made.resume()).toBe(false);
  });

  test('lets everything through once released, paused or not', () => {
    const { made, rates } = pacer('1K');
    made.pause();
    made.release();
    made.tick(later(1000));
    expect(rates()).toEqual([0, 0]);
    expect(bucketOf(made.memory, 'source').reserve(1e9)).toBe(0n);
  });
});

describe('a latency target', () => {
  test('begins low, in small pieces, and leaves the other side alone', () => {
    const { made, rates } = pacer('off', 20);
    expect(rates()).toEqual([4, 0]);
    expect(bucketOf(made.memory, 'source').quantum()).toBeLessThanOrEqual(64 * 1024);
    expect(made.state.guards).toEqual({ read: 4 * MiB, write: 0 });
    expect([windowOf(made.memory, 'source').size, windowOf(made.memory, 'dest').size]).toEqual([2, 0]);
    expect([made.mostLanes('source'), made.mostLanes('dest')]).toEqual([2, Number.POSITIVE_INFINITY]);
  });

  test('has as many calls under way as keep the quiet share busy, and a few more', () => {
    const { made } = pacer('off', 20);
    // A thousand calls of 1 ms in each half second: two at a time, as exactly as times are counted.
    for (let at = 500; at <= 2000; at += 500) made.tick(later(at));
    const { size } = windowOf(made.memory, 'source');
    expect(size).toBe(windowFor(2 * longestIn(stepOf(1))));
    expect(made.mostLanes('source')).toBe(size);
  });

  test('lets all calls through once released', () => {
    const { made } = pacer('off', 20);
    made.release();
    expect(windowOf(made.memory, 'source').size).toBe(0);
  });

  test('never exceeds the limit', () => {
    expect(pacer('2M', 20).rates()).toEqual([2, 2]);
  });

  test('gives way to the floor while calls take too long', () => {
    const { made, rates, calls } = pacer('off', 20);
    for (let at = 500; at <= 1000; at += 500) made.tick(later(at));
    calls.ms = 90;
    for (let at = 1500; at <= 10_000; at += 500) made.tick(later(at));
    expect(rates()).toEqual([1, 0]);
  });

  test('is lifted, and set, while the run goes on', () => {
    const { made, rates } = pacer('off', 20);
    made.setLatencyTarget({ source: 0, dest: 10 }, later(100));
    expect(rates()).toEqual([0, 4]);
    made.setLatencyTarget({ source: 0, dest: 0 }, later(200));
    expect(rates()).toEqual([0, 0]);
  });
});
