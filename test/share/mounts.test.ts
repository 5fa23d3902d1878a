import { describe, expect, it, test } from 'vitest';
import {
  holding,
  isInside,
  localMountsWithin,
  makesUpNumbers,
  mountOf,
  overlap,
  overlapByMounts,
  placeOf,
  softnessOf,
  sourceOf,
} from '../../src/share/mounts.js';

const line = (device: string, root: string, point: string) =>
  `36 35 ${device} ${root} ${point} rw,noatime master:1 - ext3 /dev/root rw,errors=continue`;

const ROOT = line('8:1', '/', '/');
const DATA = line('0:44', '/', '/mnt/data');
const INNER = line('0:45', '/', '/mnt/data/inner');
const EXPORT = line('0:46', '/exports/home', '/mnt/home');
const BIND = line('0:44', '/projects', '/srv/projects');
const TABLE = [ROOT, DATA, INNER, EXPORT, BIND].join('\n');

describe('placeOf', () => {
  it.each([
    ['the root itself', '/', '8:1', '/'],
    ['a path on the root filesystem', '/home/me', '8:1', '/home/me'],
    ['a mount point', '/mnt/data', '0:44', '/'],
    ['a path beneath a mount', '/mnt/data/a/b', '0:44', '/a/b'],
    ['a path beneath a mount in a mount', '/mnt/data/inner/x', '0:45', '/x'],
    ['a path that only begins like a mount point', '/mnt/database', '8:1', '/mnt/database'],
    ['a mount of part of a filesystem', '/mnt/home/me', '0:46', '/exports/home/me'],
    ['a bind mount', '/srv/projects/x', '0:44', '/projects/x'],
  ])('finds %s', (_, path, device, within) => {
    expect(placeOf(path, TABLE)).toEqual({ device, path: within });
  });

  it('takes the mount that hides the others at the same point', () => {
    const table = [ROOT, line('0:50', '/', '/mnt/x'), line('0:51', '/', '/mnt/x')].join('\n');
    expect(placeOf('/mnt/x/f', table).device).toBe('0:51');
  });

  it('reads escaped spaces, tabs, newlines and backslashes', () => {
    const table = [ROOT, line('0:60', '/a\\040b', '/mnt/tab\\011nl\\012back\\134slash')].join('\n');
    expect(placeOf('/mnt/tab\tnl\nback\\slash/f', table)).toEqual({ device: '0:60', path: '/a b/f' });
  });

  it('passes over lines that it cannot read', () => {
    expect(placeOf('/mnt/data/f', `nonsense\n\n${TABLE}\n`)).toEqual({ device: '0:44', path: '/f' });
  });
});

describe('localMountsWithin', () => {
  it.each([
    ['/mnt/data', ['/mnt/data/inner']],
    ['/mnt', ['/mnt/data', '/mnt/data/inner', '/mnt/home']],
    ['/mnt/data/inner', []],
    ['/mnt/dat', []],
  ])('finds what is mounted beneath %s, each once', (folder, found) => {
    expect(localMountsWithin(folder, `${TABLE}\n${INNER}`)).toEqual(found);
  });

  it.each(['autofs', 'nfs', 'nfs4', 'cifs', 'fuse', 'fuseblk', 'fuse.sshfs'])('leaves out %s', (type) => {
    expect(localMountsWithin('/mnt', line('0:9', '/', '/mnt/other').replace('ext3', type))).toEqual([]);
  });
});

test('paths are held by the deepest of the mounts that they are beneath', () => {
  const points = ['/d/m', '/d/m/n', '/d/other'];
  expect(holding(['/d/m/f', '/d/f', '/d/m/x/g'], points)).toEqual(['/d/m']);
  expect(holding(['/d/m/n/f', '/d/other'], points)).toEqual(['/d/m/n', '/d/other']);
  expect(holding(['/d/mm/f'], points)).toEqual([]);
});

describe('isInside', () => {
  it.each([
    ['/a', '/a', true],
    ['/a/b', '/a', true],
    ['/ab', '/a', false],
    ['/', '/a', false],
    ['/a', '/', true],
    ['/', '/', true],
  ])('%s in %s: %s', (path, folder, inside) => {
    expect(isInside(path, folder)).toBe(inside);
  });
});

describe('overlap', () => {
  it.each([
    ['one folder', '/mnt/data/a', '/mnt/data/a', 'same'],
    ['one folder by a bind mount', '/mnt/data/projects', '/srv/projects', 'same'],
    ['a destination beneath the source', '/mnt/data/a', '/mnt/data/a/b', 'dest inside source'],
    ['a destination beneath the source by a bind mount', '/mnt/data', '/srv/projects/x', 'dest inside source'],
    ['a source beneath the destination', '/mnt/data/a/b', '/mnt/data/a', 'source inside dest'],
    ['a source beneath the destination by a bind mount', '/srv/projects', '/mnt/data', 'source inside dest'],
    ['siblings', '/mnt/data/a', '/mnt/data/b', undefined],
    ['siblings of which one begins like the other', '/mnt/data/a', '/mnt/data/ab', undefined],
    ['siblings by a bind mount', '/srv/projects', '/mnt/data/other', undefined],
    ['two filesystems', '/mnt/data/a', '/mnt/home/a', undefined],
  ])('sees %s', (_, source, dest, how) => {
    expect(overlap(placeOf(source, TABLE), placeOf(dest, TABLE))).toBe(how);
  });
});

describe('overlapByMounts', () => {
  it.each([
    ['a destination mounted in the source', '/mnt', '/mnt/home', 'dest inside source'],
    ['a destination beneath a mount in the source', '/mnt', '/mnt/data/inner/x', 'dest inside source'],
    ['a source mounted in the destination', '/mnt/data/inner', '/mnt/data', 'source inside dest'],
    ['a source beneath a mount in the destination', '/mnt/home/me', '/mnt', 'source inside dest'],
    ['a bind mount of the destination in the source', '/srv', '/mnt/data/projects', 'dest inside source'],
    [
      'a bind mount of a folder above the destination in the source',
      '/srv',
      '/mnt/data/projects/x',
      'dest inside source',
    ],
    ['a bind mount of part of the destination in the source', '/srv', '/mnt/data', 'dest inside source'],
    ['a bind mount of the source in the destination', '/mnt/data/projects', '/srv', 'source inside dest'],
    ['neighbours', '/mnt/home', '/mnt/data', undefined],
    ['neighbours on one filesystem', '/mnt/data/a', '/mnt/data/b', undefined],
    ['a bind mount of something else in the source', '/srv', '/mnt/data/other', undefined],
  ])('sees %s', (_, source, dest, how) => {
    expect(overlapByMounts(source, dest, TABLE)).toBe(how);
  });
});

describe('mountOf', () => {
  it('tells type and options, of the mount and of its filesystem, each once', () => {
    const nfs = '40 35 0:44 / /mnt/data rw,relatime shared:1 - nfs4 server:/data rw,vers=4.2,soft,timeo=600';
    expect(mountOf('/mnt/data/a', `${ROOT}\n${nfs}`)).toEqual({
      device: '0:44',
      path: '/',
      mountPoint: '/mnt/data',
      type: 'nfs4',
      source: 'server:/data',
      options: ['rw', 'relatime', 'vers=4.2', 'soft', 'timeo=600'],
    });
  });

  it('reads lines without optional fields', () => {
    expect(mountOf('/', '36 35 8:1 / / ro - xfs /dev/sda rw')).toMatchObject({ type: 'xfs', options: ['ro', 'rw'] });
  });
});

test('sourceOf tells what is mounted as a device', () => {
  const fuse = '40 35 0:50 / /mnt/f rw - fuse.sshfs me@host:/with\\040space rw';
  expect(sourceOf('0:50', `${ROOT}\n${fuse}`)).toBe('me@host:/with space');
  expect(sourceOf('0:51', `${ROOT}\n${fuse}`)).toBe('');
});

test.each([
  ['nfs4', ['rw', 'soft'], 'soft'],
  ['nfs', ['softerr'], 'softerr'],
  ['nfs4', ['rw', 'hard', 'softreval'], undefined],
  ['cifs', ['soft'], undefined],
  ['nfsd', ['soft'], undefined],
] as const)('a mount of %s with %j is %s', (type, options, soft) => {
  expect(softnessOf({ type, options })).toBe(soft);
});

test.each([
  ['cifs', ['rw', 'noserverino'], true],
  ['smb3', ['noserverino'], true],
  ['cifs', ['rw', 'serverino'], false],
  ['nfs4', ['noserverino'], false],
] as const)('whether a mount of %s with %j makes up inode numbers: %s', (type, options, is) => {
  expect(makesUpNumbers({ type, options })).toBe(is);
});
