import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { forecast } from '../../../src/stats/forecast.js';
import { History, sampleOf } from '../../../src/stats/history.js';
import type { Snapshot } from '../../../src/stats/snapshot.js';
import { errorsFrame, pageOf } from '../../../src/ui/tui/errorsview.js';
import type { Frame } from '../../../src/ui/tui/frame.js';
import { helpFrame } from '../../../src/ui/tui/helpview.js';
import { layout, type PanelName } from '../../../src/ui/tui/layout.js';
import { PANELS, screenOf } from '../../../src/ui/tui/screen.js';
import { type Line, widthOf } from '../../../src/ui/tui/text.js';
import { TIMES, type View, viewOf } from '../../../src/ui/tui/view.js';
import { columnsOf } from '../../../src/ui/width.js';
import { anyName, anySnapshot, EMPTY } from '../../stats/snapshots.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const NOW = new Date(2026, 10, 21, 12, 4, 5).getTime();

/** Ten minutes into a session at 100 MiB/s. */
const RUNNING: Snapshot = {
  ...EMPTY,
  nowMs: NOW,
  startedMs: NOW - 600_000,
  readBytes: 60_000 * MIB,
  writtenBytes: 60_000 * MIB,
  session: { ...EMPTY.session, copied: { files: 600, bytes: 60_000 * MIB } },
  total: { ...EMPTY.total, synced: { files: 600, bytes: 60_000 * MIB }, pending: { files: 600, bytes: 60_000 * MIB } },
  bwlimit: { read: 120 * MIB, write: 110 * MIB },
  flow: { ...EMPTY.flow, writersWait: 0.8 },
};

function historyTo(picture: Snapshot): History {
  const history = new History();
  for (let back = 600; back > 0; back--)
    history.add({
      ms: picture.nowMs - back * 1000,
      readBytes: picture.readBytes - back * 100 * MIB,
      writtenBytes: picture.writtenBytes - back * 100 * MIB,
      doneFiles: 600 - back,
      limit: 110 * MIB,
    });
  history.add(sampleOf(picture));
  return history;
}

function view(part: Partial<Snapshot> = {}, more: Partial<View> = {}): View {
  const snapshot = { ...RUNNING, ...part };
  const history = historyTo(snapshot);
  const expected = forecast(snapshot, history);
  const common = { callsBefore: undefined, time: 'minute', notes: [], bottom: undefined, quit: 'drain' } as const;
  return viewOf({ snapshot, history, expected, ...common, ...more });
}

function text(line: Line): string {
  return line.map((part) => part.text).join('');
}

/** As a terminal shows it. */
function rows(frame: Frame): string[] {
  return frame.map((pieces) =>
    pieces.reduce((row, { x, line }) => row + ' '.repeat(Math.max(0, x - columnsOf(row))) + text(line), ''),
  );
}

const screen = (shown: View, columns = 80, lines = 24) => rows(screenOf(shown, columns, lines));

const anyView: fc.Arbitrary<View> = fc
  .record({
    snapshot: anySnapshot,
    before: anySnapshot,
    time: fc.constantFrom(...TIMES),
    notes: fc.array(fc.record({ atMs: fc.nat(), text: fc.constantFrom('resuming', '中文 👍 in a note') })),
    bottom: fc.option(fc.constantFrom('limit: 20M', '中文中文中文'), { nil: undefined }),
  })
  .map(({ snapshot, before, ...rest }) => {
    const history = new History();
    history.add({ ...sampleOf(before), ms: Math.max(0, snapshot.nowMs - 30_000) });
    history.add(sampleOf(snapshot));
    const expected = forecast(snapshot, history);
    return viewOf({
      snapshot,
      history,
      expected,
      quit: 'drain',
      callsBefore: { ms: before.nowMs, calls: before.calls },
      ...rest,
    });
  });

const UNFIT = /[\p{Cc}\p{Cs}\p{Bidi_Control}]|NaN|Infinity|undefined|null/u;

function expectFits(lines: readonly Line[], columns: number): void {
  for (const line of lines) {
    const shown = text(line);
    // `expect` itself would take most of the time.
    if (widthOf(line) > columns || columnsOf(shown) > columns) expect(shown).toBe(`no more than ${columns} columns`);
    if (UNFIT.test(shown)) expect(shown).not.toMatch(UNFIT);
  }
}

describe('of any snapshot', () => {
  it.each(Object.keys(PANELS) as PanelName[])('%s fits its area and holds no control characters', (name) => {
    fc.assert(
      fc.property(anyView, fc.integer({ min: 1, max: 130 }), fc.integer({ min: 0, max: 14 }), (any, width, height) => {
        const lines = PANELS[name](any, width, height);
        expect(lines.length).toBeLessThanOrEqual(height);
        expectFits(lines, width);
      }),
      { numRuns: 150 },
    );
  });

  it('every screen fits its terminal', () => {
    const failures = fc.array(fc.record({ path: anyName, error: anyName }), { maxLength: 30 });
    fc.assert(
      fc.property(
        anyView,
        failures,
        fc.integer({ min: 1, max: 260 }),
        fc.integer({ min: 1, max: 75 }),
        (any, entries, columns, lines) => {
          const list = { entries, top: 1, problem: undefined, isWhole: false };
          const frames = [
            screenOf(any, columns, lines),
            errorsFrame(any, list, columns, lines),
            helpFrame(any, columns, lines),
          ];
          for (const frame of frames) {
            expect(frame).toHaveLength(lines);
            for (const pieces of frame)
              for (const [i, { x, line }] of pieces.entries()) expectFits([line], (pieces[i + 1]?.x ?? columns) - x);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('the layout', () => {
  it('of any size covers each place once at most, and leaves no row unused where curves can grow', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 100 }), (columns, lines) => {
        const areas = layout(columns, lines);
        const taken = new Set<number>();
        for (const { x, y, width, height } of areas) {
          expect(width).toBeGreaterThan(0);
          expect(height).toBeGreaterThan(0);
          expect(x + width).toBeLessThanOrEqual(columns);
          expect(y + height).toBeLessThanOrEqual(lines);
          for (let row = y; row < y + height; row++)
            for (let column = x; column < x + width; column++) {
              if (taken.has(row * columns + column)) expect.fail(`${column} ${row} is taken twice`);
              taken.add(row * columns + column);
            }
        }
        const used = new Set(areas.flatMap(({ y, height }) => Array.from({ length: height }, (_, i) => y + i)));
        if (columns >= 8 && lines >= 15) expect(used.size).toBe(lines);
      }),
    );
  });

  it.each([
    [60, 15],
    [80, 24],
    [120, 24],
    [160, 45],
    [250, 70],
  ])('of %ix%i has all that is essential', (columns, lines) => {
    const names = layout(columns, lines).map(({ panel }) => panel);
    expect(names).toEqual(
      expect.arrayContaining([
        'status',
        'backlog',
        'scan',
        'errors',
        'read',
        'write',
        'source',
        'dest',
        'ring',
        'active',
        'notes',
        'keys',
      ]),
    );
  });

  it('shows what was finished last from 80x24 on, and longer times on large screens', () => {
    expect(layout(80, 24).map(({ panel }) => panel)).toContain('recent');
    expect(layout(250, 70).map(({ panel }) => panel)).toContain('readLongest');
  });
});

describe('the first row', () => {
  it('says how it ends, how sure that is, and who is waited for', () => {
    expect(screen(view())[0]).toMatch(/^COPYING {2}DONE 12:14 ± \d+ (s|min) · source is the bottleneck +12:04:05$/);
  });

  it('says that the end is a lower bound while the scan runs', () => {
    const scan = { ...EMPTY.scan, done: false, dirs: 1 };
    expect(screen(view({ scan }))[0]).toMatch(/^COPYING {2}DONE after 12:14/);
  });

  it('keeps the bottleneck in sight on a narrow screen', () => {
    const narrow = screen(view(), 60, 15);
    expect(narrow.slice(0, 2).join('\n')).toContain('source is the bottleneck');
  });

  it.each([
    ['PAUSED', { paused: true }],
    ['DRAINING', { stopping: 'drain' }],
    ['STOPPING', { stopping: 'stop' }],
    ['LAST PASS', { phase: 'last pass' }],
    ['DRY RUN', { dryRun: true }],
    ['FINISHED', { phase: 'finished' }],
  ] as const)('says %s', (word, part) => {
    expect(screen(view(part))[0]).toMatch(new RegExp(`^${word}\\b`));
  });

  it('gives both rows, over the whole width and reversed, to a share in trouble', () => {
    const troubles = [{ side: 'dest', why: 'no space left (ENOSPC)', sinceMs: NOW - 35_000 }] as const;
    const [first, second] = screenOf(view({ troubles }), 80, 24);
    for (const row of [first, second]) {
      expect(row).toHaveLength(1);
      expect(row![0]!.line.map(({ style }) => style)).toEqual(['alarm']);
      expect(widthOf(row![0]!.line)).toBe(80);
    }
    expect(text(first![0]!.line)).toMatch(/^!! WAITING 35s for the destination: no space left \(ENOSPC\)/);
    expect(text(second![0]!.line)).toContain('/mnt/new: the run goes on by itself');
  });

  it('names the call that hangs for longest', () => {
    const stall = { side: 'source', doing: 'reading' } as const;
    const stalls = [
      { ...stall, path: 'younger', sinceMs: NOW - 65_000 },
      { ...stall, path: 'a\u001b[2Jb', sinceMs: NOW - 90_000 },
    ];
    expect(screen(view({ stalls }))[1]).toBe('! 2 calls hang, the first for 1m 30s: source, reading a\\x1b[2Jb');
  });
});

describe('the panels', () => {
  it('show the backlog with percent, files, bytes and an ETA that says how sure it is', () => {
    const shown = screen(view());
    expect(shown[2]).toMatch(/^█+.?░+ 50\.0 % {2}ETA 10m 00s ± \d+ (s|min)$/);
    expect(shown[3]).toContain('58.6/117.2 GiB done  600/1,200 files  left 58.6 GiB, 600 files');
  });

  it('count bytes in flight as done', () => {
    const active = [{ path: 'a', size: 50 * GIB, done: 10 * GIB, startedMs: NOW - 90_000 }];
    expect(screen(view({ active }))[3]).toContain('68.6/117.2 GiB done');
  });

  it('show each limit on its own side, and as a line above the rates', () => {
    const shown = screen(view());
    expect(shown[5]).toMatch(/^─ read 100\.0 MiB\/s {2}limit 120M {2}1 min ─+ {2}─ write 100\.0 MiB\/s {2}limit 110M/);
    const curves = shown.slice(6, 11).map((row) => row.slice(6, 39));
    const line = curves.findIndex((row) => /^╌+$/.test(row));
    expect(line).toBeGreaterThanOrEqual(0);
    expect(curves.slice(line + 1).every((row) => /^[\u2801-\u28ff]+$/.test(row))).toBe(true);
  });

  it('show files in flight with their progress and their own ETA', () => {
    const active = [{ path: 'films/long name.mkv', size: 4 * GIB, done: GIB, startedMs: NOW - 60_000 }];
    expect(screen(view({ active })).join('\n')).toMatch(/films\/long name\.mkv +1\.0\/4\.0 GiB ██▌░+ +25 % +3m 00s/);
  });

  it('show why the last files failed, and errors by kind, the most frequent first', () => {
    const total = { ...RUNNING.total, failed: { files: 12, bytes: 0 } };
    const recent = [{ path: 'a\nb', size: 0, endedMs: NOW, tookMs: undefined, error: 'EACCES: permission denied' }];
    const shown = screen(view({ total, recent, errors: { EIO: 3, EACCES: 9 } }), 80, 24).join('\n');
    expect(shown).toContain('12:04:05 a\\nb: EACCES: permission denied');
    expect(shown).toMatch(/12 failed, e shows them {2}EACCES 9/);
  });

  it('show latencies of the last minute and not of the session', () => {
    const counts = (step: number, count: number) => Array.from({ length: 64 }, (_, i) => (i === step ? count : 0));
    const none = counts(0, 0);
    const of = (open: readonly number[]) => ({ source: [open, none, none, none, none], dest: [] });
    // A thousand calls in step 40 (51 ms) before, ten in step 20 (1.6 ms) since.
    const after = counts(40, 1000).map((count, step) => count + (step === 20 ? 10 : 0));
    const shown = screen(
      view({ calls: of(after) }, { callsBefore: { ms: NOW - 60_000, calls: of(counts(40, 1000)) } }),
    );
    expect(shown.join('\n')).toContain('open 1.6/1.6 ms');
  });

  it('keep their columns beside names of wide characters', () => {
    const names = ['设计/效果图/大厅.psd', 'family 👨‍👩‍👧 ❤️.mov', 'plain.txt', 'e\u0301a\u0308.txt'];
    const active = names.map((path) => ({ path, size: GIB, done: GIB / 2, startedMs: NOW - 10_000 }));
    const shown = screen(view({ active }), 80, 40).filter((row) => row.includes('50 %'));
    expect(shown).toHaveLength(4);
    expect(new Set(shown.map((row) => columnsOf(row)))).toEqual(new Set([80]));
  });

  it('tell a dry run', () => {
    const shown = screen(view({ dryRun: true }));
    expect(shown[2]).toBe('would copy 600 files, 58.6 GiB');
  });
});

test('the errors view shows which entries it shows, of how many', () => {
  const entries = Array.from({ length: 100 }, (_, i) => ({
    path: `dir/f${i}`,
    error: 'EIO: input/output error (read)',
  }));
  const shown = rows(errorsFrame(view(), { entries, top: 10, problem: undefined, isWhole: false }, 80, 24));
  expect(shown[3]).toMatch(/^─ failed entries 11-29 of 100\+ ─+$/);
  expect(shown[4]).toBe('EIO: input/output error (read)  dir/f10');
  expect(pageOf(24)).toBe(19);
  expect(shown[22]).toBe('EIO: input/output error (read)  dir/f28');
});
