import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { History, sampleOf } from '../../src/stats/history.js';
import type { Snapshot } from '../../src/stats/snapshot.js';
import { PlainProgress } from '../../src/ui/plain.js';
import { plainLine } from '../../src/ui/plain-line.js';
import { columnsOf } from '../../src/ui/width.js';
import { anySnapshot, EMPTY, snapshot } from '../stats/snapshots.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Ten seconds into a session at about 98 MiB/s, at 12:04:05 local time. */
const NOW = new Date(2026, 1, 3, 12, 4, 5).getTime();

const RUNNING = snapshot({
  nowMs: NOW,
  startedMs: NOW - 10_000,
  readBytes: 982 * MIB,
  writtenBytes: 979 * MIB,
  session: { ...EMPTY.session, copied: { files: 12, bytes: 979 * MIB } },
  total: {
    ...EMPTY.total,
    synced: { files: 1204, bytes: 3.2 * GIB },
    pending: { files: 18_796, bytes: 94.9 * GIB },
  },
});

function historyTo(picture: Snapshot): History {
  const history = new History();
  history.add({ ms: picture.startedMs, readBytes: 0, writtenBytes: 0, doneFiles: 0, limit: 0 });
  history.add(sampleOf(picture));
  return history;
}

function line(part: Partial<Snapshot>, columns?: number, withFile = false): string {
  const picture = { ...RUNNING, ...part };
  return plainLine(picture, historyTo(picture), columns === undefined ? { withFile } : { columns, withFile });
}

const scanning = { done: false, dirs: 1020, files: 20_000, bytes: 1, errors: 0, excluded: 0 };
const failing = { ...RUNNING.total, failed: { files: 2, bytes: 1 } };

describe('a plain line', () => {
  it('says all there is to say where there is room', () => {
    expect(line({ resumed: true, total: failing, scan: scanning }, 160).split('  ')).toEqual([
      '12:04:05',
      'resumed',
      '1,204/20,002 files',
      '3.2/98.1 GiB',
      'read 98.2',
      'write 97.9 MiB/s',
      'mean 97.9',
      expect.stringMatching(/^ETA >\d+h \d\dm$/),
      'failed 2',
      'scanning 1,020 dirs',
    ]);
  });

  it('fits a log by leaving out what matters least', () => {
    expect(line({ resumed: true, total: failing, scan: scanning }).split('  ')).toEqual([
      '12:04:05',
      'resumed',
      '1,204/20,002 files',
      '3.2/98.1 GiB',
      'r 98.2 w 97.9 MiB/s',
      expect.stringMatching(/^ETA >\d+h \d\dm$/),
      'failed 2',
    ]);
    expect(line({ resumed: true })).toMatch(/98\.1 GiB {2}r 98\.2 w 97\.9 MiB\/s {2}mean 97\.9 {2}ETA \d+h \d\dm$/);
  });

  it.each([
    ['fresh scan', { scan: scanning }],
    ['transfer', {}],
    ['resumed', { resumed: true }],
    ['resumed', { resumed: true, scan: scanning }],
    ['draining', { stopping: 'drain', resumed: true }],
    ['stopping', { stopping: 'stop' }],
    ['last pass', { phase: 'last pass', resumed: true }],
    ['dry run', { dryRun: true }],
  ] as const)('says "%s"', (word, part) => {
    expect(line(part).split('  ')[1]).toBe(word);
  });

  it('keeps state, failures and the end in sight on the narrowest terminal that has room for them', () => {
    expect(line({ resumed: true, total: failing }, 36)).toMatch(/^resumed .*ETA \d+h \d\dm {2}failed 2$/);
  });

  it('shortens the counts of a large migration', () => {
    const total = { ...EMPTY.total, synced: { files: 12_345_678, bytes: 3e13 }, pending: { files: 1e8, bytes: 2e14 } };
    expect(line({ resumed: true, total })).toContain('  12.3M/112.3M files  27.3/209.2 TiB  ');
  });

  it('counts what files in flight have read', () => {
    const active = [{ path: 'a', size: 50 * GIB, done: 10 * GIB, startedMs: NOW - 9000 }];
    expect(line({ active })).toContain('  13.2/98.1 GiB  ');
  });

  it('shows a stall, and no ETA after a minute of it', () => {
    const history = historyTo(RUNNING);
    const later = { ...RUNNING, nowMs: NOW + 130_000 };
    history.add(sampleOf(later));
    expect(plainLine(later, history)).toMatch(/ETA - {2}stalled 2m 10s$/);
  });

  it('says for which share it waits, why and how long, and gives no ETA', () => {
    const troubles = [{ side: 'dest', why: 'no space left (ENOSPC)', sinceMs: NOW - 35_000 }] as const;
    const shown = line({ troubles });
    expect(shown).toContain('waiting 35s for the destination: no space left (ENOSPC)');
    expect(shown).toContain('ETA -');
  });

  it('counts calls that hang, and since when', () => {
    const stall = { side: 'source', doing: 'reading', path: 'f' } as const;
    const stalls = [
      { ...stall, sinceMs: NOW - 65_000 },
      { ...stall, sinceMs: NOW - 90_000 },
    ];
    expect(line({ stalls }, 200)).toContain('2 hang for 1m 30s');
  });

  it('tells what a dry run would do', () => {
    expect(line({ dryRun: true, scan: scanning })).toBe(
      '12:04:05  dry run  would copy 18,796 files  94.9 GiB  scanning 1,020 dirs',
    );
  });

  it('counts deletions while cleaning up', () => {
    expect(line({ phase: 'clean-up', session: { ...EMPTY.session, deleted: 1234 } })).toBe(
      '12:04:05  clean-up  deleted 1,234',
    );
  });

  it('ends with the largest file, its percent and ETA, where asked and where there is room', () => {
    const active = [
      { path: `in/some/deep/folder/of/films/\u001b[2J.mkv`, size: 1000, done: 250, startedMs: NOW - 10_000 },
    ];
    expect(line({ active }, 160, true)).toMatch(/ {2}in\/some\/deep\/folder\/of\/films\/\\x1b\[2J\.mkv 25 % 30s$/);
    expect(line({ active }, 116, true)).toMatch(/ {2}in\/some\S*\.\.\.\S*\.mkv 25 % 30s$/);
    expect(line({ active }, 160, false)).not.toContain('25 %');
    expect(line({ active }, 40, true)).not.toContain('25 %');
  });

  it('never exceeds its columns and holds no control character, for any snapshot', () => {
    fc.assert(
      fc.property(
        anySnapshot,
        fc.option(fc.integer({ min: 1, max: 200 })),
        fc.boolean(),
        (picture, columns, withFile) => {
          const text = plainLine(picture, historyTo(picture), columns === null ? { withFile } : { columns, withFile });
          expect(columnsOf(text)).toBeLessThanOrEqual(columns ?? 100);
          expect(text).not.toMatch(/[\p{Cc}\p{Cs}]/u);
          expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

/** What a terminal shows of lines rewritten with carriage returns: finished lines, then the live one. */
function screen(output: string): string[] {
  return output.split('\n').map((row) =>
    row
      .split('\r')
      .reduce((shown, over) => over + shown.slice(over.length), '')
      .trimEnd(),
  );
}

describe('PlainProgress', () => {
  let output = '';
  let picture = RUNNING;
  const io = (isTTY: boolean, columns = 120) => ({
    out: (text: string) => {
      output += text;
    },
    isTTY,
    columns: () => columns,
  });
  const surface = (isTTY: boolean, columns?: number) => new PlainProgress(() => picture, io(isTTY, columns));
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      picture = {
        ...picture,
        nowMs: picture.nowMs + 1000,
        readBytes: picture.readBytes + MIB,
        writtenBytes: picture.writtenBytes + MIB,
      };
      vi.advanceTimersByTime(1000);
    }
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    output = '';
    picture = RUNNING;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('writes a plain line every ten seconds into a pipe', () => {
    const progress = surface(false);
    progress.start();
    pass(35);
    progress.stop();
    expect(output).not.toContain('\r');
    expect(output.split('\n').map((row) => row.slice(0, 18))).toEqual([
      '12:04:15  transfer',
      '12:04:25  transfer',
      '12:04:35  transfer',
      '',
    ]);
    expect(output).toContain('w 1.0 MiB/s');
  });

  it('rewrites one line a second on a terminal, within its columns', () => {
    const progress = surface(true, 90);
    progress.start();
    pass(5);
    expect(output.split('\r')).toHaveLength(6);
    expect(output).not.toContain('\n');
    for (const row of output.split('\r')) expect(columnsOf(row)).toBeLessThan(90);
    expect(screen(output)[0]).toContain('w 1.0 MiB/s');
  });

  it('assumes 80 columns when the terminal does not say', () => {
    const progress = new PlainProgress(() => picture, { ...io(true), columns: () => undefined });
    progress.start();
    pass(2);
    const rows = output.split('\r').map(columnsOf);
    expect(Math.max(...rows)).toBeGreaterThan(65);
    expect(Math.max(...rows)).toBeLessThan(80);
    progress.stop();
  });

  it('prints notes and items above the live line', () => {
    const progress = surface(true);
    progress.start();
    progress.note('resuming 12 files, 3.4 GiB');
    progress.item('copied a\nb');
    const rows = screen(output);
    expect(rows.slice(0, 2)).toEqual(['resuming 12 files, 3.4 GiB', 'copied a\\nb']);
    expect(rows[2]).toMatch(/^12:04:05 {2}transfer/);
    progress.stop();
    expect(screen(output)[2]).toBe('');
    expect(output.endsWith('\r')).toBe(true);
  });

  it('leaves nothing of a longer live line behind a shorter one', () => {
    const progress = surface(true);
    progress.start();
    picture = { ...picture, phase: 'clean-up' };
    vi.advanceTimersByTime(1000);
    expect(screen(output)).toEqual(['12:04:05  clean-up  deleted 0']);
    progress.stop();
  });

  it('prints plain notes before the start and after the stop', () => {
    const progress = surface(true);
    progress.note('one');
    progress.stop();
    progress.start();
    progress.stop();
    progress.stop();
    output = '';
    progress.note('two');
    pass(5);
    expect(output).toBe('two\n');
  });

  it('clears the live line before the summary', () => {
    const progress = surface(true);
    progress.start();
    progress.summary({
      snapshot: picture,
      exitCode: 0,
      seconds: 1,
      failures: [],
      unrecorded: 0,
      failuresTotal: 0,
      ledger: '/l',
      log: '/a',
    });
    expect(screen(output)[0]).toBe('millrace: all synced in 1s');
    pass(3);
    expect(screen(output).at(-1)).toBe('');
  });
});
