import { describe, expect, it } from 'vitest';
import { NO_TOTALS } from '../../src/ledger/rows.js';
import type { Failed } from '../../src/ledger/statistics.js';
import { failuresSummary } from '../../src/stats/failures.js';
import type { Standing } from '../../src/stats/standing.js';
import { statusMessage } from '../../src/ui/status-json.js';
import { statusText } from '../../src/ui/status-text.js';
import { sessionWith } from '../ledger/rows.js';
import { EMPTY, snapshot } from '../stats/snapshots.js';

const NOW = new Date(2026, 10, 23, 12, 0).getTime();
const HOUR = 3_600_000;
const LOOK = { first: 20, places: 2 };

const SESSION = sessionWith({
  begunMs: NOW - 30 * HOUR,
  endedMs: NOW - 20 * HOUR,
  exitCode: 3,
  seenMs: NOW - 20 * HOUR,
});

function standing(part: Partial<Standing> = {}): Standing {
  return {
    nowMs: NOW,
    ledger: '/l.db',
    pair: { source: '/mnt/old', dest: '/mnt/new' },
    scan: { number: 1, running: false, errors: 0, extras: false },
    totals: { ...NO_TOTALS, syncedFiles: 1204, syncedBytes: 3 * 1024 ** 3, pendingFiles: 5, pendingBytes: 2048 },
    sessions: [SESSION],
    failures: failuresSummary([], LOOK),
    verification: undefined,
    running: undefined,
    holder: undefined,
    ...part,
  };
}

function running(part: Parameters<typeof snapshot>[0] = {}) {
  const migration = { ...EMPTY.migration, session: 5, begunMs: NOW - 76 * HOUR };
  const picture = snapshot({ nowMs: NOW, startedMs: NOW - HOUR, migration, ...part });
  return {
    pid: 4711,
    snapshot: picture,
    rates: { read: 98 * 1024 ** 2, written: 97 * 1024 ** 2, files: 120 },
    forecast: { seconds: 10.2 * 86_400, plusMinus: 5 * 3600 },
  };
}

/** What failed, as its paths. */
function failed(...paths: string[]): Failed[] {
  return paths.map((path) => ({ path, kind: 'entry', error: 'EACCES: permission denied (open)' }));
}

const line = (text: string, label: string) => text.split('\n').find((found) => found.startsWith(label));

describe('the state of a migration', () => {
  it('at rest is how its last session ended', () => {
    const text = statusText(standing());
    expect(line(text, 'state')).toBe(
      'state     not running; session 1 ended Sun 22 Nov 16:00 after 10h 00m: stopped before the end; the same command goes on from there',
    );
    expect(line(text, 'synced')).toBe('synced    1,204 files, 3.0 GiB');
  });

  it('that was cut off says when it was seen last, and that it goes on', () => {
    const cut = { ...SESSION, id: 2, endedMs: undefined, exitCode: undefined };
    const text = statusText(
      standing({ sessions: [SESSION, cut], scan: { number: 2, running: true, errors: 3, extras: false } }),
    );
    expect(line(text, 'state')).toMatch(
      /session 2 was cut off after Sun 22 Nov 16:00; the same command goes on; the first session began/,
    );
    expect(line(text, 'scan')).toBe('scan      cut off; it will go on');
    expect(text).toContain('3 errors of the scan');
  });

  it('says who has the ledger and cannot be asked', () => {
    const text = statusText(standing({ holder: 'millrace process 12, since 2026-11-23T10:00:00.000Z' }));
    expect(text).toContain('the ledger is in use by millrace process 12, since 2026-11-23T10:00:00.000Z\n');
  });

  it('does not say that a session was cut off whose run may be too busy to answer', () => {
    const sessions = [{ ...SESSION, endedMs: undefined, exitCode: undefined }];
    const text = statusText(standing({ sessions, holder: 'millrace process 12, since 2026-11-23T10:00:00.000Z' }));
    expect(line(text, 'state')).toMatch(/^state {5}session \d has no end, .*; what has the ledger does not answer$/);
  });

  it('under way has its rates, its limits and its end', () => {
    const sessions = [SESSION, { ...SESSION, id: 5, endedMs: undefined, exitCode: undefined }];
    const text = statusText(standing({ sessions, running: running({ bwlimit: { read: 1024 ** 2, write: 0 } }) }));
    expect(line(text, 'state')).toBe(
      'state     running (process 4711): transfer; session 5, 3d 04h since the first began',
    );
    expect(line(text, 'rate')).toBe('rate      read 98.0 MiB/s, write 97.0 MiB/s, 120 files/s');
    expect(line(text, 'limit')).toBe('limit     1.0 MiB/s:off');
    expect(line(text, 'done')).toBe('done      Thu 3 Dec 17:00 ± 5 h, in 10d 04h');
  });

  it('under way counts what is done of large files', () => {
    const GIB = 1024 ** 3;
    const total = { ...EMPTY.total, synced: { files: 1, bytes: GIB }, pending: { files: 1, bytes: 3 * GIB } };
    const active = [{ path: 'large', size: 3 * GIB, done: GIB, startedMs: 0 }];
    const text = statusText(standing({ running: running({ total, active }) }));
    expect(line(text, 'progress')).toBe('progress  2.0 GiB of 4.0 GiB, 50.0 %; in flight: 1 file');
  });

  it('that waits for a share, or hangs, cannot be overlooked', () => {
    const text = statusText(
      standing({
        running: running({
          troubles: [{ side: 'dest', why: 'no space left (ENOSPC)', sinceMs: NOW - 720_000 }],
          stalls: [{ side: 'source', doing: 'reading', path: 'a\u001bb', sinceMs: NOW - 90_000 }],
        }),
      }),
    );
    expect(line(text, 'WAITING')).toBe('WAITING   for the destination: no space left (ENOSPC), for 12m 00s');
    expect(line(text, 'HANGING')).toMatch(/^HANGING {3}reading a\S+b on the source, for 1m 30s$/);
    expect(text).not.toContain('\u001b');
  });

  it('has what failed by its cause and place where that is much', () => {
    const paths = Array.from({ length: 20 }, (_, n) => `projects/x/${n}`);
    const many = { failures: failuresSummary(failed(...paths, 'a'), LOOK) };
    expect(statusText(standing(many))).toContain(
      '  20 failures: permission denied (EACCES) under projects/x\n  1 failure: permission denied (EACCES)\n',
    );
    expect(statusMessage(standing(many)).failure_causes).toEqual([
      {
        code: 'EACCES',
        count: 21,
        example: 'EACCES: permission denied (open)',
        places: [
          { folder: 'projects/x', count: 20 },
          { folder: '', count: 1 },
        ],
      },
    ]);
  });

  it('names what failed when that is little, the root too, whatever a run has in hand', () => {
    const failures = failuresSummary([{ path: '', kind: 'folder', error: 'EIO' }, ...failed('a/b')], LOOK);
    const text = statusText(standing({ failures, totals: { ...NO_TOTALS, failedFiles: 30, failedBytes: 5 } }));
    expect(line(text, 'failed')).toBe('failed    30 files, 5 B, 1 folder');
    expect(text).toContain('  .: EIO\n  a/b: EACCES: permission denied (open)\n');
    expect(statusMessage(standing({ failures }))).toMatchObject({
      failed: { folders: 1 },
      failures: [
        { path: '.', kind: 'folder', error: 'EIO' },
        { path: 'a/b', kind: 'entry' },
      ],
    });
  });

  it('as JSON has clean names and rounded figures', () => {
    const rates = { read: 10.4, written: 9.6, files: 1 / 3 };
    const forecast = { seconds: 1.23456, plusMinus: 0.98765 };
    const message = statusMessage(
      standing({
        ledger: '/l\u001b.db',
        pair: { source: '/a\n', dest: '/b\udcff' },
        running: { ...running(), rates, forecast },
      }),
    );
    expect(message).toMatchObject({ ledger: '/l\\x1b.db', source: '/a\\n', dest: '/b\\xff' });
    expect(message.run).toMatchObject({
      read_bytes_per_second: 10,
      written_bytes_per_second: 10,
      files_per_second: 0.333,
      eta_seconds: 1.235,
      eta_plus_minus_seconds: 0.988,
    });
  });

  it('of a ledger without sessions is told, too', () => {
    expect(line(statusText(standing({ sessions: [] })), 'state')).toBe('state     not running');
    expect(statusMessage(standing({ sessions: [] }))).toMatchObject({ state: 'new', run: null, sessions: [] });
  });
});
