/** Links that stand for what they lead to (-L), with the real program, beside the real rsync. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCommand } from '../helpers/tree.js';
import {
  auditLog,
  copy,
  copyAll,
  file,
  ledgerFiles,
  ledgerPaths,
  link,
  makeTree,
  namesIn,
  newWorld,
  run,
  setMtime,
  snapshotTree,
  type World,
} from './helpers.js';

const NS = 1_700_000_000_000_000_000n;

/** Links to files and folders, within the source and outside it. */
function linked(): World {
  const world = newWorld();
  makeTree(join(world.root, 'outside'), { f: file('outside', NS), 'deep/g': file('deep', NS) });
  makeTree(world.source, {
    'real/f': file('real', NS),
    'real/h': file('h', NS),
    'to-file': link('real/f'),
    'to-folder': link('real'),
    'sub/up': link('../real/f'),
    'sub/chain': link('up'),
    away: link(join(world.root, 'outside')),
    'away-file': link('../outside/f'),
  });
  return world;
}

test.skipIf(!findCommand('rsync'))('-L copies what rsync -L copies (rsync needed)', async () => {
  const world = linked();
  const other = join(world.root, 'other');
  expect(spawnSync('rsync', ['-rtL', `${world.source}/`, `${other}/`]).status).toBe(0);
  await copyAll(world, '-L');
  const files = (root: string) =>
    [...snapshotTree(root)].map(([path, entry]) => (entry.type === 'dir' ? path : [path, entry]));
  expect(files(world.dest)).toEqual(files(other));
  // A folder behind a link has its time, too.
  const timeOf = (path: string) => statSync(path, { bigint: true }).mtimeNs;
  expect(timeOf(join(world.dest, 'away'))).toBe(timeOf(join(world.root, 'outside')));
  expect(readFileSync(join(world.dest, 'away/deep/g'), 'utf8')).toBe('deep');
  expect(ledgerFiles(world).get('sub/chain')).toMatchObject({ kind: 'file', status: 'synced', size: 4 });
});

describe('-L', () => {
  test('finds nothing to do again, and what changes behind a link', async () => {
    const world = linked();
    await copyAll(world, '-L');
    const lines = auditLog(world).length;
    await copyAll(world, '-L', '--rescan');
    expect(auditLog(world)).toHaveLength(lines);
    writeFileSync(join(world.root, 'outside/deep/g'), 'changed');
    await copyAll(world, '-L', '--rescan');
    expect(readFileSync(join(world.dest, 'away/deep/g'), 'utf8')).toBe('changed');
    expect(auditLog(world)).toHaveLength(lines + 1);
  });

  test('lists links that lead nowhere or in a circle, and copies all else', async () => {
    const world = linked();
    makeTree(world.source, {
      nowhere: link('gone'),
      'real/back': link('..'),
      self: link('self'),
      'a/b': link('../c'),
      'c/d': link('../a'),
    });
    makeTree(world.dest, { extra: file('stays'), nowhere: file('stays, too') });
    const { code } = await copy(world, '-L', '--delete-extras');
    expect(code).toBe(1);
    const failed = Object.fromEntries(
      ledgerPaths(world, 'failed').map((path) => [path, ledgerFiles(world).get(path)!.error]),
    );
    expect(failed).toEqual({
      nowhere: 'ENOLINK: the link leads nowhere (stat)',
      self: expect.stringContaining('ELOOP'),
      'real/back': expect.stringContaining('ELOOP'),
      'to-folder/back': expect.stringContaining('ELOOP'),
      'a/b/d': expect.stringContaining('ELOOP'),
      'c/d/b': expect.stringContaining('ELOOP'),
    });
    // Nothing is deleted after a scan that did not see everything.
    expect(namesIn(world.dest)).toContain('extra');
    expect(readFileSync(join(world.dest, 'nowhere'), 'utf8')).toBe('stays, too');
    expect(readFileSync(join(world.dest, 'to-folder/h'), 'utf8')).toBe('h');
  });

  test('lists them as well where an earlier run has copied them as links', async () => {
    const world = newWorld();
    makeTree(world.source, { 'd/f': file('x'), self: link('.'), nowhere: link('gone'), loop: link('loop') });
    await copyAll(world);
    for (let again = 0; again < 2; again++) {
      const { code, stdout } = await copy(world, '-L');
      expect(code).toBe(1);
      expect(stdout).toContain('copied        0 files');
      expect(ledgerPaths(world, 'failed').sort()).toEqual(['loop', 'nowhere', 'self']);
    }
  });

  test('does not go to links that rules leave out', async () => {
    const world = newWorld();
    makeTree(world.source, { f: file('x'), self: link('.'), nowhere: link('gone'), loop: link('loop') });
    makeTree(world.dest, { extra: file('x') });
    await copyAll(world, '-L', '--exclude', 'self/', '--exclude', 'nowhere', '--exclude', 'loop', '--delete-extras');
    expect(namesIn(world.dest)).toEqual(['f']);
  });

  test('never copies the destination into itself', async () => {
    const world = linked();
    symlinkSync(world.root, join(world.source, 'all'));
    makeTree(world.dest, { there: file('there') });
    const { code } = await copy(world, '-L');
    expect(code).toBe(1);
    expect(ledgerPaths(world, 'failed').sort()).toEqual(['all/dest', 'all/source/all']);
    expect(readFileSync(join(world.dest, 'all/outside/f'), 'utf8')).toBe('outside');
  });

  test('filters by what a link leads to, and deletes what none leads to any more', async () => {
    const world = linked();
    await copyAll(world, '-L', '--exclude', 'away/');
    expect(namesIn(world.dest)).not.toContain('away');
    await copyAll(world, '-L');
    unlinkSync(join(world.source, 'to-folder'));
    rmSync(join(world.root, 'outside/deep'), { recursive: true });
    await copyAll(world, '-L', '--rescan', '--delete-extras', '--max-delete', 'unlimited');
    const names = namesIn(world.dest);
    expect(names).not.toContain('to-folder');
    expect(names).not.toContain('away/deep');
    expect(names).toContain('away/f');
    expect(names).toContain('real/f');
  });

  test('is another choice: without it links are copied again', async () => {
    const world = linked();
    await copyAll(world, '-L', '--exclude', 'to-folder', '--exclude', 'away');
    const { stdout } = await copyAll(world, '--exclude', 'to-folder', '--exclude', 'away');
    expect(stdout).toContain('scanning anew');
    expect(snapshotTree(world.dest).get('to-file')).toMatchObject({ type: 'link', target: 'real/f' });
  });

  test('is known to a verification that reads both shares', async () => {
    const world = linked();
    await copyAll(world, '-L');
    const verify = (...args: string[]) => run(world, 'verify', '--db', world.db, '--read', 'both', ...args);
    expect((await verify()).code).toBe(0);
    writeFileSync(join(world.root, 'outside/f'), 'OUTSIDE');
    setMtime(join(world.root, 'outside'), 'f', NS);
    const { code, stdout } = await verify('--all');
    expect(code).toBe(1);
    expect(stdout).toMatch(/away\/f|away-file/);
  });
});
