/** What a destination takes, tried with files of our own, before a run and while it goes on. */
import { constants, rmdirSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import {
  dropFd,
  flushFd,
  makeDirAt,
  openAt,
  openRoot,
  setTimesFd,
  statAt,
  statFd,
  unlinkAt,
} from '../../posix/calls.js';
import { asSysError } from '../../posix/errno.js';
import { Stat } from '../../posix/stat.js';
import { freeBytes, spaceOf } from '../../posix/statfs.js';
import type { Folding } from '../folding.js';
import type { RootIdentity } from '../identity.js';
import { probeName } from '../partname.js';
import type { TimeRange } from '../timerange.js';
import { NEW_FOLDER } from './folders.js';
import { probeFolding } from './foldprobe.js';
import { identityOf, openPinned } from './pin.js';
import type { Refusal } from './roots.js';
import { wasThere } from './there.js';

/** A time that no coarse grain holds: odd seconds, and a digit in every place of the nanoseconds. */
const ODD_TIME = 1_234_567_891_123_456_789n;
const GRAINS = [1n, 100n, 1_000n, 1_000_000n, 10_000_000n, 1_000_000_000n, 2_000_000_000n];

export interface DestProbe {
  /** How finely the destination keeps times. */
  readonly grainNs: bigint;
  /** The times that it keeps; undefined: all that were tried. */
  readonly range: TimeRange | undefined;
  /** The present time by the destination's own clock, ns since the Unix epoch. */
  readonly nowNs: bigint;
  readonly identity: RootIdentity;
  readonly folding: Folding;
  /** The root folder's mtime, ns since the Unix epoch; undefined: unknown, or changed by the probe. */
  readonly rootMtimeNs: bigint | undefined;
}

/**
 * Makes the destination root when it is missing, and finds out with files of our own whether it can be written, how
 * finely it keeps times (ns), and which names it takes for one. Afterwards the files are gone and the root has the
 * times that it had, where that is ours to do.
 */
export function prepareDest(dest: string, trash?: string, seen: DestSeen = {}, tag = ''): DestProbe | Refusal {
  let opened: { fd: number; made: boolean } | undefined;
  try {
    opened = openDest(dest, seen);
    const { fd: root } = opened;
    if (trash !== undefined && isNoFolder(root, trash))
      return {
        refused: 'usage',
        message: `destination ${dest}: its ${trash} is no folder; give --trash another name`,
      };
    const kept = keepingTimes(root, () => ({ ...probe(root, 0, tag), folding: probeFolding(root, tag) }));
    return { ...kept.found, rootMtimeNs: kept.mtimeNs, identity: identityOf(root) };
  } catch (error) {
    if (opened?.made) removeIfEmpty(dest);
    const { code, op } = asSysError(error, 'write', dest);
    const what = code === 'ENODEV' ? 'is not the folder that it was a moment ago' : 'cannot be written';
    return { refused: 'share', message: `destination ${dest}: ${what}: ${code} (${op})` };
  } finally {
    if (opened) dropFd(opened.fd);
  }
}

/**
 * The destination as the look before the run has seen it, which is what the ledger was asked about: a mount that came off
 * since leaves another folder in its place.
 */
export interface DestSeen {
  /** Undefined: it was not there. */
  readonly root?: RootIdentity | undefined;
  /** Of the folder in which it is to be made. */
  readonly parent?: RootIdentity | undefined;
}

/** Opens the destination, and makes it where it was not there. Throws SysError, ENODEV when it is not what was seen. */
function openDest(dest: string, { root, parent }: DestSeen): { fd: number; made: boolean } {
  if (root) return { fd: openPinned(dest, root), made: false };
  const above = openPinned(dirname(dest), parent);
  try {
    const name = basename(dest);
    const made = madeAt(above, name);
    // What was there already may be a link that the operator has made since.
    return { fd: made ? openAt(above, name, constants.O_RDONLY | constants.O_DIRECTORY) : openRoot(dest), made };
  } finally {
    dropFd(above);
  }
}

/** False: there is something by that name. */
function madeAt(folder: number, name: string): boolean {
  try {
    makeDirAt(folder, name, NEW_FOLDER);
    return true;
  } catch (error) {
    if (asSysError(error, 'mkdir', name).code !== 'EEXIST') throw error;
    return false;
  }
}

/** There is something by that name, and it is not a folder. */
function isNoFolder(root: number, name: string): boolean {
  const stat = new Stat();
  return wasThere(() => statAt(root, name, stat)) && stat.kind !== 'dir';
}

/** Makes a file of so many bytes in the root, and removes it. */
function probe(root: number, bytes: number, tag: string): Pick<DestProbe, 'grainNs' | 'nowNs' | 'range'> {
  const name = probeName('probe', tag);
  const stat = new Stat();
  removeIfThere(root, name);
  let seen: { mtimeNs: bigint; nowNs: bigint; range: TimeRange | undefined };
  const fd = openAt(root, name, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    if (bytes > 0) writeSync(fd, Buffer.alloc(bytes, 1));
    setTimesFd(fd, ODD_TIME, ODD_TIME);
    flushFd(fd);
    statAt(root, name, stat);
    seen = { mtimeNs: stat.mtimeNs, nowNs: stat.ctimeNs, range: bytes === 0 ? rangeOf(fd, stat) : undefined };
  } finally {
    dropFd(fd);
    removeIfThere(root, name);
  }
  const apart = seen.mtimeNs > ODD_TIME ? seen.mtimeNs - ODD_TIME : ODD_TIME - seen.mtimeNs;
  const grainNs = GRAINS.find((grain) => apart < grain) ?? GRAINS.at(-1)!;
  return { grainNs, nowNs: seen.nowNs, range: seen.range };
}

/** Two moments at either end of what 64 bits of ns can tell: 1684 and 1700, 2240 and 2255. */
const EARLY = [-9_000_000_000n, -8_500_000_000n] as const;
const LATE = [8_500_000_000n, 9_000_000_000n] as const;

/** A share that has one time for two which are far apart keeps none beyond. */
function rangeOf(fd: number, stat: Stat): TimeRange | undefined {
  const end = (moments: readonly bigint[]): bigint | undefined => {
    try {
      const [one, other] = moments.map((seconds) => {
        setTimesFd(fd, seconds * 1_000_000_000n, seconds * 1_000_000_000n);
        statFd(fd, stat, '', true);
        return stat.mtimeNs;
      });
      return one === other ? one : undefined;
    } catch (error) {
      asSysError(error, 'utimes', '');
      return undefined; // refused, as each file of such a time will be
    }
  };
  const [firstNs, lastNs] = [end(EARLY), end(LATE)];
  if (firstNs === undefined && lastNs === undefined) return undefined;
  return { firstNs: firstNs ?? -(2n ** 63n), lastNs: lastNs ?? 2n ** 63n - 1n };
}

/** What a look at a root is to find out. */
export interface RootCheck {
  readonly path: string;
  readonly expected: RootIdentity;
  /** Also whether so many bytes can be written; undefined: nothing is written. */
  readonly room: number | undefined;
  /** See probeName. */
  readonly tag?: string;
}

/** ENOSPC says so as well. */
const NO_INODES = 'no inodes left (ENOSPC)';
/** More tells no more. */
const MOST_PROBED = 1024 * 1024;

/** What is wrong with a root while a run goes on: an error code such as ENODEV (it is not the one it was), or words. */
export function troubleOf({ path, expected, room, tag = '' }: RootCheck): string | undefined {
  try {
    const root = openPinned(path, expected);
    try {
      if (room === undefined) return undefined;
      if (freeBytes(root) < room) return 'ENOSPC';
      keepingTimes(root, () => probe(root, Math.min(Math.max(room, 4096), MOST_PROBED), tag));
      return undefined;
    } catch (error) {
      if (asSysError(error, 'open', path).code !== 'ENOSPC') throw error;
      const { totalInodes, freeInodes } = spaceOf(root);
      return totalInodes > 0 && freeInodes === 0 ? NO_INODES : 'ENOSPC';
    } finally {
      dropFd(root);
    }
  } catch (error) {
    return asSysError(error, 'open', path).code;
  }
}

/** Does what changes the folder's times, and sets them again; `mtimeNs` is undefined where that is not ours to do. */
export function keepingTimes<T>(folder: number, work: () => T): { found: T; mtimeNs: bigint | undefined } {
  const stat = new Stat();
  statFd(folder, stat);
  const { atimeNs, mtimeNs } = stat;
  const found = work();
  try {
    setTimesFd(folder, atimeNs, mtimeNs);
    return { found, mtimeNs };
  } catch (error) {
    // The folder may be another user's.
    asSysError(error, 'utimes', '');
    return { found, mtimeNs: undefined };
  }
}

/** What somebody else has put into the folder meanwhile stays. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    asSysError(error, 'rmdir', folder);
  }
}

function removeIfThere(root: number, name: string): void {
  wasThere(() => unlinkAt(root, name));
}
