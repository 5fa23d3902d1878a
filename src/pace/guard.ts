/**
 * The latency guard: how fast one side of a copy may go so that its share stays quick for everyone else. Pure.
 *
 * The copy's own calls show how quick the share is. A guard compares the time that nine of ten of them do not exceed
 * with that of the quietest moment of the last minutes, and steers the rate so that the difference stays below the
 * operator's target: the idea of LEDBAT (RFC 6817), with a rate beside the window.
 *
 * A rate follows others with a delay of its decisions; a window gives way by itself, since a call that takes longer
 * keeps its place for longer. It is as large as it takes to keep the quiet share busy, and little more: the idea of
 * TCP Vegas (Brakmo and Peterson, 1994).
 */

import type { Bucket } from './bucket.js';
import { Call, quantile } from './latency.js';

export interface GuardState {
  /** Bytes/s that may be moved. */
  readonly rate: number;
  /** Still looking for what the share can do: the rate doubles until calls take longer. */
  readonly isSeeking: boolean;
}

/** What was seen since the last decision. */
export interface Seen {
  /** Bytes/s that were moved. */
  readonly moved: number;
  /** Lanes waited for the limit; otherwise something else was the bottleneck. */
  readonly wasBinding: boolean;
  /** How much longer calls take than on the quiet share, ms. */
  readonly excessMs: number;
}

export interface GuardRules {
  /** The excess that is aimed at, ms. */
  readonly targetMs: number;
  /** The rate is never lowered below this, bytes/s. */
  readonly floor: number;
}

/** Between two decisions. */
const DECISION_MS = 500;
/** At half the target and less, and at one and a half times the target and more, the rate moves by a whole step. */
const BAND = 0.5;
const STEP_UP = 1.2;
const STEP_DOWN = 0.75;
const SEEK = 2;
/** A rate that is not used may be so much above what is moved. */
const ROOM = 2;

/** The state to begin with: slow enough to see how quick the share is when it is quiet. */
export function firstState({ floor }: GuardRules): GuardState {
  return { rate: floor * SEEK * SEEK, isSeeking: true };
}

/**
 * The next state. Below the target the rate grows, above it shrinks, and the closer, the less: by a factor between
 * STEP_DOWN and STEP_UP, or of two while seeking. A shrinking rate starts from what was really moved, a growing one
 * only grows while it is used: a limit that nothing meets must not be far away when it is needed.
 */
export function decide(state: GuardState, { moved, wasBinding, excessMs }: Seen, rules: GuardRules): GuardState {
  const { targetMs, floor } = rules;
  /** 1: no excess worth speaking of; 0: just the target; -1: far too much. */
  const room = Math.max(-1, Math.min(1, (targetMs - excessMs) / (targetMs * BAND)));
  if (room < 0) {
    const from = Math.min(state.rate, Math.max(moved, floor));
    return { rate: Math.max(floor, from * STEP_DOWN ** -room), isSeeking: false };
  }
  if (!wasBinding) return { ...state, rate: Math.max(floor, Math.min(state.rate, moved * ROOM)) };
  if (state.isSeeking && room === 1) return { rate: state.rate * SEEK, isSeeking: true };
  return { rate: state.rate * STEP_UP ** room, isSeeking: false };
}

/** A window may be so much larger than what was used of it, and one call: it shall find out when a share can do more. */
const WINDOW_ROOM = 1.25;
/** With fewer, a share would have nothing to do while an answer is on its way to us. */
const LEAST_WINDOW = 2;

/**
 * Calls that may be under way at a time. `busy` is how many there would have been on average had each taken as long as on
 * the quiet share (Little's law: calls/s times seconds for each); what is above it only waits in the share's queue.
 */
export function windowFor(busy: number): number {
  return Math.max(LEAST_WINDOW, 1 + Math.floor(busy * WINDOW_ROOM));
}

/** The least of a measured time in each of the last minutes. */
export interface Quiet {
  readonly minute: number;
  readonly least: readonly number[];
}

/** Minutes remembered: as in LEDBAT, so that a share that has become slower for good is accepted after a while. */
const MINUTES = 10;

export function withSeen(quiet: Quiet | undefined, minute: number, ms: number): Quiet {
  if (!quiet) return { minute, least: [ms] };
  const [first = ms, ...rest] = quiet.least;
  if (quiet.minute === minute) return { minute, least: [Math.min(first, ms), ...rest] };
  return { minute, least: [ms, ...quiet.least].slice(0, MINUTES) };
}

/** The time that a call takes while the share is quiet, ms. */
export function quietMs({ least }: Quiet): number {
  return Math.min(...least);
}

/** How often a call of each kind took how long, since the run began; see latency.ts. */
export type CallCounts = readonly Float64Array[];

/** Nine of ten calls: what others feel as slow is not the mean. */
const PART = 0.9;
/** Fewer calls of a kind are not judged, unless no more come for a while. */
const ENOUGH = 12;
const PATIENCE_MS = 2000;

interface KindMemory {
  seen: Float64Array;
  sinceMs: number;
  quiet: Quiet | undefined;
  /** See windowFor. */
  busy: number;
}

/** One side's guard: gathers what `decide` and `windowFor` need. */
export class Guard {
  private state: GuardState;
  private readonly kinds: KindMemory[] = [];
  private spent: number;
  private looks = 0;
  private bindings = 0;

  constructor(
    private readonly bucket: Pick<Bucket, 'spent' | 'isBinding'>,
    private readonly rules: GuardRules,
    private decidedMs: number,
  ) {
    this.state = firstState(rules);
    this.spent = bucket.spent();
  }

  get rate(): number {
    return this.state.rate;
  }

  /** Calls at a time; those that list folders are long and few, and do not count. */
  get window(): number {
    return windowFor(this.kinds.reduce((sum, { busy }, kind) => sum + (kind === Call.list ? 0 : busy), 0));
  }

  /** To be called a few times a second; asks for `counts` when it is time to decide. */
  look(nowMs: number, counts: () => CallCounts): void {
    this.looks++;
    if (this.bucket.isBinding()) this.bindings++;
    const elapsedMs = nowMs - this.decidedMs;
    if (elapsedMs >= 0 && elapsedMs < DECISION_MS) return;
    const spent = this.bucket.spent();
    const excessMs = this.excess(counts(), nowMs);
    if (excessMs !== undefined && elapsedMs > 0) {
      const moved = Math.max(0, spent - this.spent) / (elapsedMs / 1000);
      this.state = decide(this.state, { moved, wasBinding: this.bindings * 2 > this.looks, excessMs }, this.rules);
    }
    this.decidedMs = nowMs;
    this.spent = spent;
    this.looks = 0;
    this.bindings = 0;
  }

  /** The largest excess of all kinds of calls; undefined when none has enough of them. */
  private excess(counts: CallCounts, nowMs: number): number | undefined {
    let most: number | undefined;
    for (const [kind, all] of counts.entries()) {
      this.kinds[kind] ??= { seen: new Float64Array(all.length), sinceMs: this.decidedMs, quiet: undefined, busy: 0 };
      const memory = this.kinds[kind];
      const elapsedMs = nowMs - memory.sinceMs;
      const recent = all.map((count, step) => count - memory.seen[step]!);
      const calls = recent.reduce((sum, count) => sum + count, 0);
      if (calls > 0 && calls < ENOUGH && elapsedMs < PATIENCE_MS) continue;
      memory.seen = all;
      memory.sinceMs = nowMs;
      const ms = quantile(recent, PART);
      if (ms === undefined) {
        memory.busy = 0;
        continue;
      }
      memory.quiet = withSeen(memory.quiet, Math.floor(nowMs / 60_000), ms);
      const quiet = quietMs(memory.quiet);
      memory.busy = elapsedMs > 0 ? (calls * quiet) / elapsedMs : 0;
      most = Math.max(most ?? 0, ms - quiet);
    }
    return most;
  }
}
