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
  for (let request = deps.inbox.take(); request; request = deps.inbox.take()) {
    const { dir, path } = request;
    const send = (answer: Omit<ListAnswer, 'dir'>) => {
      deps.inbox.countAnswer(UNREAD_LIMIT);
      deps.answer({ dir, ...answer });
    };
    const begunMs = performance.now();
    let held: Entries | undefined;
    let count = 1;
    try {
      deps.share.list(path, BATCH, (entries) => {
        if (held) send({ entries: held.take(), last: false });
        held = entries;
        count += entries.count;
      });
      send({ entries: (held ?? Entries.withRoom(0)).take(), last: true });
    } catch (error) {
      const entries = (held ?? Entries.withRoom(0)).take();
      send({ entries, last: true, failure: failureOf(error, 'readdir', path) });
    }
    deps.counters.timed(count, performance.now() - begunMs);
  }
}
