/**
 * A look at the two roots before a run, and the destination made ready for it. Runs in a thread of its own, since a
 * dead mount would block whoever looks at it.
 */
import { constants, opendirSync, readFileSync, realpathSync, rmdirSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  dropFd,
  filesystemType,
  flushFd,
  freeBytes,
  makeDirAt,
  openAt,
  openRoot,
  setTimesFd,
  statAt,
  statFd,
  unlinkAt,
} from '../../posix/calls.js';
import { asSysError } from '../../posix/errno.js';
import { type FilesystemFacts, filesystemFacts } from '../../posix/filesystems.js';
import { Stat } from '../../posix/stat.js';
import { type Meta, metaOf } from '../entries.js';
import { saysAbsent } from '../failure.js';
import type { Folding } from '../folding.js';
import type { RootIdentity } from '../identity.js';
import { mountOf, overlap, overlapByMounts, type Place, placeOf, softnessOf } from '../mounts.js';
import { probeName } from '../partname.js';
import { SIDE_NAMES, type Side } from '../share.js';
import type { TimeRange } from '../timerange.js';
import { NEW_FOLDER } from './folders.js';
import { probeFolding } from './foldprobe.js';
import { identityOf, openPinned } from './pin.js';

export interface RootsFacts {
  readonly source: FilesystemFacts;
  readonly dest: FilesystemFacts;
  readonly destMissing: boolean;
  /** The coarser timestamp grain of the two filesystems as far as their types tell, in ns. */
  readonly grainNs: bigint;
  /** The source's root folder itself. */
  readonly rootMeta: Meta;
  readonly sourceIdentity: RootIdentity;
  /** The source's root has nothing in it. */
  readonly sourceIsEmpty: boolean;
  /** The destination's path without links, also where it is not there yet. */
  readonly destReal: string;
  /** Undefined: the destination is not there. */
  readonly destIdentity: RootIdentity | undefined;
  /** Of the folder in which a destination is to be made that is not there. */
  readonly destParent: RootIdentity | undefined;
  /** The sides whose mounts give errors where others wait. */
  readonly soft: readonly Side[];
}

/** Why a run cannot begin: `usage` is the operator's mistake, `share` the share's fault. */
export interface Refusal {
  readonly refused: 'usage' | 'share';
  readonly message: string;
}

/** A file of a run, which must not be taken for one of the shares' own. */
export interface OwnFile {
  /** Absolute; neither it nor its folder need be there. */
  readonly path: string;
  /** "the ledger" */
  readonly what: string;
  /** Which option names it. */
  readonly option: string;
}

/** Looks at the roots, and where the run's own files are; nothing is changed. */
export function inspectRoots(source: string, dest: string, own: readonly OwnFile[] = []): RootsFacts | Refusal {
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
  const inside = insideOf('source', from, own) ?? insideOf('destination', to, own);
  if (inside) return inside;
  return {
    source: from.facts,
    dest: to.facts,
    destMissing,
    destReal: to.real,
    grainNs: coarser(from.facts.grainNs, to.facts.grainNs),
    rootMeta: from.meta,
    sourceIdentity: from.identity,
    sourceIsEmpty: from.isEmpty,
    destIdentity: destMissing ? undefined : to.identity,
    destParent: destMissing ? to.identity : undefined,
    soft: [...(from.isSoft ? ['source' as const] : []), ...(to.isSoft ? ['dest' as const] : [])],
  };
}

/** A root by itself. */
export interface RootFacts {
  readonly facts: FilesystemFacts;
  readonly identity: RootIdentity;
}

/** Looks at one root that is only to be read, and where the run's own files are; nothing is changed. */
export function inspectRoot(side: Side, path: string, own: readonly OwnFile[]): RootFacts | Refusal {
  const name = SIDE_NAMES[side];
  const root = look(name, path);
  if ('refused' in root) return root;
  if ('missing' in root)
    return { refused: 'share', message: `${name} ${path}: does not exist (is the share mounted?)` };
  return insideOf(name, root, own) ?? { facts: root.facts, identity: root.identity };
}

/** A refusal where a file of the run is inside a root. */
function insideOf(side: string, root: Looked, own: readonly OwnFile[]): Refusal | undefined {
  const file = own.find(({ path }) => isWithin(root, path));
  return (
    file && {
      refused: 'usage',
      message: `${file.what} ${file.path} is inside the ${side}; name a place outside of both shares with ${file.option}`,
    }
  );
}

interface Looked {
  readonly real: string;
  readonly place: Place;
  readonly facts: FilesystemFacts;
  readonly meta: Meta;
  readonly identity: RootIdentity;
  readonly isEmpty: boolean;
  readonly isSoft: boolean;
}

function look(side: string, path: string): Looked | { missing: true } | Refusal {
  try {
    if (!statSync(path).isDirectory()) return { refused: 'usage', message: `${side} ${path}: not a folder` };
    const real = realpathSync(path);
    const mounts = mountinfo();
    const place = placeOf(real, mounts);
    const isSoft = softnessOf(mountOf(real, mounts)) !== undefined;
    const fd = openRoot(path);
    const facts = filesystemFacts(filesystemType(fd));
    const stat = new Stat();
    statFd(fd, stat);
    const identity = identityOf(fd);
    dropFd(fd);
    return { real, place, facts, meta: metaOf(stat), identity, isEmpty: isEmpty(path), isSoft };
  } catch (error) {
    const { code } = asSysError(error, 'stat', path);
    if (code === 'ENOENT') return { missing: true };
    return { refused: 'share', message: `${side} ${path}: cannot be opened: ${code}` };
  }
}

/** Whether a root leads, through links and mounts, to a file that may not be there yet. */
function isWithin(root: Pick<Looked, 'real' | 'place'>, path: string): boolean {
  // Where it leads to, and where its name is: beside that, there are more files of the run.
  return [realOf(path), join(realOf(dirname(path)), basename(path))].some((real) => {
    const reached = overlap(root.place, placeOf(real, mountinfo())) ?? overlapByMounts(root.real, real, mountinfo());
    return reached === 'same' || reached === 'dest inside source';
  });
}

/** The real path of what may not be there yet. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    asSysError(error, 'stat', path);
    return path === dirname(path) ? path : join(realOf(dirname(path)), basename(path));
  }
}

function isEmpty(folder: string): boolean {
  const listing = opendirSync(folder);
  try {
    return listing.readSync() === null;
  } finally {
    listing.closeSync();
  }
}

/** The mounts that this process sees, as /proc tells them. */
export function mountinfo(): string {
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
  try {
    statAt(root, name, stat);
    return stat.kind !== 'dir';
  } catch (error) {
    if (!saysAbsent(error)) throw error;
    return false;
  }
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

/** More tells no more. */
const MOST_PROBED = 1024 * 1024;

/** What is wrong with a root while a run goes on, as an error code such as ENODEV: it is not the one it was. */
export function troubleOf({ path, expected, room, tag = '' }: RootCheck): string | undefined {
  try {
    const root = openPinned(path, expected);
    try {
      if (room === undefined) return undefined;
      if (freeBytes(root) < room) return 'ENOSPC';
      keepingTimes(root, () => probe(root, Math.min(Math.max(room, 4096), MOST_PROBED), tag));
      return undefined;
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
  try {
    unlinkAt(root, name);
  } catch (error) {
    if (!saysAbsent(error)) throw error;
  }
}
