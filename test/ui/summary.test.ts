import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/stats/snapshot.js';
import { type RunResult, summaryText } from '../../src/ui/summary.js';
import { EMPTY, snapshot } from '../stats/snapshots.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

function result(part: Partial<RunResult>, picture: Partial<Snapshot> = {}): RunResult {
  return {
    snapshot: snapshot(picture),
    exitCode: 0,
    seconds: 100,
    failures: [],
    unrecorded: 0,
    failuresTotal: 0,
    ledger: '/state/pair.db',
    log: '/state/pair.log',
    ...part,
  };
}

const BUSY: Partial<Snapshot> = {
  phase: 'finished',
  readBytes: 1000 * MIB,
  writtenBytes: 990 * MIB,
  session: {
    copied: { files: 1234, bytes: GIB },
    same: { files: 1, bytes: 10 },
    stamped: 8,
    linked: 0,
    deleted: 7,
    failed: 2,
    warned: 9,
  },
  total: { ...EMPTY.total, synced: { files: 5000, bytes: 9 * GIB }, skipped: 3 },
};

function failures(count: number): RunResult['failures'] {
  return Array.from({ length: count }, (_, i) => ({ path: `dir/file${i}`, error: 'EACCES: permission denied' }));
}

describe('the summary', () => {
  it('says what was done and where the proof is', () => {
    expect(summaryText(result({}, BUSY))).toBe(
      [
        'millrace: all synced in 1m 40s',
        '  copied        1,234 files, 1.0 GiB',
        '  stamped       attributes of 8 files',
        '  deleted       7 entries',
        '  not taken     attributes of 9 entries, see the log',
        '  same          1 file, 10 B',
        '  skipped       3 entries, with the reason in the ledger',
        '  mean          read 10.0 MiB/s, write 9.9 MiB/s',
        '  ledger        /state/pair.db',
        '  log           /state/pair.log',
        '',
      ].join('\n'),
    );
  });

  it('is short when there was nothing to do', () => {
    expect(summaryText(result({ seconds: 0 }))).toBe(
      [
        'millrace: all synced in 0s',
        '  copied        0 files, 0 B',
        '  ledger        /state/pair.db',
        '  log           /state/pair.log',
        '',
      ].join('\n'),
    );
  });

  it('lists failures with clean names, and says to try again', () => {
    const text = summaryText(
      result({
        exitCode: 1,
        failures: [
          { path: 'a\u001b[2Jb\udcff', error: 'EIO: i/o error\n, read' },
          { path: 'c', error: 'vanished' },
        ],
        failuresTotal: 2,
      }),
    );
    expect(text).toContain('millrace: finished in 1m 40s, but 2 entries failed\n');
    expect(text).toContain('\n  failed        2 entries\n');
    expect(text).toContain('\nFailed:\n  a\\x1b[2Jb\\xff: EIO: i/o error\\n, read\n  c: vanished\nNext: ');
    expect(text).toMatch(
      /run the same command again; it tries the failed entries anew, and lists folders with a scan \(--rescan\)\.\n$/,
    );
  });

  it('shows at most twenty failures and counts the rest', () => {
    const text = summaryText(result({ exitCode: 1, failures: failures(50), failuresTotal: 1050 }));
    expect(text.match(/dir\/file/g)).toHaveLength(20);
    expect(text).toContain('  ... and 1,030 more, all of them in the ledger and the log\n');
    expect(summaryText(result({ exitCode: 1, failures: failures(20), failuresTotal: 20 }))).not.toContain('more');
  });

  it('tells how to resume, and what is left', () => {
    const total = { ...EMPTY.total, synced: { files: 10, bytes: GIB }, pending: { files: 1, bytes: 2 * GIB } };
    const text = summaryText(result({ exitCode: 3 }, { total, resumed: true }));
    expect(text).toContain('millrace: stopped before the end, after 1m 40s\n');
    expect(text).toContain('  left to do    1 file, 2.0 GiB\n');
    expect(text).toContain('  all sessions  10 files, 1.0 GiB synced\n');
    expect(text).toMatch(/\nNext: run the same command again to resume\.\n$/);
  });

  it.each([
    [4, 'gave up after 1m 40s: a share is missing, not what it was, or failing', 'see to the share'],
    [5, 'gave up after 1m 40s: the ledger cannot be used', ''],
    [2, 'bad usage or configuration, nothing was touched', ''],
  ] as const)('names the cause of exit code %i', (exitCode, headline, next) => {
    const text = summaryText(result({ exitCode }));
    expect(text.startsWith(`millrace: ${headline}\n`)).toBe(true);
    expect(text).toContain(next);
  });

  it('warns of folders that could not be listed', () => {
    const text = summaryText(result({ exitCode: 1 }, { scan: { ...EMPTY.scan, errors: 1 } }));
    expect(text).toContain('  not seen      1 entry or what is in them, for errors of a share\n');
  });

  it('speaks of a dry run as of something that did not happen', () => {
    const picture = {
      ...BUSY,
      dryRun: true,
      total: { ...EMPTY.total, pending: { files: 12, bytes: 3 * GIB } },
    };
    expect(summaryText(result({ ledger: null, log: null }, picture))).toBe(
      [
        'millrace: dry run, nothing was changed (1m 40s)',
        '  would copy    12 files, 3.0 GiB',
        '  would delete  7 entries',
        '  same          1 file, 10 B',
        'Next: run the same command without --dry-run.',
        '',
      ].join('\n'),
    );
  });
});
