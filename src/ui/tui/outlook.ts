/** The forecast as a screen needs it: with a timetable it takes some milliseconds, and tells no news every second. */
import { type Forecast, forecast } from '../../stats/forecast.js';
import type { History } from '../../stats/history.js';
import type { Snapshot } from '../../stats/snapshot.js';

/** How long one is good, ms, unless what it depends on changes. */
const GOOD_MS = 5000;

export class Outlook {
  private made: { readonly atMs: number; readonly state: string; readonly expected: Forecast | null } | undefined;

  /** As forecast() does it; what was worked out a moment ago is carried on. */
  at(snapshot: Snapshot, history: History): Forecast | null {
    const { nowMs } = snapshot;
    const state = stateOf(snapshot);
    const age = nowMs - (this.made?.atMs ?? Number.NEGATIVE_INFINITY);
    if (this.made?.state !== state || !(age >= 0 && age < GOOD_MS))
      this.made = { atMs: nowMs, state, expected: forecast(snapshot, history) };
    const { expected, atMs } = this.made;
    if (expected === null || expected.seconds === 0) return expected;
    return { ...expected, seconds: Math.max(1, expected.seconds - (nowMs - atMs) / 1000) };
  }
}

/** What changes a forecast at once. */
function stateOf({ phase, paused, stopping, dryRun, troubles, bwlimit, timetable, scan, total }: Snapshot): string {
  const { read, write } = bwlimit;
  const isDone = total.pending.files === 0;
  return [
    phase,
    paused,
    stopping,
    dryRun,
    troubles.length,
    read,
    write,
    timetable.rules.length,
    scan.done,
    isDone,
  ].join();
}
