import { type History, moved } from './history.js';
import type { Snapshot } from './snapshot.js';

export interface Rates {
  /** Bytes per second, read from the source and written to the destination. */
  readonly read: number;
  readonly written: number;
  /** Files per second that left the backlog. */
  readonly files: number;
}

/** How far "now" looks back. Shorter flickers with every block; longer hides that a share has stopped. */
const NOW_MS = 5000;

/** Below this much time a rate is noise. */
const LEAST_MS = 500;

/**
 * The rates of about the last 5 s, or `null` before there is half a second to judge by:
 *
 *     (newest sample - base) / (now - time of base)
 *
 * where the base is the youngest sample at least 5 s old, or the oldest there is. Dividing by the time until `now` lets
 * the rates sink when nobody has taken a sample for a while.
 */
export function ratesNow(history: History, now: number): Rates | null {
  const newest = history.latest;
  if (newest === undefined) return null;
  const samples = history.since(Number.NEGATIVE_INFINITY);
  const base = samples.findLast((sample) => sample.ms <= now - NOW_MS) ?? samples[0]!;
  const ms = now - base.ms;
  if (ms < LEAST_MS) return null;
  const perSecond = (amount: number): number => (Math.max(0, amount) * 1000) / ms;
  return {
    read: perSecond(newest.readBytes - base.readBytes),
    written: perSecond(newest.writtenBytes - base.writtenBytes),
    files: perSecond(newest.doneFiles - base.doneFiles),
  };
}

/** The mean rates of the whole session, pauses included, or `null` in its first half second. */
export function ratesMean(snapshot: Snapshot): Rates | null {
  const ms = snapshot.nowMs - snapshot.startedMs;
  if (ms < LEAST_MS) return null;
  return {
    read: (snapshot.readBytes * 1000) / ms,
    written: (snapshot.writtenBytes * 1000) / ms,
    files: ((snapshot.session.copied.files + snapshot.session.failed) * 1000) / ms,
  };
}

/** Seconds since a byte or a file last moved, as far back as the history knows; 0 without a history. */
export function idleSeconds(history: History, now: number): number {
  const newest = history.latest;
  if (newest === undefined) return 0;
  const samples = history.since(Number.NEGATIVE_INFINITY);
  const lastBefore = samples.findLastIndex((sample) => moved(sample, newest));
  return Math.max(0, (now - samples[lastBefore + 1]!.ms) / 1000);
}
