/** What can be asked of a run while it runs, from whatever surface; each takes effect within a second. */
import type { Timetable } from '../pace/timetable.js';
import { Command } from '../pipeline/ring.js';
import { formatCount } from '../stats/format.js';
import type { Session } from './session.js';

export class Controls {
  constructor(
    private readonly session: Session,
    /** A line for the operator. */
    private readonly note: (text: string) => void,
  ) {}

  /** Nothing moves until `resume`: files in flight wait where they are. False when that is so already. */
  pause(): boolean {
    const isNew = this.session.crew.pacer.pause();
    if (isNew) this.note('paused');
    return isNew;
  }

  resume(): boolean {
    const isNew = this.session.crew.pacer.resume();
    if (isNew) this.note('going on');
    return isNew;
  }

  /** Limits from now on, in the place of --bwlimit. */
  limit(table: Timetable, words: string): void {
    this.session.crew.pacer.setTimetable(table, new Date());
    this.note(`the limit is ${words} now`);
  }

  /** So many readers and writers from now on; 0: automatic. */
  lanes(readers: number, writers: number): void {
    this.session.crew.setLanes(readers, writers);
    this.session.step();
    this.note(`lanes: ${readers || 'auto'} readers, ${writers || 'auto'} writers`);
  }

  /** Tries again what failed; how many entries that are, undefined when the run is too far for that. */
  async retryFailed(): Promise<number | undefined> {
    const count = await this.session.retryFailed();
    if (count !== undefined && count > 0) this.note(`trying again what failed: ${formatCount(count)}`);
    return count;
  }

  /** A share is in trouble: what needs it waits. */
  get isHeldUp(): boolean {
    return this.session.guardian.watch.isTroubled;
  }

  /** Told to end before. */
  get isEnding(): boolean {
    return this.session.stopping !== 'no';
  }

  /** Finishes the files in flight and ends; false when that, or a stop, was asked for before. `next` is told. */
  drain(next = 'then it ends'): boolean {
    if (this.session.stopping !== 'no') return false;
    this.session.tell(Command.drain);
    this.note(`finishing the files in flight; ${next}`);
    return true;
  }

  /** Ends now; files in flight are copied anew by the next session. */
  stop(): void {
    this.session.tell(Command.stop);
  }
}
