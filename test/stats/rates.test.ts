import { describe, expect, it } from 'vitest';
import { History } from '../../src/stats/history.js';
import { idleSeconds, ratesMean, ratesNow } from '../../src/stats/rates.js';
import { EMPTY, snapshot } from './snapshots.js';

/** A history of [second, MB, files]; writing lags 1 MB behind reading. */
function historyOf(points: readonly (readonly [number, number, number])[]): History {
  const history = new History();
  for (const [second, mb, files] of points) {
    const readBytes = mb * 1e6;
    history.add({
      ms: second * 1000,
      readBytes,
      writtenBytes: Math.max(0, readBytes - 1e6),
      doneFiles: files,
      limit: 0,
    });
  }
  return history;
}

function steady(seconds: number, mbPerSecond: number): (readonly [number, number, number])[] {
  return Array.from({ length: seconds + 1 }, (_, second) => [second, second * mbPerSecond, second] as const);
}

describe('ratesNow', () => {
  it('is the rate of the last five seconds, not of the time before', () => {
    const before = steady(60, 100);
    const after = [1, 2, 3, 4, 5].map((s) => [60 + s, 6000 + s * 20, 60] as const);
    const rates = ratesNow(historyOf([...before, ...after]), 65_000)!;
    expect(rates.read).toBeCloseTo(20e6);
    expect(rates.written).toBeCloseTo(20e6);
    expect(rates.files).toBe(0);
  });

  it('uses what there is in the first seconds', () => {
    expect(ratesNow(historyOf(steady(2, 10)), 2000)!.read).toBeCloseTo(10e6);
  });

  it('covers the whole gap when samples are ten seconds apart', () => {
    const rates = ratesNow(
      historyOf([
        [0, 0, 0],
        [10, 50, 0],
        [20, 70, 0],
      ]),
      20_000,
    );
    expect(rates!.read).toBeCloseTo(2e6);
  });

  it('sinks while no sample is taken', () => {
    const history = historyOf(steady(10, 10));
    expect(ratesNow(history, 20_000)!.read).toBeLessThan(10e6);
    expect(ratesNow(history, 1e9)!.read).toBeCloseTo(0, -3);
  });

  it('is unknown without samples, at the first one, and when the clock was set back', () => {
    expect(ratesNow(new History(), 5)).toBeNull();
    expect(ratesNow(historyOf([[1, 0, 0]]), 1000)).toBeNull();
    expect(ratesNow(historyOf([[9, 3, 0]]), 1000)).toBeNull();
  });
});

describe('ratesMean', () => {
  it('is over the whole session, pauses included', () => {
    const picture = snapshot({
      nowMs: 101_000,
      startedMs: 1000,
      readBytes: 300,
      writtenBytes: 200,
      session: { ...EMPTY.session, copied: { files: 3, bytes: 200 }, failed: 1 },
    });
    expect(ratesMean(picture)).toEqual({ read: 3, written: 2, files: 0.04 });
  });

  it('is unknown at the start and when the clock was set back', () => {
    expect(ratesMean(snapshot({ startedMs: 1000, nowMs: 1000 }))).toBeNull();
    expect(ratesMean(snapshot({ startedMs: 1000, nowMs: 0 }))).toBeNull();
  });
});

describe('idleSeconds', () => {
  it('counts from the last moment at which something moved', () => {
    const history = historyOf([...steady(10, 5), [11, 50, 10], [40, 50, 10]]);
    expect(idleSeconds(history, 40_000)).toBe(30);
    expect(idleSeconds(history, 45_000)).toBe(35);
  });

  it('is 0 while bytes or files move', () => {
    expect(idleSeconds(historyOf(steady(10, 5)), 10_000)).toBe(0);
    expect(
      idleSeconds(
        historyOf([
          [0, 0, 0],
          [1, 0, 4],
        ]),
        1000,
      ),
    ).toBe(0);
  });

  it('counts from the first sample when nothing ever moved', () => {
    expect(
      idleSeconds(
        historyOf([
          [0, 0, 0],
          [100, 0, 0],
        ]),
        100_000,
      ),
    ).toBe(100);
    expect(idleSeconds(new History(), 100_000)).toBe(0);
  });
});
