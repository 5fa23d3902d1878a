import { describe, expect, it, test } from 'vitest';
import { bottleneckOf, FlowMeter } from '../../src/stats/flow.js';
import { codeOf, FinishTally } from '../../src/stats/tally.js';
import { EMPTY, snapshot } from './snapshots.js';

const BUSY = { total: { ...EMPTY.total, pending: { files: 5, bytes: 100 } } };
const flow = (part: object) => ({ ...BUSY, flow: { ...EMPTY.flow, ...part } });

describe('the bottleneck', () => {
  it.each([
    ['source', flow({ writersWait: 0.9 })],
    ['dest', flow({ readersWait: 0.9, writersWait: 0.1 })],
    ['limit', { ...flow({ limited: { source: 0.9, dest: 0 }, writersWait: 1 }), bwlimit: { read: 9, write: 0 } }],
    ['guard', { ...flow({ limited: { source: 0, dest: 0.8 } }), guards: { read: 0, write: 9 } }],
    ['pause', { ...flow({ limited: { source: 1, dest: 1 } }), paused: true }],
    ['trouble', { ...BUSY, troubles: [{ side: 'dest' as const, why: 'full', sinceMs: 0 }] }],
    ['scan', { scan: { ...EMPTY.scan, done: false } }],
    [undefined, flow({ writersWait: 0.2, readersWait: 0.3 })],
    [undefined, {}],
  ])('is %s', (expected, part) => {
    expect(bottleneckOf(snapshot(part))).toBe(expected);
  });
});

test('waits are means of the last seconds', () => {
  const meter = new FlowMeter();
  const sample = { readersWait: 0, writersWait: 1, limited: { source: true, dest: false } };
  meter.add({ ...sample, nowMs: 0 });
  expect(meter.waits).toEqual({ readersWait: 0, writersWait: 1, limited: { source: 1, dest: 0 } });
  meter.add({ ...sample, writersWait: 0, nowMs: 50 });
  expect(meter.waits.writersWait).toBeGreaterThan(0.9);
  for (let ms = 100; ms < 10_000; ms += 50) meter.add({ ...sample, writersWait: 0, nowMs: ms });
  expect(meter.waits.writersWait).toBeLessThan(0.02);
});

describe('what was done with', () => {
  it('is told newest first, and no more than a few', () => {
    const tally = new FinishTally();
    for (let i = 0; i < 20; i++) tally.finished(`f${i}`, { size: i, startedMs: i, endedMs: i + 5 });
    tally.failed('bad', 'EACCES: permission denied (open)', 100);
    expect(tally.recent).toHaveLength(8);
    expect(tally.recent[0]).toEqual({
      path: 'bad',
      size: 0,
      endedMs: 100,
      tookMs: undefined,
      error: 'EACCES: permission denied (open)',
    });
    expect(tally.recent[1]).toMatchObject({ path: 'f19', size: 19, tookMs: 5 });
    expect(tally.errors).toEqual({ EACCES: 1 });
  });

  it('is counted by code, of which there are never too many', () => {
    const tally = new FinishTally();
    for (let i = 0; i < 1000; i++) tally.failed('f', `E${i}: ?`, i);
    expect(Object.keys(tally.errors).length).toBeLessThanOrEqual(65);
    expect(Object.values(tally.errors).reduce((sum, count) => sum + count)).toBe(1000);
    expect(codeOf('something else')).toBe('OTHER');
  });
});
