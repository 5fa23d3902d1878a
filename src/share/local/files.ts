import { constants, readSync, writeSync } from 'node:fs';
import {
  closeFd,
  dropFd,
  flushFd,
  openAt,
  seekFd,
  setTimesFd,
  setXattrFd,
  statFd,
  truncateFd,
  unlinkAt,
} from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import type { FilesystemFacts } from '../../posix/filesystems.js';
import {
  adviseAccess,
  awaitWriteBack,
  beginWriteBack,
  cachedBytes,
  dropCache,
  readAhead,
} from '../../posix/pagecache.js';
import type { Stat } from '../../posix/stat.js';
import type { Attributes, Carried, Xattr } from '../attributes.js';
import { saysAbsent } from '../failure.js';
import type { Became, DestFile, SourceFile, Times } from '../share.js';
import { moveToName } from './alias.js';
import { apply, unhide, xattrsOf } from './applying.js';
import type { Folders } from './folders.js';
import { isThere } from './there.js';

export class LocalSourceFile implements SourceFile {
  constructor(
    private readonly fd: number,
    private readonly shared: Stat,
    private readonly attributes: Attributes,
  ) {}

  ask(at: number, length: number): void {
    readAhead(this.fd, at, length);
  }

  readAlone(alone: boolean): void {
    adviseAccess(this.fd, alone ? 'random' : 'normal');
  }

  dropCache(size: number): number | undefined {
    dropCache(this.fd);
    return cachedBytes(this.fd, size);
  }

  read(view: Uint8Array, at: number): number {
    let done = 0;
    while (done < view.length) {
      const count = readSync(this.fd, view, done, view.length - done, at + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  nextData(at: number): number | undefined {
    return this.seek(at, 'data', at);
  }

  nextHole(at: number): number {
    return this.seek(at, 'hole', Number.MAX_SAFE_INTEGER) ?? at;
  }

  /** Filesystems without such calls have no holes that anyone could find: then it is `otherwise`. */
  private seek(at: number, to: 'data' | 'hole', otherwise: number): number | undefined {
    try {
      return seekFd(this.fd, BigInt(at), to);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return error.code === 'ENXIO' ? undefined : otherwise;
    }
  }

  xattrs(): Xattr[] {
    return xattrsOf(this.fd, this.attributes);
  }

  stat(fresh: boolean): Stat {
    statFd(this.fd, this.shared, '', fresh);
    return this.shared;
  }

  close(): void {
    dropFd(this.fd);
  }
}

/** Removes a part file after a failure; what cannot be removed is replaced by the next copy of the file. */
export function removeQuietly(dir: number, part: string): void {
  try {
    unlinkAt(dir, part);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}

const { O_CREAT, O_EXCL, O_WRONLY } = constants;
const ESTALE = 116;

/** Makes a part file, in place of one that a crash left. */
export function replacing<T>(dir: number, part: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SysError) || error.code !== 'EEXIST') throw error;
    unlinkAt(dir, part);
    return make();
  }
}

/** Creates the part file `part`; `mode` as open(2) takes it. */
export function createPart(dir: number, part: string, mode: number): number {
  return replacing(dir, part, () => openAt(dir, part, O_CREAT | O_EXCL | O_WRONLY, mode));
}

/** Offset of the SMB epoch (1601) from the Unix epoch, in 100 ns. */
const SMB_EPOCH = 116_444_736_000_000_000n;

/** A file on its way: the only code that creates a file name at a destination. */
export class LocalDestFile implements DestFile {
  readonly became: Became = 'new';
  private pushed = { at: 0, length: 0 };

  constructor(
    private fd: number,
    private readonly folders: Folders,
    private readonly dir: string,
    private readonly name: string,
    /** Its name until it is published. */
    private readonly part: string,
    private readonly facts: FilesystemFacts,
    private readonly attributes: Attributes,
  ) {}

  write(view: Uint8Array, at: number): void {
    let done = 0;
    while (done < view.length) {
      // libuv returns a partial count when a later part failed; the next call then shows the error.
      const count = writeSync(this.fd, view, done, view.length - done, at + done);
      if (count === 0) throw new SysError(5, 'write', this.name);
      done += count;
    }
  }

  extend(size: number): void {
    truncateFd(this.fd, BigInt(size), this.name);
  }

  push(at: number, length: number): void {
    beginWriteBack(this.fd, at, length, this.name);
    if (this.pushed.length > 0) awaitWriteBack(this.fd, this.pushed.at, this.pushed.length, this.name);
    this.pushed = { at, length };
  }

  publish(times: Times, carried?: Carried): string[] {
    try {
      // A late write-back would move the mtime and hide its error, so network shares are flushed first.
      if (this.facts.network) flushFd(this.fd, this.name);
      if (this.facts.cifsTimes && times.btimeNs > 0n) {
        this.setCreationTime(times.btimeNs);
        unhide(this.fd, this.name);
      }
      const warnings = carried ? apply(this.fd, carried, this.attributes) : [];
      setTimesFd(this.fd, times.atimeNs, times.mtimeNs, this.name);
      const fd = this.fd;
      this.fd = -1;
      closeFd(fd, this.name);
      // Asked for anew: the descriptor of create() may have been closed to make room for other folders.
      const dir = this.folders.get(this.dir);
      this.moveInto(dir);
      return warnings;
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  private moveInto(dir: number): void {
    try {
      moveToName(dir, this.part, this.name, this.facts.ownNames);
    } catch (error) {
      // The folder was moved away, and another is in its place: the file is to be written there.
      if (saysAbsent(error) && !isThere(dir, this.part)) throw new SysError(ESTALE, 'rename', this.name);
      throw error;
    }
  }

  abandon(): void {
    if (this.fd >= 0) dropFd(this.fd);
    this.fd = -1;
    try {
      removeQuietly(this.folders.get(this.dir), this.part);
    } catch (error) {
      if (!(error instanceof SysError)) throw error; // the folder is gone, and the part file with it
    }
  }

  private setCreationTime(btimeNs: bigint): void {
    const value = Buffer.alloc(8);
    value.writeBigInt64LE(btimeNs / 100n + SMB_EPOCH);
    try {
      setXattrFd(this.fd, 'user.cifs.creationtime', value, this.name);
    } catch (error) {
      // Servers without attribute support cannot store it; the ledger has it.
      if (!(error instanceof SysError)) throw error;
    }
  }
}
