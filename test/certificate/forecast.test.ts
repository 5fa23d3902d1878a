import { describe, expect, test } from 'vitest';
import { passForecast } from '../../src/certificate/forecast.js';
import type { SessionRow } from '../../src/ledger/sessions.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Day and hours of a pass, and the files that it copied of a million. */
function pass(day: number, hours: number, copied: number, part: Partial<SessionRow> = {}): SessionRow {
  return {
    id: day + 1,
    begunMs: day * DAY,
    endedMs: day * DAY + hours * HOUR,
    seenMs: day * DAY,
    exitCode: 0,
    readBytes: 0,
    writtenBytes: 0,
    copiedFiles: copied,
    copiedBytes: 0,
    sameFiles: 1_000_000 - copied,
    deleted: 0,
    failed: 0,
    ...part,
  };
}

const FIRST = pass(0, 20, 1_000_000);

describe('a forecast of a last pass', () => {
  test('needs a pass that has followed another', () => {
    expect(passForecast([], DAY)).toBeUndefined();
    expect(passForecast([FIRST], DAY)).toBeUndefined();
    expect(passForecast([FIRST, pass(1, 2, 10, { exitCode: 3 })], 2 * DAY)).toBeUndefined();
    expect(passForecast([FIRST, pass(1, 2, 10, { endedMs: undefined, exitCode: undefined })], 2 * DAY)).toBeUndefined();
  });

  test('has two looks at both sides, and the changes of as long as the last pass is ago', () => {
    // Looking takes an hour; a day of changes half an hour.
    const passes = [FIRST, pass(1, 1.5, 5000), pass(2, 1, 0)];
    const { p50Ms, p90Ms, passes: count } = passForecast(passes, 3 * DAY)!;
    expect(count).toBe(2);
    expect(p50Ms).toBe(2.25 * HOUR);
    expect(p90Ms).toBeCloseTo(2.45 * HOUR, 0);
  });

  test('grows with the time since the last pass, but to no more than two looks and the first copy', () => {
    const passes = [FIRST, pass(1, 1.5, 5000), pass(2, 1, 0)];
    expect(passForecast(passes, 4 * DAY)!.p90Ms).toBeGreaterThan(passForecast(passes, 3 * DAY)!.p90Ms);
    expect(passForecast(passes, 1000 * DAY)!.p90Ms).toBeLessThanOrEqual(22 * HOUR);
  });

  test('is sensible whatever the clock did', () => {
    const { p50Ms, p90Ms } = passForecast([FIRST, pass(0, 1, 0), pass(0, 2, 10)], -DAY)!;
    expect(p50Ms).toBeGreaterThanOrEqual(0);
    expect(p90Ms).toBeGreaterThanOrEqual(p50Ms);
  });
});
