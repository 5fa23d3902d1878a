/**
 * The reader's role: takes leases, does the source's part of each entry (reads and hashes files, reads links, proves
 * extras absent) and puts records into the ring.
 */
import type { Hasher } from '../hash/registry.js';
import type { Bucket } from '../pace/bucket.js';
import { Call } from '../pace/latency.js';
import type { Window } from '../pace/window.js';
import { asSysError } from '../posix/errno.js';
import { join } from '../posix/names.js';
import type { Stat } from '../posix/stat.js';
import type { Filter } from '../scan/filter/filter.js';
import { type Attributes, carriesAny, carriesXattrs, encodeXattrs } from '../share/attributes.js';
import { failure, failureOf, UNLIKE } from '../share/failure.js';
import type { SourceFile, SourceShare } from '../share/share.js';
import type { LaneCounters } from '../stats/shared.js';
import type { Inbox } from './inbox.js';
import type { FailedItem, LaneMessage, Lease } from './messages.js';
import { PacedRead } from './pacedread.js';
import { Packer, SlotRecords } from './packer.js';
import { Action, FIRST, LAST, NOTHING, type RecordFields } from './record.js';
import { Removals } from './removals.js';
import { Command, type Ring } from './ring.js';
import { streamFile } from './stream.js';
import { timedCall } from './timedcall.js';
import { WatchedFile } from './watchedfile.js';

export interface ReaderDeps {
  readonly lane: number;
  readonly source: SourceShare;
  /** What of the source is left out, so that it is no reason to keep an extra; undefined: nothing. */
  readonly filter?: Filter | undefined;
  readonly ring: Ring;
  readonly inbox: Inbox<Lease>;
  readonly hasher: Hasher;
  readonly attributes: Attributes;
  /** Holes of the source are holes at the destination. */
  readonly sparse: boolean;
  readonly pace: Bucket;
  readonly window: Window;
  readonly counters: LaneCounters;
  report(message: LaneMessage): void;
}

/** Files up to this many bytes travel in packs. */
export const PACKED_MAX = 256 * 1024;

/** Operations on the share that a limit counts for each file beside its data. */
const OPEN_CLOSE = 2;

/** What a share remembers of a file is good for so long, ms. */
const MOMENT_MS = 100;

/** How often a file that changes while it is read is begun anew. */
export const READ_ATTEMPTS = 3;

/** One entry of a lease. */
export interface LeaseItem {
  readonly dir: string;
  readonly name: string;
  readonly action: Action;
  readonly id: number;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Of a hard link: the file that it is to be a name of. */
  readonly target: string | undefined;
}

export function runReader(deps: ReaderDeps): void {
  const records = new SlotRecords(deps.ring);
  const packer = new Packer(deps.ring, records);
  for (;;) {
    let lease = deps.inbox.poll();
    if (!lease) {
      packer.handOver();
      lease = deps.inbox.take();
      if (!lease) return;
    }
    workOff(lease, deps, packer, records);
    deps.report({ type: 'leaseDone' });
  }
}

function workOff(lease: Lease, deps: ReaderDeps, packer: Packer, records: SlotRecords): void {
  const failed: FailedItem[] = [];
  const returned: number[] = [];
  const removals = new Removals(lease, deps, failed);
  for (let index = 0; index < lease.names.length; index++) {
    const item: LeaseItem = {
      dir: lease.dirs[lease.dirOf[index]!]!,
      name: lease.names[index]!,
      action: lease.actions[index] as Action,
      id: lease.ids[index]!,
      size: lease.sizes[index]!,
      mtimeNs: lease.mtimes[index]!,
      ctimeNs: lease.ctimes[index]!,
      target: lease.targets?.[index],
    };
    if (deps.ring.command !== Command.run) {
      returned.push(item.id);
      continue;
    }
    try {
      if (!forward(item, deps, packer, records, removals)) returned.push(item.id);
    } catch (error) {
      failed.push({ id: item.id, failure: failureOf(error, 'read', join(item.dir, item.name)), side: 'source' });
    }
    deps.counters.end();
  }
  if (failed.length > 0) deps.report({ type: 'failed', items: failed });
  if (returned.length > 0) deps.report({ type: 'returned', ids: returned });
}

/** Does the source's part of one entry. False: the run stops, the entry was not handed over. */
function forward(item: LeaseItem, deps: ReaderDeps, packer: Packer, records: SlotRecords, removals: Removals): boolean {
  deps.counters.workOn(item.id);
  switch (item.action) {
    case Action.copy:
      if (item.size <= PACKED_MAX && packFile(item, deps, packer)) return true;
      packer.handOver();
      return streamFile(item, deps, records);
    case Action.link: {
      deps.pace.take(0, 1);
      const { target, stat } = deps.counters.during(() => deps.source.readLink(item.dir, item.name));
      const fields = fieldsOf(item, stat, Date.now());
      return packData(item, fields, Buffer.from(target, 'utf16le'), packer);
    }
    case Action.special: {
      deps.pace.take(0, 1);
      const stat = deps.counters.during(() => deps.source.look(item.dir, item.name));
      if (stat.kind !== 'other') return failed(item, 'CHANGED', deps);
      const device = Buffer.alloc(4);
      device.writeUInt32LE(stat.specialDevice);
      return packData(item, fieldsOf(item, stat, Date.now()), device, packer);
    }
    case Action.hardLink:
      return packHardLink(item, deps, packer);
    case Action.stamp:
      return packStamp(item, deps, packer);
    case Action.stampDir:
      return packDirStamp(item, deps, packer);
    case Action.makeDir:
    case Action.removePart:
      return packData(item, fieldsOf(item, undefined, Date.now()), NOTHING, packer);
    case Action.remove:
    case Action.removeDir: {
      const proof = removals.proofOf(item);
      if (!proof) return true;
      const fields = fieldsOf(item, undefined, proof.askedMs);
      return packData(item, { ...fields, flags: fields.flags | proof.flags }, NOTHING, packer);
    }
    default:
      item.action satisfies never;
      throw new Error(`unknown action ${item.action}`);
  }
}

export function fieldsOf(item: LeaseItem, stat: Stat | undefined, startedMs: number): RecordFields {
  return {
    action: item.action,
    flags: FIRST | LAST,
    reader: 0,
    id: item.id,
    offset: 0,
    size: stat?.size ?? item.size,
    startedMs,
    endedMs: 0,
    atimeNs: stat?.atimeNs ?? item.mtimeNs,
    mtimeNs: stat?.mtimeNs ?? item.mtimeNs,
    ctimeNs: stat?.ctimeNs ?? item.ctimeNs,
    btimeNs: stat?.btimeNs ?? 0n,
    mode: stat?.mode ?? 0,
    uid: stat?.uid ?? 0,
    gid: stat?.gid ?? 0,
    hash: undefined,
  };
}

function packData(
  item: LeaseItem,
  fields: RecordFields,
  data: Uint8Array,
  packer: Packer,
  xattrs: Uint8Array = NOTHING,
): boolean {
  const place = packer.reserve(item.dir, item.name, data.length, xattrs);
  if (!place) return false;
  place.data.set(data);
  place.commit(fields, data.length);
  return true;
}

/** The extended attributes of a source's file, as they travel. */
export function xattrsIn(file: Pick<SourceFile, 'xattrs'>, attributes: Attributes): Uint8Array {
  return carriesXattrs(attributes) ? encodeXattrs(file.xattrs()) : NOTHING;
}

/** Of a file whose other name was copied: makes sure that it still is one. */
function packHardLink(item: LeaseItem, deps: ReaderDeps, packer: Packer): boolean {
  deps.pace.take(0, 1);
  const stat = deps.counters.during(() => deps.source.sameFile(item.dir, item.name, item.target!));
  if (!stat) return failed(item, UNLIKE, deps);
  if (stat.size !== item.size || stat.mtimeNs !== item.mtimeNs) return failed(item, 'CHANGED', deps);
  return packData(item, fieldsOf(item, stat, Date.now()), Buffer.from(item.target!, 'utf16le'), packer);
}

/** Reports a failure of our own; true: there is nothing more to do. */
function failed(item: LeaseItem, code: string, deps: ReaderDeps): true {
  const cause = failure(code, 'read', join(item.dir, item.name));
  deps.report({ type: 'failed', items: [{ id: item.id, failure: cause, side: 'source' }] });
  return true;
}

/** Of a file whose content the destination has: what else is kept of it. Throws SysError when the content has changed. */
function packStamp(item: LeaseItem, deps: ReaderDeps, packer: Packer): boolean {
  const file = openTimed(item, deps);
  try {
    const xattrs = xattrsIn(file, deps.attributes);
    const stat = file.stat(true);
    if (stat.kind !== 'file' || stat.size !== item.size || stat.mtimeNs !== item.mtimeNs)
      return failed(item, 'CHANGED', deps);
    return packData(item, fieldsOf(item, stat, Date.now()), NOTHING, packer, xattrs);
  } finally {
    file.close();
  }
}

/** A folder gets the mtime that the scan saw: what has come into it since is for the next scan. */
function packDirStamp(item: LeaseItem, deps: ReaderDeps, packer: Packer): boolean {
  deps.pace.take(0, OPEN_CLOSE);
  try {
    const folder = deps.counters.during(() => deps.source.openDir(join(item.dir, item.name)));
    const fields = { ...fieldsOf(item, folder.stat, Date.now()), mtimeNs: item.mtimeNs };
    return packData(item, fields, NOTHING, packer, encodeXattrs(folder.xattrs));
  } catch (error) {
    // Gone by now, or closed to us since: it gets its time, and stays as private as it is.
    const { code } = asSysError(error, 'open', item.name);
    if (carriesAny(deps.attributes) || !['ENOENT', 'EACCES'].includes(code)) throw error;
    return packData(item, fieldsOf(item, undefined, Date.now()), NOTHING, packer);
  }
}

/**
 * Reads a small file whole into the pack. One look after the reading is enough: when size, mtime and ctime are still
 * those that the scan saw, nothing changed in between. On a network share the look is at what opening the file has
 * brought: asking again for each small file would cost as much as reading it, for the moment that one read takes. A limit
 * can make more than a moment of it; then the server is asked.
 * Otherwise the file is read again against a look before; false when it no longer is a small file, or keeps changing.
 */
function packFile(item: LeaseItem, deps: ReaderDeps, packer: Packer): boolean {
  const startedMs = Date.now();
  deps.counters.begin(item.id, startedMs);
  const file = openTimed(item, deps);
  try {
    const { attributes } = deps;
    const xattrs = xattrsIn(file, attributes);
    const atimeNs = attributes.atimes ? file.stat(true).atimeNs : undefined;
    const place = packer.reserve(item.dir, item.name, item.size, xattrs);
    if (!place) return false;
    const begunMs = performance.now();
    const isOneRead = item.size <= deps.pace.quantum();
    const isWhole = new PacedRead(deps, file, item.size).fill(place.data, 0, () => {});
    const stat = file.stat(!isOneRead || performance.now() - begunMs > MOMENT_MS);
    const same = stat.size === item.size && stat.mtimeNs === item.mtimeNs && stat.ctimeNs === item.ctimeNs;
    if (!same || !isWhole || stat.kind !== 'file') return false;
    const fields = fieldsOf(item, stat, startedMs);
    if (atimeNs !== undefined) fields.atimeNs = atimeNs;
    fields.hash = deps.hasher.of(place.data);
    place.commit(fields, item.size);
    return true;
  } finally {
    file.close();
  }
}

/** Opens a source file; how long that takes tells how far away the share is. */
export function openTimed(item: LeaseItem, deps: ReaderDeps): SourceFile {
  deps.pace.take(0, OPEN_CLOSE);
  const file = timedCall(deps, Call.open, 1, () => deps.source.open(item.dir, item.name));
  return new WatchedFile(file, deps.counters);
}
