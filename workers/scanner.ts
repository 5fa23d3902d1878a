/** Thread entry of a scanner lane, of either side. */

import { bucketOf } from '../src/pace/pacer.js';
import { Inbox } from '../src/pipeline/inbox.js';
import type { ScannerStart } from '../src/pipeline/lanes.js';
import { Filter } from '../src/scan/filter/filter.js';
import { runScanner } from '../src/scan/scanner.js';
import { NO_ATTRIBUTES } from '../src/share/attributes.js';
import { LocalSource } from '../src/share/local/localsource.js';
import { readingRenamed } from '../src/share/renamedsource.js';
import { LaneCounters } from '../src/stats/shared.js';

export default function scanner(start: ScannerStart): void {
  const filter = new Filter(start.rules, start.side);
  // Other attributes are looked at where they are copied; which names are of one file only a listing can tell.
  const hardLinks = start.side === 'source' && start.attributes.hardLinks;
  const local = new LocalSource(start.root, start.pin, {
    attributes: { ...NO_ATTRIBUTES, hardLinks },
    safeLinks: start.safeLinks,
    copyLinks: start.copyLinks,
    notInto: start.notInto,
  });
  const share = readingRenamed(local, start.renamed ?? []);
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
