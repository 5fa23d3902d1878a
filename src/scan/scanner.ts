/** The scanner's role: lists folders of one side, with the metadata of each entry, and sends what it finds. */

import type { Inbox } from '../pipeline/inbox.js';
import { Entries } from '../share/entries.js';
import { failureOf } from '../share/failure.js';
import type { Share } from '../share/share.js';
import type { LaneCounters } from '../stats/shared.js';
import type { ListAnswer, ListRequest } from './messages.js';

export interface ScannerDeps {
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
    const { dir, path } = request;
    let count = 1;
    const send = (end: Pick<ListAnswer, 'last' | 'failure'>) => {
      count += batch.count;
      deps.inbox.countAnswer(UNREAD_LIMIT);
      deps.answer({ dir, entries: batch.take(), ...end });
    };
    const begunMs = performance.now();
    try {
      deps.share.list(path, batch, () => send({ last: false }));
      send({ last: true });
    } catch (error) {
      send({ last: true, failure: failureOf(error, 'readdir', path) });
    }
    deps.counters.timed(count, performance.now() - begunMs);
  }
}
