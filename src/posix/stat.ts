/** Reading of `struct statx` (see statx(2)); one buffer is used again and again, so a field is read before the next call. */
import { constants } from 'node:fs';

export type Kind = 'file' | 'dir' | 'link' | 'other';

export function kindOfMode(mode: number): Kind {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return 'file';
    case constants.S_IFDIR:
      return 'dir';
    case constants.S_IFLNK:
      return 'link';
    default:
      return 'other';
  }
}

/** What kind of special file, by its mode, as mtree(5) names it. */
export type SpecialKind = 'fifo' | 'socket' | 'char' | 'block';

/** Undefined for files, folders and links. */
export function specialKindOf(mode: number): SpecialKind | undefined {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFIFO:
      return 'fifo';
    case constants.S_IFSOCK:
      return 'socket';
    case constants.S_IFCHR:
      return 'char';
    case constants.S_IFBLK:
      return 'block';
    default:
      return undefined;
  }
}

/**
 * All that stat(2) tells but the access time, which reading a file makes out of date: asking for it would send FUSE and
 * NFS to the server after each file. The kernel fills it in all the same, as far as it knows it.
 */
const STATX_ATIME = 0x20;
const STATX_BASIC = 0x7ff & ~STATX_ATIME;
const STATX_BTIME = 0x800;

const LAST_TIME = 2n ** 63n - 1n;
const FIRST_TIME = -(2n ** 63n);

/** Where struct statx has what it tells, in words of 32 bits. A time takes three: seconds in two, nanoseconds. */
export const UID = 5;
export const GID = 6;
export const INODE = 8;
export const SIZE = 10;
const LINKS = 4;
const BLOCKS = 12;
const ATIME = 16;
export const BTIME = 20;
export const CTIME = 24;
export const MTIME = 28;

/** A size in bytes from its two words; exact up to 2^53. */
export function sizeFrom(words: Int32Array, at: number): number {
  return (words[at]! >>> 0) + words[at + 1]! * 0x1_0000_0000;
}

/**
 * A time in ns since the Unix epoch from its three words. Times that do not fit into 64 bits of ns (before 1677, after
 * 2262) become the first or last that do.
 */
export function timeNs(words: Int32Array, at: number): bigint {
  const ns = BigInt(sizeFrom(words, at)) * 1_000_000_000n + BigInt(words[at + 2]!);
  if (!mayBeClamped(words, at)) return ns;
  return ns > LAST_TIME ? LAST_TIME : ns < FIRST_TIME ? FIRST_TIME : ns;
}

/** Of eras of 2^32 seconds, all of -2 to 1 fit into 64 bits of ns. */
export function mayBeClamped(words: Int32Array, at: number): boolean {
  const era = words[at + 1]!;
  return era < -2 || era > 1;
}

/** Whether a time is the first or last that 64 bits of ns hold, and so may stand for any beyond. */
export function isClamped(timeNs: bigint): boolean {
  return timeNs === FIRST_TIME || timeNs === LAST_TIME;
}

/** The last result of statAt or statFd. Times are ns since the Unix epoch, sizes bytes. */
export class Stat {
  readonly bytes = Buffer.alloc(256);
  /** The same in words of 32 bits, in the machine's order as the kernel writes them. */
  readonly words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, 64);
  private readonly view = new DataView(this.bytes.buffer, this.bytes.byteOffset, 256);
  /** What statx(2) is asked for. */
  wanted = STATX_BASIC | STATX_BTIME;

  /** File type and permission bits, as in st_mode. */
  get mode(): number {
    return this.view.getUint16(28, true);
  }
  get kind(): Kind {
    return kindOfMode(this.mode);
  }
  get uid(): number {
    return this.words[UID]! >>> 0;
  }
  get gid(): number {
    return this.words[GID]! >>> 0;
  }
  get size(): number {
    return sizeFrom(this.words, SIZE);
  }
  /** Bytes of the disk that it takes; stx_blocks counts in 512. */
  get allocated(): number {
    return sizeFrom(this.words, BLOCKS) * 512;
  }
  get links(): number {
    return this.words[LINKS]! >>> 0;
  }
  /** The modification time in whole seconds since the Unix epoch, rounded down: also where ns do not fit into 64 bits. */
  get mtimeSeconds(): number {
    return sizeFrom(this.words, MTIME);
  }
  /** As the kernel remembers it; on a network share it may be from before the latest reading. */
  get atimeNs(): bigint {
    return timeNs(this.words, ATIME);
  }
  /** Creation time; 0 where the filesystem does not tell. */
  get btimeNs(): bigint {
    return this.hasBtime ? timeNs(this.words, BTIME) : 0n;
  }
  get hasBtime(): boolean {
    return (this.view.getUint32(0, true) & STATX_BTIME) !== 0;
  }

  /**
   * Asks for creation times no longer. Where a filesystem has none, asking for them makes FUSE go to its server for
   * every look, for no cache can answer (fuse_update_get_attr in the kernel's fs/fuse/dir.c).
   */
  withoutBtime(): void {
    this.wanted &= ~STATX_BTIME;
  }
  /** Asks for access times too, as the share has them. */
  withAtime(): void {
    this.wanted |= STATX_ATIME;
  }
  get ctimeNs(): bigint {
    return timeNs(this.words, CTIME);
  }
  get mtimeNs(): bigint {
    return timeNs(this.words, MTIME);
  }
  get ino(): bigint {
    return this.view.getBigUint64(32, true);
  }
  /** Device and inode as one comparable string. */
  get identity(): string {
    return `${this.device}/${this.ino}`;
  }
  /** As makedev(3) packs it, cut to 32 bits: enough to tell the filesystems of a machine apart. */
  get deviceNumber(): number {
    return (this.view.getUint32(136, true) << 20) | this.view.getUint32(140, true);
  }
  /** Of a device, its number as mknod(2) takes it (the kernel's new_encode_dev); 0 of all else. */
  get specialDevice(): number {
    const [major, minor] = [this.view.getUint32(128, true), this.view.getUint32(132, true)];
    return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
  }
  get device(): string {
    return `${this.view.getUint32(136, true)}:${this.view.getUint32(140, true)}`;
  }
}
