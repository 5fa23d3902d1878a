/**
 * A look at the two roots before a run, and the destination made ready for it. Runs in a thread of its own, since a
 * dead mount would block whoever looks at it.
 */
import { constants, mkdirSync, readFileSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  dropFd,
  filesystemType,
  flushFd,
  openAt,
  openRoot,
  setTimesFd,
  statAt,
  statFd,
  syncFilesystem,
  unlinkAt,
} from '../../posix/calls.js';
import { asSysError } from '../../posix/errno.js';
import { type FilesystemFacts, filesystemFacts } from '../../posix/filesystems.js';
import { Stat } from '../../posix/stat.js';
import { type Meta, metaOf } from '../entries.js';
import { saysAbsent } from '../failure.js';
import { overlap, overlapByMounts, type Place, placeOf } from '../mounts.js';
import { partName } from '../partname.js';

export interface RootsFacts {
  readonly source: FilesystemFacts;
  readonly dest: FilesystemFacts;
  readonly destMissing: boolean;
  /** The coarser timestamp grain of the two filesystems as far as their types tell, in ns. */
  readonly grainNs: bigint;
  /** The source's root folder itself. */
  readonly rootMeta: Meta;
}

/** Why a run cannot begin: `usage` is the operator's mistake, `share` the share's fault. */
export interface Refusal {
  readonly refused: 'usage' | 'share';
  readonly message: string;
}

/** Looks at the roots; nothing is changed. */
export function inspectRoots(source: string, dest: string): RootsFacts | Refusal {
  const from = look('source', source);
  if ('refused' in from) return from;
  if ('missing' in from)
    return { refused: 'share', message: `source ${source}: does not exist (is the share mounted?)` };
  let to = look('destination', dest);
  if ('refused' in to) return to;
  const destMissing = 'missing' in to;
  if ('missing' in to) {
    to = look('destination', dirname(dest));
    if ('refused' in to) return to;
    if ('missing' in to)
      return {
        refused: 'share',
        message: `destination ${dest}: neither it nor its parent folder exists (is the share mounted?)`,
      };
    const name = basename(dest);
    to = { ...to, real: join(to.real, name), place: { ...to.place, path: join(to.place.path, name) } };
  }
  const how = overlap(from.place, to.place) ?? overlapByMounts(from.real, to.real, mountinfo());
  if (how) {
    const what =
      how === 'same'
        ? 'are the same folder'
        : how === 'dest inside source'
          ? ': the destination is inside the source'
          : ': the source is inside the destination';
    return { refused: 'usage', message: `${source} and ${dest}${how === 'same' ? ' ' : ''}${what}` };
  }
  return {
    source: from.facts,
    dest: to.facts,
    destMissing,
    grainNs: coarser(from.facts.grainNs, to.facts.grainNs),
    rootMeta: from.meta,
  };
}

function look(
  side: string,
  path: string,
): { real: string; place: Place; facts: FilesystemFacts; meta: Meta } | { missing: true } | Refusal {
  try {
    if (!statSync(path).isDirectory()) return { refused: 'usage', message: `${side} ${path}: not a folder` };
    const real = realpathSync(path);
    const place = placeOf(real, mountinfo());
    const fd = openRoot(path);
    const facts = filesystemFacts(filesystemType(fd));
    const stat = new Stat();
    statFd(fd, stat);
    dropFd(fd);
    return { real, place, facts, meta: metaOf(stat) };
  } catch (error) {
    const { code } = asSysError(error, 'stat', path);
    if (code === 'ENOENT') return { missing: true };
    return { refused: 'share', message: `${side} ${path}: cannot be opened: ${code}` };
  }
}

function mountinfo(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8');
}

export function coarser(a: bigint, b: bigint): bigint {
  return [a, b].reduce((most, grain) => (grain > most ? grain : most));
}

/** A time that no coarse grain holds: odd seconds, and a digit in every place of the nanoseconds. */
const ODD_TIME = 1_234_567_891_123_456_789n;
const GRAINS = [1n, 100n, 1_000n, 1_000_000n, 10_000_000n, 1_000_000_000n, 2_000_000_000n];

export interface DestProbe {
  /** How finely the destination keeps times. */
  readonly grainNs: bigint;
  /** The present time by the destination's own clock, ns since the Unix epoch. */
  readonly nowNs: bigint;
  /** The root folder's mtime, ns since the Unix epoch; undefined: unknown, or changed by the probe. */
  readonly rootMtimeNs: bigint | undefined;
}

/**
 * Makes the destination root when it is missing, and finds out with a file of our own whether it can be written and
 * how finely it keeps times (ns). Afterwards the file is gone and the root has the times that it had.
 */
export function prepareDest(dest: string): DestProbe | Refusal {
  let made = false;
  try {
    try {
      mkdirSync(dest);
      made = true;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
    }
    return probe(dest);
  } catch (error) {
    if (made) removeIfEmpty(dest);
    const { code, op } = asSysError(error, 'write', dest);
    return { refused: 'share', message: `destination ${dest}: cannot be written: ${code} (${op})` };
  }
}

function probe(dest: string): DestProbe {
  const root = openRoot(dest);
  const name = partName('~probe');
  const stat = new Stat();
  try {
    statFd(root, stat);
    const { atimeNs, mtimeNs } = stat;
    removeIfThere(root, name);
    const fd = openAt(root, name, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
    try {
      setTimesFd(fd, ODD_TIME, ODD_TIME);
      flushFd(fd);
      statAt(root, name, stat);
    } finally {
      dropFd(fd);
      removeIfThere(root, name);
    }
    const apart = stat.mtimeNs > ODD_TIME ? stat.mtimeNs - ODD_TIME : ODD_TIME - stat.mtimeNs;
    const grainNs = GRAINS.find((grain) => apart < grain) ?? GRAINS.at(-1)!;
    return { grainNs, nowNs: stat.ctimeNs, rootMtimeNs: isRestored(root, atimeNs, mtimeNs) ? mtimeNs : undefined };
  } finally {
    dropFd(root);
  }
}

/** Sets a folder's times; false when that is not ours to do: the folder may be another user's. */
function isRestored(folder: number, atimeNs: bigint, mtimeNs: bigint): boolean {
  try {
    setTimesFd(folder, atimeNs, mtimeNs);
    return true;
  } catch (error) {
    asSysError(error, 'utimes', '');
    return false;
  }
}

/** What somebody else has put into the folder meanwhile stays. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    asSysError(error, 'rmdir', folder);
  }
}

function removeIfThere(root: number, name: string): void {
  try {
    unlinkAt(root, name);
  } catch (error) {
    if (!saysAbsent(error)) throw error;
  }
}

/** Flushes the destination's whole filesystem: what was published before is durable afterwards. */
export function syncRoot(dest: string): void {
  const root = openRoot(dest);
  try {
    syncFilesystem(root);
  } finally {
    dropFd(root);
  }
}
