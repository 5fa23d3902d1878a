/** What holds for openDirBeneath however it is done, by openat2 or by walking. */
import { constants, fstatSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dropFd, makeDirAt, O_PATH, openDirBeneath, openRoot } from '../../src/posix/calls.js';
import { decodeName } from '../../src/posix/names.js';
import { openDescriptors, plant, rawPath, temporaryFolder } from '../helpers/tree.js';

export interface How {
  /** What a symbolic link on the way is refused with. */
  readonly link: string;
  /** What a step out of the root is refused with. */
  readonly outside: string;
}

const SWAPPER = `
  const { workerData } = require('node:worker_threads');
  const { renameSync } = require('node:fs');
  const { dir, link, at, words } = workerData;
  const stop = new Int32Array(words);
  while (Atomics.load(stop, 0) === 0) {
    renameSync(at, dir);
    renameSync(link, at);
    renameSync(at, link);
    renameSync(dir, at);
    Atomics.add(stop, 1, 1);
  }
`;

export function openDirBeneathHolds(how: How): void {
  let top: string;
  let root: number;
  beforeEach(() => {
    top = temporaryFolder();
    plant(top, { root: { a: { b: { c: {} } }, file: 'f' }, outside: { b: { secret: 's' } } });
    root = openRoot(join(top, 'root'));
  });
  afterEach(() => dropFd(root));

  const identity = (stat: { dev: number; ino: number }) => `${stat.dev}/${stat.ino}`;
  const identityOf = (path: string) => identity(statSync(join(top, path)));

  function opened(path: string): string {
    const fd = openDirBeneath(root, path);
    try {
      return identity(fstatSync(fd));
    } finally {
      dropFd(fd);
    }
  }

  describe('opens', () => {
    it.each(['', 'a', 'a/b', 'a/b/c'])('the folder %j beneath the root', (path) => {
      expect(opened(path)).toBe(identityOf(join('root', path)));
    });

    it('a folder whose name is not valid UTF-8', () => {
      const bytes = Buffer.from([0x61, 0xff, 0xfe]);
      mkdirSync(Buffer.concat([rawPath(join(top, 'root'), bytes)]));
      mkdirSync(Buffer.concat([rawPath(join(top, 'root'), bytes), Buffer.from('/in')]));
      const name = decodeName(bytes, 0, bytes.length);
      const fd = openDirBeneath(root, `${name}/in`);
      expect(fstatSync(fd).isDirectory()).toBe(true);
      dropFd(fd);
    });

    it('a folder by its place alone, with O_PATH', () => {
      const fd = openDirBeneath(root, 'a/b', O_PATH);
      expect(identity(fstatSync(fd))).toBe(identityOf('root/a/b'));
      expect(() => readdirSync(`/proc/self/fd/${fd}`)).not.toThrow();
      dropFd(fd);
    });

    it('a descriptor that programs started later do not get', () => {
      const fd = openDirBeneath(root, 'a');
      const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!;
      expect(Number.parseInt(flags, 8) & 0o2000000).not.toBe(0);
      dropFd(fd);
    });
  });

  describe('refuses', () => {
    it.each([
      ['a missing folder', 'a/none', 'ENOENT'],
      ['a missing folder on the way', 'none/b', 'ENOENT'],
      ['a file', 'file', 'ENOTDIR'],
      ['a file on the way', 'file/b', 'ENOTDIR'],
      ['a step up', '..', how.outside],
      ['a step up and down again', '../outside', how.outside],
      ['steps up later on the way', 'a/../../outside', how.outside],
      ['an absolute path', '/tmp', how.outside],
    ])('%s', (_, path, code) => {
      expect(() => openDirBeneath(root, path)).toThrow(expect.objectContaining({ code, op: 'open', path }));
    });

    it.each([
      ['outside', '../outside'],
      ['outside by an absolute path', '/tmp'],
      ['inside the root', 'a'],
      ['to itself', 'link'],
      ['to a magic link', '/proc/self/cwd'],
    ])('a symbolic link %s', (_, target) => {
      symlinkSync(target, join(top, 'root/link'));
      for (const path of ['link', 'link/b'])
        expect(() => openDirBeneath(root, path)).toThrow(expect.objectContaining({ code: how.link }));
    });

    it('a folder on the way that was swapped for a symbolic link after it was opened before', () => {
      expect(opened('a/b')).toBe(identityOf('root/a/b'));
      renameSync(join(top, 'root/a'), join(top, 'root/a.old'));
      symlinkSync('../outside', join(top, 'root/a'));
      expect(() => openDirBeneath(root, 'a/b')).toThrow(expect.objectContaining({ code: how.link }));
    });

    it('and leaves no descriptor open', () => {
      symlinkSync('../outside', join(top, 'root/a/b/link'));
      const before = openDescriptors();
      for (const path of ['a/b/link', 'a/b/link/c', 'a/b/none', '..'])
        expect(() => openDirBeneath(root, path)).toThrow();
      expect(openDescriptors()).toBe(before);
    });
  });

  it('never leads outside while another thread swaps a folder on the way for a symbolic link', async () => {
    symlinkSync('../outside', join(top, 'root/link'));
    const words = new SharedArrayBuffer(8);
    const state = new Int32Array(words);
    const [at, dir, link] = ['a', 'dir', 'link'].map((name) => join(top, 'root', name));
    const worker = new Worker(SWAPPER, { eval: true, workerData: { at, dir, link, words } });
    const [inside, outside] = [identityOf('root/a/b'), identityOf('outside/b')];
    const seen = new Set<string>();
    await new Promise((resolve) => worker.once('online', resolve));
    for (let tries = 0; tries < 20_000 && (tries < 2_000 || Atomics.load(state, 1) < 200); tries++) {
      try {
        seen.add(opened('a/b'));
      } catch (error) {
        seen.add((error as { code: string }).code);
      }
    }
    Atomics.store(state, 0, 1);
    await new Promise((resolve) => worker.once('exit', resolve));
    expect(seen).not.toContain(outside);
    for (const one of seen) expect([inside, 'ENOENT', 'EAGAIN', how.link]).toContain(one);
  });
}

/** A folder whose path beneath the root is longer than one system call takes (PATH_MAX, 4096 bytes). */
export function opensFolderBeyondPathMax(): void {
  const top = temporaryFolder();
  const root = openRoot(top);
  const name = 'n'.repeat(250);
  let at = root;
  for (let depth = 0; depth < 18; depth++) {
    makeDirAt(at, name, 0o755);
    const next = openDirBeneath(at, name);
    if (at !== root) dropFd(at);
    at = next;
  }
  const expected = fstatSync(at).ino;
  dropFd(at);
  const path = Array(18).fill(name).join('/');
  const fd = openDirBeneath(root, path, constants.O_RDONLY);
  expect(fstatSync(fd).ino).toBe(expected);
  dropFd(fd);
  dropFd(root);
}
