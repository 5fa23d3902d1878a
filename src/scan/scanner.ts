/** The scanner's role: lists folders of one side, with the metadata of each entry, and sends what it finds. */

import type { Bucket } from '../pace/bucket.js';
import { Call } from '../pace/latency.js';
import { notListed } from '../pipeline/absence.js';
import type { Inbox } from '../pipeline/inbox.js';
import { baseName, dirName } from '../posix/names.js';
import type { Attributes } from '../share/attributes.js';
import { Entries, type EntryData } from '../share/entries.js';
import { type Failure, failure, failureOf } from '../share/failure.js';
import type { Leaves, Share, Side } from '../share/share.js';
import type { LaneCounters } from '../stats/shared.js';
import type { Filter } from './filter/filter.js';
import type { ListAnswer, ListRequest } from './messages.js';
import { Sealer } from './seal.js';

export interface ScannerDeps {
  readonly side: Side;
  readonly share: Share;
  readonly inbox: Inbox<ListRequest>;
  readonly pace: Bucket;
  readonly attributes: Attributes;
  readonly counters: LaneCounters;
  /** What is left out of the side's listings; undefined: nothing. */
  readonly filter: Filter | undefined;
  readonly oneFilesystem: boolean;
  answer(message: ListAnswer): void;
}

/** Entries of one message. */
const BATCH = 4096;
/** A server sends so many names with their metadata for what an operation counts: about 250 bytes each (NFS, SMB). */
const ENTRIES_OF_OPERATION = 8;
/** Operations paid for in one go, so that other lanes are not held up by a large batch. */
const PAID_AT_ONCE = 8;
/** Messages on their way; the lane waits beyond, so that they do not pile up in the main thread. */
const UNREAD_LIMIT = 32;
/**
 * The same of parts of a folder that is larger than one message. Taking one in takes the main thread up to 0.1 s, and it
 * hears nothing else before it has taken in all that are there.
 */
const UNREAD_PARTS = 2;

export function runScanner(deps: ScannerDeps): void {
  const batch = Entries.withRoom(BATCH);
  for (let request = deps.inbox.take(); request; request = deps.inbox.take()) {
    answer(request, batch, deps);
  }
}

/** Ends a listing that nobody waits for. */
class Abandoned extends Error {}

/** Waits until the entries of a listing may have come. */
function pay(entries: number, pace: Bucket): void {
  for (let left = Math.ceil(entries / ENTRIES_OF_OPERATION); left > 0; left -= PAID_AT_ONCE)
    pace.take(0, Math.min(left, PAID_AT_ONCE));
}

/** Lists one folder. */
function answer(request: ListRequest, batch: Entries, deps: ScannerDeps): void {
  const { side, share, inbox, pace, counters, answer } = deps;
  const { dir, path, seal, grainNs } = request;
  const sealer = new Sealer(deps.attributes);
  /** Batches that need not be sent if the folder is as it was. */
  let held: EntryData[] | undefined = seal === undefined ? undefined : [];
  let count = 0;
  let excluded = 0;
  const leaves = leavesOf(request, deps.filter, () => excluded++);
  let isElsewhere = false;
  /** Time in which the share was not waited for. */
  let asideMs = 0;
  const aside = (work: () => void) => {
    const begunMs = performance.now();
    work();
    asideMs += performance.now() - begunMs;
  };
  const send = (entries: EntryData, end: Omit<ListAnswer, 'dir' | 'entries'>) => {
    inbox.countAnswer(end.last ? UNREAD_LIMIT : UNREAD_PARTS);
    answer({ dir, entries, ...end });
  };
  const sendLast = (entries: EntryData, end: Pick<ListAnswer, 'failure' | 'same' | 'seal'>) =>
    send(entries, { last: true, ...(isElsewhere && { isElsewhere }), ...(excluded > 0 && { excluded }), ...end });
  const take = () => {
    const entries = batch.take();
    count += entries.names.length;
    pay(entries.names.length, pace);
    sealer.add(entries);
    return entries;
  };
  const sendHeld = () => {
    for (const entries of held ?? []) send(entries, { last: false });
    held = undefined;
  };
  const pass = (entries: EntryData) => {
    if (held && sealer.isPossible) {
      held.push(entries);
      return;
    }
    sendHeld();
    send(entries, { last: false });
  };
  try {
    pace.take(0, 1);
    const begunMs = performance.now();
    counters.workOn(dir);
    counters.calling(Call.list, begunMs);
    isElsewhere = deps.oneFilesystem && path !== '' && !share.isOnRootFilesystem(path);
    const full = () => {
      counters.called();
      if (inbox.isAbandoned) throw new Abandoned();
      aside(() => pass(take()));
      counters.calling(Call.list, performance.now());
    };
    if (!isElsewhere || side === 'dest') share.list(path, batch, full, leaves);
    counters.called();
    timed(count + batch.count + 1, performance.now() - begunMs - asideMs, deps);
    const rest = take();
    const listing = sealer.listing();
    if (!isElsewhere && seal !== undefined && listing?.gives(seal, side, grainNs)) {
      const { folders, same } = listing.summary();
      sendLast(folders, { same });
    } else {
      sendHeld();
      sendLast(rest, listing ? { seal: listing.seal(side, grainNs) } : {});
    }
  } catch (error) {
    counters.called();
    if (error instanceof Abandoned) return;
    sendHeld();
    sendLast(take(), { failure: failureOfListing(error, path, share) });
  }
}

/**
 * A folder that is not there is gone only if the folder above does not list it any more: servers also say so of what they
 * cannot reach for a moment, and what is taken for gone is forgotten without a word.
 */
function failureOfListing(error: unknown, path: string, share: Share): Failure {
  const cause = failureOf(error, 'readdir', path);
  if (cause.code !== 'ENOENT' || path === '') return cause;
  try {
    if (notListed(share, dirName(path), new Map([[baseName(path), 'dir']])).absent.size > 0) return cause;
  } catch {
    // Nothing is known of the folder above either.
  }
  return failure('EIO', 'readdir, which says ENOENT of what its folder lists', path);
}

/** What is left out of one folder, each entry told to `count`; undefined where nothing can be. */
function leavesOf({ path, wanted }: ListRequest, filter: Filter | undefined, count: () => void): Leaves | undefined {
  if (!filter && !wanted) return undefined;
  return (name, isFolder) => {
    const part = wanted?.get(name);
    // What nobody listed is not counted: that would be almost all of the tree.
    if (wanted && part === undefined) return true;
    if (part === 'through') return !isFolder;
    const isExcluded = filter?.excludes(path, name, isFolder) ?? false;
    if (isExcluded) count();
    return isExcluded;
  };
}

function timed(operations: number, ms: number, { counters }: ScannerDeps): void {
  counters.timed(operations, ms);
  counters.took(Call.list, ms / operations);
}
