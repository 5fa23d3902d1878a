import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  closeFd,
  dropFd,
  flushFd,
  getXattrFd,
  linkAt,
  makeDirAt,
  openAt,
  openForReading,
  openRoot,
  readLinkAt,
  removeDirAt,
  renameAt,
  seekFd,
  setTimesAt,
  setTimesFd,
  setXattrFd,
  statAt,
  statFd,
  symlinkAt,
  truncateFd,
  tryLock,
  unlinkAt,
} from '../../src/posix/calls.js';
import { decodeName, nameBytes } from '../../src/posix/names.js';
import { Stat } from '../../src/posix/stat.js';
import { failCall } from '../helpers/faults.js';
import { makeFifo, openDescriptors, plant, rawPath, temporaryFolder } from '../helpers/tree.js';

const BROKEN = decodeName(Buffer.from([0x62, 0xff, 0x63]), 0, 3);

let top: string;
let dir: number;
beforeEach(() => {
  top = plant(temporaryFolder(), { file: 'text', folder: { in: 'x' }, link: { link: 'file' } });
  dir = openRoot(top);
});
afterEach(() => dropFd(dir));

const failing = (code: string, op: string, path: string) => expect.objectContaining({ code, op, path });

describe('openAt', () => {
  it('refuses a symbolic link as the last component', () => {
    expect(() => openAt(dir, 'link', constants.O_RDONLY)).toThrow(failing('ELOOP', 'open', 'link'));
  });

  it('does not write through a symbolic link that is in the way of a new file', () => {
    const flags = constants.O_CREAT | constants.O_WRONLY;
    symlinkSync('made', join(top, 'dangling'));
    expect(() => openAt(dir, 'dangling', flags, 0o600)).toThrow(failing('ELOOP', 'open', 'dangling'));
    expect(existsSync(join(top, 'made'))).toBe(false);
  });

  it('makes a file whose name is not valid UTF-8', () => {
    closeFd(openAt(dir, BROKEN, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600));
    expect(statSync(rawPath(top, nameBytes(BROKEN))).isFile()).toBe(true);
  });

  it('tells two names apart that differ only in invalid bytes', () => {
    for (const byte of [0xfe, 0xff]) writeFileSync(rawPath(top, Buffer.from([0x62, byte, 0x63])), String(byte));
    const fd = openAt(dir, BROKEN, constants.O_RDONLY);
    expect(readFileSync(fd, 'utf8')).toBe('255');
    dropFd(fd);
  });
});

describe('openRoot', () => {
  it('follows links, since the operator named the path', () => {
    symlinkSync('folder', join(top, 'root'));
    const fd = openRoot(join(top, 'root'));
    expect(fstatSync(fd).ino).toBe(statSync(join(top, 'folder')).ino);
    dropFd(fd);
  });

  it('refuses a file', () => {
    const path = join(top, 'file');
    expect(() => openRoot(path)).toThrow(failing('ENOTDIR', 'open', path));
  });
});

describe('openForReading', () => {
  it('does not wait for a writer when a FIFO has taken the place of the file', () => {
    makeFifo(join(top, 'fifo'));
    const fd = openForReading(dir, 'fifo');
    expect(fstatSync(fd).isFIFO()).toBe(true);
    dropFd(fd);
  });
});

describe('closeFd', () => {
  it('reports the error of a late write', () => {
    const fd = openForReading(dir, 'file');
    failCall('close', 'EDQUOT');
    expect(() => closeFd(fd, 'file')).toThrow(failing('EDQUOT', 'close', 'file'));
    closeSync(fd);
  });

  it('frees the descriptor', () => {
    const before = openDescriptors();
    closeFd(openForReading(dir, 'file'));
    dropFd(openForReading(dir, 'file'));
    expect(openDescriptors()).toBe(before);
  });
});

describe('statAt', () => {
  it('looks at a link itself', () => {
    const stat = new Stat();
    statAt(dir, 'link', stat);
    expect(stat.kind).toBe('link');
    expect(stat.size).toBe(4);
  });

  it('agrees with node:fs in every field', () => {
    chmodSync(join(top, 'file'), 0o751);
    const stat = new Stat();
    statAt(dir, 'file', stat);
    const seen = statSync(join(top, 'file'), { bigint: true });
    expect(stat.mode).toBe(Number(seen.mode));
    expect(stat.size).toBe(Number(seen.size));
    expect(stat.uid).toBe(Number(seen.uid));
    expect(stat.gid).toBe(Number(seen.gid));
    expect(stat.atimeNs).toBe(seen.atimeNs);
    expect(stat.mtimeNs).toBe(seen.mtimeNs);
    expect(stat.ctimeNs).toBe(seen.ctimeNs);
    expect(stat.btimeNs).toBe(seen.birthtimeNs);
    expect(stat.identity.split('/')[1]).toBe(String(seen.ino));
  });

  it('gives the same by descriptor as by name', () => {
    const [byName, byFd] = [new Stat(), new Stat()];
    statAt(dir, 'file', byName);
    const fd = openForReading(dir, 'file');
    statFd(fd, byFd);
    dropFd(fd);
    expect(byFd.bytes).toEqual(byName.bytes);
  });

  it('fails for a missing entry', () => {
    expect(() => statAt(dir, 'none', new Stat())).toThrow(failing('ENOENT', 'stat', 'none'));
  });
});

describe('names in a folder', () => {
  it('renames over an old file', () => {
    writeFileSync(join(top, 'new'), 'new');
    renameAt(dir, 'new', dir, 'file');
    expect(readFileSync(join(top, 'file'), 'utf8')).toBe('new');
    expect(existsSync(join(top, 'new'))).toBe(false);
  });

  it('renames over a link, not over its target', () => {
    writeFileSync(join(top, 'new'), 'new');
    renameAt(dir, 'new', dir, 'link');
    expect(lstatSync(join(top, 'link')).isFile()).toBe(true);
    expect(readFileSync(join(top, 'file'), 'utf8')).toBe('text');
  });

  it('removes a link and keeps its target', () => {
    unlinkAt(dir, 'link');
    expect(existsSync(join(top, 'link'))).toBe(false);
    expect(readFileSync(join(top, 'file'), 'utf8')).toBe('text');
  });

  it('does not remove a folder as a file, nor one that is not empty', () => {
    expect(() => unlinkAt(dir, 'folder')).toThrow(failing('EISDIR', 'unlink', 'folder'));
    expect(() => removeDirAt(dir, 'folder')).toThrow(failing('ENOTEMPTY', 'rmdir', 'folder'));
    expect(() => removeDirAt(dir, 'file')).toThrow(failing('ENOTDIR', 'rmdir', 'file'));
  });

  it('makes and removes a folder whose name is not valid UTF-8', () => {
    makeDirAt(dir, BROKEN, 0o755);
    expect(statSync(rawPath(top, nameBytes(BROKEN))).isDirectory()).toBe(true);
    expect(() => makeDirAt(dir, BROKEN, 0o755)).toThrow(failing('EEXIST', 'mkdir', BROKEN));
    removeDirAt(dir, BROKEN);
    expect(existsSync(rawPath(top, nameBytes(BROKEN)))).toBe(false);
  });
});

describe('a symbolic link', () => {
  it.each([
    ['text', 'some/where'],
    ['invalid bytes', `../${BROKEN}`],
    ['as many bytes as Linux allows', 'x'.repeat(4095)],
    ['a newline and an escape', 'a\n\u001b[2J'],
  ])('has a target of %s read back as it was written', (_, target) => {
    symlinkAt(target, dir, 'made');
    expect(readLinkAt(dir, 'made')).toBe(target);
    expect(readlinkSync(join(top, 'made'), 'buffer')).toEqual(nameBytes(target));
  });

  it('is the only thing that has a target', () => {
    expect(() => readLinkAt(dir, 'file')).toThrow(failing('EINVAL', 'readlink', 'file'));
  });
});

describe('times', () => {
  const SECOND = 1_000_000_000n;
  const TIMES: [string, bigint][] = [
    ['the epoch', 0n],
    ['one nanosecond after the epoch', 1n],
    ['one nanosecond before the epoch', -1n],
    ['a whole second before the epoch', -SECOND],
    ['1960', -315_619_200n * SECOND + 123_456_789n],
    ['a digit in every place', 1_700_000_000_123_456_789n],
    ['the last nanosecond of a second', 1_700_000_000_999_999_999n],
    ['the end of 32-bit seconds', (1n << 31n) * SECOND - 1n],
    ['2040', 2_208_988_800n * SECOND + 987_654_321n],
  ];

  it.each(TIMES)('keep every nanosecond of a file: %s', (_, ns) => {
    const fd = openForReading(dir, 'file');
    setTimesFd(fd, ns + 1n, ns);
    dropFd(fd);
    const stat = new Stat();
    statAt(dir, 'file', stat);
    expect([stat.atimeNs, stat.mtimeNs]).toEqual([ns + 1n, ns]);
  });

  it.each(TIMES)('keep every nanosecond of a link, and leave its target alone: %s', (_, ns) => {
    const before = statSync(join(top, 'file'), { bigint: true }).mtimeNs;
    setTimesAt(dir, 'link', ns, ns);
    expect(lstatSync(join(top, 'link'), { bigint: true }).mtimeNs).toBe(ns);
    expect(statSync(join(top, 'file'), { bigint: true }).mtimeNs).toBe(before);
  });

  it('can be set on a folder', () => {
    const fd = openRoot(join(top, 'folder'));
    setTimesFd(fd, 5n, 1_234_567_890_123_456_789n);
    dropFd(fd);
    expect(statSync(join(top, 'folder'), { bigint: true }).mtimeNs).toBe(1_234_567_890_123_456_789n);
  });
});

describe('tryLock', () => {
  it('is had by one descriptor at a time', () => {
    const [one, other] = [openSync(join(top, 'file'), 'r'), openSync(join(top, 'file'), 'r')];
    expect(tryLock(one, 'file')).toBe(true);
    expect(tryLock(other, 'file')).toBe(false);
    closeSync(one);
    expect(tryLock(other, 'file')).toBe(true);
    closeSync(other);
  });

  it('throws when locks do not work at all', () => {
    failCall('flock', 'ENOLCK');
    expect(() => tryLock(dir, 'file')).toThrow(failing('ENOLCK', 'flock', 'file'));
  });
});

describe('a flush', () => {
  it('goes through', () => {
    const fd = openSync(join(top, 'file'), 'r+');
    expect(() => flushFd(fd, 'file')).not.toThrow();
    closeSync(fd);
  });

  it('reports a write-back error', () => {
    failCall('fdatasync', 'EIO');
    expect(() => flushFd(dir, 'file')).toThrow(failing('EIO', 'fdatasync', 'file'));
  });
});

describe('setXattrFd', () => {
  it('reports what the filesystem does not know', () => {
    const fd = openSync(join(top, 'file'), 'r+');
    expect(() => setXattrFd(fd, 'nonsense.name', Buffer.of(1), 'file')).toThrow(
      expect.objectContaining({ op: 'setxattr', path: 'file', errno: 95 }),
    );
    closeSync(fd);
  });
});

describe('linkAt', () => {
  it('gives a file another name, and links one of their own', () => {
    const stat = new Stat();
    linkAt(dir, 'file', dir, 'second');
    linkAt(dir, 'link', dir, 'second link');
    statAt(dir, 'second', stat);
    expect([stat.kind, stat.links]).toEqual(['file', 2]);
    statAt(dir, 'second link', stat);
    expect(stat.kind).toBe('link');
    expect(() => linkAt(dir, 'none', dir, 'third')).toThrow(failing('ENOENT', 'link', 'third'));
  });
});

describe('truncateFd and seekFd', () => {
  it('make a hole of more than 2^32 bytes, and find it', () => {
    const fd = openAt(dir, 'sparse', constants.O_CREAT | constants.O_RDWR, 0o600);
    try {
      truncateFd(fd, 2n ** 33n + 1n);
      const stat = new Stat();
      statFd(fd, stat);
      expect([stat.size, stat.allocated]).toEqual([2 ** 33 + 1, 0]);
      expect(seekFd(fd, 0n, 'hole')).toBe(0);
      expect(seekFd(fd, 5n, 'start')).toBe(5);
      expect(() => seekFd(fd, 0n, 'data', 'sparse')).toThrow(failing('ENXIO', 'seek', 'sparse'));
      expect(() => truncateFd(fd, -1n, 'sparse')).toThrow(failing('EINVAL', 'truncate', 'sparse'));
    } finally {
      closeFd(fd);
    }
  });
});

describe('getXattrFd', () => {
  it('gives what was set, and nothing for what is not there', () => {
    const fd = openForReading(dir, 'file');
    try {
      setXattrFd(fd, 'user.test', Buffer.from([0, 255]), 'file');
      expect(getXattrFd(fd, 'user.test', 'file')).toEqual(Buffer.from([0, 255]));
      expect(getXattrFd(fd, 'user.none', 'file')).toBeUndefined();
    } finally {
      closeFd(fd);
    }
  });
});
