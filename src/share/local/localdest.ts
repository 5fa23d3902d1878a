import {
  chmodFd,
  dropFd,
  linkAt,
  makeSpecialAt,
  openForReading,
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
import { baseName, dirName, join } from '../../posix/names.js';
import type { Kind } from '../../posix/stat.js';
import { filesystemType } from '../../posix/statfs.js';
import { type Attributes, type Carried, NO_ATTRIBUTES } from '../attributes.js';
import { saysAbsent } from '../failure.js';
import { partName } from '../partname.js';
import type { DestFile, DestShare, Published, Special, Times } from '../share.js';
import { sameKept, type TimeRange } from '../timerange.js';
import { moveToName, refuseAlias } from './alias.js';
import { apply, applyToLink, applyToSpecial } from './applying.js';
import { ComparedFile } from './comparedfile.js';
import { createPart, LocalDestFile, LocalSourceFile, removeQuietly, replacing } from './files.js';
import { Folders, keptRootMode, NEW_FOLDER } from './folders.js';
import { LocalRoot } from './localroot.js';
import type { Pin } from './pin.js';
import { wasThere } from './there.js';

const UMASK = process.umask();
/** There is none, or it is not ours to read: then it is written anew. */
const CANNOT_COMPARE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EACCES', 'EPERM']);

export interface DestWays {
  /** The folder to which what gives way to a folder is moved; undefined: it is deleted. */
  readonly trash?: string | undefined;
  /** What is applied to entries beside content and times; undefined: nothing. */
  readonly attributes?: Attributes | undefined;
  /** Of a file whose attributes alone are applied the mtime is set, too. */
  readonly stampsMtime?: boolean;
  /** See partName. */
  readonly partTag?: string;
  /** What is written in the place of a file of the same size is compared with that, and written where it differs. */
  readonly comparesContent?: boolean;
  /** How the share keeps times, where names of one file are made; undefined: as they are. */
  readonly times?: { readonly grainNs: bigint; readonly range: TimeRange | undefined };
}

/** A mounted path that is written. */
export class LocalDest extends LocalRoot implements DestShare {
  /** Of the root, once it is open. */
  private device: number | undefined;
  private facts: FilesystemFacts | undefined;

  constructor(
    root: string,
    pin?: Pin,
    private readonly ways: DestWays = {},
  ) {
    super(root, pin, ways.attributes ?? NO_ATTRIBUTES);
  }

  protected foldersOf(root: number): Folders {
    const { trash } = this.ways;
    const move = (dir: string, name: string) => void this.moveTo(join(trash!, dir), dir, name);
    return new Folders(root, {
      remove: trash === undefined ? undefined : move,
      hasAliases: factsOf(root).ownNames,
      setsModes: this.attributes.perms,
    });
  }

  protected rootOpened(root: number): void {
    this.device = this.stat.deviceNumber;
    this.facts = factsOf(root);
  }

  create(dir: string, name: string, sourceMode = 0o666, size = 0): DestFile {
    const begin = () => this.begin(dir, name, sourceMode);
    return (this.ways.comparesContent && this.compared(dir, name, size, begin)) || begin();
  }

  /** The file that is there, if it is one of this size that can be read. */
  private compared(dir: string, name: string, size: number, begin: () => DestFile): DestFile | undefined {
    try {
      return this.folders.in(dir, (parent) => {
        if (this.facts!.ownNames) refuseAlias(parent, name);
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
    const { folders, attributes } = this;
    // What only some may read at the source is nobody else's while it is on its way.
    const mode = attributes.perms ? 0o600 : sourceMode & 0o777;
    return folders.writableWithin(dir, (fd) => {
      if (this.facts!.ownNames) refuseAlias(fd, name);
      const part = this.partName(name);
      const file = createPart(fd, part, mode);
      return new LocalDestFile(file, folders, dir, name, part, this.factsFor(file), attributes);
    });
  }

  /** Of the filesystem that a file is on: something else may be mounted within the share. */
  private factsFor(fd: number): FilesystemFacts {
    statFd(fd, this.stat);
    return this.stat.deviceNumber === this.device ? this.facts! : factsOf(fd);
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
        moveToName(fd, part, name, this.facts!.ownNames);
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
    const isAsPublished = this.stat.size === size && sameKept(mtimeNs, this.stat.mtimeNs, grainNs, range);
    if (identity === undefined || this.stat.kind === 'dir' || !isAsPublished) return 'unlike';
    // rename(2) of two names of one file does nothing.
    if (this.identityOf(to, name) === identity) return 'was';
    const part = this.partName(name);
    replacing(to, part, () => linkAt(from, other, to, part));
    try {
      moveToName(to, part, name, this.facts!.ownNames);
      return 'linked';
    } catch (error) {
      removeQuietly(to, part);
      throw error;
    }
  }

  /** Leaves the file's metadata in `stat`; undefined when it is not there. */
  private identityOf(folder: number, name: string): string | undefined {
    return wasThere(() => statAt(folder, name, this.stat)) ? this.stat.identity : undefined;
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

  moveTo(folder: string, dir: string, name: string): boolean {
    return wasThere(() => {
      // Asked for once: opening the root anew between the two would close the first.
      const { folders } = this;
      folders.within(folder, (to) => folders.removingIn(dir, (from) => renameAt(from, name, to, name)));
    });
  }

  remove(dir: string, name: string, kind: Kind): boolean {
    return wasThere(() => {
      if (kind === 'dir') this.folders.forget(join(dir, name));
      this.folders.removingIn(dir, (fd) => (kind === 'dir' ? removeDirAt(fd, name) : unlinkAt(fd, name)));
    });
  }
}

function factsOf(fd: number): FilesystemFacts {
  return filesystemFacts(filesystemType(fd));
}
