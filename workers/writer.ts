/** Thread entry of a writer lane: opens what it was given and plays the role until the ring is closed and empty. */
import { bucketOf, windowOf } from '../src/pace/pacer.js';
import type { WriterStart } from '../src/pipeline/lanes.js';
import { Ring } from '../src/pipeline/ring.js';
import { runWriter } from '../src/pipeline/writer.js';
import { LocalDest } from '../src/share/local/localdest.js';
import { LocalSource } from '../src/share/local/localsource.js';
import { writingRenamed } from '../src/share/renameddest.js';
import { LaneCounters } from '../src/stats/shared.js';

export default function writer(start: WriterStart): void {
  const { trash, attributes } = start;
  const source = new LocalSource(start.source.root, start.source.pin, start.source); // opened when it is asked
  const dest = writingRenamed(new LocalDest(start.root, start.pin, start), start.renamed);
  try {
    runWriter({
      lane: start.lane,
      dest,
      source,
      ring: new Ring(start.ring),
      pace: bucketOf(start.pace, 'dest'),
      window: windowOf(start.pace, 'dest'),
      counters: new LaneCounters(new Float64Array(start.counters), start.lane),
      trash,
      attributes,
      report: (message) => start.port.postMessage(message),
    });
  } finally {
    dest.close();
    source.close();
  }
}
