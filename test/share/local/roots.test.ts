import {
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  coarser,
  type DestProbe,
  inspectRoots,
  prepareDest,
  type RootsFacts,
  troubleOf,
} from '../../../src/share/local/roots.js';
import { isPartName } from '../../../src/share/partname.js';
import { failCall, failWith, replaceCall } from '../../helpers/faults.js';
import {
  canMount,
  canMountExfat,
  harvest,
  mount,
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

describe('inspectRoots', () => {
  it('tells what the two roots are, and changes nothing', () => {
    const before = harvest(top);
    const facts = inspectRoots(at('source'), at('dest'));
    expect(facts).toMatchObject({ destMissing: false, source: { network: false }, dest: { network: false } });
    const seen = statSync(at('source'), { bigint: true });
    expect(facts).toMatchObject({ rootMeta: { mtimeNs: seen.mtimeNs, mode: Number(seen.mode) } });
    expect(harvest(top)).toEqual(before);
  });

  it('allows a destination that is still to be made, and does not make it', () => {
    expect(inspectRoots(at('source'), at('new'))).toMatchObject({ destMissing: true });
    expect(existsSync(at('new'))).toBe(false);
  });

  it('allows siblings of which one begins like the other', () => {
    mkdirSync(at('source2'));
    expect(inspectRoots(at('source'), at('source2'))).toHaveProperty('rootMeta');
  });

  it('follows links that the operator named', () => {
    symlinkSync('source', at('from'));
    symlinkSync('dest', at('to'));
    expect(inspectRoots(at('from'), at('to'))).toHaveProperty('rootMeta');
  });

  it.each([
    ['a missing source', 'none', 'dest', 'share', /^source .*none: does not exist/],
    ['a destination with no folder to be made in', 'source', 'none/deep', 'share', /neither it nor its parent/],
    ['a source that is a file', 'file', 'dest', 'usage', /^source .*file: not a folder/],
    ['a destination that is a file', 'source', 'file', 'usage', /^destination .*file: not a folder/],
    ['a source beneath a file', 'file/x', 'dest', 'share', /^source .*file\/x: cannot be opened: ENOTDIR/],
    ['the same folder twice', 'source', 'source', 'usage', /are the same folder/],
    ['a destination in the source', 'source', 'source/in', 'usage', /destination is inside the source/],
    ['a destination to be made in the source', 'source', 'source/new', 'usage', /destination is inside the source/],
    ['a source in the destination', 'dest/in', 'dest', 'usage', /source is inside the destination/],
  ])('refuses %s', (_, source, dest, refused, message) => {
    expect(inspectRoots(at(source), at(dest))).toEqual({ refused, message: expect.stringMatching(message) });
  });

  it.each([
    ['the same folder', 'source', /are the same folder/],
    ['a destination in the source', 'source/in', /destination is inside the source/],
    ['a source in the destination', '.', /source is inside the destination/],
  ])('refuses %s by a symbolic link', (_, target, message) => {
    symlinkSync(target, at('link'));
    expect(inspectRoots(at('source'), at('link'))).toEqual({
      refused: 'usage',
      message: expect.stringMatching(message),
    });
  });

  it('refuses a destination to be made in the source by a symbolic link', () => {
    symlinkSync('source/in', at('link'));
    expect(inspectRoots(at('source'), at('link/new'))).toMatchObject({ refused: 'usage' });
  });

  describe.runIf(canMount)('with mounts', () => {
    it.each([
      ['the same folder', 'source', /are the same folder/],
      ['a destination in the source', 'source/in', /destination is inside the source/],
    ])('refuses %s by a bind mount', (_, target, message) => {
      mount(at('bind'), '--bind', at(target));
      expect(inspectRoots(at('source'), at('bind'))).toEqual({
        refused: 'usage',
        message: expect.stringMatching(message),
      });
    });

    it('refuses a destination to be made in the source by a bind mount', () => {
      mount(at('bind'), '--bind', at('source/in'));
      expect(inspectRoots(at('source'), at('bind/new'))).toMatchObject({ refused: 'usage' });
    });

    it('refuses a source in the destination by a bind mount', () => {
      mount(at('bind'), '--bind', at('dest'));
      expect(inspectRoots(at('dest/in'), at('bind'))).toMatchObject({ refused: 'usage' });
    });

    it('allows two mounts of different folders', () => {
      mountTmpfs(at('one'));
      mount(at('two'), '--bind', at('dest'));
      expect(inspectRoots(at('one'), at('two'))).toMatchObject({ source: { name: 'tmpfs' } });
    });

    it('refuses a source that is mounted in the destination, whose files would be extras there', () => {
      mountTmpfs(at('dest/share'));
      expect(inspectRoots(at('dest/share'), at('dest'))).toMatchObject({ refused: 'usage' });
    });

    it('refuses a destination that is mounted in the source, which would be copied into itself', () => {
      mountTmpfs(at('source/backup'));
      expect(inspectRoots(at('source'), at('source/backup'))).toMatchObject({ refused: 'usage' });
    });

    it('refuses a destination to be made in a filesystem that is mounted in the source', () => {
      mountTmpfs(at('source/backup'));
      expect(inspectRoots(at('source'), at('source/backup/new'))).toMatchObject({ refused: 'usage' });
    });

    it('refuses a destination to be made in a folder of which a bind mount is in the source', () => {
      mount(at('source/bind'), '--bind', at('dest'));
      expect(inspectRoots(at('source'), at('dest/new'))).toMatchObject({ refused: 'usage' });
    });

    it('allows mounts in the source that have nothing to do with the destination', () => {
      mountTmpfs(at('source/other'));
      mount(at('source/bind'), '--bind', at('source/in'));
      for (const dest of ['dest', 'dest/new', 'new'])
        expect(inspectRoots(at('source'), at(dest))).toHaveProperty('rootMeta');
    });

    it('refuses a destination of which a bind mount is in the source', () => {
      mount(at('source/bind'), '--bind', at('dest'));
      expect(inspectRoots(at('source'), at('dest'))).toMatchObject({ refused: 'usage' });
    });
  });

  it('says by which error a root cannot be opened', () => {
    failCall('openat', 'EACCES');
    expect(inspectRoots(at('source'), at('dest'))).toEqual({
      refused: 'share',
      message: `source ${at('source')}: cannot be opened: EACCES`,
    });
  });

  it('leaves no descriptor open', () => {
    const before = openDescriptors();
    inspectRoots(at('source'), at('dest'));
    inspectRoots(at('source'), at('new'));
    expect(openDescriptors()).toBe(before);
  });
});

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

  it('refuses a file of the run inside of a root, also through links and when it is not there yet', () => {
    symlinkSync(at('dest'), at('link'));
    const own = (path: string) => [{ path: at(path), what: 'the ledger', option: '--db' }];
    for (const path of ['dest/l.db', 'dest/new/folder/l.db', 'link/l.db'])
      expect(inspectRoots(at('source'), at('dest'), own(path))).toEqual({
        refused: 'usage',
        message: `the ledger ${at(path)} is inside the destination; name a place outside of both shares with --db`,
      });
    expect(inspectRoots(at('source'), at('dest'), own('source/in/l.db'))).toMatchObject({ refused: 'usage' });
    writeFileSync(at('real.db'), '');
    symlinkSync(at('real.db'), at('dest/link.db'));
    expect(inspectRoots(at('source'), at('dest'), own('dest/link.db'))).toMatchObject({ refused: 'usage' });
    for (const path of ['l.db', 'dest.db', 'no/l.db'])
      expect(inspectRoots(at('source'), at('dest'), own(path))).toHaveProperty('rootMeta');
    if (!canMount) return;
    mount(at('elsewhere'), '--bind', at('dest'));
    expect(inspectRoots(at('source'), at('dest'), own('elsewhere/l.db'))).toMatchObject({ refused: 'usage' });
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

describe('coarser', () => {
  it('is the larger of two grains', () => {
    expect(coarser(100n, 2_000_000_000n)).toBe(2_000_000_000n);
    expect(coarser(100n, 1n)).toBe(100n);
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
