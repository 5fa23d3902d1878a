import { expect, test } from 'vitest';
import { type HangingCall, hangingCalls } from '../../src/engine/section.js';
import { Stalls } from '../../src/engine/stalls.js';
import { Call } from '../../src/pace/latency.js';
import { AT_SOURCE, LaneCounters } from '../../src/stats/shared.js';

const READING: HangingCall = { side: 'source', role: 'reader', lane: 1, kind: Call.move, item: 7, sinceMs: 1000 };
const LISTING: HangingCall = { side: 'dest', role: 'scanner', lane: 0, kind: Call.list, item: 1, sinceMs: 2000 };

test('each call that hangs is told once, and once when it is over', () => {
  const told: string[] = [];
  const paths: Record<number, string> = { 7: 'a\nb', 1: '' };
  const stalls = new Stalls(
    ({ item }) => paths[item],
    (text) => told.push(text),
  );
  stalls.look([], 60_000);
  stalls.look([READING], 62_000);
  stalls.look([READING, LISTING], 63_000);
  expect(stalls.all).toEqual([
    { side: 'source', doing: 'reading', path: 'a\nb', sinceMs: 1000 },
    { side: 'dest', doing: 'listing', path: '', sinceMs: 2000 },
  ]);
  stalls.look([LISTING], 71_000);
  stalls.look([], 72_000);
  expect(told).toEqual([
    'hangs: reading a\\nb at the source, for 1m 01s',
    'hangs: listing the root at the destination, for 1m 01s',
    'goes on: reading a\\nb at the source, for 1m 10s',
    'goes on: listing the root at the destination, for 1m 10s',
  ]);
  expect(stalls.all).toEqual([]);
});

test('a writer that hangs while it asks the source hangs at the source', () => {
  const counters = new LaneCounters(new Float64Array(LaneCounters.memory(1)), 0);
  const told: string[] = [];
  const stalls = new Stalls(
    () => 'extra',
    (text) => told.push(text),
  );
  const hanging = (nowMs: number) => hangingCalls({ side: 'dest', role: 'writer' }, [counters], 60_000, nowMs);
  counters.during(() => {
    const nowMs = Date.now() + 61_000;
    stalls.look(hanging(nowMs), nowMs);
  }, AT_SOURCE);
  counters.during(() => {
    const nowMs = Date.now() + 61_000;
    stalls.look(hanging(nowMs), nowMs);
  });
  expect(told.map((text) => text.replace(/, for .*/, ''))).toEqual([
    'hangs: looking at extra at the source',
    'hangs: working on extra at the destination',
    'goes on: looking at extra at the source',
  ]);
});

test('another call of the same lane is another stall', () => {
  const told: string[] = [];
  const stalls = new Stalls(
    () => 'file',
    (text) => told.push(text),
  );
  stalls.look([READING], 62_000);
  stalls.look([{ ...READING, sinceMs: 30_000 }], 95_000);
  expect(told).toHaveLength(3);
});

test('what hangs on for long after it was told is known by a clock that nobody sets', () => {
  let now = 5_000;
  const stalls = new Stalls(
    () => 'a/f',
    () => {},
    () => now,
  );
  stalls.look([{ ...READING, sinceMs: Date.now() - 60_000 }], Date.now());
  now += 9_999;
  expect(stalls.lasting(10_000)).toBeUndefined();
  now += 1;
  expect(stalls.lasting(10_000)).toEqual({
    side: 'source',
    what: expect.stringMatching(/^hangs: reading a\/f at the source, for 1m 0/),
  });
  stalls.look([], Date.now());
  expect(stalls.lasting(0)).toBeUndefined();
});
