/** Who waits for whom, as a mean over the last seconds. Pure. */
import type { Side } from '../share/share.js';
import type { Flow, Snapshot } from './snapshot.js';

/** What is seen at one moment. */
export interface FlowSample {
  readonly nowMs: number;
  /** Parts, 0 to 1; see Flow. */
  readonly readersWait: number;
  readonly writersWait: number;
  readonly limited: Readonly<Record<Side, boolean>>;
}

/** A moment counts for 1/e after this time. */
const FADE_MS = 2000;

/** Means of samples that fade, the younger the heavier. */
export class FlowMeter {
  private seenMs: number | undefined;
  private means = { readersWait: 0, writersWait: 0, source: 0, dest: 0 };

  add({ nowMs, readersWait, writersWait, limited }: FlowSample): void {
    const elapsedMs = Math.max(0, nowMs - (this.seenMs ?? Number.NEGATIVE_INFINITY));
    const kept = Math.exp(-elapsedMs / FADE_MS);
    const mean = (before: number, now: number) => before * kept + now * (1 - kept);
    const { means } = this;
    this.means = {
      readersWait: mean(means.readersWait, readersWait),
      writersWait: mean(means.writersWait, writersWait),
      source: mean(means.source, limited.source ? 1 : 0),
      dest: mean(means.dest, limited.dest ? 1 : 0),
    };
    this.seenMs = nowMs;
  }

  get waits(): Pick<Flow, 'readersWait' | 'writersWait' | 'limited'> {
    const { readersWait, writersWait, source, dest } = this.means;
    return { readersWait, writersWait, limited: { source, dest } };
  }
}

/** What keeps a run from being faster. */
export type Bottleneck = 'trouble' | 'pause' | 'limit' | 'guard' | 'scan' | Side;

/** A part of the time, or of the lanes, that is worth telling. */
const TELLING = 0.5;

/** What a run waits for most; undefined: nothing, or nobody can say. */
export function bottleneckOf(snapshot: Snapshot): Bottleneck | undefined {
  const { flow, bwlimit, guards, scan, total, phase } = snapshot;
  if (snapshot.troubles.length > 0) return 'trouble';
  if (snapshot.paused) return 'pause';
  if (phase === 'starting' || phase === 'finished' || snapshot.dryRun) return undefined;
  if (total.pending.files === 0) return scan.done ? undefined : 'scan';
  const sides = [
    ['source', bwlimit.read, guards.read],
    ['dest', bwlimit.write, guards.write],
  ] as const;
  for (const [side, limit, guard] of sides) {
    if (flow.limited[side] < TELLING) continue;
    return guard > 0 && (limit === 0 || guard < limit) ? 'guard' : 'limit';
  }
  if (flow.readersWait >= TELLING && flow.readersWait >= flow.writersWait) return 'dest';
  if (flow.writersWait >= TELLING) return 'source';
  return undefined;
}
