import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalDest } from '../../../src/share/local/localdest.js';
import type { Times } from '../../../src/share/share.js';
import { failCall } from '../../helpers/faults.js';
import { harvest, openDescriptors, plant, temporaryFolder } from '../../helpers/tree.js';

const TIMES: Times = { atimeNs: 1_600_000_000_000_000_001n, mtimeNs: 1_500_000_000_123_456_789n, btimeNs: 0n };

let top: string;
let share: LocalDest;
beforeEach(() => {
  top = plant(temporaryFolder(), { root: {}, outside: { keep: 'keep', sub: { deep: 'deep' } } });
  share = new LocalDest(join(top, 'root'));
});
afterEach(() => {
  share.close();
  expect(harvest(join(top, 'outside'))).toEqual({ keep: 'keep', sub: { deep: 'deep' } });
});

const at = (path: string) => join(top, 'root', path);
const tree = () => harvest(join(top, 'root'));

function copy(dir: string, name: string, text: string): void {
  const file = share.create(dir, name);
  file.write(Buffer.from(text), 0);
  file.publish(TIMES);
}

describe('a folder that was moved out of the root', () => {
  /** With a folder of the root that the share has open, and `work` that is done in it after it was moved away. */
  function moved(instead: () => void, work: () => void): void {
    copy('a/b', 'first', 'first');
    plant(at(''), { a: { b: { extra: 'extra' } } });
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 1000);
    renameSync(at('a/b'), join(top, 'moved'));
    instead();
    work();
    expect(harvest(join(top, 'moved'))).toEqual({ first: 'first', extra: 'extra' });
  }

  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ['another folder', () => mkdirSync(at('a/b'))],
    ['a symbolic link', () => symlinkSync('../../outside', at('a/b'))],
    ['nothing', () => {}],
  ])('gets no more files, where %s took its place', (_, instead) => {
    moved(instead, () => copy('a/b', 'second', 'second'));
    expect(tree()).toEqual({ a: { b: { second: 'second' } } });
  });

  it('has nothing removed from it, however soon', () => {
    copy('a/b', 'first', 'first');
    plant(at(''), { a: { b: { extra: 'extra' } } });
    share.remove('a/b', 'none', 'file');
    renameSync(at('a/b'), join(top, 'moved'));
    mkdirSync(at('a/b'));
    share.remove('a/b', 'extra', 'file');
    expect(harvest(join(top, 'moved'))).toEqual({ first: 'first', extra: 'extra' });
  });

  it('fails the file that was on its way, which is worth another try', () => {
    const file = share.create('a', 'file');
    file.write(Buffer.from('text'), 0);
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 1000);
    renameSync(at('a'), join(top, 'moved'));
    mkdirSync(at('a'));
    expect(() => file.publish(TIMES)).toThrow(expect.objectContaining({ code: 'ESTALE' }));
    expect(tree()).toEqual({ a: {} });
  });
});

describe('what is to be taken away', () => {
  it('is told to have been there, or not', () => {
    plant(at(''), { a: { file: 'x', other: 'y', folder: {} } });
    expect([share.remove('a', 'file', 'file'), share.remove('a', 'file', 'file')]).toEqual([true, false]);
    expect([share.moveTo('trash', 'a', 'other'), share.moveTo('trash', 'a', 'other')]).toEqual([true, false]);
    expect([share.remove('a', 'folder', 'dir'), share.remove('a', 'folder', 'dir')]).toEqual([true, false]);
    expect(share.remove('none', 'file', 'file')).toBe(false);
    expect(tree()).toEqual({ a: {}, trash: { other: 'y' } });
  });
});

describe('makeDir', () => {
  it('makes the folder and those above it', () => {
    share.makeDir('a/b/c');
    expect(tree()).toEqual({ a: { b: { c: {} } } });
  });

  it('is content with a folder that is there, and keeps what is in it', () => {
    plant(at(''), { a: { b: { f: 'x' } } });
    share.makeDir('a/b');
    share.makeDir('');
    expect(tree()).toEqual({ a: { b: { f: 'x' } } });
  });

  it('replaces a file', () => {
    plant(at(''), { a: 'file' });
    share.makeDir('a');
    expect(tree()).toEqual({ a: {} });
  });

  it('replaces a file on the way', () => {
    plant(at(''), { a: 'file' });
    share.makeDir('a/b');
    expect(tree()).toEqual({ a: { b: {} } });
  });

  it('replaces a symbolic link to a folder, and leaves the folder alone', () => {
    symlinkSync('../outside', at('a'));
    share.makeDir('a');
    expect(lstatSync(at('a')).isDirectory()).toBe(true);
    expect(tree()).toEqual({ a: {} });
  });

  it('replaces a symbolic link on the way', () => {
    symlinkSync('../outside', at('a'));
    share.makeDir('a/sub');
    expect(tree()).toEqual({ a: { sub: {} } });
  });

  it('never leaves the root', () => {
    expect(() => share.makeDir('../made')).toThrow();
    expect(existsSync(join(top, 'made'))).toBe(false);
  });

  it('says why a folder cannot be made that the share does not take, also below one that is kept open', () => {
    share.makeDir('a');
    share.makeDir('a/b');
    failCall('mkdirat', 'ENOENT'); // what an SMB server makes of a name that it reserves
    for (const path of ['con', 'a/con', 'a/b/con'])
      expect(() => share.makeDir(path)).toThrow(expect.objectContaining({ code: 'ENOENT', op: 'mkdir' }));
  });

  it('says that nothing can be made when the root was removed', () => {
    rmSync(at(''), { recursive: true });
    expect(() => share.makeDir('a/b')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(() => share.create('a', 'f')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(existsSync(at(''))).toBe(false);
  });

  it('makes a folder again that was removed with the one above it', () => {
    share.makeDir('a/b');
    rmSync(at('a'), { recursive: true });
    share.makeDir('a/c');
    expect(tree()).toEqual({ a: { c: {} } });
  });
});

describe('a folder that changes while files are copied into it', () => {
  it('is made again when it was removed', () => {
    copy('a', 'f', 'x');
    rmSync(at('a'), { recursive: true });
    copy('a', 'g', 'y');
    expect(tree()).toEqual({ a: { g: 'y' } });
  });

  it('is made again when it was removed with the one above it', () => {
    copy('a/b', 'f', 'x');
    rmSync(at('a'), { recursive: true });
    copy('a/b', 'g', 'y');
    expect(tree()).toEqual({ a: { b: { g: 'y' } } });
  });

  it('is opened anew when it has gone stale', () => {
    copy('a', 'f', 'x');
    failCall('openat', 'ESTALE', (call) => call === 1);
    copy('a', 'g', 'y');
    expect(tree()).toEqual({ a: { f: 'x', g: 'y' } });
  });

  it.each(['a', 'a/sub'])('never leads outside when it was swapped for a symbolic link: %s', (dir) => {
    copy(dir, 'f', 'x');
    renameSync(at('a'), at('old'));
    symlinkSync('../outside', at('a'));
    try {
      copy(dir, 'g', 'y');
      share.link(dir, 'l', 'target', TIMES);
      share.makeDir(`${dir}/d`);
      share.stampDir(dir, TIMES);
    } catch (error) {
      expect(['ELOOP', 'ENOTDIR']).toContain((error as { code: string }).code);
    }
    expect(statSync(join(top, 'outside/keep')).mtimeMs).toBeGreaterThan(1.6e12);
  });

  it('never leads outside when it is a symbolic link from the start', () => {
    symlinkSync('../outside', at('a'));
    for (const work of [
      () => copy('a', 'keep', 'y'),
      () => copy('a/sub', 'deep', 'y'),
      () => share.link('a/sub', 'deep', 'target', TIMES),
    ]) {
      try {
        work();
      } catch (error) {
        expect(['ELOOP', 'ENOTDIR']).toContain((error as { code: string }).code);
      }
    }
    // What is outside is compared after each test.
  });

  it('does not let a file begun before the swap be published outside', () => {
    const file = share.create('a', 'keep');
    file.write(Buffer.from('y'), 0);
    for (let number = 0; number < 20; number++) copy(`d${number}`, 'f', '');
    renameSync(at('a'), at('old'));
    symlinkSync('../outside', at('a'));
    expect(() => file.publish(TIMES)).toThrow(expect.objectContaining({ code: 'ELOOP' }));
  });
});

describe('link', () => {
  it('puts a symbolic link with its own times at the name', () => {
    share.link('a', 'l', '../no/such', TIMES);
    expect(tree()).toEqual({ a: { l: { link: '../no/such' } } });
    expect(lstatSync(at('a/l'), { bigint: true }).mtimeNs).toBe(TIMES.mtimeNs);
  });

  it('replaces a file, a link and what a crash left', () => {
    plant(at(''), { f: 'old', l: { link: 'old' }, '.millrace-part.f': 'old', '.millrace-part.l': { link: 'old' } });
    share.link('', 'f', 'new', TIMES);
    share.link('', 'l', 'new', TIMES);
    expect(tree()).toEqual({ f: { link: 'new' }, l: { link: 'new' } });
  });

  it('keeps a folder that is in the way', () => {
    plant(at(''), { l: { f: 'x' } });
    expect(() => share.link('', 'l', 'new', TIMES)).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    expect(harvest(at('l'))).toEqual({ f: 'x' });
  });

  it('leaves nothing behind when it fails', () => {
    plant(at(''), { l: { f: 'x' } });
    expect(() => share.link('', 'l', 'new', TIMES)).toThrow();
    expect(tree()).toEqual({ l: { f: 'x' } });
  });

  it('tells why it failed, not that its part could not be removed', () => {
    failCall('renameat', 'EACCES');
    failCall('unlinkat', 'EIO');
    expect(() => share.link('', 'l', 'new', TIMES)).toThrow(expect.objectContaining({ code: 'EACCES', op: 'rename' }));
  });

  it('does not change the target that it points to', () => {
    share.link('', 'l', '../outside/keep', TIMES);
    expect(statSync(join(top, 'outside/keep'), { bigint: true }).mtimeNs).not.toBe(TIMES.mtimeNs);
  });
});

describe('stampDir', () => {
  it.each(['a', ''])('sets the times of the folder %j', (path) => {
    mkdirSync(at('a'));
    share.stampDir(path, TIMES);
    const stat = statSync(at(path), { bigint: true });
    expect([stat.mtimeNs, stat.atimeNs]).toEqual([TIMES.mtimeNs, TIMES.atimeNs]);
  });

  it('refuses a symbolic link', () => {
    symlinkSync('../outside', at('a'));
    const before = statSync(join(top, 'outside'), { bigint: true }).mtimeNs;
    expect(() => share.stampDir('a', TIMES)).toThrow(expect.objectContaining({ code: 'ELOOP' }));
    expect(statSync(join(top, 'outside'), { bigint: true }).mtimeNs).toBe(before);
  });

  it('fails for a missing folder, and makes none', () => {
    expect(() => share.stampDir('none', TIMES)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(tree()).toEqual({});
  });
});

describe('remove', () => {
  it('removes a file, a link and an empty folder', () => {
    plant(at(''), { a: { f: 'x', l: { link: '../../outside' }, d: {} } });
    share.remove('a', 'f', 'file');
    share.remove('a', 'l', 'link');
    share.remove('a', 'd', 'dir');
    expect(tree()).toEqual({ a: {} });
  });

  it('is content when the entry, or its folder, is not there', () => {
    plant(at(''), { a: {} });
    for (const [dir, name] of [
      ['a', 'none'],
      ['none', 'f'],
      ['', 'none'],
    ] as const) {
      share.remove(dir, name, 'file');
      share.remove(dir, name, 'dir');
    }
    expect(tree()).toEqual({ a: {} });
  });

  it('keeps a folder that is not empty', () => {
    plant(at(''), { a: { f: 'x' } });
    expect(() => share.remove('', 'a', 'dir')).toThrow(expect.objectContaining({ code: 'ENOTEMPTY' }));
    expect(tree()).toEqual({ a: { f: 'x' } });
  });

  it('removes nothing of another kind than it was told', () => {
    plant(at(''), { d: {}, f: 'x' });
    expect(() => share.remove('', 'd', 'file')).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    expect(() => share.remove('', 'f', 'dir')).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    expect(tree()).toEqual({ d: {}, f: 'x' });
  });

  it('never removes through a symbolic link', () => {
    symlinkSync('../outside', at('a'));
    expect(() => share.remove('a', 'keep', 'file')).toThrow(expect.objectContaining({ code: 'ELOOP' }));
  });

  it('removes what is in a folder that was replaced since it was last used', () => {
    plant(at(''), { a: { f: 'x' } });
    share.remove('a', 'none', 'file');
    rmSync(at('a'), { recursive: true });
    plant(at(''), { a: { f: 'x' } });
    share.remove('a', 'f', 'file');
    expect(tree()).toEqual({ a: {} });
  });

  it('does not keep a removed folder open', () => {
    share.makeDir('a/b');
    share.create('a/b', 'f').abandon();
    const before = openDescriptors();
    share.remove('a', 'b', 'dir');
    expect(openDescriptors()).toBe(before - 1);
  });
});
