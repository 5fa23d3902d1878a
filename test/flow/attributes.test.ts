/** What is kept beside content, times and links: -p -o -g -A -X -U, and -a. */
import { chmodSync, chownSync, lchownSync, lstatSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMountExfat, canMountImage, findCommand, isRoot, mountExfat, mountImage } from '../helpers/tree.js';
import {
  command,
  copy,
  copyAll,
  dir,
  expectEqualTrees,
  file,
  handOver,
  ledgerFiles,
  link,
  logged,
  makeTree,
  namesIn,
  newUnprivilegedWorld,
  newWorld,
  query,
  rsyncFinds,
  startCopy,
  type World,
} from './helpers.js';

const modeOf = (path: string) => statSync(path).mode & 0o7777;

/** The inode, which another copy of the file would not have. */
const inodes = (world: World, ...paths: string[]) => paths.map((path) => lstatSync(join(world.dest, path)).ino);

const canCompare = isRoot && ['rsync', 'setfattr', 'setfacl'].every((name) => findCommand(name));

describe.skipIf(!canCompare)('as rsync finds them (skipped without root, rsync, attr and acl)', () => {
  function treeOfAll(world: World): void {
    const large = 'x'.repeat(6 * 1024 * 1024);
    makeTree(world.source, { 'd/f': file('small'), 'd/l': link('f'), 'd/e': dir(), large: file(large), plain: file() });
    const at = (path: string) => join(world.source, path);
    chownSync(at('d/f'), 1000, 1001);
    chmodSync(at('d/f'), 0o6750);
    lchownSync(at('d/l'), 5, 6);
    chmodSync(at('d/e'), 0o1777);
    chownSync(at('d'), 7, 8);
    chmodSync(at('large'), 0o400);
    command('setfattr', '-n', 'user.note', '-v', 'kept', at('d/f'));
    command('setfattr', '-n', 'user.folder', '-v', '', at('d'));
    command('setfattr', '-n', 'trusted.mine', '-v', '0x00ff', at('large'));
    command('setfacl', '-m', 'u:1234:rw,g:4321:-', at('large'), at('d/f'));
    command('setfacl', '-d', '-m', 'u:1234:rwx', at('d'));
    chmodSync(at(''), 0o750);
  }

  test('all of a tree arrives, and a second run does nothing', async () => {
    const world = newWorld();
    treeOfAll(world);
    await copyAll(world, '-aAX');
    expect(rsyncFinds(world, '-aAX')).toBe('');
    expect(modeOf(join(world.dest, 'd/f'))).toBe(modeOf(join(world.source, 'd/f')));
    const before = inodes(world, 'd/f', 'large', 'd/l');
    await copyAll(world, '-aAX', '--rescan');
    expect(inodes(world, 'd/f', 'large', 'd/l')).toEqual(before);
    expect(logged(world, 'stamped')).toEqual([]);
  });

  test('what changes at the source later is set, without another copy', async () => {
    const world = newWorld();
    treeOfAll(world);
    await copyAll(world, '-aAX');
    const [before, hash] = [inodes(world, 'd/f', 'large'), ledgerFiles(world).get('large')!.hash];
    command('setfattr', '-x', 'trusted.mine', join(world.source, 'large'));
    command('setfacl', '-b', join(world.source, 'large'));
    chmodSync(join(world.source, 'd/f'), 0o600);
    lchownSync(join(world.source, 'd/l'), 9, 9);
    command('setfattr', '-n', 'user.folder', '-v', 'new', join(world.source, 'd'));
    await copyAll(world, '-aAX');
    expect(rsyncFinds(world, '-aAX')).toBe('');
    expect(inodes(world, 'd/f', 'large')).toEqual(before);
    expect(logged(world, 'stamped')).toEqual(['d/f', 'large']);
    expect(ledgerFiles(world).get('large')).toMatchObject({ status: 'synced', hash });
  });

  test('what is wanted only later is set on all that was copied, without another copy', async () => {
    const world = newWorld();
    treeOfAll(world);
    await copyAll(world);
    expect(rsyncFinds(world, '-aAX')).not.toBe('');
    const before = inodes(world, 'd/f', 'large', 'plain');
    await copyAll(world, '-aAX');
    expect(rsyncFinds(world, '-aAX')).toBe('');
    expect(inodes(world, 'd/f', 'large', 'plain')).toEqual(before);
    expect([...ledgerFiles(world).values()].every(({ status }) => status === 'synced')).toBe(true);
  });

  test('a run that was killed among them goes on with them, and copies nothing again', async () => {
    const world = newWorld();
    makeTree(world.source, Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i % 7}/${i}`, file(`${i}`)])));
    await copyAll(world);
    for (let i = 0; i < 300; i++) chmodSync(join(world.source, `d${i % 7}/${i}`), 0o640);
    const before = inodes(world, 'd0/0', 'd1/1', 'd5/299');
    // Each takes at least two operations of 4 KiB at the source: six seconds.
    const run = startCopy(world, '-p', '--bwlimit', '400K', '--op-cost', '4K');
    await run.until('the second scan has ended', () => scanOf(world).number === 2 && !scanOf(world).running);
    run.signal('SIGKILL');
    await run.ended;
    expect((await copyAll(world, '-p')).stdout).toMatch(/copied +0 files/);
    expect(rsyncFinds(world, '-rlptc')).toBe('');
    expect(inodes(world, 'd0/0', 'd1/1', 'd5/299')).toEqual(before);
  });

  function scanOf({ db }: World): { number: number; running: boolean } {
    const [row] = query<{ value: string }>(db, "SELECT value FROM meta WHERE key = 'scan'");
    return JSON.parse(row!.value);
  }

  test('owner and permissions that were changed at the destination are set again', async () => {
    const world = newWorld();
    treeOfAll(world);
    await copyAll(world, '-aAX');
    chmodSync(join(world.dest, 'plain'), 0o777);
    chownSync(join(world.dest, 'd/e'), 3, 3);
    await copyAll(world, '-aAX');
    expect(rsyncFinds(world, '-aAX')).toBe('');
  });
});

test.skipIf(!isRoot)(
  'access times are those of before the copy, which leaves them alone (skipped without root)',
  async () => {
    const world = newWorld();
    makeTree(world.source, { small: file('small'), large: file('x'.repeat(300_000)) });
    for (const name of ['small', 'large']) utimesSync(join(world.source, name), 1000.5, 2000);
    await copyAll(world, '-U');
    for (const root of [world.source, world.dest])
      for (const name of ['small', 'large']) expect(statSync(join(root, name)).atimeMs).toBe(1_000_500);
  },
);

test('without a wish, permissions of what is new are those of the source, as far as the umask leaves them', async () => {
  const world = newWorld();
  const modes = { private: 0o600, open: 0o666, program: 0o755, setuid: 0o4755 };
  makeTree(world.source, { 'secret/large': file('x'.repeat(300_000)), 'team/f': file('x'), there: dir() });
  makeTree(world.dest, { there: dir() });
  for (const [name, mode] of Object.entries(modes)) {
    makeTree(world.source, { [name]: file(name) });
    chmodSync(join(world.source, name), mode);
  }
  chmodSync(join(world.source, 'secret'), 0o700);
  chmodSync(join(world.source, 'team'), 0o770);
  chmodSync(join(world.source, 'there'), 0o700);
  await copyAll(world);
  const mask = ~process.umask();
  for (const [name, mode] of Object.entries(modes)) expect(modeOf(join(world.dest, name))).toBe(mode & 0o777 & mask);
  const folders = ['secret', 'team', 'there'].map((name) => modeOf(join(world.dest, name)));
  expect(folders).toEqual([0o700 & mask, 0o770 & mask, 0o777 & mask]);
  expectEqualTrees(world.source, world.dest);
});

test('a part of -a can be left out', async () => {
  const world = newWorld();
  makeTree(world.source, { f: file('x') });
  chmodSync(join(world.source, 'f'), 0o401);
  await copyAll(world, '-a', '--no-perms');
  expect(modeOf(join(world.dest, 'f'))).toBe(0o401 & ~process.umask());
});

test('who is not root keeps what he can, and is not told of owners', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { f: file('x'), d: dir() });
  handOver(world);
  chmodSync(join(world.source, 'f'), 0o640);
  chmodSync(join(world.source, 'd'), 0o750);
  const { stdout } = await copyAll(world, '-aX');
  expect(modeOf(join(world.dest, 'f'))).toBe(0o640);
  expect(modeOf(join(world.dest, 'd'))).toBe(0o750);
  expect(stdout).not.toContain('not taken');
});

test.each([
  ['with -p', ['-p']],
  ['without -p', []],
])('a folder that its owner may not write in gets what changes in it, and is closed again, %s', async (_, options) => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { 'd/f': file('x'), 'd/gone': file('y'), 'd/e/f': file('z') });
  const folders = ['d/e', 'd'].map((path) => join(world.source, path));
  handOver(world);
  for (const path of folders) chmodSync(path, 0o555);
  await copyAll(world, ...options);
  for (const path of folders) chmodSync(path, 0o755);
  makeTree(world.source, {
    'd/f': file('changed'),
    'd/new': file('new'),
    'd/made/f': file('made'),
    'd/e/link': link('f'),
  });
  rmSync(join(world.source, 'd/gone'));
  handOver(world);
  for (const path of folders) chmodSync(path, 0o555);
  await copyAll(world, ...options, '--delete-extras');
  expectEqualTrees(world.source, world.dest);
  expect(['d', 'd/e'].map((path) => modeOf(join(world.dest, path)))).toEqual([0o555, 0o555]);
  expect(await copyAll(world, ...options, '--rescan')).toMatchObject({ code: 0 });
});

test('extras are deleted from folders that their owner may not write in', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { f: file('x') });
  makeTree(world.dest, { 'extra/deep/f': file('y'), 'extra/f': file('z') });
  handOver(world);
  for (const path of ['extra/deep', 'extra']) chmodSync(join(world.dest, path), 0o555);
  await copyAll(world, '--delete-extras', '--max-delete', 'unlimited');
  expectEqualTrees(world.source, world.dest);
});

test('a folder that stays for what a rule protects in it keeps its permissions, whatever is deleted in it', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { f: file('x') });
  makeTree(world.dest, { 'shared/kept': file('y'), 'shared/extra': file('z'), 'shared/other': file('z') });
  handOver(world);
  chmodSync(join(world.dest, 'shared'), 0o555);
  await copyAll(world, '--delete-extras', '--max-delete', 'unlimited', '--exclude', 'kept');
  expect(namesIn(world.dest).sort()).toEqual(['f', 'shared', 'shared/kept']);
  expect(modeOf(join(world.dest, 'shared'))).toBe(0o555);
});

test('a folder that could not be searched at the source is copied once it can', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { 'd/f': file('x') });
  handOver(world);
  chmodSync(join(world.source, 'd'), 0o644);
  expect((await copy(world)).code).toBe(1);
  chmodSync(join(world.source, 'd'), 0o755);
  await copyAll(world);
  expectEqualTrees(world.source, world.dest);
});

test.each([
  ['with -p', ['-p']],
  ['without -p', []],
])('a root that its owner may not write in does not keep the next run from writing, %s', async (_, options) => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { f: file('x') });
  handOver(world);
  chmodSync(world.source, 0o555);
  await copyAll(world, ...options);
  chmodSync(world.source, 0o755);
  makeTree(world.source, { g: file('y') });
  handOver(world);
  chmodSync(world.source, 0o555);
  await copyAll(world, ...options, '--rescan');
  expect(namesIn(world.dest)).toEqual(['f', 'g']);
  expect(modeOf(world.dest)).toBe(0o755);
});

test.skipIf(!isRoot)('what a folder cannot have is told once (skipped without root)', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { 'd/f': file('x') });
  handOver(world);
  chownSync(join(world.source, 'd'), 65534, 0);
  const warned = (stdout: string) => stdout.includes('not taken');
  expect(warned((await copyAll(world, '-g')).stdout)).toBe(true);
  for (let again = 0; again < 3; again++) expect(warned((await copyAll(world, '-g', '--rescan')).stdout)).toBe(false);
});

test.skipIf(!canMountExfat())(
  'what the destination does not take is a warning, is told once, and fails nothing (skipped without root and exfat-fuse)',
  async () => {
    const world = newWorld();
    makeTree(world.source, { f: file('x'), 'd/g': file('y') });
    chmodSync(join(world.source, 'f'), 0o401);
    chownSync(join(world.source, 'd/g'), 1000, 1000);
    mountExfat(world.dest);
    // No attributes, and no lists: the filesystem does not know them, which is no reason to copy nothing.
    expect((await copyAll(world, '-aAX')).stdout).toMatch(/not taken +attributes of \d entries/);
    expect(ledgerFiles(world).get('f')).toMatchObject({
      status: 'synced',
      error: expect.stringMatching(/^E[A-Z]+: .*mode/),
    });
    const lines = readFileSync(world.log, 'utf8');
    await copyAll(world, '-aAX', '--rescan');
    expect(readFileSync(world.log, 'utf8')).toBe(lines);
  },
);

test.skipIf(!canCompare || !canMountImage('ext4'))(
  'a full destination holds attributes up as it does content, and none is lost (skipped without root, ext4, rsync, attr)',
  async () => {
    const world = newWorld();
    const names = Array.from({ length: 300 }, (_, index) => `${index}`);
    makeTree(world.source, Object.fromEntries(names.map((name) => [name, file()])));
    // Too long for an inode: each takes a block.
    for (const name of names)
      command('setfattr', '-n', 'user.big', '-v', `${name} ${'x'.repeat(1800)}`, join(world.source, name));
    mountImage(world.dest, 'ext4', 16, '-b', '4096', '-N', '1024', '-O', '^has_journal', '-m', '0');
    command('rm', '-r', join(world.dest, 'lost+found'));
    const filler = join(world.dest, '.zfs');
    command('sh', '-c', `head -c 64M /dev/zero > "$0" 2>/dev/null; truncate -s -400K "$0"`, filler);
    const copying = startCopy(world, '-aX');
    await copying.until('it waits', () => copying.stdout.includes('waiting for the destination'));
    rmSync(filler);
    expect(await copying.ended).toMatchObject({ code: 0 });
    expect(copying.stdout).not.toContain('not taken');
    expect(rsyncFinds(world, '-aX')).toBe('');
  },
);
