/** How a verification stands: the snapshot that its surfaces read, and its rates. Sizes in bytes, times in ms. */
import type { Change } from '../pace/timetable.js';
import { atLimit, fitCosts, type Span } from './eta.js';
import type { Tally, Trouble } from './snapshot.js';

export interface VerifySnapshot {
  readonly nowMs: number;
  /** Of this run. */
  readonly startedMs: number;
  readonly source: string;
  readonly dest: string;
  readonly reads: 'dest' | 'both';
  readonly stopping: 'no' | 'drain' | 'stop';
  /** Of the whole pass, over all runs: what it has looked at, and what it is about. */
  readonly done: Tally;
  readonly all: Tally;
  /** `all` is exact: counted to its end, and no sample. */
  readonly isCounted: boolean;
  readonly different: number;
  readonly unhashed: number;
  /** Looked at by this run, and the bytes that it has read from both shares. */
  readonly session: Tally;
  readonly readBytes: number;
  readonly lanes: number;
  /** Bytes/s, 0: none; for each share that is read. */
  readonly limit: number;
  readonly nextLimit: Change | undefined;
  readonly troubles: readonly Trouble[];
  /** Raw paths of the largest that are being read. */
  readonly active: readonly string[];
}

interface Sampled {
  readonly ms: number;
  readonly files: number;
  readonly bytes: number;
  readonly readBytes: number;
}

const EVERY_MS = 1000;
const MOST = 600;
const NOW_MS = 5000;
const SPAN = 10;
const LEAST_MS = 500;

/** The last ten minutes of a verification. */
export class VerifyHistory {
  private readonly samples: Sampled[] = [];

  /** To be called with each snapshot. */
  add({ nowMs, session, readBytes }: VerifySnapshot): void {
    const last = this.samples.at(-1);
    if (last && Math.abs(nowMs - last.ms) < EVERY_MS) return;
    this.samples.push({ ms: nowMs, files: session.files, bytes: session.bytes, readBytes });
    if (this.samples.length > MOST) this.samples.shift();
  }

  /** Bytes/s read over about the last 5 s; null before there is half a second to judge by. */
  rate({ nowMs, readBytes }: VerifySnapshot): number | null {
    const base = this.samples.findLast(({ ms }) => ms <= nowMs - NOW_MS) ?? this.samples[0];
    if (!base || nowMs - base.ms < LEAST_MS) return null;
    return (Math.max(0, readBytes - base.readBytes) * 1000) / (nowMs - base.ms);
  }

  /** Seconds until the end, by what files and bytes have cost (eta.ts); null where too little is known. */
  eta({ all, done, limit }: VerifySnapshot): number | null {
    const costs = fitCosts(this.spans());
    if (!costs) return null;
    const [files, bytes] = [Math.max(0, all.files - done.files), Math.max(0, all.bytes - done.bytes)];
    return atLimit(costs.perFile * files + costs.perByte * bytes, bytes, limit);
  }

  private spans(): Span[] {
    const spans: Span[] = [];
    for (let to = this.samples.length - 1; to > 0; to -= SPAN) {
      const [a, b] = [this.samples[Math.max(0, to - SPAN)]!, this.samples[to]!];
      if (b.ms > a.ms)
        spans.push({ seconds: (b.ms - a.ms) / 1000, files: b.files - a.files, bytes: b.bytes - a.bytes });
    }
    return spans;
  }
}
