import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeFd, flushFd, openRoot } from '../../src/posix/calls.js';
import { filesystemFacts } from '../../src/posix/filesystems.js';
import { cachedBytes, dropCache } from '../../src/posix/pagecache.js';
import { filesystemType } from '../../src/posix/statfs.js';
import { failCall } from '../helpers/faults.js';
import { temporaryFolder } from '../helpers/tree.js';

describe('the page cache', () => {
  const opened = (folder: string, content: Buffer): { path: string; fd: number } => {
    const path = join(folder, 'file');
    writeFileSync(path, content);
    return { path, fd: openSync(path, 'r+') };
  };

  it('has what was written, and nothing of it once it is on the disk and dropped', () => {
    const { fd } = opened(temporaryFolder(), Buffer.alloc(1_000_001, 1));
    expect(cachedBytes(fd, 1_000_001)).toBe(1_000_001);
    flushFd(fd);
    dropCache(fd);
    // A folder in memory keeps it all; tests run on either.
    const isDisk = filesystemFacts(filesystemType(fd)).name !== 'tmpfs';
    expect(cachedBytes(fd, 1_000_001)).toBe(isDisk ? 0 : 1_000_001);
    closeFd(fd);
  });

  it('has nothing of an empty file, and is not asked where the filesystem does not let it', () => {
    const { fd } = opened(temporaryFolder(), Buffer.alloc(10));
    expect(cachedBytes(fd, 0)).toBe(0);
    failCall('mincore', 'ENOSYS');
    expect(cachedBytes(fd, 10)).toBeUndefined();
    closeFd(fd);
    const folder = openRoot(temporaryFolder());
    expect(cachedBytes(folder, 10)).toBeUndefined();
    closeFd(folder);
  });
});
