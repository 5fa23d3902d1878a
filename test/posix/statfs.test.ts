import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dropFd, openRoot } from '../../src/posix/calls.js';
import { filesystemId, filesystemType, spaceOf, syncFilesystem } from '../../src/posix/statfs.js';
import { failCall } from '../helpers/faults.js';
import { canMount, canMountImage, mountImage, mountTmpfs, temporaryFolder } from '../helpers/tree.js';

let top: string;
let fd: number;
beforeEach(() => {
  top = temporaryFolder();
  fd = openRoot(top);
});
afterEach(() => dropFd(fd));

describe('syncFilesystem', () => {
  it('goes through, and reports a write-back error', () => {
    expect(() => syncFilesystem(fd)).not.toThrow();
    failCall('syncfs', 'ENOSPC');
    expect(() => syncFilesystem(fd)).toThrow(expect.objectContaining({ code: 'ENOSPC', op: 'syncfs', path: '' }));
  });
});

describe('filesystemType', () => {
  it.runIf(canMount)('is the number of statfs(2)', () => {
    mountTmpfs(join(top, 'tmpfs'));
    const mounted = openRoot(join(top, 'tmpfs'));
    expect(filesystemType(mounted)).toBe(0x01021994);
    dropFd(mounted);
  });
});

describe('filesystemId', () => {
  it.runIf(canMountImage('ext4'))('is of the number that ext4 was made with', () => {
    // The two halves of the UUID, one xored with the other (ext4_statfs in the kernel's fs/ext4/super.c), its low word first.
    mountImage(join(top, 'disk'), 'ext4', 16, '-U', '78563412-0000-0000-0100-000000000000');
    const mounted = openRoot(join(top, 'disk'));
    expect(filesystemId(mounted)).toBe('1234567900000000');
    dropFd(mounted);
  });
});

it.skipIf(!canMount)('spaceOf tells bytes and inodes', () => {
  mountTmpfs(join(top, 'small'), 'size=1m,nr_inodes=50');
  writeFileSync(join(top, 'small/file'), Buffer.alloc(10_000));
  const mounted = openRoot(join(top, 'small'));
  expect(spaceOf(mounted)).toEqual({
    usedBytes: 12_288,
    freeBytes: 1024 ** 2 - 12_288,
    totalInodes: 50,
    freeInodes: 48,
  });
  dropFd(mounted);
});
