/** Destinations that do not keep all that a source has: names, times, sizes, numbers of files. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  canMount,
  canMountExfat,
  canMountImage,
  findCommand,
  mount,
  mountExfat,
  mountImage,
  mountTmpfs,
} from '../helpers/tree.js';
import {
  auditLog,
  change,
  copy,
  copyAll,
  copyUnder,
  expectEqualTrees,
  expectLedgerOf,
  file,
  ledgerFiles,
  logged,
  makeTree,
  namesIn,
  newWorld,
  partFiles,
  startCopy,
} from './helpers.js';

const GIB = 1024 ** 3;

test.skipIf(!canMountImage('ext4'))(
  'a time that the destination cannot keep is no reason to copy again (skipped without root, loop devices and mkfs.ext4)',
  async () => {
    const world = newWorld();
    makeTree(world.source, { 'd/late': file('x', 2_300_000_000_000_000_000n), now: file('y') });
    // Inodes of 128 bytes have 32 bits for a time: until 2038.
    mountImage(world.dest, 'ext4', 16, '-I', '128');
    for (let runs = 0; runs < 3; runs++) await copyAll(world, '--rescan');
    expect(logged(world, 'copied')).toEqual(['d/late', 'now']);
  },
);

test('a time that 64 bits of nanoseconds do not hold is no reason to copy again, nor against a certificate', async () => {
  const world = newWorld();
  makeTree(world.source, { 'd/2300': file('x'), now: file('y') });
  const [year2300, year2310] = [10_413_792_000, 10_729_324_800];
  utimesSync(join(world.source, 'd/2300'), year2300, year2300);
  for (let runs = 0; runs < 2; runs++) await copyAll(world, '--rescan');
  expect((await copyAll(world, '--final')).stdout).toContain('Certificate of a migration');
  expect(logged(world, 'copied')).toEqual(['d/2300', 'now']);
  // Another one is seen by the time of the change.
  utimesSync(join(world.source, 'd/2300'), year2310, year2310);
  await copyAll(world, '--rescan');
  expect(logged(world, 'copied')).toEqual(['d/2300', 'd/2300', 'now']);
});

describe.skipIf(!canMountExfat())('exFAT (skipped without root, exfat-fuse and exfatprogs)', () => {
  test('of names that are one there, one is copied and the other told, in each run', async () => {
    const world = newWorld();
    makeTree(world.source, { README: file('capitals'), readme: file('small'), 'Dir/a': file('a'), 'dir/b': file('b') });
    mountExfat(world.dest);
    for (let runs = 0; runs < 2; runs++) {
      const run = await copy(world, '--rescan', '--delete-extras', '--yes');
      expect(run.code).toBe(1);
      expect(run.stdout).toContain('readme: COLLIDES: the destination takes this name for that of README');
      expect(run.stdout).toContain('dir: COLLIDES: the destination takes this name for that of Dir');
      expect(readdirSync(world.dest).sort()).toEqual(['Dir', 'README']);
      expect(readdirSync(join(world.dest, 'Dir'))).toEqual(['a']);
      expect(readFileSync(join(world.dest, 'README'), 'utf8')).toBe('capitals');
    }
    expect(logged(world, 'copied')).toEqual(['Dir/a', 'README']);
    // Nor does a run that takes up a backlog, and tries again what failed.
    change(
      world.db,
      `UPDATE entries SET status = 0, hash = zeroblob(32) WHERE name = 'a'; UPDATE dirs SET pending = 1 WHERE path = 'Dir';
       UPDATE meta SET value = json_set(value, '$.pendingFiles', 1) WHERE key = 'totals'`,
    );
    expect((await copy(world)).stdout).toContain('resuming 1 files');
    expect(logged(world, 'copied')).toEqual(['Dir/a', 'Dir/a', 'README']);
    expect(readFileSync(join(world.dest, 'README'), 'utf8')).toBe('capitals');
  });

  test('as a source: what is spelled otherwise now is mirrored, though it is found by what it was called, too', async () => {
    const world = newWorld();
    mountExfat(world.source);
    makeTree(world.source, { Readme: file('text'), 'Dir/sub/a': file('a') });
    await copyAll(world, '--delete-extras', '--yes');
    for (const [before, after] of [
      ['Readme', 'README'],
      ['Dir', 'DIR'],
    ] as const) {
      renameSync(join(world.source, before), join(world.source, 'between'));
      renameSync(join(world.source, 'between'), join(world.source, after));
    }
    await copyAll(world, '--delete-extras', '--yes');
    expect(namesIn(world.dest).sort()).toEqual(['DIR', 'DIR/sub', 'DIR/sub/a', 'README']);
  });

  test('a name whose twin is gone gets its own bytes, in a folder as well, though sizes and times are the same', async () => {
    const world = newWorld();
    const then = 1_700_000_000_000_000_000n;
    makeTree(world.source, {
      Makefile: file('AAAAA', then),
      makefile: file('bbbbb', then),
      'DIR/deep/a': file('11111', then),
      'dir/deep/a': file('22222', then),
    });
    mountExfat(world.dest);
    expect((await copy(world)).code).toBe(1);
    rmSync(join(world.source, 'Makefile'));
    rmSync(join(world.source, 'DIR'), { recursive: true });
    await copyAll(world, '--rescan');
    expect(readFileSync(join(world.dest, 'makefile'), 'utf8')).toBe('bbbbb');
    expect(readFileSync(join(world.dest, 'dir/deep/a'), 'utf8')).toBe('22222');
    expect([...ledgerFiles(world).values()].map(({ status, hash }) => [status, typeof hash])).toEqual([
      ['synced', 'string'],
      ['synced', 'string'],
    ]);
    const lines = auditLog(world).length;
    await copyAll(world, '--rescan', '--delete-extras', '--yes');
    expect(logged(world, 'copied', lines)).toEqual([]);
  });

  test('a name that is spelled otherwise now is the same file, and nothing is deleted', async () => {
    const world = newWorld();
    makeTree(world.source, { Report: file('one'), other: file('other') });
    mountExfat(world.dest);
    await copyAll(world);
    renameSync(join(world.source, 'Report'), join(world.source, 'REPORT'));
    const lines = auditLog(world).length;
    await copyAll(world, '--delete-extras', '--yes');
    expect(logged(world, 'deleted', lines)).toEqual([]);
    expect(logged(world, 'copied', lines)).toEqual([]);
    expect(readFileSync(join(world.dest, 'REPORT'), 'utf8')).toBe('one');
  });

  test('coarse times are no reason to copy again, and a name that it does not take is told', async () => {
    const world = newWorld();
    makeTree(world.source, { odd: file('odd', 1_600_000_001_987_654_321n), 'a:b': file('no') });
    mountExfat(world.dest);
    for (let runs = 0; runs < 2; runs++) {
      const run = await copy(world, '--rescan');
      expect(run.code).toBe(1);
      expect(run.stdout).toMatch(/ {2}a:b: /);
    }
    expect(logged(world, 'copied')).toEqual(['odd']);
    expect(partFiles(world.dest)).toEqual([]);
  });
});

describe.skipIf(!canMount)('a destination', () => {
  test('without inodes holds the run up until it has some', async () => {
    const world = newWorld();
    makeTree(world.source, Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`f${n}`, file(randomBytes(100))])));
    mountTmpfs(world.dest, 'size=8m,nr_inodes=30');
    const run = startCopy(world);
    await run.until('trouble', () => run.stdout.match(/waiting for the destination .*: no inodes left \(ENOSPC\)/));
    mount(world.dest, '-o', 'remount,nr_inodes=1000');
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
    expectEqualTrees(world.source, world.dest);
    expectLedgerOf(world);
  });

  test('gets a file of more than 4 GiB whole', async () => {
    const world = newWorld();
    makeTree(world.source, { large: file('') });
    const large = join(world.source, 'large');
    truncateSync(large, 4 * GIB + 5_000_001);
    const fd = openSync(large, 'r+');
    for (const at of [0, 2 * GIB - 3, 4 * GIB - 3, 4 * GIB + 4_999_990]) writeSync(fd, 'a mark', at);
    closeSync(fd);
    mountTmpfs(world.dest, 'size=5g');
    await copyAll(world, '--checksum', 'xxh128');
    expect(statSync(join(world.dest, 'large')).size).toBe(4 * GIB + 5_000_001);
    expect(spawnSync('cmp', [large, join(world.dest, 'large')], { encoding: 'utf8' })).toMatchObject({ status: 0 });
  });
});

test.skipIf(!findCommand('prlimit'))(
  'a file that is too large for the destination is told, and the others are copied',
  () => {
    const world = newWorld();
    makeTree(world.source, { large: file(randomBytes(9_000_000)), small: file('small') });
    const { status, stdout } = copyUnder(world, ['prlimit', '--fsize=8000000']);
    expect(stdout).toMatch(/ {2}large: EFBIG: the file is too large \(write\)/);
    expect(status).toBe(1);
    expect([...ledgerFiles(world).values()].map((row) => row.status).sort()).toEqual(['failed', 'synced']);
    expect(partFiles(world.dest)).toEqual([]);
  },
);
