/** Thread entry of a verifier lane: opens what it was given and plays the role until its inbox is closed. */
import { checksumName, createHasher, type Hasher } from '../src/hash/registry.js';
import { bucketOf, windowOf } from '../src/pace/pacer.js';
import { CommandWord } from '../src/pipeline/command.js';
import { Inbox } from '../src/pipeline/inbox.js';
import { LocalSource } from '../src/share/local/localsource.js';
import { readingRenamed } from '../src/share/renamedsource.js';
import type { Side, SourceShare } from '../src/share/share.js';
import { LaneCounters } from '../src/stats/shared.js';
import type { VerifierStart } from '../src/verify/messages.js';
import { runVerifier } from '../src/verify/verifier.js';

export default async function verifier(start: VerifierStart): Promise<void> {
  const opened: SourceShare[] = [];
  const readingOf = (side: Side) => {
    const { root, pin, counters, copyLinks, renamed = [] } = start.shares[side]!;
    const share = readingRenamed(new LocalSource(root, pin, { copyLinks }), renamed);
    opened.push(share);
    return {
      share,
      pace: bucketOf(start.pace, side),
      window: windowOf(start.pace, side),
      counters: new LaneCounters(new Float64Array(counters), start.lane),
      ring: new CommandWord(start.command),
    };
  };
  const hashers = new Map<number, Promise<Hasher>>();
  try {
    await runVerifier({
      dest: readingOf('dest'),
      source: start.shares.source && readingOf('source'),
      inbox: new Inbox(start.port, start.inbox),
      grainNs: start.grainNs,
      range: start.range,
      hasher: (algorithm) => {
        const known = hashers.get(algorithm) ?? createHasher(checksumName(algorithm));
        hashers.set(algorithm, known);
        return known;
      },
      answer: (message) => start.port.postMessage(message),
    });
  } finally {
    for (const share of opened) share.close();
  }
}
