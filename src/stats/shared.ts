/**
 * Counters that lanes keep in shared memory and the main thread reads for the progress. Each cell has one writer;
 * a reader may see a value that is a moment old, never a torn one (aligned 64-bit stores on x64 and arm64).
 */
const BYTES = 0; // moved by the lane, in all
const FILE = 1; // id of the item in hand, 0: none
const DONE = 2; // bytes of it
const STARTED = 3; // ms since the epoch
const OPERATIONS = 4; // calls on the share that were timed
const OPERATION_MS = 5; // time they took, ms in all
const CELLS = 8;

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

  begin(id: number, nowMs: number): void {
    this.cells[this.base + DONE] = 0;
    this.cells[this.base + STARTED] = nowMs;
    this.cells[this.base + FILE] = id;
  }

  moved(bytes: number): void {
    this.cells[this.base + BYTES]! += bytes;
    this.cells[this.base + DONE]! += bytes;
  }

  end(): void {
    this.cells[this.base + FILE] = 0;
  }

  timed(operations: number, ms: number): void {
    this.cells[this.base + OPERATIONS]! += operations;
    this.cells[this.base + OPERATION_MS]! += ms;
  }

  get bytes(): number {
    return this.cells[this.base + BYTES]!;
  }
  get operations(): { count: number; ms: number } {
    return { count: this.cells[this.base + OPERATIONS]!, ms: this.cells[this.base + OPERATION_MS]! };
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
