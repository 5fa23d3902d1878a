import {
  appendFileSync,
  ftruncateSync,
  lutimesSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalSource } from '../../../src/share/local/localsource.js';
import { failCall } from '../../helpers/faults.js';
import { makeFifo, openDescriptors, plant, temporaryFolder } from '../../helpers/tree.js';

let top: string;
let share: LocalSource;
beforeEach(() => {
  top = plant(temporaryFolder(), { a: { f: 'some text' } });
  share = new LocalSource(top);
});
afterEach(() => share.close());

function content(dir: string, name: string): string {
  const file = share.open(dir, name);
  try {
    const view = Buffer.alloc(100);
    return view.toString('utf8', 0, file.read(view, 0));
  } finally {
    file.close();
  }
}

describe('a source file', () => {
  it.each([
    ['all of it', 9, 0, 'some text'],
    ['the beginning', 4, 0, 'some'],
    ['from a byte on', 4, 5, 'text'],
    ['less than asked at its end', 100, 5, 'text'],
    ['nothing beyond its end', 10, 9, ''],
    ['nothing when nothing is asked', 0, 0, ''],
  ])('is read: %s', (_, length, at, expected) => {
    const file = share.open('a', 'f');
    const view = Buffer.alloc(length);
    const count = file.read(view, at);
    expect(view.toString('utf8', 0, count)).toBe(expected);
    file.close();
  });

  it('is read beyond 4 GiB', () => {
    const fd = openSync(join(top, 'a/large'), 'w');
    ftruncateSync(fd, 5 * 2 ** 30);
    writeSync(fd, 'far', 5 * 2 ** 30 - 3);
    const file = share.open('a', 'large');
    const view = Buffer.alloc(8);
    expect(file.read(view, 5 * 2 ** 30 - 5)).toBe(5);
    expect(view.toString('latin1', 0, 5)).toBe('\0\0far');
    expect(file.stat(true).size).toBe(5 * 2 ** 30);
    file.close();
  });

  it('is read into shared memory', () => {
    const view = new Uint8Array(new SharedArrayBuffer(16), 4, 9);
    const file = share.open('a', 'f');
    expect(file.read(view, 0)).toBe(9);
    expect(Buffer.from(view).toString()).toBe('some text');
    file.close();
  });

  it('tells its state of the moment, not that of its opening', () => {
    const file = share.open('a', 'f');
    expect(file.stat(true).size).toBe(9);
    appendFileSync(join(top, 'a/f'), '!');
    expect(file.stat(true).size).toBe(10);
    truncateSync(join(top, 'a/f'), 2);
    expect(file.stat(true).size).toBe(2);
    file.close();
  });

  it('is not opened through a symbolic link, whether it is the file or its folder', () => {
    symlinkSync('f', join(top, 'a/link'));
    symlinkSync('a', join(top, 'folder'));
    expect(() => share.open('a', 'link')).toThrow(expect.objectContaining({ code: 'ELOOP' }));
    expect(() => share.open('folder', 'f')).toThrow(expect.objectContaining({ code: 'ELOOP' }));
  });

  it('does not hang when it has become a FIFO, and shows as one', () => {
    makeFifo(join(top, 'a/p'));
    const file = share.open('a', 'p');
    expect(file.stat(true).kind).toBe('other');
    file.close();
  });

  it('leaves no descriptor open', () => {
    share.open('a', 'f').close();
    const before = openDescriptors();
    share.open('a', 'f').close();
    expect(openDescriptors()).toBe(before);
  });

  it('is found in a folder that was replaced since its neighbour was read', () => {
    expect(content('a', 'f')).toBe('some text');
    renameSync(join(top, 'a'), join(top, 'old'));
    plant(top, { a: { g: 'other text' } });
    expect(content('a', 'g')).toBe('other text');
  });

  it('asks for its folder anew when the descriptor that it kept has gone stale', () => {
    expect(content('a', 'f')).toBe('some text');
    let folders = 0;
    failCall('openat', 'ESTALE', () => folders === 0);
    failCall('openat2', 'EIO', () => ++folders < 0);
    expect(content('a', 'f')).toBe('some text');
    expect(folders).toBe(1);
  });
});

describe('readLink', () => {
  it('gives the target and the times of the link itself', () => {
    symlinkSync('no/such/target', join(top, 'a/l'));
    lutimesSync(join(top, 'a/l'), 1, 2);
    const { target, stat } = share.readLink('a', 'l');
    expect(target).toBe('no/such/target');
    expect(stat.kind).toBe('link');
    expect(stat.size).toBe(14);
    expect(stat.mtimeNs).toBe(2_000_000_000n);
  });

  it('fails for what is no link any more', () => {
    expect(() => share.readLink('a', 'f')).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    rmSync(join(top, 'a/f'));
    expect(() => share.readLink('a', 'f')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
