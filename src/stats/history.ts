import type { Limits } from '../pace/timetable.js';
import type { Snapshot } from './snapshot.js';

/** The counters of a session at one moment. All but `limit` only grow. */
export interface Sample {
  /** Milliseconds since the Unix epoch. */
  readonly ms: number;
  /** Bytes read from the source and written to the destination, counted as they move. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** Files that left the backlog, copied or failed. */
  readonly doneFiles: number;
  /** The tighter of the two limits in bytes/s; 0: unlimited. */
  readonly limit: number;
}

/** The tighter of two limits in bytes/s, where 0 means unlimited. A byte is read and written, so it meets both. */
export function tightest(bwlimit: Limits): number {
  const set = [bwlimit.read, bwlimit.write].filter((limit) => limit > 0);
  return set.length === 0 ? 0 : Math.min(...set);
}

export function sampleOf(snapshot: Snapshot): Sample {
  return {
    ms: snapshot.nowMs,
    readBytes: snapshot.readBytes,
    writtenBytes: snapshot.writtenBytes,
    doneFiles: snapshot.session.copied.files + snapshot.session.failed,
    limit: tightest(snapshot.bwlimit),
  };
}

/** Whether any work was done between two samples. */
export function moved(from: Sample, to: Sample): boolean {
  return to.doneFiles !== from.doneFiles || to.writtenBytes !== from.writtenBytes || to.readBytes !== from.readBytes;
}

interface Tier {
  /** At most one sample is kept for each span of this many milliseconds ... */
  readonly stepMs: number;
  /** ... and at most this many samples. */
  readonly keep: number;
  readonly samples: Sample[];
}

/**
 * What the counters were, in detail for the last minutes and roughly for the last day: a sample a second for 2 minutes,
 * one in 15 s for half an hour, one in 5 minutes for a day. It never holds more than 529 samples, however long the run
 * and however often it is fed; fed less often than once a second, its finer tiers reach further back.
 */
export class History {
  readonly #tiers: readonly Tier[] = [
    { stepMs: 300_000, keep: 288, samples: [] },
    { stepMs: 15_000, keep: 120, samples: [] },
    { stepMs: 1000, keep: 120, samples: [] },
  ];
  #latest: Sample | undefined;

  get latest(): Sample | undefined {
    return this.#latest;
  }

  /** Samples held now. */
  get size(): number {
    return this.#tiers.reduce((sum, tier) => sum + tier.samples.length, this.#latest === undefined ? 0 : 1);
  }

  /**
   * Takes the newest sample. When the clock was set back, all that was seen before is forgotten: an interval across the
   * step has no known length.
   */
  add(sample: Sample): void {
    if (this.#latest !== undefined && sample.ms < this.#latest.ms) {
      for (const tier of this.#tiers) tier.samples.length = 0;
    }
    this.#latest = sample;
    for (const tier of this.#tiers) {
      const last = tier.samples.at(-1);
      if (last !== undefined && Math.floor(last.ms / tier.stepMs) === Math.floor(sample.ms / tier.stepMs)) continue;
      tier.samples.push(sample);
      if (tier.samples.length > tier.keep) tier.samples.shift();
    }
  }

  /**
   * The samples from `sinceMs` on, oldest first, in strictly ascending time, each stretch in the finest detail there
   * is. The last one is `latest`.
   */
  since(sinceMs: number): Sample[] {
    const samples: Sample[] = [];
    this.#tiers.forEach((tier, index) => {
      const finerFrom = this.#tiers[index + 1]?.samples[0]?.ms ?? Number.POSITIVE_INFINITY;
      for (const sample of tier.samples) if (sample.ms >= sinceMs && sample.ms < finerFrom) samples.push(sample);
    });
    const latest = this.#latest;
    if (latest === undefined || latest.ms < sinceMs) return samples;
    if (samples.at(-1)?.ms === latest.ms) samples.pop();
    samples.push(latest);
    return samples;
  }
}
