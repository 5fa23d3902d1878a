/** Threads that die in the middle of their work, of a bug or of lack of memory. */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  copy,
  copyAll,
  expectEqualTrees,
  expectLedgerOf,
  file,
  ledgerPaths,
  logged,
  makeTree,
  namesIn,
  newWorld,
  partFiles,
  startCopy,
  type Tree,
} from './helpers.js';
import { once, patched } from './preload.js';

const MIB = 1024 * 1024;

const BUG = `throw new TypeError('a bug')`;

const tree = (): Tree => ({
  ...Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`d${n % 9}/f${n}`, file(randomBytes(2000))])),
  large: file(randomBytes(12 * MIB)),
  another: file(randomBytes(12 * MIB)),
});

test.each([
  ['a reader in a small file', 'readSync', `/f150$/.test(path)`],
  ['a reader in a large file', 'readSync', `/large$/.test(path) && position > 6e6`],
  ['a writer in a small file', 'writeSync', `/f150$/.test(path)`],
  ['a writer in a large file', 'writeSync', `/large$/.test(path) && position > 6e6`],
] as const)('%s: it is replaced, the file is redone, and all else is copied', async (_, name, when) => {
  const world = newWorld();
  makeTree(world.source, tree());
  world.preload = patched(world, name, `${when} && ${once(world)}`, BUG);
  const { stdout } = await copyAll(world);
  expect(stdout).toMatch(/a (reader|writer) thread died: a bug; its work is done again/);
  expectEqualTrees(world.source, world.dest);
  expectLedgerOf(world);
  expect(partFiles(world.dest)).toEqual([]);
});

test('a thread that dies while it looks at the roots: another does it', async () => {
  const world = newWorld();
  makeTree(world.source, { 'a/file': file('content') });
  const dying = patched(world, 'readSync', `/mountinfo$/.test(path) && ${once(world)}`, 'process.exit(7)');
  await copyAll({ ...world, preload: dying });
  expect(existsSync(join(world.root, 'once'))).toBe(true);
  expectEqualTrees(world.source, world.dest);
  expectLedgerOf(world);
});

test('threads that die each time they look at the roots: one line, and nothing is made', async () => {
  const world = newWorld();
  makeTree(world.source, { 'a/file': file('content') });
  const { code, stderr } = await copy({
    ...world,
    preload: patched(world, 'readSync', '/mountinfo$/.test(path)', BUG),
  });
  expect({ code, stderr }).toEqual({ code: 3, stderr: 'millrace: a keeper thread died: a bug\n' });
  expect(namesIn(world.dest)).toEqual([]);
});

test.each(['readSync', 'writeSync'] as const)(
  'out of memory in %s: the thread is replaced, and the file redone',
  async (name) => {
    const world = newWorld();
    makeTree(world.source, tree());
    const greed = 'const kept = []; for (;;) kept.push(new Array(10_000).fill(kept.length));';
    const when = `/large$/.test(path) && position > 6e6 && ${once(world)}`;
    const { stdout } = await copyAll({ ...world, preload: patched(world, name, when, greed, 64) });
    expect(stdout).toMatch(/a (reader|writer) thread died: .* memory.*; its work is done again/);
    expectEqualTrees(world.source, world.dest);
    expectLedgerOf(world);
    expect(partFiles(world.dest)).toEqual([]);
  },
);

test('a file that kills every thread that reads it is failed in the end, and all else is copied', async () => {
  const world = newWorld();
  makeTree(world.source, tree());
  world.preload = patched(world, 'readSync', '/large$/.test(path)', BUG);
  const { code, stdout } = await copy(world);
  expect(code).toBe(1);
  expect(stdout).toContain('DIED: threads died while they had it in hand');
  expect(ledgerPaths(world, 'failed')).toEqual(['large']);
  expect(logged(world, 'failed')).toEqual(['large']);
  expect(ledgerPaths(world, 'synced')).toHaveLength(301);

  world.preload = undefined;
  await copyAll(world);
  expectEqualTrees(world.source, world.dest);
});

test('threads that keep dying end the run, and the next one goes on', async () => {
  const world = newWorld();
  makeTree(world.source, tree());
  world.preload = patched(world, 'writeSync', '/f[0-9]+$/.test(path)', BUG);
  const { code, stderr } = await copy(world);
  expect(code).toBe(3);
  expect(stderr).toMatch(/^millrace: a writer thread died: a bug, after 10 others\n$/);

  world.preload = undefined;
  await copyAll(world);
  expectEqualTrees(world.source, world.dest);
  expectLedgerOf(world);
});

test('a thread that dies while the run drains ends it, and the next run goes on', async () => {
  const world = newWorld();
  makeTree(world.source, tree());
  const mark = join(world.root, 'die');
  world.preload = patched(world, 'readSync', `/large|another/.test(path) && fs.existsSync('${mark}')`, BUG);
  const run = startCopy(world, '--bwlimit', '2M', '--block-size', '64K');
  await run.until('a large file is on its way', () =>
    namesIn(world.dest).some((name) => /part.*(large|another)/.test(name)),
  );
  run.signal('SIGINT');
  await run.until('it drains', () => run.stdout.includes('finishing the files in flight'));
  writeFileSync(mark, '');
  expect(await run.ended).toMatchObject({ code: 3, stderr: '' });

  world.preload = undefined;
  await copyAll(world);
  expectEqualTrees(world.source, world.dest);
  expectLedgerOf(world);
});
