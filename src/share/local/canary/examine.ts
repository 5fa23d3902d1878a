/**
 * What a doctor asks of the two shares, one question at a time, in a thread: shares may hang. Each question leaves the
 * destination as it was, but for the scratch folder, which `begin` makes and `end` removes.
 */
import { opendirSync, realpathSync } from 'node:fs';
import { dropFd, flushFd, openRoot, statAt, statFd, unlinkAt } from '../../../posix/calls.js';
import { asSysError } from '../../../posix/errno.js';
import { filesystemFacts } from '../../../posix/filesystems.js';
import { listFd } from '../../../posix/listing.js';
import { Stat } from '../../../posix/stat.js';
import { filesystemType, type Space, spaceOf } from '../../../posix/statfs.js';
import { saysAbsent } from '../../failure.js';
import type { RootIdentity } from '../../identity.js';
import { type Mount, mountOf } from '../../mounts.js';
import type { NameLimit } from '../../oddnames.js';
import { mountinfo } from '../mountinfo.js';
import type { Refusal } from '../roots.js';
import { type DestProbe, prepareDest } from '../trial.js';
import { type AttributeFacts, tryAttributes } from './attributes.js';
import { type LostName, tryNameLengths, tryNames, tryPathLength } from './names.js';
import { Interrupted, Pulse } from './pulse.js';
import { inScratch, makeScratch, newFile, removeScratch, SCRATCH } from './scratch.js';
import { type SizeFacts, trySizes } from './sizes.js';
import { type DestSpeed, measureDest, measureSource, type SourceSpeed } from './speed.js';
import { type TriedTime, tryTimes } from './times.js';

/** What a look at a root tells. */
export interface PlaceFacts {
  /** ext4, nfs, cifs ... */
  readonly filesystem: string;
  readonly network: boolean;
  readonly mount: Mount;
  /** The root is where the filesystem is mounted: what statfs(2) counts is what the root has. */
  readonly isWholeMount: boolean;
  readonly space: Space;
  /** Folders of snapshots in the root; `listed`: seen by whoever lists the root. */
  readonly snapshots: readonly { readonly name: string; readonly listed: boolean }[];
  /** The latest change that the root tells of, ns since the Unix epoch by the share's clock. */
  readonly changedNs: bigint;
  readonly isEmpty: boolean;
}

export interface ClockFacts {
  /** How far the share's clock is ahead of ours, ms; negative: behind. */
  readonly aheadMs: number;
  /** The call took so long: what `aheadMs` may be wrong by, ms. */
  readonly plusMinusMs: number;
}

/** The questions, with what they are answered. */
export interface Answers {
  place: PlaceFacts;
  /** What a copy finds out as well before it begins. */
  quick: DestProbe;
  begin: { madeDest: boolean; identity: RootIdentity };
  clock: ClockFacts;
  times: TriedTime[];
  names: LostName[];
  lengths: { name: NameLimit; path: number };
  attributes: AttributeFacts;
  sizes: SizeFacts;
  destSpeed: DestSpeed;
  sourceSpeed: SourceSpeed;
  end: undefined;
}

export type Question = keyof Answers;

export interface Examination {
  readonly question: Question;
  /** Absolute path of the root that is asked. */
  readonly root: string;
  /** Of the destination, once that is known. */
  readonly identity: RootIdentity | undefined;
  /** The destination was not there. */
  readonly madeDest: boolean;
  readonly pulse: SharedArrayBuffer;
}

/** `failed`: an error of the share, on one line; `stopped`: as the pulse said. */
export type Examined<A> = { readonly answer: A } | { readonly failed: string } | { readonly stopped: true } | Refusal;

export function examine(asked: Examination): Examined<Answers[Question]> {
  try {
    const answer = answerTo(asked);
    return answer && 'refused' in answer ? answer : { answer };
  } catch (error) {
    if (error instanceof Interrupted) return { stopped: true };
    return { failed: asSysError(error, asked.question, '').message };
  }
}

function answerTo(asked: Examination): Answers[Question] | Refusal {
  const { root, identity, madeDest } = asked;
  const pulse = new Pulse(asked.pulse);
  const scratch = <T>(work: (folder: number, pulse: Pulse) => T): T =>
    inScratch(root, identity!, (folder) => work(folder, pulse));
  switch (asked.question) {
    case 'place':
      return lookAt(root);
    case 'begin':
      return refusing(root, () => makeScratch(root, pulse));
    case 'quick':
      return prepareDest(root, undefined, { root: identity });
    case 'clock':
      return scratch(readClock);
    case 'times':
      return scratch(tryTimes);
    case 'names':
      return scratch(tryNames);
    case 'lengths':
      return scratch((folder) => ({
        name: tryNameLengths(folder, pulse),
        path: tryPathLength(folder, SCRATCH.length, pulse),
      }));
    case 'attributes':
      return scratch(tryAttributes);
    case 'sizes':
      return scratch(trySizes);
    case 'destSpeed':
      return scratch(measureDest);
    case 'sourceSpeed':
      return measureSource(root, pulse);
    case 'end':
      return removeScratch(root, identity!, madeDest, pulse) as undefined;
    default:
      return asked.question satisfies never;
  }
}

function refusing<T>(dest: string, work: () => T): T | Refusal {
  try {
    return work();
  } catch (error) {
    const { code, op } = asSysError(error, 'write', dest);
    return { refused: 'share', message: `destination ${dest}: cannot be written: ${code} (${op})` };
  }
}

/** Where servers keep older states of a tree: NetApp and others, NetApp on SMB, ZFS, btrfs with snapper, Synology. */
const SNAPSHOTS = ['.snapshot', '~snapshot', '.zfs', '.snapshots', '#snapshot'];

function lookAt(path: string): PlaceFacts {
  const real = realpathSync(path);
  const root = openRoot(path);
  try {
    const { name: filesystem, network } = filesystemFacts(filesystemType(root));
    const stat = new Stat();
    statFd(root, stat);
    const changedNs = stat.ctimeNs;
    const there = SNAPSHOTS.filter((name) => isFolder(root, name, stat));
    const listed = new Set<string>();
    if (there.length > 0) listFd(root, '', (name) => there.includes(name) && listed.add(name));
    const mount = mountOf(real, mountinfo());
    return {
      filesystem,
      network,
      mount,
      isWholeMount: mount.mountPoint === real,
      space: spaceOf(root),
      snapshots: there.map((name) => ({ name, listed: listed.has(name) })),
      changedNs,
      isEmpty: isEmptyBut(path, SCRATCH),
    };
  } finally {
    dropFd(root);
  }
}

/** There is nothing in the folder, or only this. */
function isEmptyBut(path: string, ours: string): boolean {
  const listing = opendirSync(path);
  try {
    for (let found = listing.readSync(); found !== null; found = listing.readSync())
      if (found.name !== ours) return false;
    return true;
  } finally {
    listing.closeSync();
  }
}

function isFolder(root: number, name: string, stat: Stat): boolean {
  try {
    statAt(root, name, stat);
    return stat.kind === 'dir';
  } catch (error) {
    // Whatever else it says, it is nothing that a copy would take.
    if (!saysAbsent(error)) asSysError(error, 'stat', name);
    return false;
  }
}

/** By a file made just now. */
function readClock(folder: number): ClockFacts {
  const begunMs = Date.now();
  const fd = newFile(folder, 'clock');
  try {
    flushFd(fd);
    const endedMs = Date.now();
    const stat = new Stat();
    statFd(fd, stat, '', true);
    const theirsMs = Number(stat.ctimeNs / 1_000_000n);
    return { aheadMs: theirsMs - (begunMs + endedMs) / 2, plusMinusMs: (endedMs - begunMs) / 2 };
  } finally {
    dropFd(fd);
    unlinkAt(folder, 'clock');
  }
}
