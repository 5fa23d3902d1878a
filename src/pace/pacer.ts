/**
 * The pacer: what each side of a copy may move, by the operator's limits, the time of day, the latency guards and
 * pauses. The main thread has it and tells it the time; lanes draw from its buckets, and pass its windows, in shared
 * memory.
 */
import { SIDES, type Side } from '../share/share.js';
import { Bucket } from './bucket.js';
import { type CallCounts, Guard } from './guard.js';
import { type Change, type Limits, limitsAt, nextChange, type Timetable } from './timetable.js';
import { Window } from './window.js';

/** Bytes of shared memory for one side: its bucket, and behind it its window. */
const SIDE_BYTES = Bucket.bytes + Window.bytes;
/** Bytes of shared memory that a pacer and its lanes share. */
export const PACE_BYTES = SIDES.length * SIDE_BYTES;

/** The bucket of one side: what is read from the source, or written to the destination. */
export function bucketOf(memory: SharedArrayBuffer, side: Side): Bucket {
  return new Bucket(memory, SIDES.indexOf(side) * SIDE_BYTES);
}

/** The window of one side: the calls that it has in hand at a time. */
export function windowOf(memory: SharedArrayBuffer, side: Side): Window {
  return new Window(memory, SIDES.indexOf(side) * SIDE_BYTES + Bucket.bytes);
}

/** How much longer calls on each share may take than while it is quiet, ms; 0: no guard. */
export type LatencyTargets = Readonly<Record<Side, number>>;

export interface PaceSettings {
  readonly bwlimit: Timetable;
  readonly latencyTarget: LatencyTargets;
  /** Bytes/s that the guards leave in any case. */
  readonly bwlimitFloor: number;
  /** Bytes that an operation without data counts for. */
  readonly opCost: number;
}

export interface PaceState {
  /** What the timetable allows now, bytes/s; 0: no limit. */
  readonly bwlimit: Limits;
  readonly timetable: Timetable;
  /** What the latency guards allow, bytes/s; 0: no guard. */
  readonly guards: Limits;
  readonly paused: boolean;
  /** The next change of the timetable; undefined: it never changes. */
  readonly nextLimit: Change | undefined;
}

/** Bytes in one go under a guard: what takes longer than a small operation tells little of the share. */
const GUARDED_PIECE = 32 * 1024;

export class Pacer {
  readonly memory = new SharedArrayBuffer(PACE_BYTES);
  private readonly buckets = { source: bucketOf(this.memory, 'source'), dest: bucketOf(this.memory, 'dest') };
  private readonly windows = { source: windowOf(this.memory, 'source'), dest: windowOf(this.memory, 'dest') };
  private readonly guards: Record<Side, Guard | undefined> = { source: undefined, dest: undefined };
  private table: Timetable;
  private tableLimits: Limits;
  private next: Change | undefined;
  /** When the timetable was looked at, ms. */
  private lookedMs: number;
  private paused = false;
  private released = false;

  /** `counts` answers with what calls on a side have taken since the run began, kind by kind; see latency.ts. */
  constructor(
    private readonly settings: PaceSettings,
    private readonly counts: (side: Side) => CallCounts,
    now: Date,
  ) {
    this.table = settings.bwlimit;
    for (const bucket of Object.values(this.buckets)) bucket.cost = settings.opCost;
    this.lookedMs = now.getTime();
    this.tableLimits = limitsAt(this.table, now);
    this.next = nextChange(this.table, now);
    this.setLatencyTarget(settings.latencyTarget, now);
  }

  get state(): PaceState {
    const { tableLimits, table, guards, paused, next } = this;
    const guarded = { read: guards.source?.rate ?? 0, write: guards.dest?.rate ?? 0 };
    return { bwlimit: tableLimits, timetable: table, guards: guarded, paused, nextLimit: next };
  }

  /** Whether lanes of a side wait for a limit, a guard or a pause. */
  isBinding(side: Side): boolean {
    return this.buckets[side].isBinding();
  }

  /** More lanes than this on a side would be for nothing: those there are wait for the limit, or for the window. */
  mostLanes(side: Side): number {
    if (this.isBinding(side)) return 0;
    return this.windows[side].size || Number.POSITIVE_INFINITY;
  }

  /** To be called a few times a second. */
  tick(now: Date): void {
    const nowMs = now.getTime();
    // Also when the clock was set back.
    const isDue = nowMs < this.lookedMs || (this.next !== undefined && nowMs >= this.next.atMs);
    if (isDue) this.setTimetable(this.table, now);
    this.lookedMs = nowMs;
    for (const side of SIDES) this.guards[side]?.look(nowMs, () => this.counts(side));
    this.apply();
  }

  setTimetable(table: Timetable, now: Date): void {
    this.table = table;
    this.tableLimits = limitsAt(table, now);
    this.next = nextChange(table, now);
    this.apply();
  }

  setLatencyTarget(targets: LatencyTargets, now: Date): void {
    for (const side of SIDES) {
      const bucket = this.buckets[side];
      const rules = { targetMs: targets[side], floor: this.settings.bwlimitFloor };
      this.guards[side] = targets[side] > 0 ? new Guard(bucket, rules, now.getTime()) : undefined;
      bucket.largest = targets[side] > 0 ? GUARDED_PIECE : 0;
    }
    this.apply();
  }

  /** Lets nothing move until `resume`; false when that is so already. */
  pause(): boolean {
    return this.setPaused(true);
  }

  resume(): boolean {
    return this.setPaused(false);
  }

  private setPaused(paused: boolean): boolean {
    if (this.paused === paused) return false;
    this.paused = paused;
    this.apply();
    return true;
  }

  /** Lets everything through: a stop must not wait for a limit. */
  release(): void {
    this.released = true;
    this.apply();
  }

  /** Goes on as before `release`, for other lanes: those of then have ended. */
  restore(): void {
    this.released = false;
    for (const window of Object.values(this.windows)) window.clear();
    this.apply();
  }

  private apply(): void {
    for (const side of SIDES) {
      const bucket = this.buckets[side];
      if (this.released) bucket.setRate(0);
      else if (this.paused) bucket.hold();
      else bucket.setRate(this.rate(side));
      this.windows[side].size = this.released ? 0 : (this.guards[side]?.window ?? 0);
    }
  }

  /** Bytes/s that a side may move while not paused; 0: no limit. */
  private rate(side: Side): number {
    const limit = side === 'source' ? this.tableLimits.read : this.tableLimits.write;
    const guard = this.guards[side];
    if (!guard) return limit;
    return limit === 0 ? guard.rate : Math.min(limit, guard.rate);
  }
}
