/** The real program on a real terminal. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { columnsOf } from '../../../src/ui/width.js';
import { expectEqualTrees, file, ledgerPaths, MAIN, makeTree, newWorld, raw, type World } from '../../flow/helpers.js';
import { hasTmux, Tmux } from './tmux.js';

const open: Tmux[] = [];

afterEach(() => {
  for (const terminal of open.splice(0)) terminal.end();
});

interface Options {
  readonly limit?: string;
  readonly columns?: number;
  readonly rows?: number;
  readonly term?: string;
  readonly env?: string;
  /** Files that Node loads before the program. */
  readonly preload?: string;
}

/** Three files of so many MiB. */
function slowWorld(size = 1): World {
  const world = newWorld();
  const content = Buffer.alloc(size * 1024 ** 2, 'x');
  makeTree(world.source, { 'one.bin': file(content), 'two.bin': file(content), 'three.bin': file(content) });
  return world;
}

/** A copy under way on a terminal; its exit code appears on the normal screen, and in a file where that is closed. */
function start(world: World, { limit = '256K', env = '', preload, ...terminal }: Options = {}): Tmux {
  const { root, source, dest, db } = world;
  const node = preload === undefined ? 'node' : `node --require ${preload}`;
  const flags = `--db ${db} --bwlimit ${limit} --readers 1 --writers 1 --scanners 1`;
  const home = `HOME=${root}/home XDG_STATE_HOME=${root}/state XDG_CONFIG_HOME=${root}/home/.config`;
  const script = join(root, 'script.sh');
  writeFileSync(
    script,
    `trap '' HUP\necho before\n${home} ${env} ${node} ${MAIN} ${source} ${dest} ${flags}\nc=$?\necho $c > ${root}/code\necho "code=$c"\nread end\n`,
  );
  const opened = new Tmux(`sh ${script}`, terminal);
  open.push(opened);
  return opened;
}

const isRunning = (text: string) => /in flight/.test(text) && /one\.bin|two\.bin|three\.bin/.test(text);
const hasEnded = (text: string) => /code=\d+/.test(text);

function expectRestored(terminal: Tmux): void {
  expect(terminal.ask('alternate_on')).toBe('0');
  expect(terminal.ask('cursor_flag')).toBe('1');
  // What was there before is there again.
  expect(terminal.rows()[0]).toBe('before');
}

/** The process of the program: the only child of the shell. */
function pidOf(terminal: Tmux): number {
  const shell = terminal.ask('pane_pid');
  return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim());
}

describe.skipIf(!hasTmux)('on a terminal', () => {
  test.each(['screen-256color', 'tmux-256color'])(
    'the full screen comes by itself, obeys its keys and leaves the terminal as it was (%s)',
    async (term) => {
      const terminal = start(slowWorld(3), { term });
      const first = await terminal.until('the run', isRunning);
      expect(first).toMatch(/^COPYING/);
      expect(first).toContain('limit 256K');
      expect(terminal.ask('alternate_on')).toBe('1');
      expect(terminal.ask('cursor_flag')).toBe('0');

      terminal.keys('p');
      await terminal.until('a pause', (text) => text.startsWith('PAUSED'));
      terminal.keys('p');
      await terminal.until('going on', (text) => text.startsWith('COPYING'));

      terminal.keys('+');
      await terminal.until('a wider limit', (text) => text.includes('limit 300K'));
      terminal.keys('-');
      await terminal.until('a tighter limit', (text) => text.includes('limit 250K'));
      terminal.keys('l', '2', '0', '0', 'K', 'Enter');
      await terminal.until('the typed limit', (text) => text.includes('limit 200K'));
      terminal.keys('l', 'x', 'Enter');
      await terminal.until('a refusal', (text) => /limit x: not a rate/.test(text));

      terminal.keys('e');
      await terminal.until('the errors', (text) => text.includes('nothing has failed'));
      terminal.keys('?');
      await terminal.until('help', (text) => text.includes('Ctrl-L'));
      terminal.keys('Escape');
      await terminal.until('the main view', isRunning);

      terminal.keys('q');
      await terminal.until('a question', (text) => /drain and quit.*y\/n/.test(text));
      terminal.keys('n');
      await terminal.until('an answer', (text) => text.includes('nothing was done'));
      terminal.keys('l', 'o', 'f', 'f', 'Enter', 'q', 'y');
      const last = await terminal.until('the end', hasEnded);
      expectRestored(terminal);
      expect(last).toMatch(/code=[03]/);
      expect(last).toMatch(/\d\d:\d\d:\d\d {2}paused/);
      expect(last).toMatch(/millrace: (stopped before the end|all synced)/);
    },
  );

  test('q and y drain, with exit code 3', async () => {
    const world = slowWorld();
    const terminal = start(world, { limit: '512K' });
    await terminal.until('the run', isRunning);
    terminal.keys('q', 'y');
    const last = await terminal.until('the end', hasEnded);
    expect(last).toContain('code=3');
    expect(last).toContain('millrace: stopped before the end');
    expectRestored(terminal);
  });

  test('Ctrl-C drains, and stops when it comes again', async () => {
    const terminal = start(slowWorld(), { limit: '16K' });
    await terminal.until('the run', isRunning);
    terminal.keys('C-c');
    await terminal.until('draining', (text) => text.startsWith('DRAINING'));
    terminal.keys('C-c');
    expect(await terminal.until('the end', hasEnded)).toContain('code=3');
    expectRestored(terminal);
  });

  test('Ctrl-Z suspends nothing', async () => {
    const terminal = start(slowWorld(), { limit: '64K' });
    await terminal.until('the run', isRunning);
    terminal.keys('C-z');
    await terminal.until('an answer', (text) => text.includes('not suspended'));
  });

  test('follows the size of its window', async () => {
    const terminal = start(slowWorld(), { limit: '64K' });
    await terminal.until('the run', isRunning);
    for (const [columns, rows, isThere] of [
      [60, 15, /^in flight|─ in flight/m],
      [250, 70, /─ write last hour ─+\n/],
      [80, 24, /─ finished last ─+\n/],
      [20, 5, /^COPYING/],
      [160, 45, /─ notes ─+/],
    ] as const) {
      terminal.resize(columns, rows);
      const text = await terminal.until(`${columns}x${rows}`, (shown) => isThere.test(shown) && /COPYING/.test(shown));
      for (const row of text.split('\n')) expect(columnsOf(row)).toBeLessThanOrEqual(columns);
      // The keys are in the last row.
      await terminal.until('the keys', () => /^p pause/.test(terminal.rows()[rows - 1] ?? ''));
    }
  });

  test('a signal drains, and the terminal is as it was', async () => {
    const terminal = start(slowWorld(), { limit: '512K' });
    await terminal.until('the run', isRunning);
    process.kill(pidOf(terminal), 'SIGTERM');
    expect(await terminal.until('the end', hasEnded)).toContain('code=3');
    expectRestored(terminal);
  });

  test('an error that nobody foresaw is told on the normal screen', async () => {
    const world = slowWorld();
    const preload = join(world.root, 'preload.cjs');
    const isMain = "require('node:worker_threads').isMainThread";
    writeFileSync(preload, `if (${isMain}) process.on('SIGUSR2', () => { throw new Error('from a test'); });`);
    const terminal = start(world, { preload });
    await terminal.until('the run', isRunning);
    process.kill(pidOf(terminal), 'SIGUSR2');
    const last = await terminal.until('the end', hasEnded);
    expect(last).toContain('millrace: internal error: from a test');
    expect(last).toContain('code=3');
    expectRestored(terminal);
  });

  test('a process that is about to kill itself restores it first', async () => {
    const world = slowWorld();
    const preload = join(world.root, 'preload.cjs');
    // As the engine does where a thread hangs in a dead mount: stop(), then SIGKILL.
    const surface = join(MAIN, '../../ui/tui/fullscreen.js');
    writeFileSync(
      preload,
      `if (require('node:worker_threads').isMainThread) process.on('SIGUSR2', async () => {
        const { FullScreen } = await import(${JSON.stringify(surface)});
        const stop = FullScreen.prototype.stop;
        const draw = FullScreen.prototype.draw;
        FullScreen.prototype.draw = function () { stop.call(this); process.kill(process.pid, 'SIGKILL'); };
      });`,
    );
    const terminal = start(world, { preload });
    await terminal.until('the run', isRunning);
    process.kill(pidOf(terminal), 'SIGUSR2');
    expect(await terminal.until('the end', hasEnded)).toContain('code=137');
    expectRestored(terminal);
  });

  test('a window that is closed does not end the copy', async () => {
    const world = slowWorld();
    const terminal = start(world, { limit: '512K' });
    await terminal.until('the run', isRunning);
    terminal.close();
    const code = join(world.root, 'code');
    const deadline = performance.now() + 30_000;
    while (!existsSync(code) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(readFileSync(code, 'utf8').trim()).toBe('0');
    expectEqualTrees(world.source, world.dest);
  });

  test('a terminal that takes nothing does not hold the copy up', async () => {
    const world = slowWorld();
    const terminal = start(world, { columns: 250, rows: 70 });
    await terminal.until('the run', isRunning);
    terminal.freeze();
    try {
      const deadline = performance.now() + 30_000;
      // It is the thread of the screen that records them.
      const isDone = () => ledgerPaths(world, 'synced').length === 3;
      while (!isDone() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(isDone()).toBe(true);
    } finally {
      terminal.thaw();
    }
    expect(await terminal.until('the end', hasEnded)).toContain('code=0');
    expectRestored(terminal);
  });

  test('columns stay in line beside names of wide characters', async () => {
    const world = newWorld();
    // The beach and the family are of another width to some terminals than to others.
    const names = ['设计效果图大厅.mov', 'summer 🏖️ 2018 👍.mov', 'plain.mov', '第三回 総会 👨‍👩‍👧.mov'];
    makeTree(
      world.source,
      Object.fromEntries(names.map((name, i) => [raw(name), file(Buffer.alloc((4 - i) * 200_000, 'x'))])),
    );
    const terminal = start(world, { limit: '128K', columns: 80, rows: 40 });
    const seen = new Set<string>();
    await terminal.until('each of the files in flight', () => {
      for (const row of terminal.rows().filter((shown) => /\.mov .*% /.test(shown))) {
        seen.add(names.find((name) => row.startsWith(name.slice(0, 3))) ?? row);
        // As many columns as tmux has.
        const narrower = row.replace('🏖️', 'x').replace('👨‍👩‍👧', 'xx');
        expect([columnsOf(row), columnsOf(narrower)]).toContain(80);
      }
      return seen.size === names.length;
    });
    expect([...seen].sort()).toEqual([...names].sort());
  });

  test('has no colour with NO_COLOR, and reverses what must be seen', async () => {
    const terminal = start(slowWorld(), { limit: '64K', env: 'NO_COLOR=1' });
    await terminal.until('the run', isRunning);
    terminal.keys('p');
    await terminal.until('a pause', (text) => text.startsWith('PAUSED'));
    const styles = terminal.rows(true).join('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is about escape sequences. Default colours are 39, 49.
    const codes = [...styles.matchAll(/\u001b\[([\d;]*)m/g)].flatMap(([, all]) => (all ?? '').split(';').map(Number));
    expect(codes.filter((code) => code >= 30 && code !== 39 && code !== 49)).toEqual([]);
    expect(codes).toContain(7);
  });

  test('a terminal that is too small, or dumb, gets plain lines', async () => {
    const small = start(slowWorld(), { limit: '512K', columns: 50, rows: 10 });
    expect(await small.until('a line', (text) => /transfer|fresh scan/.test(text))).toContain('before');
    const dumb = start(slowWorld(), { limit: '512K', env: 'TERM=dumb' });
    expect(await dumb.until('a line', (text) => /transfer|fresh scan/.test(text))).toContain('before');
    expect(dumb.ask('alternate_on')).toBe('0');
  });
});
