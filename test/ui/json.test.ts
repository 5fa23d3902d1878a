import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { History, sampleOf } from '../../src/stats/history.js';
import { JsonProgress, jsonLine } from '../../src/ui/json.js';
import type { RunResult } from '../../src/ui/summary.js';
import { anySnapshot, EMPTY, snapshot } from '../stats/snapshots.js';

const PICTURE = snapshot({
  nowMs: 20_000,
  startedMs: 0,
  resumed: true,
  readBytes: 2000,
  writtenBytes: 1000,
  session: {
    copied: { files: 10, bytes: 1000 },
    same: { files: 1, bytes: 2 },
    stamped: 4,
    linked: 0,
    deleted: 3,
    failed: 0,
    warned: 5,
  },
  scan: { done: true, dirs: 4, files: 5, bytes: 6, errors: 7, excluded: 0 },
  total: {
    synced: { files: 11, bytes: 12 },
    pending: { files: 20, bytes: 2000 },
    failed: { files: 13, bytes: 14 },
    skipped: 15,
  },
  bwlimit: { read: 0, write: 5000 },
  guards: { read: 0, write: 700.4 },
  stalls: [{ side: 'dest', doing: 'writing', path: 'a\nb', sinceMs: 3000 }],
  nextLimit: { atMs: 60_000, limits: { read: 0, write: 9000 } },
  active: [{ path: 'x\udcff\n', size: 100, done: 50, startedMs: 10_000 }],
});

const RESULT: RunResult = {
  snapshot: PICTURE,
  exitCode: 1,
  seconds: 20.00049,
  failures: [{ path: 'bad\u001b', error: 'EIO' }],
  unrecorded: 0,
  failuresTotal: 1,
  ledger: '/l',
  log: null,
};

describe('a JSON line', () => {
  it('tells which share is waited for, and then no ETA', () => {
    const picture = { ...PICTURE, troubles: [{ side: 'source', why: 'does not answer', sinceMs: 12_000 }] as const };
    const history = new History();
    history.add(sampleOf(picture));
    expect(JSON.parse(jsonLine(picture, history))).toMatchObject({
      troubles: [{ share: 'source', why: 'does not answer', since: 12 }],
      eta_seconds: null,
    });
  });

  it('has these fields, which do not change', () => {
    const history = new History();
    history.add({ ms: 0, readBytes: 0, writtenBytes: 0, doneFiles: 0, limit: 5000 });
    history.add(sampleOf(PICTURE));
    expect(JSON.parse(jsonLine(PICTURE, history))).toEqual({
      type: 'progress',
      time: 20,
      elapsed_seconds: 20,
      phase: 'transfer',
      stopping: 'no',
      resumed: true,
      dry_run: false,
      scan_done: true,
      scan_dirs: 4,
      scan_files: 5,
      scan_bytes: 6,
      scan_errors: 7,
      read_bytes: 2000,
      written_bytes: 1000,
      copied_files: 10,
      copied_bytes: 1000,
      same_files: 1,
      same_bytes: 2,
      stamped_files: 4,
      linked_files: 0,
      deleted_entries: 3,
      failed_entries: 0,
      warned_entries: 5,
      total_synced_files: 11,
      total_synced_bytes: 12,
      total_pending_files: 20,
      total_pending_bytes: 2000,
      total_failed_files: 13,
      total_failed_bytes: 14,
      total_skipped_entries: 15,
      read_bytes_per_second: 100,
      written_bytes_per_second: 50,
      files_per_second: 0.5,
      mean_read_bytes_per_second: 100,
      mean_written_bytes_per_second: 50,
      eta_seconds: 39.5,
      eta_plus_minus_seconds: 19.75,
      idle_seconds: 0,
      read_limit_bytes_per_second: null,
      write_limit_bytes_per_second: 5000,
      read_guard_bytes_per_second: null,
      write_guard_bytes_per_second: 700,
      next_limit_time: 60,
      next_read_limit_bytes_per_second: null,
      next_write_limit_bytes_per_second: 9000,
      paused: false,
      stalls: [{ share: 'dest', doing: 'writing', path: 'a\\nb', since: 3 }],
      troubles: [],
      readers: 2,
      writers: 2,
      scanners: 1,
      active: [{ path: 'x\\xff\\n', size: 100, done_bytes: 50, eta_seconds: 10 }],
    });
  });

  it('is one line of valid JSON for any snapshot, with null for what is unknown', () => {
    fc.assert(
      fc.property(anySnapshot, (picture) => {
        const history = new History();
        history.add(sampleOf(picture));
        const text = jsonLine(picture, history);
        expect(text).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        const parsed = JSON.parse(text) as Record<'read_bytes' | 'read_bytes_per_second', unknown>;
        expect(parsed.read_bytes).toBe(picture.readBytes);
        expect(parsed.read_bytes_per_second).toBeNull();
      }),
    );
  });
});

describe('JsonProgress', () => {
  let output = '';
  const io = {
    out: (text: string) => {
      output += text;
    },
    isTTY: true,
    columns: () => 80,
  };
  const types = () =>
    output
      .trimEnd()
      .split('\n')
      .map((row) => JSON.parse(row).type);

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    output = '';
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('writes an object a second, notes and items as they come, and the summary last', () => {
    const progress = new JsonProgress(() => PICTURE, io);
    progress.start();
    progress.start();
    progress.note('resuming 2 files');
    vi.advanceTimersByTime(2000);
    progress.item('copied \u0085');
    progress.stop();
    vi.advanceTimersByTime(5000);
    progress.summary(RESULT);
    expect(types()).toEqual(['progress', 'note', 'progress', 'progress', 'item', 'summary']);
    expect(output).toContain('{"type":"note","text":"resuming 2 files"}\n');
    expect(output).toContain('{"type":"item","text":"copied \\\\u0085"}\n');
  });

  it('sums up with the exit code, the failures and where the proof is', () => {
    new JsonProgress(() => PICTURE, io).summary(RESULT);
    expect(JSON.parse(output)).toMatchObject({
      type: 'summary',
      exit_code: 1,
      seconds: 20,
      copied_files: 10,
      total_failed_files: 13,
      failures_total: 1,
      failures: [{ path: 'bad\\x1b', error: 'EIO' }],
      ledger: '/l',
      log: null,
    });
    expect(JSON.parse(output)).not.toHaveProperty('eta_seconds');
  });

  it('lists at most twenty failures', () => {
    const failures = Array.from({ length: 30 }, () => RESULT.failures[0]!);
    new JsonProgress(() => PICTURE, io).summary({ ...RESULT, failures, failuresTotal: 30 });
    expect(JSON.parse(output).failures).toHaveLength(20);
    expect(JSON.parse(output).failures_total).toBe(30);
  });

  it('keeps the shape of the counts for an empty session', () => {
    new JsonProgress(() => EMPTY, io).start();
    expect(JSON.parse(output)).toMatchObject({ eta_seconds: 0, read_bytes_per_second: null, active: [] });
  });
});
