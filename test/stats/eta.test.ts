import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileEta, fitCosts, PAUSE_SECONDS, spansOf } from '../../src/stats/eta.js';
import { forecast } from '../../src/stats/forecast.js';
import { History, type Sample, sampleOf } from '../../src/stats/history.js';
import type { Snapshot } from '../../src/stats/snapshot.js';
import { anySnapshot, EMPTY, snapshot } from './snapshots.js';

const KIB = 1024;
const GIB = 1024 ** 3;

/** A share where a file takes `perFile` seconds and a byte `perByte`, one after the other. */
interface Share {
  readonly perFile: number;
  readonly perByte: number;
}

/** The history of copying files of these sizes for `seconds`, over and over, sampled once a second. */
function copy(share: Share, sizes: readonly number[], seconds: number, history = new History()): History {
  const start = history.latest ?? { ms: 0, readBytes: 0, writtenBytes: 0, doneFiles: 0, limit: 0 };
  let [clock, files, bytes, next] = [0, 0, 0, 0];
  if (history.latest === undefined) history.add(start);
  for (let second = 1; second <= seconds; second++) {
    let size = sizes[next % sizes.length]!;
    while (clock + share.perFile + size * share.perByte <= second) {
      clock += share.perFile + size * share.perByte;
      files += 1;
      bytes += size;
      next += 1;
      size = sizes[next % sizes.length]!;
    }
    const partly = Math.max(0, second - clock - share.perFile) / share.perByte;
    const moved = start.writtenBytes + bytes + Math.min(size, partly);
    history.add({
      ...start,
      ms: start.ms + second * 1000,
      readBytes: moved,
      writtenBytes: moved,
      doneFiles: start.doneFiles + files,
    });
  }
  return history;
}

function pending(files: number, bytes: number, part: Partial<Snapshot> = {}): Snapshot {
  return snapshot({ total: { ...EMPTY.total, pending: { files, bytes } }, ...part });
}

function eta(history: History, left: Snapshot, afterSeconds = 0): number | null {
  return forecast({ ...left, nowMs: (history.latest?.ms ?? 0) + afterSeconds * 1000 }, history)?.seconds ?? null;
}

const shares = fc.record({
  perFile: fc.double({ min: 0.0005, max: 0.05, noNaN: true }),
  perByte: fc.double({ min: 1e-9, max: 1e-7, noNaN: true }),
});

function expectWithin(actual: number | null, truth: number, share: number): void {
  expect(actual).not.toBeNull();
  expect(Math.abs(actual! - truth) / truth).toBeLessThanOrEqual(share);
}

describe('the ETA of a backlog', () => {
  it('is right within 20 % for more of the same, whatever a file and a byte cost', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 4_000_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(shares, sizes, fc.integer({ min: 60, max: 600 }), (share, mix, seconds) => {
        const rounds = 1000;
        const bytes = rounds * mix.reduce((sum, size) => sum + size, 0);
        const files = rounds * mix.length;
        expectWithin(
          eta(copy(share, mix, seconds), pending(files, bytes)),
          files * share.perFile + bytes * share.perByte,
          0.2,
        );
      }),
    );
  });

  it('is right within 20 % for another mix than the past, once both kinds were seen', () => {
    const left = fc.record({ files: fc.integer({ min: 1, max: 1e7 }), bytes: fc.integer({ min: 0, max: 1e14 }) });
    const minutes = fc.integer({ min: 1, max: 10 });
    fc.assert(
      fc.property(shares, left, minutes, minutes, (share, { files, bytes }, tiny, huge) => {
        const large = Math.ceil(5 / share.perByte);
        const history = copy(share, [large], huge * 60, copy(share, [4 * KIB], tiny * 60));
        expectWithin(eta(history, pending(files, bytes)), files * share.perFile + bytes * share.perByte, 0.2);
      }),
    );
  });

  it('does not take a backlog of tiny files for a short one', () => {
    const share = { perFile: 0.01, perByte: 1e-8 };
    const history = copy(share, [GIB], 300, copy(share, [KIB], 300));
    // A bytes-only guess would say 10 s.
    expectWithin(eta(history, pending(1e6, 1e9)), 10_010, 0.2);
  });

  it('knows only bytes while a file larger than the past is copied', () => {
    expectWithin(
      eta(copy({ perFile: 0.01, perByte: 1e-8 }, [1000 * GIB], 60), pending(1, 50 * GIB)),
      50 * GIB * 1e-8,
      0.01,
    );
  });

  it('knows only files while all of them are empty', () => {
    expectWithin(eta(copy({ perFile: 0.01, perByte: 1e-8 }, [0], 60), pending(5000, 0)), 50, 0.01);
  });

  it('halves the blame when only one mix was seen and another is ahead', () => {
    const history = copy({ perFile: 0.001, perByte: 1e-12 }, [10 * KIB], 60);
    expectWithin(eta(history, pending(1000, 0)), 0.5, 0.05);
    expectWithin(eta(history, pending(1, 1000 * 10 * KIB)), 0.5, 0.05);
  });

  it('holds for a run of days, when a morning was slower than the last half hour', () => {
    const slow = copy({ perFile: 0.001, perByte: 2e-8 }, [100_000_000], 43_200);
    const history = copy({ perFile: 0.001, perByte: 1e-8 }, [100_000_000], 43_200, slow);
    const left = pending(1_000_000, 1e14);
    const [fast, slowest] = [1e6, 2e6];
    expect(eta(history, left)!).toBeGreaterThan(fast * 1.15);
    expect(eta(history, left)!).toBeLessThan(slowest);
    // What will be done within the half hour is judged by the last half hour alone.
    expectWithin(eta(history, pending(1000, 1e11)), 1000, 0.05);
  });

  it('is never negative nor NaN, for any backlog and any history', () => {
    const samples = fc.array(
      fc.record({
        ms: fc.integer({ min: 0, max: 4e12 }),
        readBytes: fc.maxSafeNat(),
        writtenBytes: fc.maxSafeNat(),
        doneFiles: fc.maxSafeNat(),
        limit: fc.constantFrom(0, 0, 1000),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(anySnapshot, samples, fc.boolean(), (picture, list, ordered) => {
        const history = new History();
        for (const sample of ordered ? list.sort((a, b) => a.ms - b.ms) : list) history.add(sample);
        history.add(sampleOf(picture));
        const seconds = forecast(picture, history)?.seconds ?? null;
        expect(seconds === null || (seconds >= 0 && Number.isFinite(seconds))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('doubles with the backlog', () => {
    fc.assert(
      fc.property(shares, fc.integer({ min: 1, max: 1e5 }), fc.integer({ min: 0, max: 1e9 }), (share, files, bytes) => {
        const history = copy(share, [50_000, 1000], 100);
        const once = eta(history, pending(files, bytes))!;
        const twice = eta(history, pending(files * 2, bytes * 2))!;
        expect(twice / once).toBeCloseTo(2, 6);
      }),
    );
  });

  it('cannot beat the limit', () => {
    const history = copy({ perFile: 0.001, perByte: 1e-9 }, [1_000_000], 60);
    expect(eta(history, pending(10, 1e9))!).toBeLessThan(5);
    const samples = history.since(0).map((sample) => ({ ...sample, limit: 1e6 }));
    const limited = new History();
    for (const sample of samples) limited.add(sample);
    expect(eta(limited, pending(10, 1e9, { bwlimit: { read: 0, write: 1e6 } }))).toBe(1000);
    expect(eta(limited, pending(10, 1e9, { bwlimit: { read: 1e6, write: 2e6 } }))).toBe(1000);
  });

  it('forgets the pace of another limit', () => {
    const history = copy({ perFile: 0, perByte: 1e-6 }, [1e7], 600);
    const before = history.latest!;
    for (let second = 1; second <= 60; second++) {
      const bytes = before.writtenBytes + second * 1e8;
      history.add({ ...before, ms: before.ms + second * 1000, readBytes: bytes, writtenBytes: bytes, limit: 1e8 });
    }
    expectWithin(eta(history, pending(1, 1e10, { bwlimit: { read: 1e8, write: 0 } })), 100, 0.05);
  });

  it('does not count what files in flight have already read', () => {
    const history = copy({ perFile: 0, perByte: 1e-8 }, [1e12], 60);
    const active = [{ path: 'a', size: 1e10, done: 9e9, startedMs: 0 }];
    expectWithin(eta(history, pending(1, 1e10, { active })), 10, 0.01);
    expectWithin(eta(history, pending(0, 0, { active })), 10, 0.01);
  });

  it('is 0 when nothing is pending, and unknown while a scan may yet find something', () => {
    const history = copy({ perFile: 0.01, perByte: 1e-8 }, [KIB], 60);
    expect(eta(history, pending(0, 0))).toBe(0);
    expect(eta(history, pending(0, 0, { scan: { ...EMPTY.scan, done: false } }))).toBeNull();
    expect(eta(history, pending(5, 5, { phase: 'finished' }))).toBe(0);
  });

  it('is unknown at the start, in a dry run and while stopping', () => {
    const history = copy({ perFile: 0.01, perByte: 1e-8 }, [KIB], 60);
    expect(eta(new History(), pending(5, 5))).toBeNull();
    expect(eta(copy({ perFile: 0.01, perByte: 1e-8 }, [KIB], 1), pending(5, 5))).toBeNull();
    expect(eta(history, pending(5, 5, { dryRun: true }))).toBeNull();
    expect(eta(history, pending(5, 5, { stopping: 'drain' }))).toBeNull();
    expect(eta(history, pending(5, 5, { stopping: 'stop' }))).toBeNull();
    const troubles = [{ side: 'dest', why: 'no space left', sinceMs: 0 }] as const;
    expect(eta(history, pending(5, 5, { troubles }))).toBeNull();
  });

  it('is unknown during a pause, and as before soon after it', () => {
    const share = { perFile: 0.01, perByte: 1e-8 };
    const history = copy(share, [100 * KIB], 600);
    const left = pending(100_000, 100_000 * 100 * KIB);
    const before = eta(history, left)!;
    expect(eta(history, left, PAUSE_SECONDS - 1)).toBeCloseTo(before);
    expect(eta(history, left, PAUSE_SECONDS)).toBeNull();
    const paused = history.latest!;
    for (let second = 1; second <= 1000; second++) history.add({ ...paused, ms: paused.ms + second * 1000 });
    expect(eta(history, left)).toBeNull();
    expectWithin(eta(copy(share, [100 * KIB], 20, history), left), before, 0.05);
  });
});

describe('spansOf', () => {
  const sample = (second: number, files: number): Sample => ({
    ms: second * 1000,
    readBytes: 0,
    writtenBytes: 0,
    doneFiles: files,
    limit: 0,
  });

  it('counts short stalls as time and leaves long ones out', () => {
    const total = (samples: Sample[]): number => spansOf(samples).reduce((sum, span) => sum + span.seconds, 0);
    expect(total([sample(0, 0), sample(5, 5), sample(35, 5), sample(40, 9)])).toBe(40);
    expect(total([sample(0, 0), sample(5, 5), sample(905, 5), sample(910, 9)])).toBe(10);
    expect(total([sample(0, 0), sample(5, 5), sample(35, 5)])).toBe(35);
    expect(total([sample(0, 0), sample(5, 5), sample(905, 5)])).toBe(5);
  });

  it('makes spans of ten seconds and more', () => {
    const spans = spansOf(Array.from({ length: 36 }, (_, second) => sample(second, second * 2)));
    expect(spans.map(({ seconds, files }) => [seconds, files])).toEqual([
      [10, 20],
      [10, 20],
      [10, 20],
      [5, 10],
    ]);
  });

  it('has none without samples', () => {
    expect(spansOf([])).toEqual([]);
    expect(spansOf([sample(3, 3)])).toEqual([]);
  });
});

describe('fitCosts', () => {
  it('explains the total time exactly and never with a negative cost', () => {
    const spans = fc.array(
      fc.record({
        seconds: fc.double({ min: 2, max: 300, noNaN: true }),
        files: fc.nat(100_000),
        bytes: fc.nat(2 ** 31 - 1),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(spans, (list) => {
        const costs = fitCosts(list);
        fc.pre(costs !== null);
        expect(costs.perFile).toBeGreaterThanOrEqual(0);
        expect(costs.perByte).toBeGreaterThanOrEqual(0);
        const sum = (of: (span: (typeof list)[number]) => number): number =>
          list.reduce((all, span) => all + of(span), 0);
        const explained = costs.perFile * sum(({ files }) => files) + costs.perByte * sum(({ bytes }) => bytes);
        expect(explained / sum(({ seconds }) => seconds)).toBeCloseTo(1, 6);
      }),
    );
  });

  it('is unknown when nothing was done', () => {
    expect(fitCosts([])).toBeNull();
    expect(fitCosts([{ seconds: 100, files: 0, bytes: 0 }])).toBeNull();
    expect(fitCosts([{ seconds: 1, files: 10, bytes: 10 }])).toBeNull();
  });
});

describe('the ETA of a file', () => {
  const file = { path: 'a', size: 1000, done: 250, startedMs: 10_000 };

  it.each([
    ['goes on at its own mean rate', file, 0, 15_000, 15],
    ['cannot beat the limit', file, 25, 15_000, 30],
    ['is 0 when all is read', { ...file, done: 1000 }, 25, 15_000, 0],
    ['is 0 when the file grew past its size', { ...file, done: 1200 }, 0, 15_000, 0],
    ['is unknown in the first second', file, 0, 10_900, null],
    ['is unknown before the first byte', { ...file, done: 0 }, 0, 15_000, null],
    ['is unknown when the clock was set back', file, 0, 5000, null],
  ])('%s', (_, active, limit, now, seconds) => {
    expect(fileEta(active, limit, now)).toBe(seconds);
  });
});
