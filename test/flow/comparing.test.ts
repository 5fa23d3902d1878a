/** rsync's options on what is left and what counts as the same, with the real program, beside the real rsync. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  lutimesSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCommand } from '../helpers/tree.js';
import {
  auditLog,
  copy,
  copyAll,
  dir,
  expectEqualTrees,
  file,
  ledgerFiles,
  ledgerPaths,
  link,
  logged,
  makeTree,
  newWorld,
  query,
  type Spec,
  setMtime,
  snapshotTree,
  type World,
} from './helpers.js';

/** Whole seconds, for rsync looks at no more. */
const T = 1_700_000_000;
const NS = BigInt(T) * 1_000_000_000n;
const S = 1_000_000_000n;

/** The same numbers for the same seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * Two trees with much in common, and the whole seconds of their entries. No folder takes the place of a file, which
 * rsync removes only if it is empty.
 */
function twoTrees(seed: number, isInWay: boolean): Record<'source' | 'dest', Timed> {
  const below = random(seed);
  const source: Timed = {};
  const dest: Timed = {};
  const put = (tree: Timed, path: string, spec: Spec) => {
    tree[path] = { spec, seconds: T + below(7) - 3 };
  };
  const leaf = () => (below(4) === 0 ? link('x'.repeat(1 + below(2))) : file('abc'.slice(0, 1 + below(3))));
  for (const folder of ['a', 'b', 'b/c', 'd', 'new']) put(source, folder, dir());
  for (const folder of ['a', 'b', 'b/c', 'old']) put(dest, folder, dir());
  for (let at = 0; at < 120; at++) {
    const path = `${['', 'a/', 'b/', 'b/c/', 'd/'][below(5)]}f${at}`;
    const which = below(5);
    if (which > 0) put(source, path, leaf());
    if (which === 2 && !path.startsWith('d/')) dest[path] = source[path]!;
    else if (which !== 1 && !path.startsWith('d/')) put(dest, path, leaf());
  }
  put(source, 'new/f', leaf());
  put(dest, 'old/f', leaf());
  if (isInWay) {
    put(source, 'in-way', dir());
    put(source, 'in-way/f', leaf());
    put(dest, 'in-way', file('1'));
  }
  return { source, dest };
}

type Timed = Record<string, { readonly spec: Spec; readonly seconds: number }>;

function makeTimed(root: string, tree: Timed): void {
  makeTree(root, Object.fromEntries(Object.entries(tree).map(([path, { spec }]) => [path, spec])));
  for (const [path, { seconds }] of Object.entries(tree).reverse()) lutimesSync(join(root, path), seconds, seconds);
  for (const [path, { spec, seconds }] of Object.entries(tree).reverse())
    if (spec.kind === 'dir') lutimesSync(join(root, path), seconds, seconds);
  lutimesSync(root, T, T);
}

describe.skipIf(!findCommand('rsync'))('leaves the tree that rsync leaves (rsync needed)', () => {
  test.each([
    '-u',
    '--size-only',
    '--ignore-existing',
    '--existing',
    '--modify-window=2',
    '--existing --ignore-existing',
    '--size-only --existing --delete',
    '-u --delete',
    '--ignore-existing --delete',
  ])('%s', async (text) => {
    const options = text.split(' ');
    const world = newWorld();
    const other = join(world.root, 'other');
    // There rsync stumbles over what it has left in the place of a folder, and sets its time to the folder's.
    const { source, dest } = twoTrees(text.length, !options.includes('--ignore-existing'));
    makeTimed(world.source, source);
    makeTimed(world.dest, dest);
    makeTimed(other, dest);
    const { status } = spawnSync('rsync', ['-rlt', ...options, `${world.source}/`, `${other}/`]);
    expect(status).toBe(0);
    const ours = options.flatMap((option) =>
      option === '--delete' ? ['--delete-extras', '--max-delete', 'unlimited'] : [option],
    );
    const before = snapshotTree(world.dest);
    await copyAll(world, ...ours);
    expect(snapshotTree(world.dest)).toEqual(snapshotTree(other));
    expect(snapshotTree(world.dest)).not.toEqual(before);
  });
});

/** Why entries are skipped, by path. */
const reasons = (world: World) =>
  Object.fromEntries(
    [...ledgerFiles(world)].flatMap(([path, row]) => (row.status === 'skipped' ? [[path, row.error]] : [])),
  );

const NEWER = 'left: it is newer at the destination (--update)';

test('what is left is skipped with the reason, once in the log, and copied when the option is gone', async () => {
  const world = newWorld();
  makeTree(world.source, { 'sub/mine': file('source', NS), 'sub/same': file('s', NS), 'sub/gone': file('g', NS) });
  makeTree(world.dest, { 'sub/mine': file('dest', NS + S), 'sub/same': file('s', NS) });
  const first = await copyAll(world, '-u');
  expect(first.stdout).toMatch(/left out +1 entry/);
  expect(readFileSync(join(world.dest, 'sub/mine'), 'utf8')).toBe('dest');
  expect(reasons(world)).toEqual({ 'sub/mine': NEWER });
  expect(ledgerPaths(world, 'synced')).toEqual(['sub/gone', 'sub/same']);
  expect(logged(world, 'skipped')).toEqual(['sub/mine']);
  // Folders with such entries are looked at in every scan.
  expect(query(world.db, "SELECT path FROM dirs WHERE path = 'sub' AND seal IS NOT NULL")).toEqual([]);

  const lines = auditLog(world).length;
  const second = await copyAll(world, '-u');
  expect(second.stdout).not.toContain('scanning anew');
  expect(auditLog(world)).toHaveLength(lines);
  expect(reasons(world)).toEqual({ 'sub/mine': NEWER });

  // No longer newer: the next scan finds it.
  setMtime(world.dest, 'sub/mine', NS - S);
  await copyAll(world, '-u');
  expect(readFileSync(join(world.dest, 'sub/mine'), 'utf8')).toBe('source');
  expect(reasons(world)).toEqual({});
  setMtime(world.dest, 'sub/mine', NS + S);
  await copyAll(world, '-u');
  expect(reasons(world)).toEqual({ 'sub/mine': NEWER });

  const last = await copyAll(world);
  expect(last.stdout).toContain('scanning anew: what is to be copied is chosen otherwise than in the last scan');
  expect(ledgerPaths(world, 'synced')).toEqual(['sub/gone', 'sub/mine', 'sub/same']);
});

test('--existing forgets what it has of a folder that is gone at the destination, and does not make it', async () => {
  const world = newWorld();
  makeTree(world.source, { 'sub/deep/f': file('f', NS), there: file('new', NS) });
  makeTree(world.dest, { there: file('old', NS) });
  await copyAll(world, '--existing', '--size-only');
  expect(existsSync(join(world.dest, 'sub'))).toBe(false);
  expect(ledgerPaths(world, 'skipped')).toEqual([]);
  await copyAll(world);
  expect(ledgerPaths(world, 'synced')).toEqual(['sub/deep/f', 'there']);
  spawnSync('rm', ['-r', join(world.dest, 'sub')]);
  await copyAll(world, '--existing');
  expect(ledgerPaths(world, 'synced')).toEqual(['there']);
  expect(existsSync(join(world.dest, 'sub'))).toBe(false);
});

test('--size-only sets the time, keeps no hash of what it has not read, and has nothing to do then', async () => {
  const world = newWorld();
  makeTree(world.source, { f: file('one', NS) });
  makeTree(world.dest, { f: file('two', NS - S) });
  const { stdout } = await copyAll(world, '--size-only');
  expect(stdout).toMatch(/stamped +attributes of 1 file/);
  expect(readFileSync(join(world.dest, 'f'), 'utf8')).toBe('two');
  expect(snapshotTree(world.dest).get('f')?.mtimeNs).toBe(NS);
  expect(ledgerFiles(world).get('f')).toMatchObject({ status: 'synced', hash: null });
  const lines = auditLog(world).length;
  await copyAll(world);
  expect(auditLog(world)).toHaveLength(lines);
});

test('--ignore-existing leaves a file in the place of a folder, and a folder in the place of a file, as they are', async () => {
  const world = newWorld();
  makeTree(world.source, { 'folder/f': file('f'), file: file('file'), new: file('new') });
  makeTree(world.dest, { folder: file('mine'), 'file/mine': file('mine') });
  await copyAll(world, '--ignore-existing', '--delete-extras', '--max-delete', 'unlimited');
  expect([...snapshotTree(world.dest).keys()]).toEqual(['', 'file', 'file/mine', 'folder', 'new']);
  expect(reasons(world)).toEqual({ file: 'left: the destination has one (--ignore-existing)' });
  expect(ledgerPaths(world, 'synced')).toEqual(['new']);
});

describe('-c', () => {
  const BLOCK = 64 * 1024;
  const bytes = (fill: number) => Buffer.alloc(5 * BLOCK, fill);
  /** The bytes with one of them another. */
  const spoilt = (content: Buffer, at: number) => {
    const copy = Buffer.from(content);
    copy[at]! ^= 1;
    return copy;
  };
  const inodes = (world: World) =>
    Object.fromEntries(
      ['same', 'time', 'small', 'large', 'late'].map((name) => [name, statSync(join(world.dest, name)).ino]),
    );

  test('writes what differs, though size and time are the same, and leaves in place what does not', async () => {
    const world = newWorld();
    makeTree(world.source, {
      same: file(bytes(1), NS),
      time: file(bytes(2), NS),
      small: file('one', NS),
      large: file(bytes(3), NS),
      late: file(bytes(4), NS),
      size: file('four', NS),
      empty: file('', NS),
    });
    makeTree(world.dest, {
      same: file(bytes(1), NS),
      time: file(bytes(2), NS - S),
      small: file('two', NS),
      large: file(spoilt(bytes(3), 3 * BLOCK + 7), NS),
      late: file(spoilt(bytes(4), 5 * BLOCK - 1), NS),
      size: file('three', NS),
      empty: file('', NS),
    });
    const before = inodes(world);
    const { stdout } = await copyAll(world, '-c', '--block-size', '64K');
    expect(stdout).toMatch(/copied +4 files/);
    expect(stdout).toMatch(/stamped +attributes of 1 file/);
    expect(snapshotTree(world.dest)).toEqual(snapshotTree(world.source));
    const after = inodes(world);
    expect(Object.keys(before).filter((name) => before[name] === after[name])).toEqual(['same', 'time']);
    // All was read, so all has a hash.
    const hashes = ledgerFiles(world);
    for (const name of ['same', 'time', 'small', 'large', 'late'])
      expect(hashes.get(name)).toMatchObject({
        status: 'synced',
        hash: createHash('sha256')
          .update(readFileSync(join(world.source, name)))
          .digest('hex'),
      });
  });

  test('reads everything again with each scan, and finds nothing to do', async () => {
    const world = newWorld();
    makeTree(world.source, { 'a/f': file('one', NS), 'a/g': file(bytes(1), NS) });
    await copyAll(world, '-c');
    writeFileSync(join(world.dest, 'a/f'), 'two');
    setMtime(world.dest, 'a/f', NS);
    const lines = auditLog(world).length;
    const { stdout } = await copyAll(world, '-c', '--rescan', '-i');
    expect(itemLines(stdout)).toEqual(['>fc........ a/f']);
    expect(readFileSync(join(world.dest, 'a/f'), 'utf8')).toBe('one');
    expect(auditLog(world)).toHaveLength(lines + 1);
    expect((await copyAll(world, '-c', '--rescan')).stdout).toMatch(/copied +0 files.*\n +same +2 files/);
  });

  test('keeps holes, of a file that is the same and of one that is written', async () => {
    const world = newWorld();
    makeTree(world.source, { same: file(''), other: file('') });
    makeTree(world.dest, { same: file(''), other: file('') });
    const size = 64 * BLOCK;
    for (const path of [world.source, world.dest].flatMap((root) => [join(root, 'same'), join(root, 'other')])) {
      truncateSync(path, size);
      const fd = openSync(path, 'r+');
      writeSync(fd, 'x', 3 * BLOCK);
      writeSync(fd, 'x', 40 * BLOCK);
      closeSync(fd);
    }
    const fd = openSync(join(world.dest, 'other'), 'r+');
    writeSync(fd, 'y', 50 * BLOCK);
    closeSync(fd);
    const { ino } = statSync(join(world.dest, 'same'));
    await copyAll(world, '-c', '--block-size', '64K');
    expect(statSync(join(world.dest, 'same')).ino).toBe(ino);
    expect(readFileSync(join(world.dest, 'other')).equals(readFileSync(join(world.source, 'other')))).toBe(true);
    expect(statSync(join(world.dest, 'other')).blocks * 512).toBeLessThan(size / 4);
  });

  test('a folder in the place of a file is made, and all in it copied', async () => {
    const world = newWorld();
    makeTree(world.source, { 'x/f': file('hello'), 'x/deep/g': file('hello') });
    makeTree(world.dest, { x: file('file') });
    await copyAll(world, '-c');
    expectEqualTrees(world.source, world.dest);
  });

  test('the last pass reads once, and looks a second time by size and time', async () => {
    const world = newWorld();
    makeTree(world.source, { f: file('one', NS) });
    const { stdout } = await copyAll(world, '-c', '--final');
    expect(stdout).toMatch(/complete/);
  });

  test('is refused in a dry run, which reads no content', async () => {
    const world = newWorld();
    const { code, stderr } = await copy(world, '-c', '-n');
    expect(code).toBe(2);
    expect(stderr).toContain('--dry-run reads no content, so it cannot tell what -c would find; see millrace verify');
  });

  test.skipIf(!findCommand('rsync'))('has the lines of rsync -c (rsync needed)', async () => {
    const world = newWorld();
    const at = (seconds: number, content: string) => ({ spec: file(content), seconds });
    makeTimed(world.source, {
      same: at(T, 'a'),
      time: at(T, 'a'),
      both: at(T, 'a'),
      content: at(T, 'a'),
      size: at(T, 'ab'),
      new: at(T, 'a'),
    });
    makeTimed(world.dest, {
      same: at(T, 'a'),
      time: at(T - 9, 'a'),
      both: at(T - 9, 'b'),
      content: at(T, 'b'),
      size: at(T, 'a'),
    });
    const { stdout } = spawnSync('rsync', ['-rltnic', `${world.source}/`, `${world.dest}/`]);
    const expected = itemLines(stdout.toString());
    expect(expected).toHaveLength(5);
    expect(itemLines((await copyAll(world, '-c', '-i')).stdout)).toEqual(expected);
  });
});

/** The lines of -i, sorted; rsync's without what it adds to links, and without its remarks. */
const itemLines = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => /^([<>ch.][fdL][^ ]{9}|\*deleting {2}) /.test(line))
    .map((line) => line.replace(/ -> .*/, ''))
    .sort();

describe('-i', () => {
  const source: Timed = {
    both: { spec: dir(), seconds: T },
    'both/same': { spec: file('1'), seconds: T },
    'both/size': { spec: file('12'), seconds: T },
    'both/time': { spec: file('1'), seconds: T },
    'both/all': { spec: file('12'), seconds: T },
    'both/mode': { spec: file('1'), seconds: T },
    'both/was-link': { spec: file('1'), seconds: T },
    made: { spec: dir(), seconds: T },
    'made/f': { spec: file('1'), seconds: T },
    link: { spec: link('a'), seconds: T },
    'link-new': { spec: link('a'), seconds: T },
    'link-time': { spec: link('a'), seconds: T },
    'was-file': { spec: link('a'), seconds: T },
    folder: { spec: dir(), seconds: T },
  };
  const dest: Timed = {
    both: { spec: dir(), seconds: T - 9 },
    'both/same': source['both/same']!,
    'both/size': { spec: file('1'), seconds: T },
    'both/time': { spec: file('1'), seconds: T - 9 },
    'both/all': { spec: file('1'), seconds: T - 9 },
    'both/mode': source['both/mode']!,
    'both/was-link': { spec: link('1'), seconds: T },
    link: { spec: link('b'), seconds: T },
    'link-time': { spec: link('a'), seconds: T - 9 },
    'was-file': { spec: file('1'), seconds: T },
    folder: { spec: dir(), seconds: T },
    extra: { spec: file('1'), seconds: T },
    'extra-folder': { spec: dir(), seconds: T },
    'extra-folder/f': { spec: file('1'), seconds: T },
  };

  test.skipIf(!findCommand('rsync'))('has the lines of rsync, dry and real (rsync needed)', async () => {
    const world = newWorld();
    makeTimed(world.source, source);
    makeTimed(world.dest, dest);
    chmodSync(join(world.dest, 'both/mode'), 0o600);
    chmodSync(join(world.dest, 'both/all'), 0o600);
    lutimesSync(world.dest, T, T);
    const { stdout } = spawnSync('rsync', ['-rlptni', '--delete', `${world.source}/`, `${world.dest}/`]);
    const expected = itemLines(stdout.toString());
    expect(expected).toHaveLength(15);
    const args = ['-p', '-i', '--delete-extras', '--max-delete', 'unlimited'];
    const before = snapshotTree(world.dest);
    expect(itemLines((await copyAll(world, ...args, '-n')).stdout)).toEqual(expected);
    expect(snapshotTree(world.dest)).toEqual(before);
    expect(itemLines((await copyAll(world, ...args)).stdout)).toEqual(expected);
    expect(itemLines((await copyAll(world, ...args, '--rescan')).stdout)).toEqual([]);
  });
});
