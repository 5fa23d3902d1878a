import { constants, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspectRoots, type RootsFacts } from '../../../src/share/local/roots.js';
import { type DestProbe, prepareDest, troubleOf } from '../../../src/share/local/trial.js';
import { isPartName } from '../../../src/share/partname.js';
import { failCall, failWith, replaceCall } from '../../helpers/faults.js';
import {
  canMount,
  canMountExfat,
  harvest,
  mountExfat,
  mountTmpfs,
  openDescriptors,
  plant,
  temporaryFolder,
} from '../../helpers/tree.js';

let top: string;
beforeEach(() => {
  top = plant(temporaryFolder(), { source: { in: { f: 'x' } }, dest: { in: {} }, file: 'f' });
});
const at = (path: string) => join(top, path);

describe('prepareDest', () => {
  it('leaves the root with the times that it had, and tells its mtime', () => {
    utimesSync(at('dest'), 1000, 2000);
    expect(prepareDest(at('dest'))).toMatchObject({ rootMtimeNs: 2_000_000_000_000n });
    expect(statSync(at('dest'))).toMatchObject({ atimeMs: 1_000_000, mtimeMs: 2_000_000 });
  });

  it('makes the last folder of the path and leaves nothing in it', () => {
    expect(prepareDest(at('new'))).toMatchObject({ grainNs: 1n });
    expect(readdirSync(at('new'))).toEqual([]);
  });

  it('does not make the folders above it', () => {
    expect(prepareDest(at('no/new'))).toMatchObject({ refused: 'share', message: expect.stringContaining('ENOENT') });
    expect(existsSync(at('no'))).toBe(false);
  });

  it('is the folder that was looked at before, or refused, and then nothing is made', () => {
    const seen = inspectRoots(at('source'), at('dest')) as RootsFacts;
    expect(prepareDest(at('dest'), undefined, { root: seen.destIdentity })).toMatchObject({
      identity: seen.destIdentity,
    });
    renameSync(at('dest'), at('elsewhere'));
    for (const isThere of [true, false]) {
      if (isThere) mkdirSync(at('dest'));
      else rmdirSync(at('dest'));
      expect(prepareDest(at('dest'), undefined, { root: seen.destIdentity })).toMatchObject({ refused: 'share' });
      expect(existsSync(at('dest'))).toBe(isThere);
      if (isThere) expect(readdirSync(at('dest'))).toEqual([]);
    }
  });

  it('is made in the folder that was looked at before, and in no other', () => {
    mkdirSync(at('mount'));
    const { destParent } = inspectRoots(at('source'), at('mount/new')) as RootsFacts;
    renameSync(at('mount'), at('elsewhere'));
    mkdirSync(at('mount'));
    expect(prepareDest(at('mount/new'), undefined, { parent: destParent })).toMatchObject({
      refused: 'share',
      message: expect.stringContaining('is not the folder that it was a moment ago: ENODEV'),
    });
    expect(readdirSync(at('mount'))).toEqual([]);
  });

  it('keeps what a destination has', () => {
    const before = harvest(at('source'));
    expect(prepareDest(at('source'))).toMatchObject({ grainNs: 1n });
    expect(harvest(at('source'))).toEqual(before);
  });

  it('sees that each name is its own, and which are one where they are not', () => {
    expect(prepareDest(at('dest'))).toMatchObject({ folding: { case: false, form: false } });
    if (!canMountExfat()) return;
    mountExfat(at('exfat'));
    expect(prepareDest(at('exfat'))).toMatchObject({ folding: { case: true, form: false } });
  });

  it('clears away its own files that a crash left, and only those', () => {
    const made: unknown[] = [];
    replaceCall('openat', (original, dir, name, flags, mode) => {
      if (Number(flags) & constants.O_CREAT) made.push(name);
      return original(dir, name, flags, mode);
    });
    prepareDest(at('dest'), undefined, {}, 'mine');
    expect(made.length).toBeGreaterThan(0);
    expect(made).toEqual(made.map(() => expect.toSatisfy(isPartName)));
    const mine = made.map(String);
    const others = mine.map((name) => name.replace('mine', 'others'));
    plant(at('dest'), Object.fromEntries([...mine, ...others].map((name) => [name, 'left'])));
    expect(prepareDest(at('dest'), undefined, {}, 'mine')).toMatchObject({ grainNs: 1n });
    expect(readdirSync(at('dest')).sort()).toEqual([...others, 'in'].sort());
  });

  it('refuses a file in the place of the destination, and keeps it', () => {
    expect(prepareDest(at('file'))).toMatchObject({ refused: 'share', message: expect.stringContaining('ENOTDIR') });
    expect(harvest(top).file).toBe('f');
  });

  it.each([
    ['a nanosecond', 1n, 1n],
    ['100 ns', 100n, 100n],
    ['a microsecond', 1_000n, 1_000n],
    ['a millisecond', 1_000_000n, 1_000_000n],
    ['10 ms', 10_000_000n, 10_000_000n],
    ['a second', 1_000_000_000n, 1_000_000_000n],
    ['two seconds', 2_000_000_000n, 2_000_000_000n],
  ])('finds out that times are kept to %s', (_, grain, grainNs) => {
    replaceCall('futimens', (original, fd, times) => {
      const bytes = times as Buffer;
      const ns = bytes.readBigInt64LE(16) * 1_000_000_000n + bytes.readBigInt64LE(24);
      const kept = ns - (ns % grain);
      bytes.writeBigInt64LE(kept / 1_000_000_000n, 16);
      bytes.writeBigInt64LE(kept % 1_000_000_000n, 24);
      return original(fd, bytes);
    });
    expect(prepareDest(at('dest'))).toMatchObject({ grainNs });
  });

  it("tells the time by the destination's own clock", () => {
    const touched = (name: string) => statSync(plant(at(name), {}), { bigint: true }).ctimeNs;
    const before = touched('before');
    const { nowNs } = prepareDest(at('dest')) as DestProbe;
    expect(nowNs).toBeGreaterThanOrEqual(before);
    expect(nowNs).toBeLessThanOrEqual(touched('after'));
  });

  it('removes the folder that it made when it cannot be written', () => {
    failCall('fdatasync', 'ENOSPC');
    expect(prepareDest(at('new'))).toEqual({
      refused: 'share',
      message: `destination ${at('new')}: cannot be written: ENOSPC (fdatasync)`,
    });
    expect(existsSync(at('new'))).toBe(false);
  });

  it('keeps what somebody else has put into the folder that it made, when it cannot be written', () => {
    replaceCall('fdatasync', () => {
      plant(at('new'), { theirs: 'x' });
      return failWith('EIO');
    });
    expect(prepareDest(at('new'))).toMatchObject({ refused: 'share', message: expect.stringContaining('EIO') });
    expect(harvest(at('new'))).toEqual({ theirs: 'x' });
  });

  it('leaves nothing in a destination that cannot be flushed', () => {
    failCall('fdatasync', 'EIO');
    expect(prepareDest(at('dest'))).toMatchObject({ refused: 'share' });
    expect(readdirSync(at('dest'))).toEqual(['in']);
  });

  it.runIf(canMount)('refuses a read-only filesystem', () => {
    mountTmpfs(at('ro'), 'ro,size=1m');
    for (const dest of ['ro', 'ro/new'])
      expect(prepareDest(at(dest))).toEqual({
        refused: 'share',
        message: expect.stringMatching(/cannot be written: EROFS/),
      });
    expect(readdirSync(at('ro'))).toEqual([]);
  });

  it.runIf(canMount)('refuses a filesystem without room for another file, and removes what it made', () => {
    // Inodes: the root, `new`, and none for a file.
    mountTmpfs(at('full'), 'size=1m,nr_inodes=2');
    expect(prepareDest(at('full/new'))).toMatchObject({
      refused: 'share',
      message: expect.stringContaining('ENOSPC'),
    });
    expect(readdirSync(at('full'))).toEqual([]);
  });

  it('leaves no descriptor open', () => {
    const before = openDescriptors();
    prepareDest(at('dest'));
    failCall('futimens', 'EPERM');
    prepareDest(at('dest'));
    expect(openDescriptors()).toBe(before);
  });
});

describe('troubleOf', () => {
  const check = (room?: number) => {
    const { destIdentity } = inspectRoots(at('source'), at('dest')) as RootsFacts;
    return { path: at('dest'), expected: destIdentity!, room };
  };

  it('finds none with a root that is as it was, and leaves nothing there when it tries to write', () => {
    expect([troubleOf(check()), troubleOf(check(1000))]).toEqual([undefined, undefined]);
    expect(readdirSync(at('dest'))).toEqual(['in']);
  });

  it('tells that there is less room than is wanted', () => {
    expect(troubleOf(check(2 ** 60))).toBe('ENOSPC');
  });

  it('tells a root that is gone, and one that is another', () => {
    const before = check();
    renameSync(at('dest'), at('moved'));
    expect(troubleOf(before)).toBe('ENOENT');
    mkdirSync(at('dest'));
    expect(troubleOf(before)).toBe('ENODEV');
  });
});

describe('a trash', () => {
  it('must be a folder if it is there', () => {
    plant(at('dest'), { file: '', folder: {} });
    expect(prepareDest(at('dest'), 'file')).toMatchObject({ refused: 'usage' });
    expect(prepareDest(at('dest'), 'folder')).toHaveProperty('grainNs');
    expect(prepareDest(at('dest'), 'none')).toHaveProperty('grainNs');
  });
});
