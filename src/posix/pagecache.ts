/** What the kernel keeps of files in memory: written back, read ahead, dropped, counted. */
import { check } from './calls.js';
import { libc } from './libc.js';

const SYNC_FILE_RANGE_WAIT_BEFORE = 1;
const SYNC_FILE_RANGE_WRITE = 2;

/** Has the kernel begin to write back a range that was written; does not wait for it (sync_file_range(2)). */
export function beginWriteBack(fd: number, offset: number, length: number, path = ''): void {
  check(libc.sync_file_range(fd, offset, length, SYNC_FILE_RANGE_WRITE), 'sync_file_range', path);
}

/**
 * Waits until what was begun of a range is written back. Not durable yet, on NFS not even committed: only a flush says
 * so. An error of the write-back is reported here too, and again by the next flush.
 */
export function awaitWriteBack(fd: number, offset: number, length: number, path = ''): void {
  check(libc.sync_file_range(fd, offset, length, SYNC_FILE_RANGE_WAIT_BEFORE), 'sync_file_range', path);
}

const POSIX_FADV_WILLNEED = 3;
const ACCESS = { normal: 0, random: 1 } as const;

/** Has the kernel read a range into its cache; does not wait for it (posix_fadvise(2)). */
export function readAhead(fd: number, offset: number, length: number): void {
  // The call gives an error as its result. Advice that is not taken does no harm: reading itself will tell.
  libc.posix_fadvise(fd, offset, length, POSIX_FADV_WILLNEED);
}

/** How a file will be read: in random order the kernel reads nothing ahead (posix_fadvise(2)). */
export function adviseAccess(fd: number, access: keyof typeof ACCESS): void {
  libc.posix_fadvise(fd, 0, 0, ACCESS[access]);
}

const POSIX_FADV_DONTNEED = 4;

/**
 * Has the kernel drop what its page cache has of a file. What is not written back yet stays, and so does what others have
 * mapped (posix_fadvise(2)); a filesystem in memory has nothing else to read from.
 */
export function dropCache(fd: number): void {
  libc.posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

const PROT_NONE = 0;
const MAP_SHARED = 1;
const SC_PAGESIZE = 30;
const PAGE_SIZE = Number(libc.sysconf(SC_PAGESIZE));
/** Bytes that are asked about at a time; a multiple of all page sizes. */
const MAPPED = 1024 ** 3;
let pages: Buffer | undefined;

/**
 * Bytes of the first `size` of a file that are in the page cache, in whole pages (mincore(2)); undefined where the
 * filesystem cannot tell. Since Linux 5.2 all of them for a file that is another's and that this process may not write.
 */
export function cachedBytes(fd: number, size: number): number | undefined {
  pages ??= Buffer.alloc(MAPPED / PAGE_SIZE);
  let cached = 0;
  for (let at = 0; at < size; at += MAPPED) {
    const length = Math.min(MAPPED, size - at);
    const address = Number(libc.mmap(0, length, PROT_NONE, MAP_SHARED, fd, at));
    if (address === -1) return undefined;
    const known = libc.mincore(address, length, pages) === 0;
    libc.munmap(address, length);
    if (!known) return undefined;
    for (let page = 0; page * PAGE_SIZE < length; page++) if ((pages[page]! & 1) === 1) cached += PAGE_SIZE;
  }
  return Math.min(cached, size);
}
