import {
  chmodFd,
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
import { type Attributes, type Carried, NO_ATTRIBUTES, type Xattr } from '../attributes.js';
import { type Entries, targetSign } from '../entries.js';
import { saysAbsent } from '../failure.js';
import { partName } from '../partname.js';
import type { DestFile, DestShare, Leaves, SourceFile, SourceShare, Times } from '../share.js';
import { apply, applyToLink, xattrsOf } from './applying.js';
import { createPart, LocalDestFile, LocalSourceFile, removeQuietly } from './files.js';
import { Folders, NEW_FOLDER } from './folders.js';
import { openPinned, type Pin } from './pin.js';

const ENOENT = 2;
const UMASK = process.umask();

export interface Ways {
  /** The folder to which what gives way to a folder is moved; undefined: it is deleted. */
  readonly trash?: string | undefined;
  /** What is read of entries, and applied to them, beside content and times; undefined: nothing. */
  readonly attributes?: Attributes | undefined;
  /** Of a file whose attributes alone are applied the mtime is set, too. */
  readonly stampsMtime?: boolean;
}

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
    private readonly ways: Ways = {},
  ) {
    // A pinned root that is away now may be back by the first call.
    if (!pin) this.openRoot(this.epoch);
  }

  private get attributes(): Attributes {
    return this.ways.attributes ?? NO_ATTRIBUTES;
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
      const { trash } = this.ways;
      const move = (dir: string, name: string) => this.moveTo(join(trash!, dir), dir, name);
      this.opened = new Folders(fd, trash === undefined ? undefined : move);
    }
    this.epoch = epoch;
    this.facts = filesystemFacts(filesystemType(fd));
    statFd(fd, this.stat);
    if (!this.stat.hasBtime) this.stat.withoutBtime();
    if (this.attributes.atimes) this.stat.withAtime();
  }

  list(dir: string, batch: Entries, full: () => void, leaves?: Leaves): void {
    const fd = openDirBeneath(this.folders.root, dir);
    const absent = new Set<string>();
    const failed = (name: string, { errno }: SysError) => {
      if (batch.isFull) full();
      batch.addFailed(name, errno);
    };
    try {
      listFd(fd, dir, (name, kind) => {
        if (kind !== undefined && leaves?.(name, kind === 'dir')) return;
        if (batch.isFull) full();
        try {
          statAt(fd, name, this.stat);
          if (kind === undefined && leaves?.(name, this.stat.kind === 'dir')) return;
          if (this.stat.kind === 'link') batch.add(name, this.stat, targetSign(readLinkAt(fd, name)));
          else batch.add(name, this.stat);
        } catch (error) {
          if (saysAbsent(error)) absent.add(name);
          else failed(name, error as SysError);
        }
      });
      // Gone between the listing and the look: as if it had not been listed, unless it still is.
      if (absent.size > 0)
        this.listKinds(dir, (name) => {
          if (absent.delete(name)) failed(name, new SysError(ENOENT, 'stat', name));
        });
    } finally {
      dropFd(fd);
    }
  }

  isOnRootFilesystem(dir: string): boolean {
    const { root } = this.folders;
    const fd = openDirBeneath(root, dir);
    try {
      statFd(fd, this.stat);
      const { device } = this.stat;
      statFd(root, this.stat);
      return this.stat.device === device;
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
    return this.folders.in(
      dir,
      (fd) => new LocalSourceFile(openForReading(fd, name, this.attributes.atimes), this.stat, this.attributes),
    );
  }

  readLink(dir: string, name: string): { target: string; stat: Stat } {
    return this.folders.in(dir, (fd) => {
      statAt(fd, name, this.stat);
      return { target: readLinkAt(fd, name), stat: this.stat };
    });
  }

  openDir(path: string): { stat: Stat; xattrs: Xattr[] } {
    const fd = openDirBeneath(this.folders.root, path);
    try {
      const xattrs = xattrsOf(fd, this.attributes);
      statFd(fd, this.stat, path);
      return { stat: this.stat, xattrs };
    } finally {
      dropFd(fd);
    }
  }

  create(dir: string, name: string, sourceMode = 0o666): DestFile {
    const { folders, facts, attributes } = this;
    // What only some may read at the source is nobody else's while it is on its way.
    const mode = attributes.perms ? 0o600 : sourceMode & 0o777;
    return folders.within(dir, (fd) => {
      return new LocalDestFile(createPart(fd, name, mode), folders, dir, name, facts!, attributes);
    });
  }

  link(dir: string, name: string, target: string, times: Times, carried?: Carried): string[] {
    const part = partName(name);
    return this.folders.within(dir, (fd) => {
      try {
        symlinkAt(target, fd, part);
      } catch (error) {
        if (!(error instanceof SysError) || error.code !== 'EEXIST') throw error;
        unlinkAt(fd, part);
        symlinkAt(target, fd, part);
      }
      try {
        const warnings = carried ? applyToLink(fd, part, carried) : [];
        setTimesAt(fd, part, times.atimeNs, times.mtimeNs);
        renameAt(fd, part, fd, name);
        return warnings;
      } catch (error) {
        removeQuietly(fd, part);
        throw error;
      }
    });
  }

  makeDir(path: string): void {
    this.folders.make(path);
  }

  stamp(dir: string, name: string, { atimeNs, mtimeNs }: Times, carried?: Carried): string[] {
    return this.folders.in(dir, (parent) => {
      const fd = openForReading(parent, name);
      try {
        const warnings = carried ? apply(fd, carried, this.attributes) : [];
        const { stampsMtime } = this.ways;
        if (stampsMtime || this.attributes.atimes) setTimesFd(fd, atimeNs, stampsMtime ? mtimeNs : undefined, name);
        return warnings;
      } finally {
        dropFd(fd);
      }
    });
  }

  stampDir(path: string, times: Times, mode = 0, carried?: Carried): string[] {
    const fd = openDirBeneath(this.folders.root, path);
    try {
      statFd(fd, this.stat, path);
      const isNew = (this.stat.mode & 0o7777) === NEW_FOLDER;
      if (isNew && mode !== 0 && !this.attributes.perms) chmodFd(fd, mode & 0o777 & ~UMASK, path);
      const warnings = carried ? apply(fd, carried, this.attributes) : [];
      setTimesFd(fd, times.atimeNs, times.mtimeNs, path);
      return warnings;
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
