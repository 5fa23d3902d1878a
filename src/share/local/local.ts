import {
  chmodFd,
  dropFd,
  filesystemType,
  linkAt,
  makeSpecialAt,
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
import { baseName, dirName, join } from '../../posix/names.js';
import { type Kind, Stat } from '../../posix/stat.js';
import { type Attributes, type Carried, NO_ATTRIBUTES, type Xattr } from '../attributes.js';
import { type Entries, targetSign } from '../entries.js';
import { saysAbsent } from '../failure.js';
import { partName } from '../partname.js';
import { leadsOut } from '../safelink.js';
import type { DestFile, DestShare, Leaves, Published, SourceFile, SourceShare, Special, Times } from '../share.js';
import { kept, sameTime, type TimeRange } from '../timerange.js';
import { apply, applyToLink, applyToSpecial, xattrsOf } from './applying.js';
import { ComparedFile } from './comparedfile.js';
import { createPart, LocalDestFile, LocalSourceFile, removeQuietly, replacing } from './files.js';
import { Folders, keptRootMode, NEW_FOLDER } from './folders.js';
import { Following } from './following.js';
import { openPinned, type Pin } from './pin.js';

const ENOENT = 2;
const UMASK = process.umask();
/** There is none, or it is not ours to read: then it is written anew. */
const CANNOT_COMPARE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EACCES', 'EPERM']);

export interface Ways {
  /** The folder to which what gives way to a folder is moved; undefined: it is deleted. */
  readonly trash?: string | undefined;
  /** What is read of entries, and applied to them, beside content and times; undefined: nothing. */
  readonly attributes?: Attributes | undefined;
  /** Of a file whose attributes alone are applied the mtime is set, too. */
  readonly stampsMtime?: boolean;
  /** See partName. */
  readonly partTag?: string;
  /** Links stand for what they lead to (-L), wherever that is. Of a source only. */
  readonly copyLinks?: boolean | undefined;
  /** With that: see Following. */
  readonly notInto?: string | undefined;
  /** Listings tell which links lead out of the tree. */
  readonly safeLinks?: boolean;
  /** What is written in the place of a file of the same size is compared with that, and written where it differs. */
  readonly comparesContent?: boolean;
  /** How the share keeps times, where names of one file are made; undefined: as they are. */
  readonly times?: { readonly grainNs: bigint; readonly range: TimeRange | undefined };
}

/** A mounted path: NFS, SMB or a local disk. Everything happens beneath a root that is opened once. */
export class LocalShare implements SourceShare, DestShare {
  private opened: Folders | undefined;
  private following: Following | undefined;
  /** Known once the root is open. */
  facts: FilesystemFacts | undefined;
  private readonly stat = new Stat();
  private epoch = -1;
  /** Of the root, where names of one file are to be told in listings. */
  private device: number | undefined;

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
      const { trash, copyLinks, notInto } = this.ways;
      if (copyLinks) this.following = new Following(notInto);
      const move = (dir: string, name: string) => this.moveTo(join(trash!, dir), dir, name);
      const remove = trash === undefined ? undefined : move;
      this.opened = new Folders(fd, { remove, follow: copyLinks, setsModes: this.attributes.perms });
    }
    this.epoch = epoch;
    this.facts = filesystemFacts(filesystemType(fd));
    statFd(fd, this.stat);
    this.device = this.attributes.hardLinks ? this.stat.deviceNumber : undefined;
    if (!this.stat.hasBtime) this.stat.withoutBtime();
    if (this.attributes.atimes) this.stat.withAtime();
  }

  list(dir: string, batch: Entries, full: () => void, leaves?: Leaves): void {
    const fd = this.folders.openAnew(dir);
    const absent = new Set<string>();
    const failed = (name: string, { errno }: SysError) => {
      if (batch.isFull) full();
      batch.addFailed(name, errno);
    };
    try {
      listFd(fd, dir, (name, seen) => {
        const kind = this.following && seen === 'link' ? undefined : seen;
        if (kind !== undefined && leaves?.(name, kind === 'dir')) return;
        if (batch.isFull) full();
        try {
          statAt(fd, name, this.stat);
          const unfollowed = this.follow(fd, dir, name);
          if (kind === undefined && leaves?.(name, this.stat.kind === 'dir')) return;
          if (unfollowed) throw unfollowed;
          const target = this.stat.kind === 'link' ? readLinkAt(fd, name) : undefined;
          batch.add(name, this.stat, this.signOf(target), this.device);
          if (target !== undefined && this.ways.safeLinks && leadsOut(target, join(dir, name))) batch.markLeadsOut();
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

  /** What tells an entry from others of its kind, size and time: see Word.target. */
  private signOf(target: string | undefined): number {
    if (target !== undefined) return targetSign(target);
    return this.stat.kind === 'other' ? this.stat.specialDevice : 0;
  }

  /** Where links are followed, puts what the entry in `stat` leads to there. The error that keeps it from being gone to. */
  private follow(fd: number, dir: string, name: string): SysError | undefined {
    const { following, stat } = this;
    try {
      if (following && stat.kind === 'link') following.look(this.folders.root, fd, dir, name, stat);
      if (stat.kind === 'dir') following?.check(stat, name);
      return undefined;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return error;
    }
  }

  isOnRootFilesystem(dir: string): boolean {
    const { folders } = this;
    const fd = folders.openAnew(dir);
    try {
      statFd(fd, this.stat);
      const { device } = this.stat;
      statFd(folders.root, this.stat);
      return this.stat.device === device;
    } finally {
      dropFd(fd);
    }
  }

  listKinds(dir: string, each: (name: string, kind: Kind) => void): void {
    const fd = this.folders.openAnew(dir);
    try {
      listFd(fd, dir, (name, kind) => {
        each(name, kind === undefined || (kind === 'link' && this.following) ? this.kindOf(fd, name) : kind);
      });
    } finally {
      dropFd(fd);
    }
  }

  /** Of an entry, or of what it leads to. */
  private kindOf(fd: number, name: string): Kind {
    statAt(fd, name, this.stat);
    if (!this.following || this.stat.kind !== 'link') return this.stat.kind;
    try {
      statAt(fd, name, this.stat, true);
    } catch (error) {
      // One that leads nowhere is there all the same.
      if (!(error instanceof SysError) || !['ENOENT', 'ELOOP', 'EACCES', 'ENOTDIR'].includes(error.code)) throw error;
      return 'link';
    }
    return this.stat.kind;
  }

  open(dir: string, name: string): SourceFile {
    return this.folders.in(
      dir,
      (fd) =>
        new LocalSourceFile(
          openForReading(fd, name, this.attributes.atimes, this.ways.copyLinks),
          this.stat,
          this.attributes,
        ),
    );
  }

  readLink(dir: string, name: string): { target: string; stat: Stat } {
    return this.folders.in(dir, (fd) => {
      statAt(fd, name, this.stat);
      return { target: readLinkAt(fd, name), stat: this.stat };
    });
  }

  look(dir: string, name: string): Stat {
    this.folders.in(dir, (fd) => statAt(fd, name, this.stat, this.ways.copyLinks));
    return this.stat;
  }

  sameFile(dir: string, name: string, other: string): Stat | undefined {
    const { folders } = this;
    const identity = folders.in(dirName(other), (fd) => this.identityOf(fd, baseName(other)));
    return this.look(dir, name).identity === identity ? this.stat : undefined;
  }

  /** Leaves the file's metadata in `stat`; undefined when it is not there. */
  private identityOf(folder: number, name: string): string | undefined {
    try {
      statAt(folder, name, this.stat, this.ways.copyLinks);
      return this.stat.identity;
    } catch (error) {
      if (!saysAbsent(error)) throw error;
      return undefined;
    }
  }

  openDir(path: string): { stat: Stat; xattrs: Xattr[] } {
    const fd = this.folders.openAnew(path);
    try {
      const xattrs = xattrsOf(fd, this.attributes);
      statFd(fd, this.stat, path);
      return { stat: this.stat, xattrs };
    } finally {
      dropFd(fd);
    }
  }

  create(dir: string, name: string, sourceMode = 0o666, size = 0): DestFile {
    const begin = () => this.begin(dir, name, sourceMode);
    return (this.ways.comparesContent && this.compared(dir, name, size, begin)) || begin();
  }

  /** The file that is there, if it is one of this size that can be read. */
  private compared(dir: string, name: string, size: number, begin: () => DestFile): DestFile | undefined {
    try {
      return this.folders.in(dir, (parent) => {
        statAt(parent, name, this.stat);
        if (this.stat.kind !== 'file' || this.stat.size !== size) return undefined;
        const fd = openForReading(parent, name, true);
        const there = new LocalSourceFile(fd, this.stat, this.attributes);
        return new ComparedFile(fd, there, begin, this.attributes, this.stat);
      });
    } catch (error) {
      if (!(error instanceof SysError) || !CANNOT_COMPARE.has(error.code)) throw error;
      return undefined;
    }
  }

  private partName(name: string): string {
    return partName(name, this.ways.partTag);
  }

  private begin(dir: string, name: string, sourceMode: number): DestFile {
    const { folders, facts, attributes } = this;
    // What only some may read at the source is nobody else's while it is on its way.
    const mode = attributes.perms ? 0o600 : sourceMode & 0o777;
    return folders.writableWithin(dir, (fd) => {
      const part = this.partName(name);
      return new LocalDestFile(createPart(fd, part, mode), folders, dir, name, part, facts!, attributes);
    });
  }

  link(dir: string, name: string, target: string, times: Times, carried?: Carried): string[] {
    const make = (fd: number, part: string) => symlinkAt(target, fd, part);
    return this.put(dir, name, make, times, (fd, part) => (carried ? applyToLink(fd, part, carried) : []));
  }

  makeSpecial(dir: string, name: string, { mode, device }: Special, times: Times, carried?: Carried): string[] {
    const make = (fd: number, part: string) =>
      makeSpecialAt(fd, part, mode & (this.attributes.perms ? ~0o7077 : ~0o7000), device);
    return this.put(dir, name, make, times, (fd, part) => (carried ? applyToSpecial(fd, part, carried) : []));
  }

  /** Makes what needs no writing under a temporary name, applies and sets what is to be, and moves it to its name. */
  private put(
    dir: string,
    name: string,
    make: (fd: number, part: string) => void,
    times: Times,
    apply: (fd: number, part: string) => string[],
  ): string[] {
    const part = this.partName(name);
    return this.folders.writableWithin(dir, (fd) => {
      replacing(fd, part, () => make(fd, part));
      try {
        const warnings = apply(fd, part);
        setTimesAt(fd, part, times.atimeNs, times.mtimeNs);
        renameAt(fd, part, fd, name);
        return warnings;
      } catch (error) {
        removeQuietly(fd, part);
        throw error;
      }
    });
  }

  hardLink(dir: string, name: string, other: string, published: Published): 'linked' | 'was' | 'unlike' {
    const { folders } = this;
    try {
      return folders.writableWithin(dir, (to) =>
        folders.in(dirName(other), (from) => this.linkBeside(to, name, from, baseName(other), published)),
      );
    } catch (error) {
      if (!saysAbsent(error)) throw error;
      return 'unlike';
    }
  }

  private linkBeside(to: number, name: string, from: number, other: string, { size, mtimeNs }: Published) {
    const identity = this.identityOf(from, other);
    const { grainNs, range } = this.ways.times ?? { grainNs: 1n, range: undefined };
    const isAsPublished = this.stat.size === size && sameTime(kept(mtimeNs, range), this.stat.mtimeNs, grainNs);
    if (identity === undefined || this.stat.kind === 'dir' || !isAsPublished) return 'unlike';
    // rename(2) of two names of one file does nothing.
    if (this.identityOf(to, name) === identity) return 'was';
    const part = this.partName(name);
    replacing(to, part, () => linkAt(from, other, to, part));
    try {
      renameAt(to, part, to, name);
      return 'linked';
    } catch (error) {
      removeQuietly(to, part);
      throw error;
    }
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

  stampDir(path: string, times: Times, sourceMode = 0, sourceCarried?: Carried): string[] {
    const modeOf = (mode: number) => (path === '' ? keptRootMode(mode) : mode);
    const carried = sourceCarried && {
      ...sourceCarried,
      mode: sourceCarried.mode === undefined ? undefined : modeOf(sourceCarried.mode),
    };
    const fd = this.folders.openAnew(path);
    try {
      statFd(fd, this.stat, path);
      const isNew = (this.stat.mode & 0o7777) === NEW_FOLDER;
      if (isNew && sourceMode !== 0 && !this.attributes.perms) chmodFd(fd, modeOf(sourceMode) & 0o777 & ~UMASK, path);
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
      folders.within(folder, (to) => folders.removingIn(dir, (from) => renameAt(from, name, to, name)));
    } catch (error) {
      if (!saysAbsent(error)) throw error;
    }
  }

  remove(dir: string, name: string, kind: Kind): void {
    try {
      if (kind === 'dir') this.folders.forget(join(dir, name));
      this.folders.removingIn(dir, (fd) => (kind === 'dir' ? removeDirAt(fd, name) : unlinkAt(fd, name)));
    } catch (error) {
      if (!saysAbsent(error)) throw error;
    }
  }

  close(): void {
    this.opened?.close();
  }
}
