/** All that the panels show at one moment, worked out once for a frame. */
import { type Bottleneck, bottleneckOf } from '../../stats/flow.js';
import type { Forecast } from '../../stats/forecast.js';
import type { History } from '../../stats/history.js';
import type { Snapshot } from '../../stats/snapshot.js';
import type { CallLog } from './calllog.js';
import { type Series, seriesOf } from './curve.js';

/** How far back the curves go. */
export const TIMES = ['minute', 'hour', 'day'] as const;
export type Time = (typeof TIMES)[number];

const TIME_MS: Readonly<Record<Time, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** A line for the operator; cleaned. */
export interface Note {
  /** Since the Unix epoch. */
  readonly atMs: number;
  readonly text: string;
}

/** What q means: the run's own screen drains it, one that looks on from elsewhere leaves it alone. */
export type Quit = 'drain' | 'leave';

export interface View {
  readonly snapshot: Snapshot;
  /** Holds the snapshot's own sample as its latest. */
  readonly history: History;
  readonly callsBefore: CallLog['before'];
  readonly time: Time;
  /** Oldest first. */
  readonly notes: readonly Note[];
  /** What the last row says in place of the keys: a question, or an answer. */
  readonly bottom: string | undefined;
  readonly expected: Forecast | null;
  readonly bottleneck: Bottleneck | undefined;
  readonly quit: Quit;
  /** The rates of a time in so many points; both sides show the same. */
  series(time: Time, points: number): Series;
}

export function viewOf(parts: Omit<View, 'bottleneck' | 'series'>): View {
  const { snapshot, history } = parts;
  const made = new Map<string, Series>();
  return {
    ...parts,
    bottleneck: bottleneckOf(snapshot),
    series: (time, points) => {
      const key = `${time} ${points}`;
      const series = made.get(key) ?? seriesOf(history, snapshot.nowMs, TIME_MS[time], points);
      made.set(key, series);
      return series;
    },
  };
}

/** The time the curves show when nobody chose one: as much as there is to see. */
export function fittingTime({ startedMs, nowMs }: Snapshot, history: History): Time {
  const age = nowMs - Math.min(startedMs, history.since(Number.NEGATIVE_INFINITY)[0]?.ms ?? startedMs);
  if (age < 5 * TIME_MS.minute) return 'minute';
  return age < 6 * TIME_MS.hour ? 'hour' : 'day';
}
