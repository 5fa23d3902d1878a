import { describe, expect, it } from 'vitest';
import { Call } from '../../src/pace/latency.js';
import { LaneCounters, UNMEASURED } from '../../src/stats/shared.js';

/** Two views on the same memory, as two threads have: the lane's own and the main thread's. */
function lanes(count: number): { mine: LaneCounters[]; seen: LaneCounters[] } {
  const memory = LaneCounters.memory(count);
  const views = () => Array.from({ length: count }, (_, lane) => new LaneCounters(new Float64Array(memory), lane));
  return { mine: views(), seen: views() };
}

describe('LaneCounters', () => {
  it('begin at nothing', () => {
    const { seen } = lanes(1);
    expect(seen[0]!.bytes).toBe(0);
    expect(seen[0]!.operations).toEqual({ count: 0, ms: 0, slow: 0 });
    expect(seen[0]!.file).toEqual({ id: 0, done: 0, startedMs: 0 });
  });

  it('show the other thread the file in hand and how far it is', () => {
    const { mine, seen } = lanes(1);
    mine[0]!.begin(42, 1_000);
    mine[0]!.moved(10);
    mine[0]!.moved(5);
    expect(seen[0]!.file).toEqual({ id: 42, done: 15, startedMs: 1_000 });
    mine[0]!.end();
    expect(seen[0]!.file.id).toBe(0);
  });

  it('begin each file at nothing and keep the sum of all', () => {
    const { mine, seen } = lanes(1);
    mine[0]!.begin(1, 1_000);
    mine[0]!.moved(10);
    mine[0]!.begin(2, 2_000);
    mine[0]!.moved(7);
    expect(seen[0]!.file).toEqual({ id: 2, done: 7, startedMs: 2_000 });
    expect(seen[0]!.bytes).toBe(17);
  });

  it('tell of a call that is not measured while it lasts, and of the one that it is a part of', () => {
    const { mine, seen } = lanes(1);
    mine[0]!.workOn(7);
    const inside = mine[0]!.during(() => mine[0]!.during(() => seen[0]!.call));
    expect(inside).toMatchObject({ kind: UNMEASURED, item: 7 });
    expect(() =>
      mine[0]!.during(() => {
        throw new Error('call');
      }),
    ).toThrow('call');
    expect([seen[0]!.call, seen[0]!.operations.count]).toEqual([undefined, 0]);
    mine[0]!.calling(Call.publish, 1_000);
    expect(mine[0]!.during(() => seen[0]!.call)).toMatchObject({ kind: Call.publish });
    expect(seen[0]!.call).toMatchObject({ kind: Call.publish });
  });

  it('add up calls and the time that they took', () => {
    const { mine, seen } = lanes(1);
    mine[0]!.timed(1, 0.5);
    mine[0]!.timed(100, 2.25);
    mine[0]!.timed(2, 0.7);
    expect(seen[0]!.operations).toEqual({ count: 103, ms: 3.45, slow: 3 });
  });

  it('do not disturb those of other lanes', () => {
    const { mine, seen } = lanes(3);
    for (const [lane, counters] of mine.entries()) {
      counters.begin(lane + 1, lane * 1_000);
      counters.moved(lane + 10);
      counters.timed(lane + 20, lane + 30);
    }
    mine[1]!.end();
    expect(seen.map(({ bytes }) => bytes)).toEqual([10, 11, 12]);
    expect(seen.map(({ file }) => file.id)).toEqual([1, 0, 3]);
    expect(seen.map(({ operations }) => [operations.count, operations.ms])).toEqual([
      [20, 30],
      [21, 31],
      [22, 32],
    ]);
  });

  it('count bytes exactly beyond what 32 bits hold', () => {
    const { mine, seen } = lanes(1);
    mine[0]!.moved(2 ** 50);
    mine[0]!.moved(1);
    expect(seen[0]!.bytes).toBe(2 ** 50 + 1);
  });
});
