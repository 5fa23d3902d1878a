import {
  chmodFd,
  closeFd,
  dropFd,
  makeDirAt,
  O_PATH,
  openDirBeneath,
  statAt,
  statFd,
  unlinkAt,
} from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import { FEW_OPEN_FILES, openFilesLimit } from '../../posix/limits.js';
import { baseName, dirName } from '../../posix/names.js';
import { Stat } from '../../posix/stat.js';
import { saysAbsent } from '../failure.js';
import { mayBeAlias, refuseAlias } from './alias.js';
import { isRoot } from './applying.js';

/** Descriptors kept open; a lane works in one folder at a time, so a few are enough. */
const KEPT = openFilesLimit() < FEW_OPEN_FILES ? 2 : 16;

/**
 * Permissions of a folder that was made and has not got those of its source yet: nobody else sees what comes into it. The
 * sticky bit, of no use on such a folder, tells it from one that is meant to be private.
 */
export const NEW_FOLDER = 0o1700;

/** Permissions of a folder in which its owner may make and remove entries. */
const OWN = 0o300;

/**
 * What a destination's root has of the mode of its source. The next run begins with a file of its own there, which nobody
 * but root could make in a folder that its owner may not write in.
 */
export function keptRootMode(mode: number): number {
  return isRoot ? mode : mode | OWN;
}

/** How often a folder is tried to be made while others make and replace it at the same time. */
const MAKE_ATTEMPTS = 8;
/** How often something is tried to be removed while others open and close its folder. */
const REMOVE_ATTEMPTS = 8;

interface Kept {
  readonly fd: number;
  readonly identity: string;
  /** When to make sure that its path still leads to it, by performance.now(). */
  dueMs: number;
}

/**
 * A folder that somebody moves takes the descriptor along, out of the root perhaps: it is looked up again after so long, ms,
 * and after so many times as long as that takes, so that it costs a share little.
 */
const SURE_MS = 10;
const SURE_FACTOR = 20;

/**
 * Open folders beneath a pinned root, the most recently used kept open: every call on an entry is then relative to
 * a descriptor that was resolved beneath the root, and costs no walk of the path.
 */
export class Folders {
  private readonly open = new Map<string, Kept>();
  private readonly stat = new Stat();

  constructor(
    private rootFd: number,
    private readonly ways: {
      /** Takes what is no folder out of the way of one, by its folder and its name; undefined: it is deleted. */
      readonly remove?: ((dir: string, name: string) => void) | undefined;
      /** Links are followed. */
      readonly follow?: boolean | undefined;
      /** Entries are found by names that are not theirs: see alias.ts. */
      readonly hasAliases?: boolean;
      /** Each folder that was changed is given the permissions of its source; else only those that are NEW_FOLDER. */
      readonly setsModes?: boolean;
    } = {},
  ) {}

  get root(): number {
    return this.rootFd;
  }

  /** Goes on beneath another descriptor of the root; nothing of the one before is used any more. */
  renew(root: number): void {
    this.forgetAll();
    dropFd(this.rootFd);
    this.rootFd = root;
  }

  /** A descriptor of its own, which is the caller's to close. */
  openAnew(path: string): number {
    const { hasAliases, follow } = this.ways;
    if (hasAliases)
      for (let at = path; at !== ''; at = dirName(at))
        if (mayBeAlias(baseName(at))) refuseAlias(this.get(dirName(at)), baseName(at));
    return openDirBeneath(this.root, path, undefined, follow);
  }

  /** Descriptor of the folder; it stays valid until `KEPT` other folders were asked for. */
  get(path: string): number {
    const known = this.open.get(path);
    if (known && (performance.now() < known.dueMs || this.isStill(path, known))) {
      this.open.delete(path);
      this.open.set(path, known);
      return known.fd;
    }
    this.forget(path);
    const fd = this.openAnew(path);
    try {
      statFd(fd, this.stat, path);
    } catch (error) {
      dropFd(fd);
      throw error;
    }
    this.open.set(path, { fd, identity: this.stat.identity, dueMs: performance.now() + SURE_MS });
    if (this.open.size > KEPT) this.forget(this.open.keys().next().value!);
    return fd;
  }

  /** The path is looked up by the next that asks for it. */
  private makeSure(path: string): void {
    const known = this.open.get(path);
    if (known) known.dueMs = 0;
  }

  /** Whether a path leads to the folder that is kept open for it. */
  private isStill(path: string, known: Kept): boolean {
    const begunMs = performance.now();
    try {
      const fd = openDirBeneath(this.root, path, O_PATH, this.ways.follow);
      try {
        statFd(fd, this.stat, path);
      } finally {
        dropFd(fd);
      }
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return false; // opening it anew says why
    }
    const nowMs = performance.now();
    known.dueMs = nowMs + Math.max(SURE_MS, (nowMs - begunMs) * SURE_FACTOR);
    return this.stat.identity === known.identity;
  }

  forget(path: string): void {
    const known = this.open.get(path);
    if (known === undefined) return;
    this.open.delete(path);
    dropFd(known.fd);
  }

  /**
   * Runs `use` with the folder's descriptor. A kept descriptor may be of a folder that was replaced since: when that
   * is possible, the folder is looked up anew and `use` run again.
   */
  in<T>(path: string, use: (fd: number) => T): T {
    const kept = this.open.has(path);
    try {
      return use(this.get(path));
    } catch (error) {
      if (!kept || !mayBeReplaced(error)) throw error;
      this.forget(path);
      return use(this.get(path));
    }
  }

  /** As `in`, but makes the folder when it is missing. */
  within<T>(path: string, use: (fd: number) => T): T {
    try {
      return use(this.get(path));
    } catch (error) {
      if (path === '' || !mayBeReplaced(error)) throw error;
      // Any of the folders above may be the one that is gone.
      this.forgetAll();
      this.make(path);
      return use(this.get(path));
    }
  }

  /**
   * As `in`, to remove something, from the folder that the path leads to now. A folder that its owner may not write in has
   * its permissions again at once: it may be one that has no source, and stays.
   */
  removingIn<T>(path: string, use: (fd: number) => T): T {
    for (let attempt = 1; ; attempt++) {
      let before: number;
      try {
        this.makeSure(path);
        return this.in(path, use);
      } catch (error) {
        before = this.openUp(path, error, (mode) => mode | OWN);
      }
      try {
        return this.in(path, use);
      } catch (error) {
        // Another lane has given it back its permissions in between.
        if (!isDenied(error) || attempt === REMOVE_ATTEMPTS) throw error;
      } finally {
        if ((before & OWN) !== OWN) chmodFd(this.get(path), before, path);
      }
    }
  }

  /** As `within`, to make something in it. */
  writableWithin<T>(path: string, use: (fd: number) => T): T {
    return this.openingUp(path, () => this.within(path, use));
  }

  /**
   * Runs `work`, for which entries of the folder `path` are made or removed. One that its owner may not write in, since its
   * source is so, is opened up: it gets the permissions of its source once nothing more is done in it.
   */
  private openingUp<T>(path: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.openUp(path, error, (mode) => (this.ways.setsModes ? mode | OWN : NEW_FOLDER));
      return work();
    }
  }

  /**
   * Gives a folder other permissions where `error` says that its owner may not write in it, and returns those that it had,
   * which another lane may have changed just now. Throws the error when it says something else, or the folder is not ours.
   */
  private openUp(path: string, error: unknown, opened: (mode: number) => number): number {
    if (!isDenied(error) || path === '') throw error;
    try {
      const fd = this.get(path);
      statFd(fd, this.stat, path);
      const mode = this.stat.mode & 0o7777;
      const wanted = opened(mode);
      if ((mode & OWN) !== OWN) chmodFd(fd, wanted, path);
      return mode;
    } catch (notOurs) {
      if (!(notOurs instanceof SysError)) throw notOurs;
      throw error;
    }
  }

  private forgetAll(): void {
    for (const path of [...this.open.keys()]) this.forget(path);
  }

  /** mkdir -p beneath the root. A non-folder in the place of one is replaced. */
  make(path: string): void {
    if (path === '') return;
    const name = baseName(path);
    for (let attempt = 1; ; attempt++) {
      const parentWasKept = this.open.has(dirName(path));
      try {
        // The folder above anew each time: what takes something out of the way opens and closes folders too.
        this.openingUp(dirName(path), () => makeDirAt(this.parentOf(path), name, NEW_FOLDER));
        return;
      } catch (error) {
        if (saysAbsent(error) && parentWasKept) {
          this.forgetAll(); // the folder above was removed while its descriptor was kept
          this.make(path);
          return;
        }
        if (!(error instanceof SysError) || error.code !== 'EEXIST' || attempt === MAKE_ATTEMPTS) throw error;
      }
      if (this.clearFor(dirName(path), name)) return;
    }
  }

  /** True when a folder is there already. Another lane may be doing the same: what it was quicker at is fine. */
  private clearFor(dir: string, name: string): boolean {
    try {
      if (this.ways.hasAliases) refuseAlias(this.get(dir), name);
      statAt(this.get(dir), name, this.stat);
      if (this.stat.kind === 'dir') return true;
      if (this.ways.remove) this.ways.remove(dir, name);
      else this.openingUp(dir, () => unlinkAt(this.get(dir), name));
    } catch (error) {
      // Another lane was quicker: it is gone, or a folder by now.
      const isQuicker = ['ENOENT', 'EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'];
      if (!(error instanceof SysError) || !isQuicker.includes(error.code)) throw error;
    }
    return false;
  }

  private parentOf(path: string): number {
    const parent = dirName(path);
    try {
      return this.get(parent);
    } catch (error) {
      const replaceable = error instanceof SysError && ['ENOTDIR', 'ELOOP'].includes(error.code);
      if (!saysAbsent(error) && !replaceable) throw error;
      this.make(parent);
      return this.get(parent);
    }
  }

  close(): void {
    this.forgetAll();
    closeFd(this.root);
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof SysError && error.code === 'EACCES';
}

/** The error says that a folder is not there (any more), or is none. */
function mayBeReplaced(error: unknown): boolean {
  return error instanceof SysError && ['ENOENT', 'ENOTDIR', 'ELOOP', 'ESTALE'].includes(error.code);
}
