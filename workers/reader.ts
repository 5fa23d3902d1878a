/** Thread entry of a reader lane: opens what it was given and plays the role until its inbox is closed. */
import { createHasher } from '../src/hash/registry.js';
import { bucketOf, windowOf } from '../src/pace/pacer.js';
import { Inbox } from '../src/pipeline/inbox.js';
import type { ReaderStart } from '../src/pipeline/lanes.js';
import { runReader } from '../src/pipeline/reader.js';
import { Ring } from '../src/pipeline/ring.js';
import { Filter } from '../src/scan/filter/filter.js';
import { LocalSource } from '../src/share/local/localsource.js';
import { LaneCounters } from '../src/stats/shared.js';

export default async function reader(start: ReaderStart): Promise<void> {
  const source = new LocalSource(start.root, start.pin, start);
  const filter = new Filter(start.rules, 'source');
  try {
    runReader({
      lane: start.lane,
      source,
      ring: new Ring(start.ring),
      inbox: new Inbox(start.port, start.inbox),
      hasher: await createHasher(start.checksum),
      attributes: start.attributes,
      sparse: start.sparse,
      pace: bucketOf(start.pace, 'source'),
      window: windowOf(start.pace, 'source'),
      counters: new LaneCounters(new Float64Array(start.counters), start.lane),
      filter: filter.isEmpty ? undefined : filter,
      report: (message) => start.port.postMessage(message),
    });
  } finally {
    source.close();
  }
}
