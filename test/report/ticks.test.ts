import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteTicks, timeTicks } from '../../src/report/ticks.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test.each([
  [0, ['0', '1 B']],
  [3, ['0', '1 B', '2 B', '3 B']],
  [400 * 1024 ** 4, ['0', '100 TiB', '200 TiB', '300 TiB', '400 TiB']],
  [12.6 * 1024 ** 5, ['0', '5 PiB', '10 PiB', '15 PiB']],
  [1.2 * 1024 ** 2, ['0', '0.5 MiB', '1 MiB', '1.5 MiB']],
])('the marks up to %d bytes are %j', (max, labels) => {
  expect(byteTicks(max, 5).ticks.map(({ label }) => label)).toEqual(labels);
});

test('any axis of bytes reaches over its largest value in few marks', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 2 ** 60, noNaN: true }), (max) => {
      const { top, ticks } = byteTicks(max, 5);
      expect(top).toBeGreaterThanOrEqual(max * 0.999_999);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(7);
      expect([ticks[0]!.at, ticks.at(-1)!.at]).toEqual([0, 1]);
      expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
    }),
  );
});

test('weeks are marked by days, hours by the clock with the day at midnight', () => {
  const midnight = new Date(2026, 10, 3).getTime();
  expect(timeTicks(midnight, midnight + 3 * DAY, 12).map(({ label }) => label)).toEqual([
    ...['3 Nov', '06:00', '12:00', '18:00', '4 Nov', '06:00', '12:00', '18:00', '5 Nov', '06:00', '12:00', '18:00'],
    '6 Nov',
  ]);
  const days = timeTicks(midnight + HOUR, midnight + 22 * DAY, 12).map(({ label }) => label);
  expect(days).toEqual([
    '5 Nov',
    '7 Nov',
    '9 Nov',
    '11 Nov',
    '13 Nov',
    '15 Nov',
    '17 Nov',
    '19 Nov',
    '21 Nov',
    '23 Nov',
    '25 Nov',
  ]);
  expect(timeTicks(midnight + 1000, midnight + 4000, 12).map(({ label }) => label)).toEqual([
    '00:00:01',
    '00:00:02',
    '00:00:03',
    '00:00:04',
  ]);
});

test('any time has few marks, in order and between its ends', () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 41),
      fc.integer({ min: 1, max: 40 * 365 }),
      fc.integer({ min: 1, max: DAY }),
      (from, days, part) => {
        for (const to of [from + part, from + days * DAY]) {
          const ticks = timeTicks(from, to, 12);
          // One more at both ends, and at the end of a summer time.
          expect(ticks.length).toBeLessThanOrEqual(15);
          const places = ticks.map(({ at }) => at);
          expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
          for (const at of places) expect(at >= 0 && at <= 1).toBe(true);
        }
      },
    ),
  );
});
