import { describe, expect, it } from 'vitest';
import { STEPS, stepOf } from '../../src/pace/latency.js';
import type { Timetable } from '../../src/pace/timetable.js';
import { forecast } from '../../src/stats/forecast.js';
import { formatEnd } from '../../src/stats/format.js';
import { History } from '../../src/stats/history.js';
import type { Snapshot } from '../../src/stats/snapshot.js';
import { EMPTY, snapshot } from './snapshots.js';

const MB = 1e6;
const HOUR = 3600;
/** A Monday, 12:00 local time. */
const NOON = new Date(2026, 10, 23, 12).getTime();

/** Samples up to `endMs`, one each 5 s, of what was moved in each (bytes/s by the second). */
function past(endMs: number, seconds: number, rateAt: (second: number) => number, limit = 0): History {
  const history = new History();
  let bytes = 0;
  for (let second = 0; second <= seconds; second += 5) {
    history.add({
      ms: endMs - (seconds - second) * 1000,
      readBytes: bytes,
      writtenBytes: bytes,
      doneFiles: Math.floor(bytes / MB),
      limit,
    });
    bytes += rateAt(second) * 5;
  }
  return history;
}

function left(bytes: number, part: Partial<Snapshot> = {}): Snapshot {
  return snapshot({ nowMs: NOON, total: { ...EMPTY.total, pending: { files: bytes / MB, bytes } }, ...part });
}

const DAYTIME: Timetable = {
  rules: [{ days: Array(7).fill(true), from: 8 * 60, to: 18 * 60, limits: { read: 10 * MB, write: 10 * MB } }],
  otherwise: { read: 0, write: 0 },
};

describe('a forecast', () => {
  it('is closer the steadier the past was', () => {
    const steady = forecast(
      left(3600 * 10 * MB),
      past(NOON, 1800, () => 10 * MB),
    )!;
    const wild = (second: number) => (Math.floor(second / 200) % 2 === 0 ? 4 * MB : 16 * MB);
    const unsteady = forecast(left(3600 * 10 * MB), past(NOON, 1800, wild))!;
    expect(steady.seconds).toBeGreaterThan(0.95 * HOUR);
    expect(steady.seconds).toBeLessThan(1.05 * HOUR);
    expect(steady.plusMinus).toBeLessThan(0.2 * HOUR);
    expect(unsteady.plusMinus).toBeGreaterThan(2 * steady.plusMinus);
  });

  it('does not take the time of large files for that of files, once it knows how long their calls take', () => {
    // A file of 20 MB each ten seconds; 10,000 files of 10 KB are left.
    const history = new History();
    for (let second = 0; second <= 600; second += 5)
      history.add({
        ms: NOON - (600 - second) * 1000,
        readBytes: second * 2 * MB,
        writtenBytes: second * 2 * MB,
        doneFiles: Math.floor(second / 10),
        limit: 2 * MB,
      });
    const counts = (ms: number) => Array.from({ length: STEPS }, (_, step) => (step === stepOf(ms) ? 50 : 0));
    const calls = { source: [counts(1)], dest: [counts(2), [], [], counts(2)] };
    const pending = { files: 10_000, bytes: 100 * MB };
    const picture = snapshot({
      nowMs: NOON,
      bwlimit: { read: 2 * MB, write: 2 * MB },
      total: { ...EMPTY.total, pending },
    });
    expect(forecast(picture, history)!.seconds).toBeGreaterThan(10 * HOUR);
    const known = forecast({ ...picture, calls }, history)!;
    expect(known.seconds).toBeGreaterThan(50);
    expect(known.seconds).toBeLessThan(0.2 * HOUR);
  });

  it('doubts itself when it has seen little', () => {
    const short = forecast(
      left(1000 * 10 * MB),
      past(NOON, 20, () => 10 * MB),
    )!;
    expect(short.plusMinus).toBeGreaterThanOrEqual(0.4 * short.seconds);
  });

  it('takes the limits to come into account', () => {
    // Free until the limit came an hour ago: then 100 MB/s, since then 10.
    const limited = { bwlimit: { read: 10 * MB, write: 10 * MB }, timetable: DAYTIME };
    const history = past(NOON, HOUR, () => 10 * MB, 10 * MB);
    // 6 hours at 10 MB/s are 216 GB; what is more goes on without a limit, at no more than was ever seen.
    const within = forecast(left(100e9, limited), history)!;
    expect(within.seconds / HOUR).toBeCloseTo(100e9 / (10 * MB) / HOUR, 0);
    const free = past(NOON - HOUR * 1000, HOUR, () => 100 * MB);
    for (const sample of history.since(0)) {
      const moved = sample.writtenBytes + 360e9;
      free.add({ ...sample, readBytes: moved, writtenBytes: moved, doneFiles: moved / MB });
    }
    const beyond = forecast(left(216e9 + 180e9, limited), free)!;
    expect(beyond.seconds / HOUR).toBeGreaterThan(6.4);
    expect(beyond.seconds / HOUR).toBeLessThan(6.7);
  });

  it('counts whole weeks of a timetable', () => {
    const weekdays = { rules: [{ ...DAYTIME.rules[0]!, days: [false, true, true, true, true, true, false] }] };
    const slow = { read: 10 * MB, write: 10 * MB };
    const timetable = { ...weekdays, otherwise: { read: MB, write: MB } };
    const history = past(NOON, HOUR, () => 10 * MB, 10 * MB);
    // A week moves 50 h at 10 MB/s and 118 h at 1 MB/s.
    const perWeek = (50 * 10 * MB + 118 * MB) * HOUR;
    const expected = forecast(left(3 * perWeek, { bwlimit: slow, timetable }), history)!;
    expect(expected.seconds / (7 * 24 * HOUR)).toBeGreaterThan(2.97);
    expect(expected.seconds / (7 * 24 * HOUR)).toBeLessThan(3.03);
  });

  it('is no finer than it is known', () => {
    expect(formatEnd(10.2 * 86_400, 5 * HOUR, NOON)).toBe('Thu 3 Dec 17:00 ± 5 h');
    expect(formatEnd(1230, 90, NOON)).toBe('12:21 ± 90 s');
    expect(formatEnd(1230, 300, NOON)).toBe('12:21 ± 5 min');
    expect(formatEnd(60 * 86_400, 5 * 86_400, NOON)).toBe('22 Jan 2027 ± 5 d');
  });
});
