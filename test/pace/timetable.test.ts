import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseTimetable } from '../../src/cli/timetable.js';
import { always, limitsAt, nextChange } from '../../src/pace/timetable.js';
import { usageMessage } from '../cli/helpers.js';

const MB = 1_000_000;
const OFFICE = parseTimetable('mon-fri 08:00-18:00 20MB, sat 50MB:25MB, off');

const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'Europe/Berlin';
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const at = (local: string) => new Date(local);
const readAt = (table: ReturnType<typeof parseTimetable>, local: string) => limitsAt(table, at(local)).read / MB;

describe('the limits of a timetable', () => {
  test.each([
    ['2026-11-20T07:59:59', 0], // a Friday
    ['2026-11-20T08:00:00', 20],
    ['2026-11-20T17:59:59', 20],
    ['2026-11-20T18:00:00', 0],
    ['2026-11-21T00:00:00', 50],
    ['2026-11-21T23:59:59', 50],
    ['2026-11-22T12:00:00', 0],
    ['2026-11-23T12:00:00', 20],
  ])('at %s: %d MB/s', (local, rate) => {
    expect(readAt(OFFICE, local)).toBe(rate);
  });

  test('are those of the first rule that fits', () => {
    const table = parseTimetable('fri 12:00-13:00 off, mon-fri 1MB, 2MB');
    expect(readAt(table, '2026-11-20T12:30:00')).toBe(0);
    expect(readAt(table, '2026-11-20T13:00:00')).toBe(1);
    expect(readAt(table, '2026-11-22T13:00:00')).toBe(2);
  });

  test('go past midnight into the next day, from the days on which they begin', () => {
    const table = parseTimetable('fri 22:00-06:00 1MB, 2MB');
    expect(readAt(table, '2026-11-20T03:00:00')).toBe(2);
    expect(readAt(table, '2026-11-20T22:00:00')).toBe(1);
    expect(readAt(table, '2026-11-21T05:59:00')).toBe(1);
    expect(readAt(table, '2026-11-21T06:00:00')).toBe(2);
    expect(readAt(table, '2026-11-21T22:00:00')).toBe(2);
  });

  test('go past the end of the week', () => {
    const table = parseTimetable('sat-mon 1MB, off');
    const days = ['21', '22', '23', '24'].map((day) => readAt(table, `2026-11-${day}T12:00:00`));
    expect(days).toEqual([1, 1, 1, 0]);
  });

  test('are none where no rule fits and none is said', () => {
    expect(readAt(parseTimetable('mon 1MB'), '2026-11-24T12:00:00')).toBe(0);
  });

  test('go by the clock on the wall when clocks are put forward and back', () => {
    const table = parseTimetable('02:30-04:00 1MB, off');
    // 2:00 to 3:00 is left out on 29 March, and comes twice on 25 October.
    expect(limitsAt(table, new Date('2026-03-29T00:59:00Z')).read).toBe(0);
    expect(limitsAt(table, new Date('2026-03-29T01:00:00Z')).read).toBe(MB);
    expect(limitsAt(table, new Date('2026-10-25T00:30:00Z')).read).toBe(MB);
    expect(limitsAt(table, new Date('2026-10-25T01:00:00Z')).read).toBe(0);
    expect(limitsAt(table, new Date('2026-10-25T01:30:00Z')).read).toBe(MB);
  });
});

describe('the next change', () => {
  test.each([
    ['2026-11-20T07:59:59', '2026-11-20T08:00:00', 20],
    ['2026-11-20T08:00:00', '2026-11-20T18:00:00', 0],
    ['2026-11-20T18:00:00', '2026-11-21T00:00:00', 50],
    ['2026-11-22T00:00:00', '2026-11-23T08:00:00', 20],
  ])('after %s is at %s', (from, to, rate) => {
    const change = nextChange(OFFICE, at(from))!;
    expect(new Date(change.atMs)).toEqual(at(to));
    expect(change.limits.read / MB).toBe(rate);
  });

  test('is when the clocks are put forward where that skips the beginning', () => {
    const table = parseTimetable('02:30-04:00 1MB, off');
    expect(nextChange(table, new Date('2026-03-29T00:00:00Z'))?.atMs).toBe(Date.UTC(2026, 2, 29, 1));
  });

  test('never comes where the limit is always the same', () => {
    expect(nextChange(always({ read: 5, write: 5 }), at('2026-11-20T08:00:00'))).toBeUndefined();
    expect(nextChange(parseTimetable('mon-sun 5K, off'), at('2026-11-20T08:00:00'))).toBeUndefined();
  });
});

describe('a timetable as it is written', () => {
  test('may use full names of days and any case', () => {
    expect(parseTimetable('Monday-FRI 8:00-18:00 20M,off')).toEqual(parseTimetable('mon-fri 08:00-18:00 20M, off'));
  });

  test.each([
    ['20M, sat 50M', 'nothing after 20M would ever hold'],
    ['mon-fri 08:00-18:00', 'not a rate'],
    ['mno 20M', 'mno is not a day (did you mean mon?)'],
    ['mon-tue-wed 20M', 'write a day, or two with a dash'],
    ['25:00-26:00 20M', 'write two times from 00:00 to 24:00'],
    ['08:60-09:00 20M', 'write two times from 00:00 to 24:00'],
    ['08:00-08:00 20M', 'has no length'],
    ['8-18 20M', '8 is not a day'],
    ['mon tue 20M', 'write DAYS, HH:MM-HH:MM or both, then a rate'],
    ['mon 20X', "unknown unit 'X'"],
    ['', 'not a rate'],
    ['mon 5M,', 'nothing stands before, after or between commas'],
    [',', 'nothing stands before, after or between commas'],
  ])('%j is refused: %s', (text, message) => {
    expect(usageMessage(() => parseTimetable(text))).toContain(message);
  });
});
