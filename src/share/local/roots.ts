/**
 * A look at the two roots before a run. Runs in a thread of its own, since a dead mount would block whoever looks at it;
 * so does trial.ts, which makes the destination ready.
 */
import { opendirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { dropFd, openRoot, statFd } from '../../posix/calls.js';
import { asSysError } from '../../posix/errno.js';
import { type FilesystemFacts, filesystemFacts } from '../../posix/filesystems.js';
import { Stat } from '../../posix/stat.js';
import { filesystemType } from '../../posix/statfs.js';
import { type Meta, metaOf } from '../entries.js';
import type { RootIdentity } from '../identity.js';
import {
  type Mount,
  makesUpNumbers,
  mountOf,
  overlap,
  overlapByMounts,
  type Place,
  placeOf,
  softnessOf,
} from '../mounts.js';
import { SIDE_NAMES, type Side } from '../share.js';
import { mountinfo } from './mountinfo.js';
import { identityOf } from './pin.js';

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
  /** Of the source's entries: nothing tells which names are of one file. */
  readonly hasMadeUpNumbers: boolean;
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
    hasMadeUpNumbers: makesUpNumbers(from.mount),
    soft: [...(softnessOf(from.mount) ? ['source' as const] : []), ...(softnessOf(to.mount) ? ['dest' as const] : [])],
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
  readonly mount: Mount;
}

function look(side: string, path: string): Looked | { missing: true } | Refusal {
  try {
    if (!statSync(path).isDirectory()) return { refused: 'usage', message: `${side} ${path}: not a folder` };
    const real = realpathSync(path);
    const mounts = mountinfo();
    const place = placeOf(real, mounts);
    const mount = mountOf(real, mounts);
    const fd = openRoot(path);
    const facts = filesystemFacts(filesystemType(fd));
    const stat = new Stat();
    statFd(fd, stat);
    const identity = identityOf(fd);
    dropFd(fd);
    return { real, place, facts, meta: metaOf(stat), identity, isEmpty: isEmpty(path), mount };
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

export function coarser(a: bigint, b: bigint): bigint {
  return [a, b].reduce((most, grain) => (grain > most ? grain : most));
}
