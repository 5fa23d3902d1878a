/** Thread entry of a scanner lane, of either side. */

import { bucketOf } from '../src/pace/pacer.js';
import { Inbox } from '../src/pipeline/inbox.js';
import type { ScannerStart } from '../src/pipeline/lanes.js';
import { Filter } from '../src/scan/filter/filter.js';
import { runScanner } from '../src/scan/scanner.js';
import { LocalShare } from '../src/share/local/local.js';
import { LaneCounters } from '../src/stats/shared.js';

export default function scanner(start: ScannerStart): void {
  const filter = new Filter(start.rules, start.side);
  const share = new LocalShare(start.root, start.pin);
  try {
    runScanner({
      side: start.side,
      share,
      pace: bucketOf(start.pace, start.side),
      inbox: new Inbox(start.port, start.inbox),
      attributes: start.attributes,
      counters: new LaneCounters(new Float64Array(start.counters), start.lane),
      // What is at the destination is looked at by the names of the source, whatever the rules say of it.
      filter: start.side === 'dest' || filter.isEmpty ? undefined : filter,
      oneFilesystem: start.oneFilesystem,
      answer: (message) => start.port.postMessage(message),
    });
  } finally {
    share.close();
  }
}
