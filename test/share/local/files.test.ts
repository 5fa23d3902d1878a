import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openRoot } from '../../../src/posix/calls.js';
import { filesystemFacts } from '../../../src/posix/filesystems.js';
import { decodeName, nameBytes } from '../../../src/posix/names.js';
import { NO_ATTRIBUTES } from '../../../src/share/attributes.js';
import { createPart, LocalDestFile } from '../../../src/share/local/files.js';
import { Folders } from '../../../src/share/local/folders.js';
import { LocalDest } from '../../../src/share/local/localdest.js';
import { partName } from '../../../src/share/partname.js';
import type { Times } from '../../../src/share/share.js';
import { failCall, failWith, replaceCall } from '../../helpers/faults.js';
import {
  canMount,
  canMountExfat,
  harvest,
  mountExfat,
  mountTmpfs,
  openDescriptors,
  plant,
  rawPath,
  temporaryFolder,
  unmount,
} from '../../helpers/tree.js';

const TIMES: Times = { atimeNs: 1_600_000_000_000_000_001n, mtimeNs: 1_500_000_000_123_456_789n, btimeNs: 0n };

let top: string;
let share: LocalDest;
beforeEach(() => {
  top = plant(temporaryFolder(), { root: {}, outside: { keep: 'keep' } });
  share = new LocalDest(join(top, 'root'));
});
afterEach(() => {
  vi.useRealTimers();
  share.close();
  expect(harvest(join(top, 'outside'))).toEqual({ keep: 'keep' });
});

/** No folder is due to be looked up again: each descriptor that is closed from here on is a file's. */
const stopTheClock = () => vi.useFakeTimers({ toFake: ['performance'] });

const at = (path: string) => join(top, 'root', path);
const tree = () => harvest(join(top, 'root'));

function copy(dir: string, name: string, text: string): void {
  const file = share.create(dir, name);
  file.write(Buffer.from(text), 0);
  file.publish(TIMES);
}

describe('publish', () => {
  it('puts all that was written at the name', () => {
    const file = share.create('', 'f');
    file.write(Buffer.from('one '), 0);
    file.write(Buffer.from('two'), 4);
    file.publish(TIMES);
    expect(tree()).toEqual({ f: 'one two' });
  });

  it.each([
    ['of a digit in every place', TIMES.mtimeNs],
    ['of the epoch', 0n],
    ['before the epoch', -315_619_200_876_543_211n],
    ['in 2040', 2_208_988_800_987_654_321n],
  ])('sets times %s', (_, mtimeNs) => {
    share.create('', 'f').publish({ ...TIMES, mtimeNs });
    const stat = statSync(at('f'), { bigint: true });
    expect([stat.mtimeNs, stat.atimeNs]).toEqual([mtimeNs, TIMES.atimeNs]);
  });

  it('shows nothing at the name before', () => {
    const file = share.create('', 'f');
    file.write(Buffer.from('new'), 0);
    expect(tree()).toEqual({ [partName('f')]: 'new' });
    file.publish(TIMES);
  });

  it('replaces an old file whole, and whoever has it open keeps the old', () => {
    plant(at(''), { f: 'old and longer' });
    const old = openSync(at('f'), 'r');
    const file = share.create('', 'f');
    file.write(Buffer.from('new'), 0);
    expect(readFileSync(at('f'), 'utf8')).toBe('old and longer');
    file.publish(TIMES);
    expect(tree()).toEqual({ f: 'new' });
    const view = Buffer.alloc(14);
    expect(readSync(old, view)).toBe(14);
    expect(view.toString()).toBe('old and longer');
    closeSync(old);
  });

  it('replaces a symbolic link, not what it points to', () => {
    symlinkSync('../outside/keep', at('f'));
    copy('', 'f', 'new');
    expect(lstatSync(at('f')).isFile()).toBe(true);
    expect(tree()).toEqual({ f: 'new' });
  });

  it('keeps a folder that is in the way, with all that is in it', () => {
    plant(at('f'), { a: { b: 'c' } });
    expect(() => copy('', 'f', 'new')).toThrow(expect.objectContaining({ code: 'EISDIR', op: 'rename' }));
    expect(tree()).toEqual({ f: { a: { b: 'c' } } });
  });

  it('makes an empty file', () => {
    share.create('', 'empty').publish(TIMES);
    expect(tree()).toEqual({ empty: '' });
  });

  it('leaves no descriptor open', () => {
    copy('', 'f', 'x');
    const before = openDescriptors();
    copy('', 'f', 'y');
    share.create('', 'g').abandon();
    expect(openDescriptors()).toBe(before);
  });
});

describe('the name', () => {
  it.each([
    ['255 bytes', 'n'.repeat(255)],
    ['255 bytes of long characters', '中'.repeat(85)],
    ['a newline, an escape and quotes', '\n\u001b[2J"\''],
    ['a leading dash', '-rf'],
    ['U+FFFD', '\ufffd'],
  ])('may be of %s', (_, name) => {
    copy('', name, 'x');
    expect(tree()).toEqual({ [name]: 'x' });
  });

  it('may differ from another in invalid bytes only', () => {
    const names = [0xfe, 0xff].map((byte) => decodeName(Buffer.from([0x61, byte]), 0, 2));
    const files = names.map((name) => share.create('', name));
    for (const [index, file] of files.entries()) file.write(Buffer.from(String(index)), 0);
    for (const file of files) file.publish(TIMES);
    expect(names.map((name) => readFileSync(rawPath(at(''), nameBytes(name)), 'utf8'))).toEqual(['0', '1']);
    expect(readdirSync(at(''))).toHaveLength(2);
  });
});

describe('create', () => {
  it('replaces the part file that a crash left', () => {
    plant(at(''), { [partName('f')]: 'a longer piece of a file' });
    copy('', 'f', 'new');
    expect(tree()).toEqual({ f: 'new' });
  });

  it('replaces a symbolic link at the name of the part file, and writes nothing through it', () => {
    symlinkSync('../outside/keep', at(partName('f')));
    copy('', 'f', 'new');
    expect(tree()).toEqual({ f: 'new' });
    expect(lstatSync(at('f')).isFile()).toBe(true);
  });

  it('does not write through a hard link at the name of the part file', () => {
    plant(at(''), { precious: 'old' });
    linkSync(at('precious'), at(partName('f')));
    copy('', 'f', 'new');
    expect(tree()).toEqual({ f: 'new', precious: 'old' });
  });

  it('keeps two files apart that are on their way at once', () => {
    const [one, other] = [share.create('', 'a'), share.create('', 'b')];
    one.write(Buffer.from('1'), 0);
    other.write(Buffer.from('2'), 0);
    one.publish(TIMES);
    other.publish(TIMES);
    expect(tree()).toEqual({ a: '1', b: '2' });
  });
});

describe('write', () => {
  it('puts blocks where they belong, in any order', () => {
    const file = share.create('', 'f');
    file.write(Buffer.from('cd'), 2);
    file.write(Buffer.from('ab'), 0);
    file.publish(TIMES);
    expect(tree()).toEqual({ f: 'abcd' });
  });

  it('writes from shared memory', () => {
    const view = new Uint8Array(new SharedArrayBuffer(8), 2, 3);
    view.set(Buffer.from('abc'));
    const file = share.create('', 'f');
    file.write(view, 0);
    file.publish(TIMES);
    expect(tree()).toEqual({ f: 'abc' });
  });

  it.runIf(canMount)('fails when the disk fills, and the old file stays', () => {
    mountTmpfs(at('small'), 'size=64k');
    plant(at('small'), { f: 'old' });
    const file = share.create('small', 'f');
    expect(() => file.write(Buffer.alloc(1 << 20), 0)).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    file.abandon();
    expect(tree()).toEqual({ small: { f: 'old' } });
  });
});

describe('abandon', () => {
  it('leaves nothing of the file, and keeps the old one', () => {
    plant(at(''), { f: 'old' });
    const file = share.create('', 'f');
    file.write(Buffer.from('new'), 0);
    file.abandon();
    expect(tree()).toEqual({ f: 'old' });
  });

  it('may be called again, and after a failed publish', () => {
    const file = share.create('', 'f');
    failCall('futimens', 'EPERM');
    expect(() => file.publish(TIMES)).toThrow();
    file.abandon();
    file.abandon();
    expect(tree()).toEqual({});
  });

  it('does not throw when the part file cannot be removed', () => {
    const file = share.create('', 'f');
    failCall('unlinkat', 'EIO');
    expect(() => file.abandon()).not.toThrow();
  });

  it('does not throw when the folder is gone', () => {
    const file = share.create('d', 'f');
    renameSync(at('d'), at('moved'));
    expect(() => file.abandon()).not.toThrow();
  });
});

describe('a publish that fails', () => {
  it.each([
    ['the times cannot be set', 'futimens', 'EPERM', 'utimes'],
    ['the rename is refused', 'renameat', 'EACCES', 'rename'],
  ] as const)('keeps the old file and leaves nothing when %s', (_, call, code, op) => {
    plant(at(''), { f: 'old' });
    const file = share.create('', 'f');
    file.write(Buffer.from('new'), 0);
    failCall(call, code);
    expect(() => file.publish(TIMES)).toThrow(expect.objectContaining({ code, op }));
    expect(tree()).toEqual({ f: 'old' });
  });

  it.each(['EDQUOT', 'EIO', 'ENOSPC'] as const)(
    'keeps the old file when the close says %s, and closes once',
    (code) => {
      stopTheClock();
      plant(at(''), { f: 'old' });
      const file = share.create('', 'f');
      file.write(Buffer.from('new'), 0);
      let closes = 0;
      replaceCall('close', (original, fd) => {
        const result = original(fd);
        return ++closes === 1 ? failWith(code) : result;
      });
      expect(() => file.publish(TIMES)).toThrow(expect.objectContaining({ code, op: 'close' }));
      expect(closes).toBe(1);
      expect(tree()).toEqual({ f: 'old' });
    },
  );
});

describe('on a network share', () => {
  const NFS = filesystemFacts(0x6969);
  const CIFS = filesystemFacts(0xff534d42);
  let root: number;
  let folders: Folders;
  beforeEach(() => {
    root = openRoot(at(''));
    folders = new Folders(root);
  });
  afterEach(() => folders.close());

  const begin = (facts: typeof NFS) =>
    new LocalDestFile(
      createPart(folders.get(''), partName('f'), 0o600),
      folders,
      '',
      'f',
      partName('f'),
      facts,
      NO_ATTRIBUTES,
    );
  const order: string[] = [];
  function record(...calls: Parameters<typeof replaceCall>[0][]): void {
    order.length = 0;
    for (const name of calls)
      replaceCall(name, (original, ...args) => {
        order.push(name);
        return original(...args);
      });
  }

  it('flushes before the times are set, closes, and renames last', () => {
    stopTheClock();
    const file = begin(NFS);
    record('fdatasync', 'futimens', 'close', 'renameat');
    file.publish(TIMES);
    expect(order).toEqual(['fdatasync', 'futimens', 'close', 'renameat']);
  });

  it('does not flush each file on a local disk', () => {
    const file = begin(filesystemFacts(0xef53));
    record('fdatasync', 'renameat');
    file.publish(TIMES);
    expect(order).toEqual(['renameat']);
  });

  it.runIf(canMountExfat())('that is mounted within a local one flushes its files, and not those beside it', () => {
    mountExfat(at('within'));
    record('fdatasync');
    copy('', 'beside', 'x');
    expect(order).toEqual([]);
    copy('within', 'f', 'x');
    expect(order).toEqual(['fdatasync']);
    unmount(at('within'));
  });

  it('keeps the old file when the flush fails, and does not flush a second time', () => {
    plant(at(''), { f: 'old' });
    const file = begin(NFS);
    let flushes = 0;
    failCall('fdatasync', 'EIO', (call) => {
      flushes = call;
      return call === 1;
    });
    expect(() => file.publish(TIMES)).toThrow(expect.objectContaining({ code: 'EIO', op: 'fdatasync' }));
    expect(flushes).toBe(1);
    expect(tree()).toEqual({ f: 'old' });
  });

  it('stores the creation time on SMB, in 100 ns since 1601', () => {
    const file = begin(CIFS);
    let stored: unknown[] = [];
    replaceCall('fsetxattr', (_, __, name, value, size) => {
      stored = [name, (value as Buffer).readBigInt64LE(0), size];
      return 0;
    });
    // 1 January 2000, 12:00 UTC, as Windows counts it.
    file.publish({ ...TIMES, btimeNs: 946_728_000_000_000_000n });
    expect(stored).toEqual(['user.cifs.creationtime', 125_912_016_000_000_000n, 8]);
  });

  it('does not store a creation time that is not known, nor on other shares', () => {
    let stored = 0;
    replaceCall('fsetxattr', () => ++stored);
    begin(CIFS).publish(TIMES);
    begin(NFS).publish({ ...TIMES, btimeNs: 946_728_000_000_000_000n });
    expect(stored).toBe(0);
  });

  it('publishes also when the server stores no creation time', () => {
    const file = begin(CIFS);
    failCall('fsetxattr', 'EOPNOTSUPP');
    file.publish({ ...TIMES, btimeNs: 1n });
    expect(tree()).toEqual({ f: '' });
  });
});

describe('folders', () => {
  it('are made when they are missing', () => {
    copy('a/b/c', 'f', 'x');
    expect(tree()).toEqual({ a: { b: { c: { f: 'x' } } } });
  });

  it('are the right ones when more are used than are kept open', () => {
    const file = share.create('first', 'f');
    for (let number = 0; number < 40; number++) copy(`d${number}`, 'g', String(number));
    file.write(Buffer.from('late'), 0);
    file.publish(TIMES);
    expect(harvest(at('first'))).toEqual({ f: 'late' });
    for (let number = 0; number < 40; number++) expect(harvest(at(`d${number}`))).toEqual({ g: String(number) });
  });

  it('are kept open in bounded number', () => {
    const before = openDescriptors();
    for (let number = 0; number < 40; number++) copy(`d${number}`, 'g', '');
    expect(openDescriptors() - before).toBeLessThanOrEqual(16);
  });
});
