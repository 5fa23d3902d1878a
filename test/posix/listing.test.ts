import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropFd, openRoot } from '../../src/posix/calls.js';
import { listFd } from '../../src/posix/listing.js';
import { decodeName, nameBytes } from '../../src/posix/names.js';
import type { Kind } from '../../src/posix/stat.js';
import { failCall, replaceCall } from '../helpers/faults.js';
import { isRoot, makeFifo, plant, rawPath, temporaryFolder } from '../helpers/tree.js';

function list(folder: string): Map<string, Kind | undefined> {
  const seen = new Map<string, Kind | undefined>();
  const fd = openRoot(folder);
  try {
    listFd(fd, 'some/where', (name, kind) => {
      expect(seen.has(name)).toBe(false);
      seen.set(name, kind);
    });
    return seen;
  } finally {
    dropFd(fd);
  }
}

const names = (folder: string) => [...list(folder).keys()].sort();

describe('listFd', () => {
  it('tells the kind of each entry', async () => {
    const folder = plant(temporaryFolder(), { file: 'f', dir: {}, link: { link: 'dir' } });
    makeFifo(join(folder, 'fifo'));
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect([...list(folder)].sort()).toEqual([
      ['dir', 'dir'],
      ['fifo', 'other'],
      ['file', 'file'],
      ['link', 'link'],
      ['socket', 'other'],
    ]);
    server.close();
  });

  it.runIf(isRoot)('tells devices as other', () => {
    const folder = temporaryFolder();
    expect(spawnSync('mknod', [join(folder, 'char'), 'c', '1', '3']).status).toBe(0);
    expect(spawnSync('mknod', [join(folder, 'block'), 'b', '7', '0']).status).toBe(0);
    expect([...list(folder)].sort()).toEqual([
      ['block', 'other'],
      ['char', 'other'],
    ]);
  });

  it('says that it does not know the kind where the filesystem does not', () => {
    const folder = plant(temporaryFolder(), { file: 'f', dir: {} });
    replaceCall('getdents64', (original, fd, buffer, size) => {
      const length = original(fd, buffer, size);
      const bytes = buffer as Buffer;
      for (let at = 0; at < length; at += bytes.readUInt16LE(at + 16)) bytes[at + 18] = 0;
      return length;
    });
    expect([...list(folder)].sort()).toEqual([
      ['dir', undefined],
      ['file', undefined],
    ]);
  });

  it('leaves out . and .. and nothing that only looks like them', () => {
    const folder = plant(temporaryFolder(), { '.hidden': '', '...': '', '..x': '', '.x': {} });
    expect(names(folder)).toEqual(['...', '..x', '.hidden', '.x']);
  });

  it('is empty for an empty folder', () => {
    expect(names(temporaryFolder())).toEqual([]);
  });

  it('gives every name as its bytes are', () => {
    const bytes = fc
      .uint8Array({ minLength: 1, maxLength: 30 })
      .map((array) => Buffer.from(array.map((byte) => (byte === 0 || byte === 0x2f ? 0xff : byte))))
      .filter((name) => !['.', '..'].includes(name.toString('latin1')));
    const set = fc.uniqueArray(bytes, { maxLength: 12, selector: (name) => name.toString('latin1') });
    fc.assert(
      fc.property(set, (wanted) => {
        const folder = temporaryFolder();
        for (const name of wanted) writeFileSync(rawPath(folder, name), '');
        const seen = [...list(folder).keys()].map((name) => nameBytes(name).toString('latin1'));
        expect(seen.sort()).toEqual(wanted.map((name) => name.toString('latin1')).sort());
      }),
      { numRuns: 15 },
    );
  });

  it.each([
    ['a newline', 'a\nb'],
    ['a tab, an escape and a quote', '\t\u001b[2J"\''],
    ['a leading dash', '-rf'],
    ['U+FFFD', 'a\ufffd'],
    ['an emoji of several characters', '👨‍👩‍👧'],
    ['decomposed accents', 'e\u0301'],
    ['spaces only', '   '],
    ['255 bytes', 'n'.repeat(255)],
    ['255 bytes of long characters', '中'.repeat(85)],
  ])('gives a name of %s as it is', (_, name) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'd'));
    symlinkSync('x', join(folder, 'd', name));
    expect([...list(join(folder, 'd'))]).toEqual([[name, 'link']]);
  });

  it('gives both of two names that differ only in invalid bytes', () => {
    const folder = temporaryFolder();
    const wanted = [0xfe, 0xff].map((byte) => Buffer.from([0x61, byte]));
    for (const name of wanted) writeFileSync(rawPath(folder, name), '');
    expect(names(folder)).toEqual(wanted.map((name) => decodeName(name, 0, 2)).sort());
  });

  it('gives every entry once when there are more than one call returns', () => {
    const folder = temporaryFolder();
    const wanted = Array.from({ length: 1200 }, (_, number) => `${'long name '.repeat(10)}${number}`);
    for (const name of wanted) symlinkSync('x', join(folder, name));
    expect(names(folder)).toEqual(wanted.sort());
  });

  it('throws when it fails midway', () => {
    const folder = temporaryFolder();
    for (let number = 0; number < 1200; number++) symlinkSync('x', join(folder, 'n'.repeat(100) + number));
    failCall('getdents64', 'EIO', (call) => call === 2);
    const seen: string[] = [];
    const fd = openRoot(folder);
    expect(() => listFd(fd, 'some/where', (name) => seen.push(name))).toThrow(
      expect.objectContaining({ code: 'EIO', op: 'readdir', path: 'some/where' }),
    );
    dropFd(fd);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.length).toBeLessThan(1200);
  });

  it('fails on what is no folder', () => {
    const fd = openRoot(temporaryFolder());
    dropFd(fd);
    expect(() => listFd(fd, 'gone', () => {})).toThrow(expect.objectContaining({ code: 'EBADF', path: 'gone' }));
  });
});
