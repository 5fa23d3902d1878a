import { existsSync, renameSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { confirmAbsent } from '../../src/pipeline/absence.js';
import { SysError } from '../../src/posix/errno.js';
import type { Kind } from '../../src/posix/stat.js';
import { LocalSource } from '../../src/share/local/localsource.js';
import type { SourceShare } from '../../src/share/share.js';
import { plant, temporaryFolder } from '../helpers/tree.js';

let root: string;
let share: LocalSource;

beforeEach(() => {
  root = temporaryFolder();
  share = new LocalSource(root);
});
afterEach(() => {
  share.close();
});

const absent = (dir: string, extras: Record<string, Kind>) => [
  ...confirmAbsent(share, dir, new Map(Object.entries(extras))).absent,
];

test('names that the source has in no kind that counts are absent', () => {
  plant(root, { a: { file: '', folder: {}, link: { link: 'x' } } });
  expect(absent('a', { gone: 'file', 'gone too': 'dir' })).toEqual(['gone', 'gone too']);
  expect(absent('a', { file: 'file', folder: 'dir', link: 'link' })).toEqual([]);
});

test('only folder against non-folder tells kinds apart', () => {
  plant(root, { file: '', folder: {}, link: { link: 'folder' } });
  expect(absent('', { file: 'link', link: 'other' })).toEqual([]);
  expect(absent('', { file: 'dir', folder: 'file', link: 'dir' })).toEqual(['file', 'folder', 'link']);
});

function bound(target: LocalSource, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === 'function' ? value.bind(target) : value;
}

/** Lists nothing of what is there. */
const unlisting = () =>
  new Proxy(share, {
    get: (target, key) => (key === 'listKinds' ? () => undefined : bound(target, key)),
  });

test('what a listing lacks is absent only if nothing is found by its name, of a kind that counts', () => {
  plant(root, { a: { file: '', folder: {}, link: { link: 'nowhere' } } });
  const extras: [string, Kind][] = [
    ['file', 'file'],
    ['folder', 'dir'],
    ['link', 'file'],
    ['gone', 'file'],
  ];
  const { absent: gone, hidden } = confirmAbsent(unlisting(), 'a', new Map(extras));
  expect([[...gone], [...hidden]]).toEqual([['gone'], ['file', 'folder', 'link']]);
  expect(confirmAbsent(unlisting(), 'a', new Map([['folder', 'file']])).absent.size).toBe(1);
  expect(absent('a', { ['x'.repeat(300)]: 'file' })).toHaveLength(1);
});

/** A share that takes names for one that differ in capitals, and lists them as they are in `root`. */
const folding = (foldsNames: boolean) => {
  const own = (dir: string) => dir.replace('DIR', 'dir').replace('README', 'readme');
  return new Proxy(share, {
    get: (target, key) => {
      if (key === 'foldsNames') return foldsNames;
      if (key === 'listKinds')
        return (dir: string, each: (name: string, kind: Kind) => void) => target.listKinds(own(dir), each);
      if (key === 'look') return (dir: string, name: string) => target.look(own(dir), own(name));
      return bound(target, key);
    },
  });
};

test.each([true, false])(
  'what is found by a name and listed by another that the share takes for it is absent, known by its kind: %s',
  (byKind) => {
    plant(root, { dir: { readme: '', sub: { x: '' } } });
    const gone = (dir: string, name: string, kind: Kind = 'file') =>
      [...confirmAbsent(folding(byKind), dir, new Map([[name, kind]])).absent].length === 1;
    expect(gone('dir', 'README')).toBe(true);
    expect(gone('', 'DIR', 'dir')).toBe(true);
    // What is in a folder of such a name is found, and is the other one's.
    expect(gone('DIR', 'readme')).toBe(true);
    expect(gone('DIR/sub', 'x')).toBe(true);
    expect(gone('dir', 'readme')).toBe(false);
    expect(gone('dir/sub', 'x')).toBe(false);
  },
);

test('what is listed by a name like it, and is another file, does not make it absent', () => {
  plant(root, { a: { README: 'one', readme: 'another' } });
  const cutOff = new Proxy(share, {
    get: (target, key) =>
      key === 'listKinds'
        ? (_: string, each: (name: string, kind: Kind) => void) => each('README', 'file')
        : bound(target, key),
  });
  const { absent: gone, hidden } = confirmAbsent(cutOff, 'a', new Map([['readme', 'file']]));
  expect([[...gone], [...hidden]]).toEqual([[], ['readme']]);
});

test.each(['EIO', 'ESTALE', 'EACCES'] as const)('%s from a look by name proves nothing', (code) => {
  plant(root, { a: {} });
  const failing = new Proxy(share, {
    get: (target, key) =>
      key === 'look'
        ? (_: string, name: string) => {
            throw new SysError(constants.errno[code], 'stat', name);
          }
        : bound(target, key),
  });
  expect(() => confirmAbsent(failing, 'a', new Map([['x', 'file']]))).toThrow(code);
});

test('everything is absent in a folder that is missing, however far up', () => {
  plant(root, { a: {} });
  expect(absent('a/b/c/d', { x: 'file', y: 'dir' })).toEqual(['x', 'y']);
});

test('everything is absent in a folder that is a file or a link now, or lies beneath one', () => {
  plant(root, { a: 'file', real: { x: '' }, l: { link: 'real' } });
  expect(absent('a', { x: 'file' })).toEqual(['x']);
  expect(absent('a/b', { x: 'file' })).toEqual(['x']);
  expect(absent('l', { x: 'file' })).toEqual(['x']);
  expect(absent('l/b', { x: 'file' })).toEqual(['x']);
});

test('nothing is absent in a folder that comes back between two looks', () => {
  plant(root, { away: { x: '' } });
  const moving: SourceShare = new Proxy(share, {
    get: (target, key) =>
      key === 'listKinds'
        ? (dir: string, each: (name: string, kind: Kind) => void) => {
            if (dir === '' && existsSync(join(root, 'away'))) renameSync(join(root, 'away'), join(root, 'a'));
            target.listKinds(dir, each);
          }
        : bound(target, key),
  });
  expect([...confirmAbsent(moving, 'a', new Map([['x', 'file']])).absent]).toEqual([]);
});

test.each(['EIO', 'ESTALE', 'EACCES', 'ENOTCONN', 'ETIMEDOUT'] as const)('%s from a listing proves nothing', (code) => {
  const failing = (which: string) =>
    new Proxy(share, {
      get: (target, key) =>
        key === 'listKinds'
          ? (dir: string, each: (name: string, kind: Kind) => void) => {
              if (dir === which) throw new SysError(constants.errno[code], 'readdir', dir);
              target.listKinds(dir, each);
            }
          : bound(target, key),
    });
  const extras = new Map<string, Kind>([['x', 'file']]);
  expect(() => confirmAbsent(failing('a/b'), 'a/b', extras)).toThrow(code);
  // The folder is missing, and whether that is so cannot be confirmed.
  expect(() => confirmAbsent(failing('a'), 'a/b', extras)).toThrow(code);
});

test('a listing that breaks off midway proves nothing', () => {
  plant(root, { x: '', y: '' });
  const breaking = new Proxy(share, {
    get: (target, key) =>
      key === 'listKinds'
        ? (_: string, each: (name: string, kind: Kind) => void) => {
            each('x', 'file');
            throw new SysError(constants.errno.EIO, 'readdir', '');
          }
        : bound(target, key),
  });
  expect(() => confirmAbsent(breaking, '', new Map([['y', 'file']]))).toThrow('EIO');
});

test('the root itself is never taken for absent', () => {
  const elsewhere = new LocalSource(root);
  rmSync(root, { recursive: true });
  try {
    const found = (() => {
      try {
        return [...confirmAbsent(elsewhere, '', new Map([['x', 'file']])).absent];
      } catch (error) {
        return (error as SysError).code;
      }
    })();
    expect(['ENOENT', 'ESTALE']).toContain(found);
  } finally {
    elsewhere.close();
  }
});

test('what is said to be absent is never there', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const kind = fc.constantFrom<Kind>('file', 'dir', 'link');
  fc.assert(
    fc.property(
      fc.dictionary(name, kind),
      fc.dictionary(name, kind),
      fc.constantFrom('', 'f', 'f/g'),
      (made, extras, dir) => {
        rmSync(join(root, 'f'), { recursive: true, force: true });
        for (const entry of ['a', 'b', 'c']) rmSync(join(root, entry), { recursive: true, force: true });
        const tree = Object.fromEntries(
          Object.entries(made).map(([key, what]) => [key, what === 'dir' ? {} : what === 'link' ? { link: 'x' } : '']),
        );
        plant(root, dir === 'f/g' ? { f: { g: tree } } : dir === 'f' ? { f: tree } : tree);
        const wanted = Object.entries(extras).filter(([key, what]) => {
          return made[key] === undefined || (made[key] === 'dir') !== (what === 'dir');
        });
        expect(absent(dir, extras)).toEqual(wanted.map(([key]) => key));
      },
    ),
    { numRuns: 50 },
  );
});
