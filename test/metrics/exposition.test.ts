import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUCKETS } from '../../src/metrics/calls.js';
import { exposition } from '../../src/metrics/exposition.js';
import { FAMILIES } from '../../src/metrics/families.js';
import { CALLS, Call, longestIn, STEPS, stepOf } from '../../src/pace/latency.js';
import { History, sampleOf } from '../../src/stats/history.js';
import type { Snapshot } from '../../src/stats/snapshot.js';
import { anyName, anySnapshot, EMPTY, snapshot } from '../stats/snapshots.js';
import { type Family, parseExposition, reading } from './parse.js';

/** Ten seconds into a session that copies 1 MB/s. */
const RUNNING = snapshot({
  nowMs: 10_000,
  readBytes: 10_000_000,
  writtenBytes: 9_000_000,
  session: {
    copied: { files: 12, bytes: 9_000_000 },
    same: { files: 3, bytes: 30 },
    stamped: 5,
    linked: 0,
    deleted: 4,
    failed: 1,
    warned: 6,
  },
  total: {
    synced: { files: 15, bytes: 9_000_030 },
    pending: { files: 100, bytes: 100_000_000 },
    failed: { files: 2, bytes: 20 },
    skipped: 5,
  },
});

function historyOf(picture: Snapshot): History {
  const history = new History();
  const now = sampleOf(picture);
  history.add({ ...now, ms: picture.startedMs, readBytes: 0, writtenBytes: 0, doneFiles: 0 });
  history.add(now);
  return history;
}

async function shown(part: Partial<Snapshot> = {}): Promise<Map<string, Family>> {
  const picture = { ...RUNNING, ...part };
  return parseExposition(await exposition(picture, historyOf(picture)));
}

/** Counts of calls, with `ms` of each of one kind. */
function calls(kind: Call, times: readonly number[]): number[][] {
  const counts = CALLS.map(() => new Array<number>(STEPS).fill(0));
  for (const ms of times) counts[kind]![stepOf(ms)]! += 1;
  return counts;
}

test('is well formed for any snapshot, and has no name from disk but the two roots', async () => {
  await fc.assert(
    fc.asyncProperty(anySnapshot, anyName, async (any, name) => {
      const secret = `secret${name}`;
      const picture = {
        ...any,
        active: any.active.map((file) => ({ ...file, path: secret })),
        recent: any.recent.map((file) => ({ ...file, path: secret, error: secret })),
        stalls: any.stalls.map((stall) => ({ ...stall, path: secret })),
        troubles: any.troubles.map((trouble) => ({ ...trouble, why: secret })),
      };
      const text = await exposition(picture, historyOf(picture));
      const families = parseExposition(text);
      expect(text).not.toMatch(/secret|NaN|undefined|null/);
      expect(text).not.toMatch(/[\p{Cs}]|[^\P{Cc}\n]/u);
      for (const [family, { samples }] of families) expect(samples.length, family).toBeLessThanOrEqual(152);
    }),
    { numRuns: 40 },
  );
});

test('has each counter and gauge by its value', async () => {
  const families = await shown({
    errors: { EACCES: 2, EIO: 1 },
    bwlimit: { read: 1000, write: 0 },
    guards: { read: 0, write: 500 },
    paused: true,
    stopping: 'drain',
    flow: {
      blocks: { used: 1, slots: 20 },
      packs: { used: 2, slots: 72 },
      readersWait: 0.25,
      writersWait: 0.5,
      limited: { source: 0.75, dest: 1 },
    },
    troubles: [{ side: 'dest', why: 'full', sinceMs: 0 }],
    stalls: [
      { side: 'source', doing: 'reading', path: 'a', sinceMs: 0 },
      { side: 'source', doing: 'listing', path: 'b', sinceMs: 0 },
    ],
  });
  const values: [string, Record<string, string>, number | undefined][] = [
    ['read_bytes_total', {}, 10_000_000],
    ['written_bytes_total', {}, 9_000_000],
    ['files_total', { result: 'copied' }, 12],
    ['files_total', { result: 'same' }, 3],
    ['file_bytes_total', { result: 'copied' }, 9_000_000],
    ['deleted_entries_total', {}, 4],
    ['errors_total', { code: 'EACCES', class: 'skip' }, 2],
    ['errors_total', { code: 'EIO', class: 'retry' }, 1],
    ['backlog_files', {}, 100],
    ['backlog_bytes', {}, 100_000_000],
    ['synced_files', {}, 15],
    ['failed_files', {}, 2],
    ['skipped_entries', {}, 5],
    ['limit_bytes_per_second', { direction: 'read' }, 1000],
    ['limit_bytes_per_second', { direction: 'write' }, undefined],
    ['guard_bytes_per_second', { direction: 'read' }, undefined],
    ['guard_bytes_per_second', { direction: 'write' }, 500],
    ['paused', {}, 1],
    ['stopping', {}, 1],
    ['phase', { phase: 'transfer' }, 1],
    ['phase', { phase: 'last pass' }, 0],
    ['ring_slots', { size: 'block' }, 20],
    ['ring_slots_used', { size: 'pack' }, 2],
    ['ring_wait_ratio', { role: 'reader' }, 0.25],
    ['limited_ratio', { side: 'dest' }, 1],
    ['lanes', { role: 'scanner' }, 1],
    ['share_trouble', { side: 'dest' }, 1],
    ['share_trouble', { side: 'source' }, 0],
    ['stalled_calls', { side: 'source' }, 2],
    ['stalled_calls', { side: 'dest' }, 0],
  ];
  for (const [name, labels, value] of values) expect(reading(families, `millrace_${name}`, labels), name).toBe(value);
});

test('has every family of the table when all is known', async () => {
  const families = await shown({ errors: { EIO: 1 }, bwlimit: { read: 1, write: 1 }, guards: { read: 1, write: 1 } });
  expect([...families.keys()]).toEqual([...FAMILIES.map(({ name }) => name), 'millrace_call_seconds']);
});

test('tells the end and how sure it is, and leaves both out while nobody can say', async () => {
  const known = await shown();
  expect(reading(known, 'millrace_eta_seconds')).toBeGreaterThan(50);
  expect(reading(known, 'millrace_eta_plus_minus_seconds')).toBeGreaterThan(0);
  const unknown = await shown({ troubles: [{ side: 'source', why: 'away', sinceMs: 0 }] });
  expect(unknown.has('millrace_eta_seconds')).toBe(false);
  expect(unknown.has('millrace_eta_plus_minus_seconds')).toBe(false);
});

test('names the roots so that two different ones never look the same, and no control character gets out', async () => {
  const migration = { ...EMPTY.migration, source: '/mnt/a"b\\c\nd\udc80\u001b', dest: '/mnt/ü' };
  const families = await shown({ migration });
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(families.get('millrace_info')!.samples).toEqual([
    {
      name: 'millrace_info',
      labels: { version, session: '1', source: '/mnt/a"b\\\\c\\nd\\x80\\x1b', dest: '/mnt/ü' },
      value: 1,
    },
  ]);
});

describe('times of calls', () => {
  test('count in the buckets that they fit in, exactly at a bound and above the last one too', async () => {
    const times = [0.01, 0.05, 0.06, 0.1, 3, 25.6, 1638.4, 1700, 60_000];
    const families = await shown({ calls: { source: calls(Call.open, times), dest: calls(Call.publish, []) } });
    const bucket = (le: string) =>
      reading(families, 'millrace_call_seconds_bucket', { side: 'source', kind: 'open', le });
    for (const bound of BUCKETS)
      expect(bucket(String(bound)), `${bound} s`).toBe(times.filter((ms) => ms <= bound * 1000).length);
    expect(bucket('+Inf')).toBe(times.length);
    expect(reading(families, 'millrace_call_seconds_count', { side: 'dest', kind: 'publish' })).toBe(0);
  });

  test('are 16 doublings from 50 us to 1.6 s', () => {
    expect(BUCKETS).toHaveLength(16);
    expect([BUCKETS[0], BUCKETS[1], BUCKETS.at(-1)]).toEqual([0.00005, 0.0001, 1.6384]);
  });

  test('sum up to about what they took', async () => {
    const times = Array.from({ length: 1000 }, (_, index) => 1 + index / 10);
    const families = await shown({ calls: { source: calls(Call.list, times), dest: [] } });
    const sum = reading(families, 'millrace_call_seconds_sum', { side: 'source', kind: 'list' })!;
    const real = times.reduce((all, ms) => all + ms / 1000, 0);
    expect(Math.abs(sum / real - 1)).toBeLessThan(0.02);
  });

  test('of small and large moves are one kind', async () => {
    const counts = calls(Call.move, [longestIn(5)]);
    counts[Call.moveLess]![9] = 2;
    const families = await shown({ calls: { source: counts, dest: counts } });
    expect(reading(families, 'millrace_call_seconds_count', { side: 'dest', kind: 'move' })).toBe(3);
  });
});
