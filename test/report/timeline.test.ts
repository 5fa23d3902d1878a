import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HistoryRow, SessionRow } from '../../src/ledger/sessions.js';
import { STEPS, timelineOf } from '../../src/report/timeline.js';
import { sessionWith } from '../ledger/rows.js';

const HOUR = 3_600_000;

function session(id: number, begunMs: number, endedMs: number | undefined, seenMs = endedMs ?? begunMs): SessionRow {
  return sessionWith({ id, begunMs, endedMs, seenMs });
}

function row(id: number, atMs: number, written: number, part: Partial<HistoryRow> = {}): HistoryRow {
  return {
    session: id,
    atMs,
    readBytes: written,
    writtenBytes: written,
    doneFiles: 0,
    readLimit: 0,
    writeLimit: 0,
    syncedFiles: 0,
    syncedBytes: written,
    pendingFiles: 0,
    pendingBytes: 0,
    failedFiles: 0,
    ...part,
  };
}

test('nothing recorded: no timeline', () => {
  expect(timelineOf([], [])).toBeUndefined();
  expect(timelineOf([session(1, 5, 6)], [])).toBeUndefined();
});

test('each session has a curve that begins where the one before left off, and nothing between them', () => {
  const sessions = [session(1, 0, HOUR), session(2, 3 * HOUR, undefined, 4 * HOUR)];
  const known = { pendingBytes: 50 };
  const rows = [row(1, HOUR, 100, known), row(2, 3.5 * HOUR, 10, { syncedBytes: 110, pendingBytes: 40 })];
  expect(timelineOf(sessions, rows)).toMatchObject({
    fromMs: 0,
    toMs: 4 * HOUR,
    progress: [
      [
        { atMs: 0, syncedBytes: 0, knownBytes: 0 },
        { atMs: HOUR, syncedBytes: 100, knownBytes: 150 },
      ],
      [
        { atMs: 3 * HOUR, syncedBytes: 100, knownBytes: 150 },
        { atMs: 3.5 * HOUR, syncedBytes: 110, knownBytes: 150 },
        { atMs: 4 * HOUR, syncedBytes: 110, knownBytes: 150 },
      ],
    ],
    gaps: [{ fromMs: HOUR, toMs: 3 * HOUR }],
  });
});

test('rates are those while a session ran, with the tighter limit, and none where nothing ran', () => {
  const limited = { readLimit: 4000, writeLimit: 3000 };
  const rows = [row(1, HOUR, 3_600_000), row(2, 4 * HOUR, 7_200_000, limited)];
  const { rates } = timelineOf([session(1, 0, HOUR), session(2, 3 * HOUR, 4 * HOUR)], rows)!;
  expect(rates).toHaveLength(STEPS);
  const at = (ms: number) => rates.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)!;
  expect(at(HOUR / 2)).toMatchObject({ rate: expect.closeTo(1000), limit: null });
  expect(at(2 * HOUR)).toMatchObject({ rate: null, limit: null });
  expect(at(3.5 * HOUR)).toMatchObject({ rate: expect.closeTo(2000), limit: expect.closeTo(3000) });
});

test('a step in which the limit changes has their mean, and one that is unlimited for a while has none', () => {
  const rows = [
    row(1, 4000, 4000, { readLimit: 1000 }),
    row(1, 10_000, 16_000, { writeLimit: 2000 }),
    row(1, 20_000, 16_000, { writeLimit: 2000 }),
    row(1, 20_001, 16_000),
  ];
  const { rates } = timelineOf([session(1, 0, 20_000)], rows.slice(0, 3))!;
  expect(rates).toEqual([
    { fromMs: 0, toMs: 10_000, rate: 1600, limit: 1600 },
    { fromMs: 10_000, toMs: 20_000, rate: 0, limit: 2000 },
  ]);
  const last = timelineOf([session(1, 0, 20_001)], rows)!.rates.at(-1);
  expect(last).toMatchObject({ limit: null });
});

test('a run of seconds has one step', () => {
  const { rates } = timelineOf([session(1, 1000, 1500)], [row(1, 1500, 500)])!;
  expect(rates).toEqual([{ fromMs: 1000, toMs: 1500, rate: 1000, limit: null }]);
});

test('a clock that was set back spoils nothing but the stretch itself', () => {
  // Rows are read in the order of their times: what was written then shrinks for once.
  const rows = [row(1, HOUR / 2, 200), row(1, HOUR, 100), row(1, 2 * HOUR, 300)];
  const { rates } = timelineOf([session(1, 0, 2 * HOUR)], rows)!;
  const at = (ms: number) => rates.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)!.rate;
  expect(at(HOUR / 4)).toBeCloseTo((200 * 1000) / (HOUR / 2));
  expect(at(0.75 * HOUR)).toBeNull();
  expect(at(1.5 * HOUR)).toBeCloseTo((200 * 1000) / HOUR);
});

describe('any history', () => {
  const sessions = fc.array(
    fc.record({
      pause: fc.oneof(fc.constant(0), fc.nat(HOUR)),
      rows: fc.array(fc.tuple(fc.integer({ min: 1, max: HOUR }), fc.nat(10 ** 9))),
    }),
    { minLength: 1, maxLength: 10 },
  );

  test('gives no more than a chart can show, and rates that add up to all that was written', () => {
    fc.assert(
      fc.property(sessions, (made) => {
        fc.pre(made.some(({ rows }) => rows.length > 0));
        let [now, total] = [0, 0];
        const all: SessionRow[] = [];
        const history: HistoryRow[] = [];
        made.forEach(({ pause, rows }, index) => {
          now += pause;
          const begun = now;
          let written = 0;
          for (const [ms, bytes] of rows) {
            now += ms;
            written += bytes;
            history.push(row(index + 1, now, written));
          }
          total += written;
          all.push(session(index + 1, begun, now));
        });
        const { rates, progress, toMs } = timelineOf(all, history)!;
        expect(toMs).toBe(Math.max(now, all[0]!.begunMs + 1));
        expect(rates.length).toBeLessThanOrEqual(STEPS);
        expect(progress.flat().length).toBeLessThanOrEqual(STEPS + 4 * all.length);
        // A step with a pause in it has the rate of the rest of it, so that the rates give an upper bound of bytes.
        const bytes = rates.reduce((sum, step) => sum + ((step.rate ?? 0) * (step.toMs - step.fromMs)) / 1000, 0);
        expect(bytes).toBeGreaterThanOrEqual(total * 0.999_999);
        if (made.every(({ pause }, index) => index === 0 || pause === 0))
          expect(bytes).toBeLessThanOrEqual(total * 1.000_001);
      }),
    );
  });
});
