import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History, type Sample, sampleOf, tightest } from '../../src/stats/history.js';
import { EMPTY, snapshot } from './snapshots.js';

function at(ms: number): Sample {
  return { ms, readBytes: ms, writtenBytes: ms, doneFiles: ms, limit: 0 };
}

function times(history: History, sinceMs = Number.NEGATIVE_INFINITY): number[] {
  return history.since(sinceMs).map(({ ms }) => ms);
}

describe('History', () => {
  it('stays bounded over three weeks of one sample a second', () => {
    const history = new History();
    let most = 0;
    const weeks = 21 * 86_400;
    for (let second = 0; second < weeks; second++) {
      history.add(at(second * 1000));
      most = Math.max(most, history.size);
    }
    expect(most).toBeLessThanOrEqual(529);
    expect(history.since(Number.NEGATIVE_INFINITY).length).toBeLessThanOrEqual(529);
    const end = (weeks - 1) * 1000;
    expect(times(history, end - 119_000)).toHaveLength(120);
    expect(times(history, end - 1_790_000).length).toBeGreaterThan(220);
    expect(end - times(history)[0]!).toBeGreaterThan(23 * 3_600_000);
  });

  it('stays bounded when fed a thousand times a second', () => {
    const history = new History();
    for (let ms = 0; ms < 400_000; ms++) history.add(at(ms));
    expect(history.size).toBeLessThanOrEqual(120 + 27 + 2 + 1);
  });

  it('keeps the newest sample even within a second of the one before', () => {
    const history = new History();
    for (const ms of [0, 1000, 1200, 1700]) history.add(at(ms));
    expect(times(history)).toEqual([0, 1000, 1700]);
    expect(history.latest).toEqual(at(1700));
  });

  it('gives samples in strictly ascending time, the latest last, whatever the rhythm', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 700_000 }), { minLength: 1, maxLength: 400 }), (gaps) => {
        const history = new History();
        let ms = 0;
        for (const gap of gaps) {
          ms += gap;
          history.add(at(ms));
        }
        const seen = times(history);
        expect(seen.at(-1)).toBe(ms);
        expect(seen.every((time, i) => i === 0 || time > seen[i - 1]!)).toBe(true);
        const since = seen[Math.floor(seen.length / 2)]!;
        expect(times(history, since)).toEqual(seen.filter((time) => time >= since));
      }),
    );
  });

  it('forgets the past when the clock is set back', () => {
    const history = new History();
    for (let second = 0; second < 1000; second++) history.add(at(second * 1000));
    history.add(at(500_000));
    expect(times(history)).toEqual([500_000]);
  });

  it('has nothing before the first sample', () => {
    expect(new History().latest).toBeUndefined();
    expect(times(new History())).toEqual([]);
    expect(new History().size).toBe(0);
  });
});

describe('sampleOf', () => {
  it('counts failed entries as work done', () => {
    const picture = snapshot({
      nowMs: 7,
      readBytes: 5,
      writtenBytes: 4,
      session: { ...EMPTY.session, copied: { files: 3, bytes: 4 }, failed: 2 },
      bwlimit: { read: 10, write: 0 },
    });
    expect(sampleOf(picture)).toEqual({ ms: 7, readBytes: 5, writtenBytes: 4, doneFiles: 5, limit: 10 });
  });
});

describe('tightest', () => {
  it.each([
    [0, 0, 0],
    [5, 0, 5],
    [0, 7, 7],
    [5, 7, 5],
  ])('of read %i and write %i is %i', (read, write, limit) => {
    expect(tightest({ read, write })).toBe(limit);
  });
});
