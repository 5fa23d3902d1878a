/** Lanes of one kind, with the memory in which they count what they do. */
import { CALLS, STEPS } from '../pace/latency.js';
import type { Side } from '../share/share.js';
import { AT_SOURCE, LaneCounters, type Operations } from '../stats/shared.js';
import type { Lane } from './threads.js';

/** Lanes of one kind: how many at most, and what they measured. */
export class Section {
  readonly counters: SharedArrayBuffer;
  readonly cells: Float64Array;
  private working: Lane<unknown>[] = [];
  /** The most lanes there were at a time: those before a renewal have left their measurements. */
  private known = 0;
  private lastOperations: Operations = { count: 0, ms: 0, slow: 0 };
  constructor(
    readonly most: number,
    /** As many as the operator wants; 0: as many as the measured latency asks for. */
    public wanted: number,
  ) {
    this.counters = LaneCounters.memory(most);
    this.cells = new Float64Array(this.counters);
  }

  get count(): number {
    return this.working.length;
  }

  /** Those that are not told to rest. */
  get active(): number {
    return Math.min(this.count, this.wanted || this.count);
  }

  get ended(): Promise<void>[] {
    return this.working.map(({ ended }) => ended);
  }

  /** Another lane, or one in the place of the dead one of its number. */
  add(lane: Lane<unknown>): void {
    this.working[lane.number] = lane;
    this.known = Math.max(this.known, this.count);
  }

  /** Nothing that the lanes still send is heard, and no more is sent to them. */
  cut(): void {
    for (const { outbox, cut } of this.working) {
      cut();
      outbox.abandon();
    }
  }

  /** The lanes are gone. */
  clear(): void {
    for (const lane of this.lanes()) lane.end();
    this.working = [];
  }

  close(): void {
    for (const { outbox } of this.working) outbox.close();
  }

  abandon(): void {
    for (const { outbox } of this.working) outbox.abandon();
  }

  /** The item that a lane has in hand, 0: none. */
  fileOf(lane: number): number {
    return new LaneCounters(this.cells, lane).file.id;
  }

  /** What lanes have measured, each that there is or was. */
  *lanes(): Generator<LaneCounters> {
    for (let lane = 0; lane < this.known; lane++) yield new LaneCounters(this.cells, lane);
  }

  /** Every lane has begun to work: only then does it show what they are enough for. */
  get isUp(): boolean {
    for (const { operations } of this.lanes()) if (operations.count === 0) return false;
    return this.count > 0;
  }

  get bytes(): number {
    let bytes = 0;
    for (const lane of this.lanes()) bytes += lane.bytes;
    return bytes;
  }

  /** What was measured since the last call of `forget`. */
  get operations(): Operations {
    const all = this.allOperations;
    const { count, ms, slow } = this.lastOperations;
    return { count: all.count - count, ms: all.ms - ms, slow: all.slow - slow };
  }

  forget(): void {
    this.lastOperations = this.allOperations;
  }

  get allOperations(): Operations {
    const all = { count: 0, ms: 0, slow: 0 };
    for (const { operations } of this.lanes()) {
      all.count += operations.count;
      all.ms += operations.ms;
      all.slow += operations.slow;
    }
    return all;
  }
}

/** A call that a lane makes now. */
export interface HangingCall {
  readonly side: Side;
  readonly role: 'reader' | 'writer' | 'scanner' | 'keeper';
  readonly lane: number;
  /** A Call, UNMEASURED or AT_SOURCE. */
  readonly kind: number;
  /** Of a scanner, the folder's id. */
  readonly item: number;
  /** Since the Unix epoch. */
  readonly sinceMs: number;
}

/** Calls that are under way for `ms` and longer. */
export function* hangingCalls(
  { side, role }: Pick<HangingCall, 'side' | 'role'>,
  lanes: Iterable<LaneCounters>,
  ms: number,
  nowMs: number,
): Generator<HangingCall> {
  let lane = 0;
  for (const { call } of lanes) {
    if (call && nowMs - call.sinceMs >= ms)
      yield { side: call.kind === AT_SOURCE ? 'source' : side, role, lane, ...call };
    lane++;
  }
}

/** How long calls of these lanes took, by kind; see latency.ts. */
export function callCounts(lanes: Iterable<LaneCounters>): Float64Array[] {
  const counts = CALLS.map(() => new Float64Array(STEPS));
  for (const lane of lanes) for (const call of CALLS) lane.addTimes(call, counts[call]!);
  return counts;
}

/** Whether `work` ended in time. */
export async function within(ms: number, work: () => Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const ended = await Promise.race([work().then(() => true), deadline]);
  clearTimeout(timer);
  return ended;
}
