/** Shares that fill up, go away, freeze, die and come back while a run goes on, and roots that are others than before. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  canMount,
  canMountImage,
  findCommand,
  mount,
  mountImage,
  mountTmpfs,
  tryMount,
  unmount,
} from '../helpers/tree.js';
import {
  copy,
  copyAll,
  dir,
  expectEqualTrees,
  expectLedgerOf,
  file,
  ledgerPaths,
  makeTree,
  namesIn,
  newWorld,
  partFiles,
  type Run,
  start,
  startCopy,
  type World,
} from './helpers.js';

const MIB = 1024 * 1024;

const manyFiles = (count: number, bytes: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`d${n % 7}/f${n}`, file(randomBytes(bytes))]));

const trouble = (run: Run, text: string | RegExp) => run.until(`a word of ${text}`, () => run.stdout.match(text));

describe.skipIf(!canMount)('a filesystem within a share (skipped without root)', () => {
  test('that cannot be written fails what is in it, and holds nothing up', async () => {
    const world = newWorld();
    makeTree(world.source, { ...manyFiles(20, 1000), 'ro/f': file('x'), 'full/f': file(randomBytes(3 * MIB)) });
    for (const name of ['ro', 'full']) mountTmpfs(join(world.dest, name), 'size=1m');
    mount(join(world.dest, 'ro'), '-o', 'remount,ro');
    const { code, stdout } = await copy(world);
    expect(code).toBe(1);
    expect(stdout).not.toContain('waiting for');
    expect(stdout).toContain('ro/f: EROFS: read-only filesystem (open)');
    expect(stdout).toMatch(/full\/f: ENOSPC: no space left/);
    expect(ledgerPaths(world, 'synced')).toHaveLength(20);
    expect(ledgerPaths(world, 'failed').sort()).toEqual(['full/f', 'ro/f']);
    mount(join(world.dest, 'ro'), '-o', 'remount,rw');
    mount(join(world.dest, 'full'), '-o', 'remount,size=8m');
    await copyAll(world);
    expectEqualTrees(world.source, world.dest);
  });
});

describe.skipIf(!canMountImage('ext4'))('a disk within the destination (skipped without root)', () => {
  test('that has failed and is not written to does not keep checkpoints from being made', async () => {
    const world = newWorld();
    makeTree(world.source, { 'disk/f': file('f'), a: file('a') });
    mountImage(join(world.dest, 'disk'), 'ext4', 16);
    rmSync(join(world.dest, 'disk/lost+found'), { recursive: true });
    await copyAll(world);
    mount(join(world.dest, 'disk'), '-o', 'remount,errors=remount-ro');
    const device = readFileSync('/proc/self/mountinfo', 'utf8').match(
      /ext4 \/dev\/(loop\d+) \S*errors=remount-ro/,
    )![1]!;
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, '1');
    makeTree(world.source, { 'new/f': file('new') });
    await copyAll(world);
    makeTree(world.source, { 'disk/g': file('g'), 'new/g': file('g') });
    const { code, stdout } = await copy(world);
    expect(code).toBe(1);
    expect(stdout).toMatch(/disk\/g: EROFS/);
    expect(ledgerPaths(world, 'synced').sort()).toEqual(['a', 'disk/f', 'new/f', 'new/g']);
  });
});

describe.skipIf(!canMount)('a destination', () => {
  test('that is full holds the run up, and the run goes on by itself when there is room again', async () => {
    const world = newWorld();
    makeTree(world.source, { ...manyFiles(40, 100_000), large: file(randomBytes(9 * MIB)) });
    mountTmpfs(world.dest, 'size=6m');
    const run = startCopy(world);
    await trouble(run, /waiting for the destination .*no space left \(ENOSPC\)/);
    await run.until('no part files', () => partFiles(world.dest).length === 0);
    mount(world.dest, '-o', 'remount,size=64m');
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('the destination is back after');
    expectEqualTrees(world.source, world.dest);
    expectLedgerOf(world);
  });

  test('that is full waits for as much room as a file with holes takes, and no more', async () => {
    const world = newWorld();
    makeTree(world.source, { f: file(randomBytes(2 * MIB)) });
    truncateSync(join(world.source, 'f'), 512 * MIB);
    mountTmpfs(world.dest, 'size=1m');
    const run = startCopy(world, '--share-timeout', '50s');
    await trouble(run, /waiting for the destination .*no space left \(ENOSPC\)/);
    mount(world.dest, '-o', 'remount,size=8m');
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
    expectEqualTrees(world.source, world.dest);
  });

  test('that becomes read-only holds the run up until it can be written', async () => {
    const world = newWorld();
    makeTree(world.source, manyFiles(60, 50_000));
    mountTmpfs(world.dest, 'size=64m');
    const run = startCopy(world, '--bwlimit', '500K', '--readers', '1', '--writers', '1');
    await run.until('files at the destination', () => namesIn(world.dest).length > 3);
    // Refused while a file is open for writing.
    await run.until('a read-only mount', () => tryMount(world.dest, '-o', 'remount,ro'));
    await trouble(run, /waiting for the destination .*read-only filesystem \(EROFS\)/);
    mount(world.dest, '-o', 'remount,rw');
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
    expectEqualTrees(world.source, world.dest);
  });

  test('that is unmounted gets not one byte in the mount point, and ends the run with 4 when it does not come back', async () => {
    const world = newWorld();
    makeTree(world.source, manyFiles(60, 50_000));
    mkdirSync(world.dest, { recursive: true });
    mountTmpfs(world.dest, 'size=64m');
    const run = startCopy(world, '--bwlimit', '500K', '--share-timeout', '2s');
    await run.until('files at the destination', () => namesIn(world.dest).length > 3);
    unmount(world.dest);
    await trouble(run, /waiting for the destination .*not the share that it was \(ENODEV\)/);
    const ended = await run.ended;
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(/^millrace: destination .*: not the share that it was \(ENODEV\), for .*\n$/);
    expect(readdirSync(world.dest)).toEqual([]);
  });
});

describe.skipIf(!canMount)('a source', () => {
  test('that is unmounted with --delete-extras deletes nothing, and the run goes on once it is mounted again', async () => {
    const world = newWorld();
    const real = join(world.root, 'real');
    makeTree(real, manyFiles(60, 50_000));
    makeTree(world.dest, { 'd0/extra': file('extra'), extra: file('extra') });
    mkdirSync(world.source, { recursive: true });
    mount(world.source, '--bind', real);
    const run = startCopy(world, '--bwlimit', '500K', '--delete-extras');
    await run.until('files at the destination', () => namesIn(world.dest).length > 5);
    unmount(world.source);
    await trouble(run, /waiting for the source .*not the share that it was/);
    expect(namesIn(world.dest)).toContain('extra');
    mount(world.source, '--bind', real);
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
    expectEqualTrees(real, world.dest);
  });

  test('that is unmounted while extras are removed ends that at once, whatever was proven before', async () => {
    const world = newWorld();
    const real = join(world.root, 'real');
    makeTree(real, { kept: file('x') });
    makeTree(world.dest, Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`extra${n}`, file('extra')])));
    mkdirSync(world.source, { recursive: true });
    mount(world.source, '--bind', real);
    // About thirty operations a second.
    const limit = ['--bwlimit', '2M', '--op-cost', '64K', '--writers', '1', '--readers', '1'];
    const run = startCopy(world, ...limit, '--delete-extras', '--share-timeout', '3s');
    await run.until('removals', () => namesIn(world.dest).length < 290);
    unmount(world.source);
    const left = namesIn(world.dest).length;
    await trouble(run, /waiting for the source .*not the share that it was/);
    expect(await run.ended).toMatchObject({ code: 4 });
    // One that was under way, and those of the tenth of a second for which a look at the path is good.
    expect(namesIn(world.dest).length).toBeGreaterThan(left - 6);
    expect(left).toBeGreaterThan(100);
  });
});

const bindfs = findCommand('bindfs');

describe.skipIf(!canMount || !bindfs)('a share with a server of its own', () => {
  const servers: ChildProcess[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.kill('SIGKILL');
  });

  /** Serves `real` at `point` until the end of the test. */
  async function serve(real: string, point: string): Promise<ChildProcess> {
    const before = statfsSync(point).type;
    const server = spawn(bindfs!, ['-f', '--no-allow-other', real, point], { stdio: 'ignore' });
    servers.push(server);
    // The kernel tells nobody that a FUSE server has taken its place.
    while (statfsSync(point).type === before) await new Promise((resolve) => setTimeout(resolve, 20));
    return server;
  }

  function worldOfServer(): { world: World; real: string } {
    const world = newWorld();
    const real = join(world.root, 'real');
    makeTree(real, manyFiles(60, 50_000));
    mkdirSync(world.source, { recursive: true });
    return { world, real };
  }

  test('that is dead within a share fails what is in it, and holds nothing up', async () => {
    const world = newWorld();
    makeTree(world.source, { ...manyFiles(20, 1000), dead: dir() });
    const point = join(world.source, 'dead');
    const real = join(world.root, 'real');
    mkdirSync(real);
    const server = await serve(real, point);
    server.kill('SIGKILL');
    await once(server, 'exit');
    try {
      const { code, stdout } = await copy(world);
      expect(code).toBe(1);
      expect(stdout).not.toContain('waiting for');
      expect(stdout).toMatch(/dead: ENOTCONN: not connected/);
      expect(ledgerPaths(world, 'synced')).toHaveLength(20);
    } finally {
      unmount(point);
    }
  });

  test('that freezes is told within seconds, and the run goes on when it answers again', async () => {
    const { world, real } = worldOfServer();
    const server = await serve(real, world.source);
    try {
      const run = startCopy(world, '--bwlimit', '500K', '--stall-timeout', '1s');
      await run.until('files at the destination', () => namesIn(world.dest).length > 3);
      server.kill('SIGSTOP');
      await trouble(run, /waiting for the source .*does not answer/);
      await trouble(run, /hangs: (opening|reading) d\d\/f\d+ at the source, for /);
      server.kill('SIGCONT');
      expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout).toContain('the source is back after');
      expect(run.stdout).toMatch(/goes on: (opening|reading) d\d\/f\d+ at the source, for /);
      expectEqualTrees(real, world.dest);
      expectLedgerOf(world);
    } finally {
      server.kill('SIGCONT');
      unmount(world.source);
    }
  });

  test('that freezes does not keep a run that is told to stop from its end', async () => {
    const { world, real } = worldOfServer();
    const server = await serve(real, world.source);
    try {
      const run = startCopy(world, '--bwlimit', '500K');
      await run.until('files at the destination', () => namesIn(world.dest).length > 3);
      server.kill('SIGSTOP');
      await trouble(run, /waiting for the source .*does not answer/);
      run.signal('SIGINT');
      // Everything is recorded and said while the share is silent. Linux may hold a killed thread until it answers.
      await run.until('the last words', () => run.stdout.includes('stopped before the end'));
      server.kill('SIGCONT');
      expect(await run.ended).toMatchObject({ code: 3, signal: null });
    } finally {
      server.kill('SIGCONT');
      unmount(world.source);
    }
    // The server is gone for good: its mount point is no share of ours.
    expect((await copy(world)).code).toBe(4);
  });

  test.each([
    ['ends when it is told to stop', ['--stall-timeout', '1s'], 'stopped before the end', 3],
    [
      'gives up after --share-timeout',
      ['--stall-timeout', '1s', '--share-timeout', '2s'],
      /destination .*: hangs: listing the root at the destination, for \ds/,
      4,
    ],
  ])('that freezes within the destination: a run %s', async (what, options, words, exit) => {
    const world = newWorld();
    makeTree(world.source, { ...manyFiles(20, 1000), 'within/f': file('x') });
    const real = join(world.root, 'real');
    for (const folder of [real, join(world.dest, 'within')]) mkdirSync(folder, { recursive: true });
    const server = await serve(real, join(world.dest, 'within'));
    server.kill('SIGSTOP');
    try {
      const run = startCopy(world, ...options);
      await trouble(run, /hangs: listing the root at the destination, for /);
      if (what.startsWith('ends')) run.signal('SIGINT');
      await run.until('the last words', () => `${run.stdout}${run.stderr}`.match(words));
      server.kill('SIGCONT');
      expect(await run.ended).toMatchObject({ code: exit, signal: null });
    } finally {
      server.kill('SIGCONT');
      unmount(join(world.dest, 'within'));
    }
    await copyAll(world);
  });

  test.each(['copy', 'verify'])('that is frozen when a %s begins is told, and given up in time', async (command) => {
    const world = newWorld();
    makeTree(world.source, { f: file('f') });
    const real = join(world.root, 'real');
    for (const folder of [real, world.dest]) mkdirSync(folder);
    const server = await serve(real, world.dest);
    try {
      await copyAll(world);
      server.kill('SIGSTOP');
      const args = ['--db', world.db, '--stall-timeout', '1s', '--share-timeout', '2s'];
      const run = start(world, command, world.source, world.dest, ...args);
      await run.until('the last words', () => run.stderr.includes('does not answer; see whether'));
      expect(run.stderr).toContain('waiting for an answer: ');
      server.kill('SIGCONT');
      expect(await run.ended).toMatchObject({ code: 4 });
    } finally {
      server.kill('SIGCONT');
      unmount(world.dest);
    }
  });

  test('that dies is waited for, and its successor is used', async () => {
    const { world, real } = worldOfServer();
    const server = await serve(real, world.source);
    const run = startCopy(world, '--bwlimit', '500K');
    await run.until('files at the destination', () => namesIn(world.dest).length > 3);
    server.kill('SIGKILL');
    await once(server, 'exit');
    await trouble(run, /waiting for the source .*not connected \(ENOTCONN\)/);
    unmount(world.source);
    await serve(real, world.source);
    try {
      expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
      expectEqualTrees(real, world.dest);
      expectLedgerOf(world);
    } finally {
      unmount(world.source);
    }
  });
});

describe('before anything is touched', () => {
  test('a root that is another folder than the ledger knows is refused, unless it is accepted', async () => {
    const world = newWorld();
    makeTree(world.source, { a: file('a'), b: file('b') });
    await copyAll(world);
    rmSync(world.dest, { recursive: true });
    makeTree(world.dest, { 'of/others': file('precious') });
    const { code, stderr } = await copy(world, '--delete-extras');
    expect(code).toBe(4);
    expect(stderr).toMatch(/^millrace: destination .*: is not the folder that it was .*--accept-roots.*\n$/);
    expect(namesIn(world.dest)).toEqual(['of', 'of/others']);
    await copyAll(world, '--accept-roots');
    await copyAll(world);
    expect(namesIn(world.dest)).toEqual(['a', 'b', 'of', 'of/others']);
  });

  test('with a backlog, an accepted root is scanned anew before anything is called synced', async () => {
    const world = newWorld();
    makeTree(world.source, manyFiles(40, 10_000));
    const limited = startCopy(world, '--bwlimit', '100K');
    await limited.until('a file is synced, and others are not', () => ledgerPaths(world, 'synced').length > 0);
    limited.signal('SIGINT');
    expect((await limited.ended).code).toBe(3);
    expect(ledgerPaths(world, 'pending').length).toBeGreaterThan(0);
    rmSync(world.dest, { recursive: true });
    mkdirSync(world.dest);
    const { stdout } = await copyAll(world, '--accept-roots');
    expect(stdout).toContain('scanning anew: a root is not the folder it was');
    expectEqualTrees(world.source, world.dest);
    expectLedgerOf(world);
  });

  test('a source that became empty is refused', async () => {
    const world = newWorld();
    makeTree(world.source, { a: file('a') });
    await copyAll(world);
    rmSync(join(world.source, 'a'));
    const { code, stderr } = await copy(world, '--delete-extras');
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /^millrace: source .*: is empty, and the ledger knows of files there; .*--accept-roots.*\n$/,
    );
    expect(namesIn(world.dest)).toEqual(['a']);
    await copyAll(world, '--delete-extras', '--accept-roots');
    expect(namesIn(world.dest)).toEqual([]);
  });

  test('a destination that is gone is not made anew', async () => {
    const world = newWorld();
    makeTree(world.source, { a: file('a') });
    await copyAll(world);
    rmSync(world.dest, { recursive: true });
    expect(await copy(world)).toMatchObject({ code: 4, stderr: expect.stringContaining('is gone') });
    expect(readdirSync(world.root)).not.toContain('dest');
  });
});
