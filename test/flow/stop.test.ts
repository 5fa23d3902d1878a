/** Runs that are limited, stopped or killed, and the runs that resume them. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findCommand, isRoot } from '../helpers/tree.js';
import {
  AUTO_LANES,
  auditLog,
  copy,
  copyAll,
  expectEqualTrees,
  expectLedgerOf,
  file,
  handOver,
  ledgerPaths,
  logged,
  makeTree,
  namesIn,
  newUnprivilegedWorld,
  newWorld,
  onceReadable,
  PART,
  partFiles,
  partOf,
  query,
  raw,
  run,
  startCopy,
  type Tree,
  type World,
} from './helpers.js';

const MIB = 1024 * 1024;

test('--bwlimit holds a copy to its rate', async () => {
  const world = newWorld();
  const large = Array.from({ length: 4 }, (_, i) => [`large ${i}`, file(randomBytes(2 * MIB))]);
  const small = Array.from({ length: 64 }, (_, i) => [`small/${i}`, file(randomBytes(64 * 1024))]);
  makeTree(world.source, Object.fromEntries([...large, ...small]));
  const { stdout } = await copyAll(world, '--bwlimit', '4M', '--progress', 'json');
  const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
  expect(summary).toMatchObject({ copied_bytes: 12 * MIB, read_bytes: 12 * MIB, written_bytes: 12 * MIB });
  expect(summary.seconds).toBeGreaterThan(2.4);
  expect(summary.seconds).toBeLessThan(6);
  expectEqualTrees(world.source, world.dest);
});

/** Tiny files, such as travel in packs, and larger ones, some of several blocks of 1 MiB. */
function mixedTree({ withLarge }: { withLarge: boolean }): Tree {
  const tiny = Array.from({ length: 300 }, (_, i) => [`tiny/${i % 5}/${i}`, file(`tiny ${i}`)]);
  const medium = Array.from({ length: 60 }, (_, i) => [`medium/${i % 6}/${i}`, file(randomBytes(150_000))]);
  const large = withLarge ? [0, 1].map((i) => [`large/${i}`, file(randomBytes(3 * MIB))]) : [];
  return {
    ...Object.fromEntries([...tiny, ...medium, ...large]),
    'odd/bad \xff': file('odd'),
    'odd/bad \xfe': file('too'),
  };
}

/** How often the log says each path was copied. */
function timesCopied(world: World): Map<string, number> {
  const times = new Map<string, number>();
  for (const path of logged(world, 'copied')) times.set(path, (times.get(path) ?? 0) + 1);
  return times;
}

function published(world: World): number {
  return namesIn(world.dest).filter((name) => /\d$/.test(name) && !name.includes(PART)).length;
}

test('killed again and again it resumes, ends with equal trees, and copies nothing twice that the ledger knew', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, mixedTree({ withLarge: true }));
  const limit = ['--bwlimit', '2M', '--block-size', '1M', ...AUTO_LANES];
  // Recorded as synced when a run was killed: they may not be copied again.
  const known = new Map<string, number>();
  const moments: readonly (readonly [what: string, isNow: () => boolean])[] = [
    ['the ledger is made', () => onceReadable(world, () => query(world.db, 'SELECT key FROM meta')) !== undefined],
    ['files have come, of which the ledger knows nothing yet', () => published(world) > 20],
    ['files are recorded, and others are on their way', () => ledgerPaths(world, 'synced').length > known.size],
    ['more files are recorded', () => ledgerPaths(world, 'synced').length > known.size],
  ];
  for (const [what, isNow] of moments) {
    const before = ledgerPaths(world, 'pending').length;
    const killed = startCopy(world, ...limit);
    await killed.until(what, isNow);
    killed.signal('SIGKILL');
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    if (before > 0) expect(killed.stdout).toMatch(/^resuming \d+ files, [0-9.]+ MiB/m);
    expect(query(world.db, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    const times = timesCopied(world);
    for (const path of ledgerPaths(world, 'synced')) if (!known.has(path)) known.set(path, times.get(path)!);
  }
  expect(known.size).toBeGreaterThan(0);
  const left = ledgerPaths(world, 'pending').length;
  expect(left).toBeGreaterThan(0);

  const { stdout } = await copyAll(world);
  expect(stdout).toMatch(new RegExp(`^resuming ${left} files, `, 'm'));
  expectEqualTrees(source, dest);
  expect(partFiles(dest)).toEqual([]);
  const times = timesCopied(world);
  expect(new Map([...known.keys()].map((path) => [path, times.get(path)]))).toEqual(known);

  const last = await copyAll(world);
  expect(last.stdout).toMatch(/copied +0 files/);
  expectLedgerOf(world);
});

test('a run can be watched, keeps others away, drains on SIGINT, and is resumed without copying a file twice', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, mixedTree({ withLarge: false }));
  const first = startCopy(world, '--bwlimit', '1M', '--block-size', '64K');
  await first.until('files are recorded', () => ledgerPaths(world, 'synced').length > 0);

  const [other, told] = await Promise.all([copy(world), run(world, 'status', '--db', world.db, '--json')]);
  first.signal('SIGINT');
  expect(other).toMatchObject({ code: 5, stdout: '' });
  expect(other.stderr).toMatch(
    new RegExp(`^millrace: .*ledger\\.db: in use by millrace process ${first.pid}, since .*\\n$`),
  );
  expect(told.code).toBe(0);
  const status = JSON.parse(told.stdout);
  expect(status).toMatchObject({
    source,
    dest,
    scan: { state: 'done', errors: 0 },
    failed: { files: 0 },
    failures: [],
  });
  expect(status.synced.files).toBeGreaterThan(0);
  expect(status.pending.files).toBeGreaterThan(0);
  expect(status.synced.files + status.pending.files).toBe(362);

  const stopped = await first.ended;
  expect(stopped).toMatchObject({ code: 3, stderr: '' });
  expect(stopped.stdout).toContain('finishing the files in flight');
  expect(stopped.stdout).toContain('run the same command again to resume');
  expect(partFiles(dest)).toEqual([]);
  const left = ledgerPaths(world, 'pending').length;
  expect(left).toBeGreaterThan(0);
  expect(ledgerPaths(world, 'synced')).toEqual(logged(world, 'copied'));

  const shown = await run(world, 'status', '--db', world.db);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(new RegExp(`^synced +${362 - left} files, .*\\npending +${left} files, `, 'm'));

  const { stdout } = await copyAll(world);
  expect(stdout).toMatch(new RegExp(`^resuming ${left} files, `, 'm'));
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
  expect(new Set(timesCopied(world).values())).toEqual(new Set([1]));
  const after = JSON.parse((await run(world, 'status', source, dest, '--db', world.db, '--json')).stdout);
  expect(after).toMatchObject({ synced: { files: 362 }, pending: { files: 0, bytes: 0 }, scan: { state: 'done' } });
});

test('a second SIGINT ends a run at once that would take long to drain, and it can be resumed', async () => {
  const world = newWorld();
  const { source, dest } = world;
  // At this rate the file alone would take more than the time that a run is given here.
  makeTree(source, { large: file(randomBytes(6 * MIB)), 'small/file': file('small'), [raw('ünïcode')]: file('small') });
  const first = startCopy(world, '--bwlimit', '256K', '--block-size', '256K');
  await first.until('the large file is on its way', () => partOf(dest, 'large') !== undefined);
  first.signal('SIGINT');
  await first.until('it drains', () => first.stdout.includes('press Ctrl-C again'));
  first.signal('SIGTERM');
  expect(await first.ended).toMatchObject({ code: 3, stderr: '' });
  expect(partFiles(dest)).toEqual([]);
  expect(auditLog(world).map(({ path }) => path)).not.toContain('large');

  await copyAll(world);
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
});

test('a scan that is cut off goes on where it was, with more files waiting than are held in memory', async () => {
  const world = newWorld();
  const { source, dest } = world;
  const count = 5_000;
  const files = Array.from({ length: count }, (_, i) => [`${i % 40}/${i}`, file(`file ${i}`.padEnd(700, '.'))]);
  makeTree(source, Object.fromEntries(files));
  const first = startCopy(world, '--bwlimit', '256K');
  await first.until('part of the scan is recorded', () => scanIsRunning(world));
  first.signal('SIGKILL');
  await first.ended;
  expect(scanIsRunning(world)).toBe(true);

  const { stdout } = await copyAll(world, '--bwlimit', '5M');
  expect(stdout).toMatch(/^resuming [\d,]+ files, .*; the scan goes on where it was$/m);
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
});

function scanIsRunning(world: World): boolean {
  const sql = "SELECT max(value ->> 'running') AS running FROM meta WHERE key = 'scan'";
  return onceReadable(world, () => query<{ running: number | null }>(world.db, sql))?.[0]?.running === 1;
}

test('what the scan could not look at before a stop is scanned again by the run that goes on', async () => {
  const world = newUnprivilegedWorld();
  const { source, dest } = world;
  makeTree(source, { 'a/one': file('one'), 'a/two': file('two'), large: file(randomBytes(6 * MIB)) });
  handOver(world);
  // Names can be listed there, and nothing more.
  chmodSync(join(source, 'a'), 0o444);
  const first = startCopy(world, '--bwlimit', '256K', '--block-size', '256K');
  await first.until('the large file is on its way', () => partOf(dest, 'large') !== undefined);
  await first.until('the scan is over', () => onceReadable(world, () => ledgerPaths(world, 'failed').length === 2));
  first.signal('SIGKILL');
  await first.ended;
  chmodSync(join(source, 'a'), 0o755);
  const { stdout } = await copyAll(world);
  expect(stdout).toContain('scanning again: the scan that left this backlog could not see everything');
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
});

const strace = findCommand('strace');

test.skipIf(!strace || !isRoot)(
  'a flush that hangs is told, and does not keep a run that is told to stop from its end (root only)',
  async () => {
    const world = newWorld();
    makeTree(world.source, mixedTree({ withLarge: true }));
    const copying = startCopy(world, '--bwlimit', '1M', '--stall-timeout', '1s');
    await copying.until('something is recorded', () => ledgerPaths(world, 'synced').length > 0);
    const delay = ['-e', 'trace=syncfs', '-e', 'inject=syncfs:delay_enter=100000000'];
    const tracer = spawn(strace!, ['-f', '-o', '/dev/null', ...delay, '-p', String(copying.pid)], { stdio: 'ignore' });
    try {
      await copying.until('a word of the flush', () =>
        copying.stdout.includes('hangs: flushing files at the destination'),
      );
      copying.signal('SIGINT');
      await copying.until('the last words', () => copying.stderr.includes('a share does not answer'));
    } finally {
      tracer.kill('SIGINT');
      await once(tracer, 'exit');
    }
    expect(await copying.ended).toMatchObject({ code: 4 });
    await copyAll(world);
    expectEqualTrees(world.source, world.dest);
  },
);
