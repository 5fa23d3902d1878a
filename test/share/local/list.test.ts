import { chmodSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeName } from '../../../src/posix/names.js';
import type { Kind } from '../../../src/posix/stat.js';
import { Entries, metaOf } from '../../../src/share/entries.js';
import { LocalDest } from '../../../src/share/local/localdest.js';
import { LocalSource } from '../../../src/share/local/localsource.js';
import { failCall, failWith, replaceCall } from '../../helpers/faults.js';
import { makeFifo, openDescriptors, plant, rawPath, temporaryFolder } from '../../helpers/tree.js';

let top: string;
let share: LocalSource;
beforeEach(() => {
  top = plant(temporaryFolder(), { root: { a: { f: 'four', d: { in: '' }, l: { link: 'f' } } }, outside: { s: 's' } });
  share = new LocalSource(join(top, 'root'));
});
afterEach(() => share.close());

function list(dir: string, size = 100): Entries[] {
  const batches: Entries[] = [];
  const batch = Entries.withRoom(size);
  const take = () => void batches.push(new Entries(batch.take()));
  share.list(dir, batch, take);
  take();
  return batches;
}
const namesOf = (batches: Entries[]) => batches.flatMap(({ names }) => names).sort();

function kinds(dir: string): [string, Kind][] {
  const seen: [string, Kind][] = [];
  share.listKinds(dir, (name, kind) => seen.push([name, kind]));
  return seen.sort();
}

describe('list', () => {
  it('gives each entry with its metadata', () => {
    chmodSync(join(top, 'root/a/f'), 0o640);
    const entries = list('a')[0]!;
    expect(entries.names).toEqual(['d', 'f', 'l']);
    expect([0, 1, 2].map((index) => entries.kind(index))).toEqual(['dir', 'file', 'link']);
    const seen = statSync(join(top, 'root/a/f'), { bigint: true });
    expect(metaOf(entries.meta(1))).toEqual({
      size: 4,
      mtimeNs: seen.mtimeNs,
      ctimeNs: seen.ctimeNs,
      btimeNs: seen.birthtimeNs,
      mode: Number(seen.mode),
      uid: Number(seen.uid),
      gid: Number(seen.gid),
    });
  });

  it('lists the root by the empty path', () => {
    expect(namesOf(list(''))).toEqual(['a']);
  });

  it('gives one empty batch for an empty folder', () => {
    plant(join(top, 'root'), { empty: {} });
    expect(list('empty').map(({ count }) => count)).toEqual([0]);
  });

  it.each([
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1]],
    [5, [5]],
    [6, [5]],
  ])('gives batches of at most %i entries', (batch, counts) => {
    for (let number = 0; number < 5; number++) plant(join(top, 'root/five'), { [number]: '' });
    const batches = list('five', batch);
    expect(batches.map(({ count }) => count)).toEqual(counts);
    expect(namesOf(batches)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('gives names that differ only in invalid bytes, each with its own size', () => {
    plant(join(top, 'root'), { raw: {} });
    const wanted = [Buffer.from([0x61, 0xfe]), Buffer.from([0x61, 0xff])];
    for (const [index, name] of wanted.entries())
      writeFileSync(rawPath(join(top, 'root/raw'), name), 'x'.repeat(index));
    const entries = list('raw')[0]!;
    expect(entries.names.map((name, index) => [name, entries.meta(index).size])).toEqual([
      [decodeName(wanted[0]!, 0, 2), 0],
      [decodeName(wanted[1]!, 0, 2), 1],
    ]);
  });

  it('leaves out what vanishes between the listing and the look', () => {
    replaceCall('statx', (original, dir, name, ...rest) => {
      if (name === 'f') rmSync(join(top, 'root/a/f'));
      return original(dir, name, ...rest);
    });
    expect(namesOf(list('a'))).toEqual(['d', 'l']);
  });

  it('gives an entry that the share says is not there, and goes on listing, as one that cannot be looked at', () => {
    replaceCall('statx', (original, dir, name, ...rest) =>
      name === 'f' ? failWith('ENOENT') : original(dir, name, ...rest),
    );
    const entries = list('a')[0]!;
    expect(entries.names.map((name, index) => [name, entries.errno(index)])).toEqual([
      ['d', 0],
      ['f', 2],
      ['l', 0],
    ]);
  });

  it('gives an entry that cannot be looked at with its errno', () => {
    replaceCall('statx', (original, dir, name, ...rest) =>
      name === 'f' ? failWith('EACCES') : original(dir, name, ...rest),
    );
    const entries = list('a')[0]!;
    expect(entries.names.map((name, index) => [name, entries.errno(index)])).toEqual([
      ['d', 0],
      ['f', 13],
      ['l', 0],
    ]);
  });

  it.each(['f', 'd'])('looks again where a look gave an error that may pass (%s)', (odd) => {
    let looks = 0;
    replaceCall('statx', (original, dir, name, ...rest) =>
      name === odd && ++looks < 3 ? failWith('ESTALE') : original(dir, name, ...rest),
    );
    const entries = list('a')[0]!;
    expect(entries.names.map((name, index) => [name, entries.errno(index)])).toEqual([
      ['d', 0],
      ['f', 0],
      ['l', 0],
    ]);
    expect(looks).toBe(3);
  });

  it('looks no more than three times, and again at a few entries of a folder alone', () => {
    plant(join(top, 'root'), { many: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`n${n}`, ''])) });
    let looks = 0;
    replaceCall('statx', (original, dir, name, ...rest) => {
      if (!String(name).startsWith('n')) return original(dir, name, ...rest);
      looks++;
      return failWith('EIO');
    });
    const entries = list('many')[0]!;
    expect(entries.names.filter((_, index) => entries.errno(index) === 5)).toHaveLength(100);
    expect(looks).toBe(100 + 2 * 16);
  });

  it('throws when the listing fails midway', () => {
    for (let number = 0; number < 1200; number++) symlinkSync('x', join(top, 'root', 'n'.repeat(100) + number));
    failCall('getdents64', 'EIO', (call) => call === 2);
    expect(() => list('')).toThrow(expect.objectContaining({ code: 'EIO', op: 'readdir' }));
  });

  it.each([
    ['a missing folder', 'none', 'ENOENT'],
    ['a file', 'a/f', 'ENOTDIR'],
    ['a link to a folder outside', 'out', 'ELOOP'],
    ['the folder above', '..', 'EXDEV'],
  ])('refuses %s', (_, path, code) => {
    symlinkSync('../outside', join(top, 'root/out'));
    expect(() => list(path)).toThrow(expect.objectContaining({ code, path }));
  });

  it('shows a folder that was replaced since it was last listed as it is now', () => {
    list('a');
    rmSync(join(top, 'root/a'), { recursive: true });
    plant(join(top, 'root'), { a: { fresh: '' } });
    expect(namesOf(list('a'))).toEqual(['fresh']);
    expect(kinds('a')).toEqual([['fresh', 'file']]);
  });

  it('leaves no descriptor open, also when it fails', () => {
    list('');
    const before = openDescriptors();
    list('a');
    kinds('a');
    failCall('getdents64', 'EIO');
    expect(() => list('a')).toThrow();
    expect(() => kinds('a')).toThrow();
    expect(openDescriptors()).toBe(before);
  });
});

describe('listKinds', () => {
  it('gives every name with its kind', () => {
    makeFifo(join(top, 'root/a/p'));
    expect(kinds('a')).toEqual([
      ['d', 'dir'],
      ['f', 'file'],
      ['l', 'link'],
      ['p', 'other'],
    ]);
  });

  it('looks at each entry where the filesystem does not tell its kind', () => {
    replaceCall('getdents64', (original, fd, buffer, size) => {
      const length = original(fd, buffer, size);
      const bytes = buffer as Buffer;
      for (let at = 0; at < length; at += bytes.readUInt16LE(at + 16)) bytes[at + 18] = 0;
      return length;
    });
    expect(kinds('a')).toEqual([
      ['d', 'dir'],
      ['f', 'file'],
      ['l', 'link'],
    ]);
  });

  it('throws when it cannot list all, since absence is concluded from it', () => {
    failCall('getdents64', 'EIO', (call) => call === 2);
    expect(() => kinds('a')).toThrow(expect.objectContaining({ code: 'EIO' }));
  });
});

describe('a share', () => {
  it('stays on the folder it was opened on when another takes its name', () => {
    list('');
    renameSync(join(top, 'root'), join(top, 'moved'));
    plant(top, { root: { stranger: '' } });
    expect(namesOf(list(''))).toEqual(['a']);
  });

  it('frees every descriptor when it is closed', () => {
    const before = openDescriptors();
    const source = new LocalSource(join(top, 'root'));
    source.open('a', 'f').close();
    source.close();
    const dest = new LocalDest(join(top, 'root'));
    dest.makeDir('a/d/e');
    dest.create('a/d/e', 'f').abandon();
    dest.close();
    expect(openDescriptors()).toBe(before);
  });
});
