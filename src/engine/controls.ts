/** What can be asked of a run while it runs, from whatever surface; each takes effect within a second. */
import type { LatencyTargets } from '../pace/pacer.js';
import type { Timetable } from '../pace/timetable.js';
import { Command } from '../pipeline/ring.js';
import type { Session } from './session.js';

export class Controls {
  constructor(
    private readonly session: Session,
    /** A line for the operator. */
    private readonly note: (text: string) => void,
  ) {}

  /** Nothing moves until `resume`: files in flight wait where they are. */
  pause(): void {
    if (this.session.crew.pacer.pause()) this.note('paused');
  }

  resume(): void {
    if (this.session.crew.pacer.resume()) this.note('going on');
  }

  /** Limits from now on, in the place of --bwlimit. */
  limit(table: Timetable): void {
    this.session.crew.pacer.setTimetable(table, new Date());
    this.note('the limit was changed');
  }

  /** In the place of --latency-target. The guards begin to learn the shares anew. */
  latencyTarget(targets: LatencyTargets): void {
    this.session.crew.pacer.setLatencyTarget(targets, new Date());
    this.note('the latency target was changed');
  }

  /** Finishes the files in flight and ends; false when that, or a stop, was asked for before. */
  drain(): boolean {
    if (this.session.stopping !== 'no') return false;
    this.session.tell(Command.drain);
    return true;
  }

  /** Ends now; files in flight are copied anew by the next session. */
  stop(): void {
    this.session.tell(Command.stop);
  }
}
