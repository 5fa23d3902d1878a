/** The scanner's role: lists folders of one side, with the metadata of each entry, and sends what it finds. */

import type { Inbox } from '../pipeline/inbox.js';
import { Entries, type EntryData } from '../share/entries.js';
import { failureOf } from '../share/failure.js';
import type { Share } from '../share/share.js';
import type { LaneCounters } from '../stats/shared.js';
import type { ListAnswer, ListRequest, Side } from './messages.js';
import { Sealer } from './seal.js';

export interface ScannerDeps {
  readonly side: Side;
  readonly share: Share;
  readonly inbox: Inbox<ListRequest>;
  readonly counters: LaneCounters;
  answer(message: ListAnswer): void;
}

/** Entries of one message. */
const BATCH = 4096;
/** Messages on their way; the lane waits beyond, so that a huge folder does not pile up in the main thread. */
const UNREAD_LIMIT = 32;

export function runScanner(deps: ScannerDeps): void {
  const batch = Entries.withRoom(BATCH);
  for (let request = deps.inbox.take(); request; request = deps.inbox.take()) {
    const begunMs = performance.now();
    const count = answer(request, batch, deps);
    deps.counters.timed(count + 1, performance.now() - begunMs);
  }
}

/** Lists one folder; returns how many entries it has. */
function answer(request: ListRequest, batch: Entries, { side, share, inbox, answer }: ScannerDeps): number {
  const { dir, path, seal, grainNs } = request;
  const sealer = new Sealer();
  /** Batches that need not be sent if the folder is as it was. */
  let held: EntryData[] | undefined = seal === undefined ? undefined : [];
  let count = 0;
  const send = (entries: EntryData, end: Pick<ListAnswer, 'last' | 'failure' | 'same' | 'seal'>) => {
    inbox.countAnswer(UNREAD_LIMIT);
    answer({ dir, entries, ...end });
  };
  const take = () => {
    const entries = batch.take();
    count += entries.names.length;
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
    share.list(path, batch, () => pass(take()));
    const rest = take();
    const listing = sealer.listing();
    if (seal !== undefined && listing?.gives(seal, side, grainNs)) {
      const { folders, same } = listing.summary();
      send(folders, { last: true, same });
    } else {
      sendHeld();
      send(rest, listing ? { last: true, seal: listing.seal(side, grainNs) } : { last: true });
    }
  } catch (error) {
    sendHeld();
    send(take(), { last: true, failure: failureOf(error, 'readdir', path) });
  }
  return count;
}
