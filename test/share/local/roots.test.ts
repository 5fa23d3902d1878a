import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { coarser, inspectRoots } from '../../../src/share/local/roots.js';
import { failCall } from '../../helpers/faults.js';
import { canMount, harvest, mount, mountTmpfs, openDescriptors, plant, temporaryFolder } from '../../helpers/tree.js';

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
});

describe('coarser', () => {
  it('is the larger of two grains', () => {
    expect(coarser(100n, 2_000_000_000n)).toBe(2_000_000_000n);
    expect(coarser(100n, 1n)).toBe(100n);
  });
});
