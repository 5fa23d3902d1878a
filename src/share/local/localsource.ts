import { pause } from '../../pause.js';
import { dropFd, openForReading, readLinkAt, statAt, statFd } from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import { filesystemFacts } from '../../posix/filesystems.js';
import { listFd } from '../../posix/listing.js';
import { baseName, dirName, join } from '../../posix/names.js';
import type { Kind, Stat } from '../../posix/stat.js';
import { filesystemType } from '../../posix/statfs.js';
import { type Attributes, NO_ATTRIBUTES, type Xattr } from '../attributes.js';
import { type Entries, targetSign } from '../entries.js';
import { classOf, saysAbsent } from '../failure.js';
import { leadsOut } from '../safelink.js';
import type { Leaves, SourceFile, SourceShare } from '../share.js';
import { xattrsOf } from './applying.js';
import { LocalSourceFile } from './files.js';
import { Folders } from './folders.js';
import { Following } from './following.js';
import { LocalRoot } from './localroot.js';
import type { Pin } from './pin.js';

const ENOENT = 2;
/** How often an entry is looked at whose look gave an error that may pass, the pause between, ms, and of how many in a folder. */
const ATTEMPTS = 3;
const PAUSE_MS = 100;
const MOST_AGAIN = 16;

export interface SourceWays {
  /** What is read of entries beside content and times; undefined: nothing. */
  readonly attributes?: Attributes | undefined;
  /** Links stand for what they lead to (-L), wherever that is. */
  readonly copyLinks?: boolean | undefined;
  /** With that: see Following. */
  readonly notInto?: string | undefined;
  /** Listings tell which links lead out of the tree. */
  readonly safeLinks?: boolean;
}

/** A mounted path that is read: the source, and the destination where it is listed or verified. */
export class LocalSource extends LocalRoot implements SourceShare {
  private readonly following: Following | undefined;
  /** Of the root, where names of one file are to be told in listings. */
  private device: number | undefined;
  /** For that, each entry has to be asked for by itself. */
  private asksForLinks = false;
  private hasOwnNames = false;

  constructor(
    root: string,
    pin?: Pin,
    private readonly ways: SourceWays = {},
  ) {
    super(root, pin, ways.attributes ?? NO_ATTRIBUTES);
    if (ways.copyLinks) this.following = new Following(ways.notInto);
  }

  protected foldersOf(root: number): Folders {
    return new Folders(root, { follow: this.ways.copyLinks });
  }

  protected rootOpened(root: number): void {
    const { hardLinks } = this.attributes;
    this.device = hardLinks ? this.stat.deviceNumber : undefined;
    const facts = filesystemFacts(filesystemType(root));
    this.asksForLinks = hardLinks && facts.listsOneLink;
    this.hasOwnNames = facts.ownNames;
  }

  list(dir: string, batch: Entries, full: () => void, leaves?: Leaves): void {
    const fd = this.folders.openAnew(dir);
    const absent = new Set<string>();
    const again: string[] = [];
    const failed = (name: string, { errno }: SysError) => {
      if (batch.isFull) full();
      batch.addFailed(name, errno);
    };
    const take = (name: string, kind: Kind | undefined, isLastTry: boolean) => {
      if (batch.isFull) full();
      try {
        this.take(fd, dir, name, kind, batch, leaves);
      } catch (error) {
        if (saysAbsent(error)) absent.add(name);
        else if (isLastTry || again.length === MOST_AGAIN || !mayPass(error)) failed(name, error as SysError);
        else again.push(name);
      }
    };
    try {
      listFd(fd, dir, (name, seen) => {
        const kind = this.following && seen === 'link' ? undefined : seen;
        if (kind !== undefined && leaves?.(name, kind === 'dir')) return;
        take(name, kind, false);
      });
      for (let attempt = 1; attempt < ATTEMPTS && again.length > 0; attempt++) {
        pause(attempt * PAUSE_MS);
        for (const name of again.splice(0)) take(name, undefined, attempt + 1 === ATTEMPTS);
      }
      // Gone between the listing and the look: as if it had not been listed, unless it still is.
      if (absent.size > 0)
        this.listKinds(dir, (name) => {
          if (absent.delete(name)) failed(name, new SysError(ENOENT, 'stat', name));
        });
    } finally {
      dropFd(fd);
    }
  }

  /** Takes an entry into the batch, unless it is left out. `kind`: undefined where the listing does not tell it. */
  private take(
    fd: number,
    dir: string,
    name: string,
    kind: Kind | undefined,
    batch: Entries,
    leaves: Leaves | undefined,
  ): void {
    statAt(fd, name, this.stat, false, this.asksForLinks && kind !== 'dir');
    const unfollowed = this.follow(fd, dir, name);
    if (kind === undefined && leaves?.(name, this.stat.kind === 'dir')) return;
    if (unfollowed) throw unfollowed;
    const target = this.stat.kind === 'link' ? readLinkAt(fd, name) : undefined;
    batch.add(name, this.stat, this.signOf(target), this.device);
    if (target !== undefined && this.ways.safeLinks && leadsOut(target, join(dir, name))) batch.markLeadsOut();
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

  get foldsNames(): boolean {
    const { folders } = this;
    return folders.root >= 0 && this.hasOwnNames;
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

  look(dir: string, name: string, fresh?: boolean): Stat {
    this.folders.in(dir, (fd) => statAt(fd, name, this.stat, this.ways.copyLinks, fresh));
    return this.stat;
  }

  sameFile(dir: string, name: string, other: string): Stat | undefined {
    const identity = this.identityAt(other);
    return this.look(dir, name).identity === identity ? this.stat : undefined;
  }

  /** Undefined where there is no such file (any more), or it cannot be looked at. */
  private identityAt(path: string): string | undefined {
    try {
      return this.look(dirName(path), baseName(path)).identity;
    } catch (error) {
      if (error instanceof SysError && classOf(error.code) === 'skip') return undefined;
      throw error;
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
}

function mayPass(error: unknown): boolean {
  return error instanceof SysError && classOf(error.code) === 'retry';
}
