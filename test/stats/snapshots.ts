import fc from 'fast-check';
import { CALLS, STEPS } from '../../src/pace/latency.js';
import type { Snapshot } from '../../src/stats/snapshot.js';

/** A session that began at the epoch, has just started to transfer and has nothing to do. */
export const EMPTY: Snapshot = {
  migration: { source: '/mnt/old', dest: '/mnt/new', session: 1, begunMs: 0 },
  nowMs: 0,
  startedMs: 0,
  phase: 'transfer',
  resumed: false,
  dryRun: false,
  stopping: 'no',
  scan: { done: true, dirs: 0, files: 0, bytes: 0, errors: 0, excluded: 0 },
  readBytes: 0,
  writtenBytes: 0,
  session: {
    copied: { files: 0, bytes: 0 },
    same: { files: 0, bytes: 0 },
    stamped: 0,
    linked: 0,
    deleted: 0,
    failed: 0,
    warned: 0,
  },
  total: {
    synced: { files: 0, bytes: 0 },
    pending: { files: 0, bytes: 0 },
    failed: { files: 0, bytes: 0 },
    skipped: 0,
  },
  lanes: { readers: 2, writers: 2, scanners: 1 },
  flow: {
    blocks: { used: 0, slots: 20 },
    packs: { used: 0, slots: 72 },
    readersWait: 0,
    writersWait: 0,
    limited: { source: 0, dest: 0 },
  },
  calls: { source: [], dest: [] },
  errors: {},
  recent: [],
  bwlimit: { read: 0, write: 0 },
  timetable: { rules: [], otherwise: { read: 0, write: 0 } },
  guards: { read: 0, write: 0 },
  paused: false,
  nextLimit: undefined,
  troubles: [],
  stalls: [],
  active: [],
};

export function snapshot(part: Partial<Snapshot>): Snapshot {
  return { ...EMPTY, ...part };
}

const count = fc.oneof(fc.nat(20), fc.maxSafeNat());
const tally = fc.record({ files: count, bytes: count });

/** Names made of what goes wrong: escapes, controls, raw bytes, wide and joined characters. */
export const anyName: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom('\\', 'n', 't', 'r', 'x', 'u', '1', '8', 'b', '0', '/', ' ', 'a', 'é', '中', '👍', '👨‍👩‍👧', '❤️'),
      fc.constantFrom('\n', '\t', '\r', '\u001b', '\u0000', '\u007f', '\u0080', '\u009b', '\u202e', '\u2066', '\u2028'),
      fc.integer({ min: 0xdc80, max: 0xdcff }).map((code) => String.fromCharCode(code)),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

const nowMs = fc.integer({ min: 0, max: 4e12 });

const slots = fc.record({ used: fc.nat(20), slots: fc.nat(20) });
const part = fc.double({ min: 0, max: 1, noNaN: true });
const callCounts = fc.array(fc.array(fc.nat(1000), { minLength: STEPS, maxLength: STEPS }), {
  minLength: CALLS.length,
  maxLength: CALLS.length,
});

const limits = fc.record({ read: count, write: count });
const minutes = fc.nat(1440);
const rule = fc.record({
  days: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
  from: minutes,
  to: minutes,
  limits,
});
/** Seldom any: a forecast that knows of some takes its time. */
const rules = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(rule, { maxLength: 2 }) },
);

/** Any snapshot that the types allow, sensible or not. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc.record({
  migration: fc.record({
    source: anyName,
    dest: anyName,
    session: fc.nat(1000),
    begunMs: nowMs,
  }),
  nowMs,
  startedMs: nowMs,
  phase: fc.constantFrom('starting', 'transfer', 'last pass', 'clean-up', 'folders', 'second look', 'finished'),
  resumed: fc.boolean(),
  dryRun: fc.boolean(),
  stopping: fc.constantFrom('no', 'no', 'no', 'drain', 'stop'),
  scan: fc.record({ done: fc.boolean(), dirs: count, files: count, bytes: count, errors: count, excluded: count }),
  readBytes: count,
  writtenBytes: count,
  session: fc.record({
    copied: tally,
    same: tally,
    stamped: count,
    linked: count,
    deleted: count,
    failed: count,
    warned: count,
  }),
  total: fc.record({ synced: tally, pending: tally, failed: tally, skipped: count }),
  lanes: fc.record({ readers: count, writers: count, scanners: count }),
  flow: fc.record({
    blocks: slots,
    packs: slots,
    readersWait: part,
    writersWait: part,
    limited: fc.record({ source: part, dest: part }),
  }),
  calls: fc.record({ source: callCounts, dest: callCounts }),
  errors: fc.dictionary(fc.constantFrom('EACCES', 'EIO', 'CHANGED', 'OTHER'), count),
  recent: fc.array(
    fc.record({
      path: anyName,
      size: count,
      endedMs: nowMs,
      tookMs: fc.option(count, { nil: undefined }),
      error: fc.option(anyName, { nil: undefined }),
    }),
    { maxLength: 8 },
  ),
  bwlimit: fc.record({ read: count, write: count }),
  timetable: fc.record({ rules, otherwise: limits }),
  guards: limits,
  paused: fc.boolean(),
  nextLimit: fc.option(fc.record({ atMs: nowMs, limits }), {
    nil: undefined,
  }),
  troubles: fc.array(fc.record({ side: fc.constantFrom('source', 'dest'), why: anyName, sinceMs: nowMs }), {
    maxLength: 2,
  }),
  stalls: fc.array(
    fc.record({
      side: fc.constantFrom('source', 'dest'),
      doing: fc.constant('reading'),
      path: anyName,
      sinceMs: nowMs,
    }),
    { maxLength: 3 },
  ),
  active: fc.array(fc.record({ path: anyName, size: count, done: count, startedMs: nowMs }), { maxLength: 8 }),
});
