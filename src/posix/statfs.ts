/** Calls on the filesystem that a descriptor is on, as a whole. */
import { check } from './calls.js';
import { libc } from './libc.js';

/** Flushes the whole filesystem that `fd` is on; since Linux 5.8 it also reports write-back errors (syncfs(2)). */
export function syncFilesystem(fd: number): void {
  check(libc.syncfs(fd), 'syncfs', '');
}

const statfsBuffer = Buffer.alloc(256);

/** What statfs(2) tells of a filesystem; bytes, and inodes (0 of 0 where there is no such limit). Quotas are not in it. */
export interface Space {
  /** In use by anybody. */
  readonly usedBytes: number;
  /** For those who are not root. */
  readonly freeBytes: number;
  readonly totalInodes: number;
  readonly freeInodes: number;
}

export function spaceOf(fd: number): Space {
  check(libc.fstatfs(fd, statfsBuffer), 'statfs', '');
  const [BLOCK_SIZE, BLOCKS, FREE, AVAILABLE, FILES, FILES_FREE] = [8, 16, 24, 32, 40, 48];
  const word = (at: number) => Number(statfsBuffer.readBigUInt64LE(at));
  return {
    usedBytes: (word(BLOCKS) - word(FREE)) * word(BLOCK_SIZE),
    freeBytes: word(AVAILABLE) * word(BLOCK_SIZE),
    totalInodes: word(FILES),
    freeInodes: word(FILES_FREE),
  };
}

/** f_type of the filesystem, as in statfs(2). */
export function filesystemType(fd: number): number {
  check(libc.fstatfs(fd, statfsBuffer), 'statfs', '');
  return Number(statfsBuffer.readBigInt64LE(0) & 0xffffffffn);
}

/** f_fsid of the filesystem, as in statfs(2): its two words in hexadecimal, of 8 digits each. */
export function filesystemId(fd: number): string {
  check(libc.fstatfs(fd, statfsBuffer), 'statfs', '');
  const word = (at: number) => statfsBuffer.readUInt32LE(at).toString(16).padStart(8, '0');
  return word(56) + word(60);
}

/** FAT_IOCTL_GET_VOLUME_ID, of linux/msdos_fs.h. */
const FAT_VOLUME_ID = 0x80047213;
const fatBuffer = Buffer.alloc(4);

/** The number that a FAT filesystem got when it was made, in hexadecimal. */
export function fatVolumeId(fd: number): string {
  check(libc.ioctl(fd, FAT_VOLUME_ID, fatBuffer), 'ioctl', '');
  return fatBuffer.readUInt32LE().toString(16).padStart(8, '0');
}

/** Bytes that may still be written to the filesystem that `fd` is on. */
export function freeBytes(fd: number): number {
  return spaceOf(fd).freeBytes;
}
