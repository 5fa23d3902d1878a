/** Names of one file (-H): one file at the destination, whatever lanes, sessions and changes there are in between. */
import {
  chmodSync,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  canMountExfat,
  canMountFuse,
  canMountImage,
  findCommand,
  mountExfat,
  mountFuse,
  mountImage,
} from '../helpers/tree.js';
import {
  auditLog,
  command,
  copyAll,
  damage,
  expectEqualTrees,
  expectLedgerOf,
  expectSameGroups,
  file,
  groupsOf,
  ledgerFiles,
  logged,
  makeTree,
  newWorld,
  partFiles,
  query,
  run,
  startCopy,
} from './helpers.js';

/** Files of all sizes with names in several folders. */
function linked(source: string): string[] {
  makeTree(source, {
    'a/small': file('small'),
    'a/empty': file(''),
    'b/large': file(Buffer.alloc(12_000_000, 'large')),
    'b/alone': file('alone'),
  });
  symlinkSync('nowhere', join(source, 'a/link'));
  const names: [string, string][] = [
    ['a/small', 'a/small again'],
    ['a/small', 'c/small'],
    ['a/empty', 'c/d/empty'],
    ['b/large', 'a/large'],
    ['b/large', 'c/d/large \n'],
    ['a/link', 'c/link'],
  ];
  for (const folder of ['c', 'c/d']) mkdirSync(join(source, folder));
  for (const [from, to] of names) linkSync(join(source, from), join(source, to));
  return ['a/small', 'a/empty', 'b/large', 'b/alone', 'a/link', ...names.map(([, to]) => to)];
}

test('names of one file are names of one at the destination, and its content is read once', async () => {
  const world = newWorld();
  linked(world.source);
  const { stdout } = await copyAll(world, '-H', '-i');
  expectEqualTrees(world.source, world.dest);
  expectSameGroups(world);
  expectLedgerOf(world);
  expect(stdout).toMatch(/copied +5 files/);
  expect(stdout).toMatch(/linked +6 hard links/);
  expect(stdout.match(/^h[fL]\+{9} .+ => .+$/gm)).toHaveLength(6);
  expect(logged(world, 'linked')).toHaveLength(6);
  const line = auditLog(world).find(({ path, result }) => result === 'linked' && path.endsWith('small'))!;
  expect(line.hash).toBe(ledgerFiles(world).get('a/small')!.hash);

  const lines = auditLog(world).length;
  const again = await copyAll(world, '-H');
  expect(again.stdout).toMatch(/copied +0 files/);
  expect(auditLog(world)).toHaveLength(lines);
});

test('without the option each name is a file of its own, and the option links them later without copying', async () => {
  const world = newWorld();
  linked(world.source);
  await copyAll(world);
  expect(groupsOf(world.dest)).toEqual([]);
  const lines = auditLog(world).length;
  await copyAll(world, '-H');
  expectSameGroups(world);
  expectEqualTrees(world.source, world.dest);
  expectLedgerOf(world);
  expect(logged(world, 'copied', lines)).toEqual([]);
  expect(logged(world, 'linked', lines)).toHaveLength(6);
});

test('a changed file is copied once for all its names, and one that was parted is a file of its own', async () => {
  const world = newWorld();
  linked(world.source);
  await copyAll(world, '-H');
  const { source } = world;
  writeFileSync(join(source, 'c/small'), 'another text');
  unlinkSync(join(source, 'a/large'));
  copyFileSync(join(source, 'b/large'), join(source, 'a/large'));
  utimesSync(join(source, 'a/large'), 1, 1);
  linkSync(join(source, 'b/alone'), join(source, 'c/not alone'));
  const lines = auditLog(world).length;
  await copyAll(world, '-H');
  expectSameGroups(world);
  expectEqualTrees(source, world.dest);
  expectLedgerOf(world);
  expect(logged(world, 'copied', lines)).toHaveLength(2);
  rmSync(join(source, 'c'), { recursive: true });
  await copyAll(world, '-H', '--delete-extras');
  expectEqualTrees(source, world.dest);
  expect(query(world.db, 'SELECT count(*) AS n FROM hardlinks')).toEqual([{ n: 2 }]);
});

test('a run that is killed again and again leaves one file for each', async () => {
  const world = newWorld();
  const { source } = world;
  for (let folder = 0; folder < 20; folder++) mkdirSync(join(source, `${folder}`));
  const paths: string[] = [];
  for (let number = 0; number < 60; number++)
    for (let name = 0; name < 5; name++) {
      const path = `${(number + name * 7) % 20}/${number}-${name}`;
      if (name === 0) writeFileSync(join(source, path), Buffer.alloc(30_000, path));
      else linkSync(join(source, paths.at(-1)!), join(source, path));
      paths.push(path);
    }
  for (let kills = 0; kills < 4; kills++) {
    const run = startCopy(world, '-H', '--bwlimit', '1M');
    await run.until('something is copied', () => auditLog(world).length > kills * 60);
    run.signal('SIGKILL');
    await run.ended;
  }
  await copyAll(world, '-H');
  expectSameGroups(world);
  expectEqualTrees(source, world.dest);
  expectLedgerOf(world);
  expect(partFiles(world.dest)).toEqual([]);
});

test.each([['-H'], ['-H', '-a'], ['-H', '--delete-extras', '-y'], ['-aH', '--order=-name']])(
  'names in a folder that was renamed at the source are names of the same file, and none has vanished (%s)',
  async (...options) => {
    const world = newWorld();
    makeTree(world.source, { 'a/one': file('content'), 'other/x': file('x'), 'z/three': file('content') });
    const at = (path: string) => join(world.source, path);
    linkSync(at('a/one'), at('a/two'));
    rmSync(at('z/three'));
    linkSync(at('a/one'), at('z/three'));
    await copyAll(world, ...options);
    renameSync(at('a'), at('b'));
    chmodSync(at('z/three'), 0o640); // it is looked at, too, before or after what is in b
    const { stdout } = await copyAll(world, ...options);
    expect(stdout).not.toContain('vanished');
    const inodes = ['b/one', 'b/two', 'z/three'].map((path) => lstatSync(join(world.dest, path)).ino);
    expect(new Set(inodes).size).toBe(1);
    await copyAll(world, '-H', '--rescan', '--delete-extras', '-y');
    expectEqualTrees(world.source, world.dest);
    expectSameGroups(world);
    expectLedgerOf(world);
  },
);

test('what somebody has removed or replaced at the destination is made good', async () => {
  const world = newWorld();
  linked(world.source);
  await copyAll(world, '-H');
  rmSync(join(world.dest, 'a/small'));
  unlinkSync(join(world.dest, 'b/large'));
  writeFileSync(join(world.dest, 'b/large'), Buffer.alloc(12_000_000, 'wrong'));
  await copyAll(world, '-H');
  await copyAll(world, '-H');
  expectEqualTrees(world.source, world.dest);
  expectSameGroups(world);
});

test.skipIf(!canMountFuse())(
  'what the destination does not take of a file is told once for all its names',
  async () => {
    const world = newWorld();
    makeTree(world.source, { 'd/f': file('f') });
    chmodSync(join(world.source, 'd/f'), 0o640);
    linkSync(join(world.source, 'd/f'), join(world.source, 'd/g'));
    const real = join(world.root, 'real');
    mkdirSync(real);
    mountFuse(real, world.dest, '--chmod-ignore');
    await copyAll(world, '-a', '-H');
    const states = () => ['d', 'd/f', 'd/g'].map((name) => lstatSync(join(real, name), { bigint: true }).ctimeNs);
    const before = states();
    for (let pass = 0; pass < 2; pass++) {
      const { stdout } = await copyAll(world, '-a', '-H', '-v', '--rescan');
      expect(stdout).not.toMatch(/(linked|stamped) d/);
    }
    expect(states()).toEqual(before);
  },
);

test('what a verification found damaged is mended for all names of the file', async () => {
  const world = newWorld();
  const names = Array.from({ length: 6 }, (_, n) => n);
  makeTree(world.source, Object.fromEntries(names.map((n) => [`a${n}/f`, file(Buffer.alloc(70_000, `${n}`))])));
  for (const n of names) {
    mkdirSync(join(world.source, `b${n}`));
    linkSync(join(world.source, `a${n}/f`), join(world.source, `b${n}/g`));
  }
  await copyAll(world, '-H');
  for (const n of names) damage(join(world.dest, `b${n}/g`), 500);
  expect((await run(world, 'verify', '--db', world.db)).code).toBe(1);
  await copyAll(world, '-H', '--rescan');
  expectEqualTrees(world.source, world.dest);
  expectSameGroups(world);
  expect((await run(world, 'verify', '--db', world.db)).code).toBe(0);
});

test('with -c each file is compared, and its names stay names of one', async () => {
  const world = newWorld();
  linked(world.source);
  const many = Array.from({ length: 40 }, (_, n) => n);
  makeTree(world.source, Object.fromEntries(many.map((n) => [`x${n}/f`, file(Buffer.alloc(70_000, `${n}`))])));
  mkdirSync(join(world.source, 'y'));
  for (const n of many) linkSync(join(world.source, `x${n}/f`), join(world.source, `y/${n}`));
  await copyAll(world, '-H');
  for (const n of many) damage(join(world.dest, `x${n}/f`), 500);
  damage(join(world.dest, 'c/small'), 2);
  await copyAll(world, '-H', '-c');
  expectEqualTrees(world.source, world.dest);
  expectSameGroups(world);
  const lines = auditLog(world).length;
  await copyAll(world, '-H', '-c');
  expect(logged(world, 'copied', lines)).toEqual([]);
  await copyAll(world, '-H');
  expectSameGroups(world);
});

test('attributes come with the file', async () => {
  const world = newWorld();
  linked(world.source);
  chmodSync(join(world.source, 'a/small'), 0o640);
  await copyAll(world, '-aH');
  chmodSync(join(world.source, 'a/small'), 0o600);
  await copyAll(world, '-aH');
  expect(lstatSync(join(world.dest, 'c/small')).mode & 0o777).toBe(0o600);
  expectSameGroups(world);
});

test.skipIf(!canMountExfat())(
  'a destination without hard links has files of their own, and a warning for each',
  async () => {
    const world = newWorld();
    mountExfat(world.dest);
    makeTree(world.source, { a: file('text') });
    linkSync(join(world.source, 'a'), join(world.source, 'b'));
    const { stdout } = await copyAll(world, '-H');
    expect(stdout).toMatch(/not taken/);
    const rows = [...ledgerFiles(world).values()];
    expect(rows.map(({ status }) => status)).toEqual(['synced', 'synced']);
    expect(rows.filter(({ error }) => /no hard link to [ab]$/.test(error ?? ''))).toHaveLength(1);
    const lines = auditLog(world).length;
    await copyAll(world, '-H', '--rescan');
    expect(logged(world, 'copied', lines)).toEqual([]);
  },
);

const TOOLS = ['rsync', 'setfattr', 'setfacl'].every((name) => findCommand(name));

describe.each(['ext4', 'xfs'])('on %s', (type) => {
  test.skipIf(!TOOLS || !canMountImage(type))('rsync finds nothing to do after -aHAX', async () => {
    const world = newWorld();
    for (const point of [world.source, world.dest]) mountImage(point, type, 400);
    linked(world.source);
    const at = (path: string) => join(world.source, path);
    chmodSync(at('b/alone'), 0o4751);
    lchownSync(at('a/link'), 5, 6);
    command('mkfifo', '-m', '640', at('b/pipe'));
    command('mknod', '-m', '606', at('c/null'), 'c', '1', '3');
    command('ln', at('c/null'), at('a/zero'));
    command('setfattr', '-n', 'user.comment', '-v', 'text', at('a/small'), at('c'));
    command('setfacl', '-m', 'u:1234:r', at('b/large'));
    command('setfacl', '-d', '-m', 'u:1234:rwx', at('c/d'));
    const args = ['-aHAX', '--skip', 'lost+found'];
    await copyAll(world, ...args);
    expectSameGroups(world);
    const [source, dest] = [`${world.source}/`, `${world.dest}/`];
    expect(command('rsync', '-anic', '-aHAX', '--delete', '--exclude=/lost+found', source, dest)).toBe('');
    expect((await copyAll(world, ...args)).stdout).toMatch(/copied +0 files/);
  });
});
