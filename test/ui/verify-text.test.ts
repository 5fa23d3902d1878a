import { describe, expect, test } from 'vitest';
import { Exit } from '../../src/exit.js';
import { VerifyHistory, type VerifySnapshot } from '../../src/stats/verification.js';
import {
  cacheWords,
  type VerifyResult,
  verifyLine,
  verifyProgressMessage,
  verifySummary,
} from '../../src/ui/verify-text.js';
import { columnsOf } from '../../src/ui/width.js';
import { beginPass } from '../../src/verify/pass.js';

const NOW = new Date(2026, 10, 30, 12, 0, 0).getTime();
const MIB = 1024 ** 2;

function snapshot(part: Partial<VerifySnapshot> = {}): VerifySnapshot {
  return {
    nowMs: NOW,
    startedMs: NOW - 60_000,
    source: '/mnt/old',
    dest: '/mnt/new',
    reads: 'dest',
    stopping: 'no',
    done: { files: 1000, bytes: 100 * MIB },
    all: { files: 4000, bytes: 400 * MIB },
    isCounted: true,
    different: 0,
    unhashed: 0,
    session: { files: 1000, bytes: 100 * MIB },
    readBytes: 100 * MIB,
    lanes: 2,
    limit: 0,
    nextLimit: undefined,
    troubles: [],
    active: ['folder/a file\u001b[31m'],
    ...part,
  };
}

/** A minute in which 10 MiB and 100 files a second were verified. */
function history(): VerifyHistory {
  const made = new VerifyHistory();
  for (let second = 60; second >= 0; second--) {
    const done = { files: (60 - second) * 100, bytes: (60 - second) * 10 * MIB };
    made.add(snapshot({ nowMs: NOW - second * 1000, session: done, readBytes: done.bytes }));
  }
  return made;
}

const seen = snapshot({ readBytes: 600 * MIB });

describe('the line', () => {
  test('has what is done, of what, how fast, and when it ends', () => {
    expect(verifyLine(seen, history())).toBe(
      '12:00:00  verifying  25.0%  1,000/4,000 files  100.0/400.0 MiB  10.0 MiB/s  ETA 30s',
    );
  });

  test('promises no end that the limit does not allow, and none but a bound before all is counted', () => {
    expect(verifyLine({ ...seen, limit: 5 * MIB }, history())).toContain('limit 5.0 MiB/s  ETA 1m 00s');
    const line = verifyLine({ ...seen, isCounted: false }, history());
    expect(line).toContain('1,000/4,000+ files');
    expect(line).toContain('ETA >30s');
  });

  test('tells trouble and differences whatever the room, and shows names cleaned', () => {
    const troubles = [{ side: 'dest', why: 'no answer', sinceMs: NOW }] as const;
    for (const columns of [200, 79, 60, 40]) {
      const line = verifyLine({ ...seen, different: 3 }, history(), columns);
      expect(columnsOf(line)).toBeLessThanOrEqual(columns);
      expect(line).toContain('3 DIFFERENT');
      expect(line).toContain('verifying');
    }
    expect(verifyLine({ ...seen, troubles }, history(), 60)).toContain('WAITING for the destination: no answer');
    expect(verifyLine(seen, history(), 200)).toContain('a file\\x1b[31m');
  });

  test('knows neither rate nor end at first', () => {
    expect(verifyProgressMessage(seen, new VerifyHistory())).toMatchObject({
      read_bytes_per_second: null,
      eta_seconds: null,
      read_limit_bytes_per_second: null,
      total_files: 4000,
    });
  });
});

function result(part: Partial<VerifyResult> = {}, pass: Partial<VerifyResult['pass']> = {}): VerifyResult {
  return {
    snapshot: seen,
    pass: { ...beginPass(undefined, { kind: 'all' }, 'dest', NOW), checked: { files: 1000, bytes: MIB }, ...pass },
    exitCode: Exit.ok,
    seconds: 10,
    differences: [],
    knownDifferent: 0,
    notCopied: 0,
    ledger: '/l.db',
    log: '/l.log',
    ...part,
  };
}

describe('the summary', () => {
  test('of what is equal has nothing to advise', () => {
    const text = verifySummary(result({}, { cache: { dropped: MIB, kept: 0, unknown: 0 } }));
    expect(text).toMatch(/^millrace: all equal, in 10s\n/);
    expect(text).toContain('  verified      1,000 entries, 1.0 MiB\n');
    expect(text).not.toContain('Next:');
  });

  test('of what differs names the first, and how they are mended', () => {
    const differences = [{ path: 'a\nb', difference: 'content' }];
    const text = verifySummary(result({ exitCode: Exit.someFailed, differences, knownDifferent: 5 }, { different: 3 }));
    expect(text).toContain('3 entries differ');
    expect(text).toContain('2 entries more from earlier verifications');
    expect(text).toContain('Different:\n  a\\nb: content\n  ... and 2 more, in the ledger and the log\n');
    expect(text).toContain('Next: millrace copy --rescan /mnt/old /mnt/new ');
    expect(text).not.toContain('with -c');
    const both = verifySummary(result({ exitCode: Exit.someFailed, differences }, { different: 1, reads: 'both' }));
    expect(both).toContain('(with -c also what the source has changed and kept the time of); then verify.');
  });

  test('of what could not be compared does not say that it is equal', () => {
    const text = verifySummary(result({ exitCode: Exit.someFailed }, { unhashed: 2 }));
    expect(text).toContain('nothing differs, but not all could be compared');
    expect(text).toContain('Next: millrace verify --read both ');
  });

  test.each([
    [Exit.stopped, 'stopped before the end', 'run the same command again to go on'],
    [Exit.share, 'a share is missing', 'see to the share'],
    [Exit.ledger, 'the ledger cannot be used', ''],
  ])('of exit code %i', (exitCode, why, next) => {
    const text = verifySummary(result({ exitCode }));
    expect(text).toContain(why);
    expect(text).toContain(next);
    expect(text).not.toContain('all equal');
  });
});

test.each([
  [{ dropped: 0, kept: 0, unknown: 0 }, 'no contents of the destination were read'],
  [{ dropped: MIB, kept: 0, unknown: 0 }, 'dropped: all 1.0 MiB came from the destination'],
  [
    { dropped: MIB, kept: MIB, unknown: MIB },
    'dropped for 1.0/3.0 MiB; 1.0 MiB stayed in memory, and may have been read from there; 1.0 MiB cannot be told',
  ],
])('what is said of the page cache: %j', (cache, words) => {
  expect(cacheWords({ cache })).toBe(words);
});
