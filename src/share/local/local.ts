import {
  dropFd,
  filesystemType,
  openDirBeneath,
  openForReading,
  readLinkAt,
  removeDirAt,
  renameAt,
  setTimesAt,
  setTimesFd,
  statAt,
  statFd,
  symlinkAt,
  unlinkAt,
} from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import { type FilesystemFacts, filesystemFacts } from '../../posix/filesystems.js';
import { listFd } from '../../posix/listing.js';
import { join } from '../../posix/names.js';
import { type Kind, Stat } from '../../posix/stat.js';
import type { Entries } from '../entries.js';
import { saysAbsent } from '../failure.js';
import { partName } from '../partname.js';
import type { DestFile, DestShare, SourceFile, SourceShare, Times } from '../share.js';
import { createPart, LocalDestFile, LocalSourceFile, removeQuietly } from './files.js';
import { Folders } from './folders.js';
import { openPinned, type Pin } from './pin.js';

/** A mounted path: NFS, SMB or a local disk. Everything happens beneath a root that is opened once. */
export class LocalShare implements SourceShare, DestShare {
  private opened: Folders | undefined;
  /** Known once the root is open. */
  facts: FilesystemFacts | undefined;
  private readonly stat = new Stat();
  private epoch = -1;

  /** With a `pin`, the root is opened by the first call, which throws when it is not the one of that identity. */
  constructor(
    private readonly root: string,
    private readonly pin?: Pin,
    /** The folder to which what gives way to a folder is moved; undefined: it is deleted. */
    private readonly trash?: string,
  ) {
    // A pinned root that is away now may be back by the first call.
    if (!pin) this.openRoot(this.epoch);
  }

  /** Beneath the root, opened anew when the share was away. */
  private get folders(): Folders {
    const epoch = this.pin ? Atomics.load(this.pin.epoch, 0) : this.epoch;
    if (!this.opened || epoch !== this.epoch) this.openRoot(epoch);
    return this.opened!;
  }

  private openRoot(epoch: number): void {
    const fd = openPinned(this.root, this.pin?.identity);
    if (this.opened) this.opened.renew(fd);
    else {
      const { trash } = this;
      const move = (dir: string, name: string) => this.moveTo(join(trash!, dir), dir, name);
      this.opened = new Folders(fd, trash === undefined ? undefined : move);
    }
    this.epoch = epoch;
    this.facts = filesystemFacts(filesystemType(fd));
    statFd(fd, this.stat);
    if (!this.stat.hasBtime) this.stat.withoutBtime();
  }

  list(dir: string, batch: Entries, full: () => void): void {
    const fd = openDirBeneath(this.folders.root, dir);
    try {
      listFd(fd, dir, (name) => {
        if (batch.isFull) full();
        try {
          statAt(fd, name, this.stat);
          batch.add(name, this.stat);
        } catch (error) {
          // Gone between the listing and the look: as if it had not been listed.
          if (!saysAbsent(error)) batch.addFailed(name, (error as SysError).errno);
        }
      });
    } finally {
      dropFd(fd);
    }
  }

  listKinds(dir: string, each: (name: string, kind: Kind) => void): void {
    const fd = openDirBeneath(this.folders.root, dir);
    try {
      listFd(fd, dir, (name, kind) => {
        if (kind === undefined) statAt(fd, name, this.stat);
        each(name, kind ?? this.stat.kind);
      });
    } finally {
      dropFd(fd);
    }
  }

  open(dir: string, name: string): SourceFile {
    return this.folders.in(dir, (fd) => new LocalSourceFile(openForReading(fd, name), this.stat));
  }

  readLink(dir: string, name: string): { target: string; stat: Stat } {
    return this.folders.in(dir, (fd) => {
      statAt(fd, name, this.stat);
      return { target: readLinkAt(fd, name), stat: this.stat };
    });
  }

  create(dir: string, name: string): DestFile {
    const { folders } = this;
    return folders.within(dir, (fd) => new LocalDestFile(createPart(fd, name), folders, dir, name, this.facts!));
  }

  link(dir: string, name: string, target: string, times: Times): void {
    const part = partName(name);
    this.folders.within(dir, (fd) => {
      try {
        symlinkAt(target, fd, part);
      } catch (error) {
        if (!(error instanceof SysError) || error.code !== 'EEXIST') throw error;
        unlinkAt(fd, part);
        symlinkAt(target, fd, part);
      }
      try {
        setTimesAt(fd, part, times.atimeNs, times.mtimeNs);
        renameAt(fd, part, fd, name);
      } catch (error) {
        removeQuietly(fd, part);
        throw error;
      }
    });
  }

  makeDir(path: string): void {
    this.folders.make(path);
  }

  stampDir(path: string, times: Times): void {
    const fd = openDirBeneath(this.folders.root, path);
    try {
      setTimesFd(fd, times.atimeNs, times.mtimeNs, path);
    } finally {
      dropFd(fd);
    }
  }

  moveTo(folder: string, dir: string, name: string): void {
    try {
      // Asked for once: opening the root anew between the two would close the first.
      const { folders } = this;
      folders.within(folder, (to) => folders.in(dir, (from) => renameAt(from, name, to, name)));
    } catch (error) {
      if (!saysAbsent(error)) throw error;
    }
  }

  remove(dir: string, name: string, kind: Kind): void {
    try {
      if (kind === 'dir') this.folders.forget(join(dir, name));
      this.folders.in(dir, (fd) => (kind === 'dir' ? removeDirAt(fd, name) : unlinkAt(fd, name)));
    } catch (error) {
      if (!saysAbsent(error)) throw error;
    }
  }

  close(): void {
    this.opened?.close();
  }
}
