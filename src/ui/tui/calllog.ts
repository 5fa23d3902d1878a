/** How long calls on the shares took lately: the snapshot counts them since the session began. */
import { Call, quantile } from '../../pace/latency.js';
import type { Side } from '../../share/share.js';
import type { Snapshot } from '../../stats/snapshot.js';

type Calls = Snapshot['calls'];

/** Calls of about the last minute are told, as they stood every few seconds. */
const LENGTH_MS = 60_000;
const STEP_MS = 5000;

/** Remembers what the counts were, for a little more than a minute. */
export class CallLog {
  private readonly pictures: { readonly ms: number; readonly calls: Calls }[] = [];

  add({ nowMs, calls }: Snapshot): void {
    const { pictures } = this;
    const last = pictures.at(-1);
    // A clock that was set back makes all that was seen before useless.
    if (last && nowMs < last.ms) pictures.length = 0;
    if (last && nowMs - last.ms < STEP_MS && pictures.length > 0) return;
    pictures.push({ ms: nowMs, calls });
    while (pictures.length > 1 && pictures[1]!.ms <= nowMs - LENGTH_MS) pictures.shift();
  }

  /** The counts of about a minute ago, or the oldest there are, and when that was. */
  get before(): { readonly ms: number; readonly calls: Calls } | undefined {
    return this.pictures[0];
  }
}

export interface Latency {
  /** What the calls do. */
  readonly name: string;
  /** Calls per second; undefined before there is a second to judge by. */
  readonly perSecond: number | undefined;
  /** ms that half of the calls, and nine in ten, did not exceed; undefined without calls. */
  readonly half: number | undefined;
  readonly most: number | undefined;
}

/** As an operator knows them; pieces of data are one thing, whatever their size. */
const NAMES: Readonly<Record<Side, readonly (readonly [name: string, kinds: readonly Call[]])[]>> = {
  source: [
    ['open', [Call.open]],
    ['read', [Call.move, Call.moveLess]],
    ['list', [Call.list]],
  ],
  dest: [
    ['create', [Call.open]],
    ['write', [Call.move, Call.moveLess]],
    ['publish', [Call.publish]],
    ['list', [Call.list]],
  ],
};

/** The calls on one share since `before`. */
export function latenciesOf({ calls, nowMs }: Snapshot, side: Side, before: CallLog['before']): Latency[] {
  const seconds = (nowMs - (before?.ms ?? nowMs)) / 1000;
  return NAMES[side].map(([name, kinds]) => {
    const counts: number[] = [];
    for (const kind of kinds) {
      const then = before?.calls[side][kind];
      calls[side][kind]?.forEach((count, step) => {
        counts[step] = (counts[step] ?? 0) + Math.max(0, count - (then?.[step] ?? 0));
      });
    }
    const all = counts.reduce((sum, count) => sum + count, 0);
    return {
      name,
      perSecond: seconds >= 1 ? all / seconds : undefined,
      half: quantile(counts, 0.5),
      most: quantile(counts, 0.9),
    };
  });
}
