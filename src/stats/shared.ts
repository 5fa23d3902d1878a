/**
 * Counters that lanes keep in shared memory and the main thread reads for the progress. Each cell has one writer;
 * a reader may see a value that is a moment old, never a torn one (aligned 64-bit stores on x64 and arm64).
 */
import { CALLS, type Call, STEPS, stepOf } from '../pace/latency.js';

const BYTES = 0; // moved by the lane, in all
const FILE = 1; // id of the item in hand, 0: none
const DONE = 2; // bytes of it
const STARTED = 3; // ms since the epoch
const OPERATIONS = 4; // calls on the share that were timed
const OPERATION_MS = 5; // time they took, ms in all
const SLOW_OPERATIONS = 6; // those that took longer than SLOW_MS
const CALL = 7; // the kind of the call that is under way, and one; 0: none
const CALL_SINCE = 8; // ms since the epoch
const ITEM = 9; // id of the item, or folder, that calls are made for
/** Where the counts of each kind of call begin, by time; see latency.ts. */
const TIMES = 10;
const CELLS = TIMES + CALLS.length * STEPS;

/** The kind of a call of which no time is measured. */
export const UNMEASURED = 255;

/** The same of a writer's call on the source. */
export const AT_SOURCE = 254;

/** An operation on a share that takes longer has waited for something other than the processor. */
const SLOW_MS = 0.3;

/** Calls on a share: how many, how long they took together, and how many of them were slow. */
export interface Operations {
  readonly count: number;
  readonly ms: number;
  readonly slow: number;
}

export class LaneCounters {
  constructor(
    private readonly cells: Float64Array,
    lane: number,
  ) {
    this.base = lane * CELLS;
  }
  private readonly base: number;

  static memory(lanes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(lanes * CELLS * 8);
  }

  begin(id: number, nowMs: number, done = 0): void {
    this.cells[this.base + DONE] = done;
    this.cells[this.base + STARTED] = nowMs;
    this.cells[this.base + FILE] = id;
    this.cells[this.base + ITEM] = id;
  }

  /** Calls from now on are for this item, of which nothing else is shown. */
  workOn(id: number): void {
    this.cells[this.base + ITEM] = id;
  }

  /** A call on the share begins, or has come so far; by performance.now(). */
  calling(call: Call | typeof UNMEASURED | typeof AT_SOURCE, nowMs: number): void {
    this.cells[this.base + CALL_SINCE] = performance.timeOrigin + nowMs;
    this.cells[this.base + CALL] = call + 1;
  }

  /** The call is over, however it ended. */
  called(): void {
    this.cells[this.base + CALL] = 0;
  }

  /** Makes a call on the share that is not measured, and told when it hangs; within another one it is a part of that. */
  during<T>(call: () => T, kind: typeof UNMEASURED | typeof AT_SOURCE = UNMEASURED): T {
    if (this.cells[this.base + CALL] !== 0) return call();
    this.calling(kind, performance.now());
    try {
      return call();
    } finally {
      this.called();
    }
  }

  /** The call that is under way: a Call, UNMEASURED or AT_SOURCE. */
  get call(): { kind: number; item: number; sinceMs: number } | undefined {
    const kind = this.cells[this.base + CALL]!;
    if (kind === 0) return undefined;
    const [item, sinceMs] = [this.cells[this.base + ITEM]!, this.cells[this.base + CALL_SINCE]!];
    return { kind: kind - 1, item, sinceMs };
  }

  moved(bytes: number): void {
    this.cells[this.base + BYTES]! += bytes;
    this.cells[this.base + DONE]! += bytes;
  }

  end(): void {
    this.cells[this.base + FILE] = 0;
    this.called();
  }

  /** A call of a kind took so long. */
  took(call: Call, ms: number): void {
    this.cells[this.base + TIMES + call * STEPS + stepOf(ms)]! += 1;
  }

  /** `operations` calls, whose time is the share's latency and not that of their data, took `ms` together. */
  timed(operations: number, ms: number): void {
    if (ms > operations * SLOW_MS) this.cells[this.base + SLOW_OPERATIONS]! += operations;
    this.cells[this.base + OPERATIONS]! += operations;
    this.cells[this.base + OPERATION_MS]! += ms;
  }

  /** Adds to `counts` how many calls of a kind took how long; see latency.ts. */
  addTimes(call: Call, counts: Float64Array): void {
    const from = this.base + TIMES + call * STEPS;
    for (let step = 0; step < STEPS; step++) counts[step]! += this.cells[from + step]!;
  }

  get bytes(): number {
    return this.cells[this.base + BYTES]!;
  }
  get operations(): Operations {
    return {
      count: this.cells[this.base + OPERATIONS]!,
      ms: this.cells[this.base + OPERATION_MS]!,
      slow: this.cells[this.base + SLOW_OPERATIONS]!,
    };
  }
  get file(): { id: number; done: number; startedMs: number } {
    const [id, done, startedMs] = [
      this.cells[this.base + FILE]!,
      this.cells[this.base + DONE]!,
      this.cells[this.base + STARTED]!,
    ];
    return { id, done, startedMs };
  }
}
