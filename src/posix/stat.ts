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

const STATX_BASIC = 0x7ff;
const STATX_BTIME = 0x800;

const LAST_TIME = 2n ** 63n - 1n;
const FIRST_TIME = -(2n ** 63n);

/** The last result of statAt or statFd. Times are ns since the Unix epoch, sizes bytes. */
export class Stat {
  readonly bytes = Buffer.alloc(256);
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
    return this.view.getUint32(20, true);
  }
  get gid(): number {
    return this.view.getUint32(24, true);
  }
  get size(): number {
    return this.view.getUint32(40, true) + this.view.getUint32(44, true) * 0x1_0000_0000;
  }
  get atimeNs(): bigint {
    return this.time(64);
  }
  /** Creation time; 0 where the filesystem does not tell. */
  get btimeNs(): bigint {
    return this.hasBtime ? this.time(80) : 0n;
  }
  get hasBtime(): boolean {
    return (this.view.getUint32(0, true) & STATX_BTIME) !== 0;
  }

  /**
   * Asks for creation times no longer. Where a filesystem has none, asking for them makes FUSE go to its server for
   * every look, for no cache can answer (fuse_update_get_attr in the kernel's fs/fuse/dir.c).
   */
  withoutBtime(): void {
    this.wanted = STATX_BASIC;
  }
  get ctimeNs(): bigint {
    return this.time(96);
  }
  get mtimeNs(): bigint {
    return this.time(112);
  }
  /** Device and inode as one comparable string. */
  get identity(): string {
    return `${this.device}/${this.view.getBigUint64(32, true)}`;
  }
  get device(): string {
    return `${this.view.getUint32(136, true)}:${this.view.getUint32(140, true)}`;
  }

  /** Times that do not fit into 64 bits of ns (before 1677, after 2262) become the first or last that do. */
  private time(at: number): bigint {
    const ns = this.view.getBigInt64(at, true) * 1_000_000_000n + BigInt(this.view.getUint32(at + 8, true));
    // Eras of 2^32 seconds: all of -2 to 1 fit.
    const era = this.view.getInt32(at + 4, true);
    if (era >= -2 && era <= 1) return ns;
    return ns > LAST_TIME ? LAST_TIME : ns < FIRST_TIME ? FIRST_TIME : ns;
  }
}
