import { type ByteClock, claim, delay, HELD, position, withRate } from './clock.js';

/** BigInt64 words of a bucket, and the Int32 word behind them (as an index of Int32). */
const RATE = 0;
const BASE = 1;
const SINCE = 2;
/** End of the last claimed stretch of the byte clock. */
const CLAIMED = 3;
/** Bytes that an operation without data counts for. */
const COST = 4;
/** The most bytes in one go; 0: as the rate has it. */
const LARGEST = 5;
const WORDS = 6;
/** Odd while the clock is being rewritten; sleepers wait for it to change. */
const EPOCH = 12;

/**
 * A limit that no machine reaches counts as none. It also bounds the byte clock: at this rate, in bytes/s, its 63 bits
 * last 2.9 years.
 */
const MAX_RATE = 100_000_000_000;
const MIN_QUANTUM = 16 * 1024;
const MAX_QUANTUM = 1024 * 1024;
const PAGE = 4096;
/** Pieces in a second, where neither bound applies. */
const PIECES = 160;
/** ms; a sleep longer than this is slept in parts. */
const MAX_SLEEP = 60_000;

/**
 * A token bucket in shared memory, for one direction; any number of threads draw from it. See clock.ts for the
 * arithmetic. Zeroed memory is a bucket without a limit.
 *
 * Lanes are served in the order in which they claim, whatever they ask for. When the rate changes, those asleep keep
 * their stretches of the byte clock and only look up anew when the clock, now faster or slower, will reach them: the
 * order stays, nobody pays twice or jumps ahead, and the sum moved follows the old rate up to the change and the new
 * rate after it. Rate 0 releases every sleeper at once, which is also how a stop gets lanes out of `take`.
 *
 * `now` is in ns of process.hrtime.bigint() (CLOCK_MONOTONIC, one clock for all threads); all calls on one bucket must
 * use one clock.
 */
export class Bucket {
  /** Bytes of shared memory that a bucket needs: one cache line, so that two directions do not share one. */
  static readonly bytes = 64;

  readonly #words: BigInt64Array;
  readonly #ints: Int32Array;

  /** The bucket at byteOffset (a multiple of 8, better of 64) of `sab`, as its other threads left it. */
  constructor(sab: SharedArrayBuffer, byteOffset: number) {
    this.#words = new BigInt64Array(sab, byteOffset, WORDS);
    this.#ints = new Int32Array(sab, byteOffset, Bucket.bytes / Int32Array.BYTES_PER_ELEMENT);
  }

  /** The limit in bytes/s; 0: none, or nothing may move. */
  get rate(): number {
    return Math.max(0, Number(Atomics.load(this.#words, RATE)));
  }

  /** Bytes that one operation counts for; to be set before threads draw from the bucket. */
  set cost(bytes: number) {
    Atomics.store(this.#words, COST, BigInt(bytes));
  }

  /** The most bytes to move in one go, whatever the rate; 0: as the rate has it. */
  set largest(bytes: number) {
    Atomics.store(this.#words, LARGEST, BigInt(bytes));
  }

  /** Bytes that the limit has let go so far, with what operations count for; none while there is no limit. */
  spent(now: bigint = process.hrtime.bigint()): number {
    const reached = position(this.#clock(), now);
    const claimed = Atomics.load(this.#words, CLAIMED);
    return Number(claimed < reached ? claimed : reached);
  }

  /** Whether lanes wait for the limit, so that more of them would move no more. */
  isBinding(now: bigint = process.hrtime.bigint()): boolean {
    const clock = this.#clock();
    if (clock.rate <= 0n) return clock.rate === HELD;
    return Atomics.load(this.#words, CLAIMED) > position(clock, now);
  }

  /**
   * Sets the limit in bytes/s; 0: none. Holds from now on for all threads, sleeping ones too. Fractions are dropped,
   * but a limit above 0 stays one; above 100 GB/s it counts as none. Throws a RangeError for anything but a
   * number >= 0.
   */
  setRate(bytesPerSecond: number, now: bigint = process.hrtime.bigint()): void {
    this.#set(wholeRate(bytesPerSecond), now);
  }

  /** Lets nothing move until a rate is set again. */
  hold(now: bigint = process.hrtime.bigint()): void {
    this.#set(HELD, now);
  }

  #set(rate: bigint, now: bigint): void {
    if (rate === Atomics.load(this.#words, RATE)) return;
    this.#lock();
    const clock = withRate(this.#unguarded(), rate, Atomics.load(this.#words, CLAIMED), now);
    Atomics.store(this.#words, BASE, clock.base);
    Atomics.store(this.#words, SINCE, clock.since);
    Atomics.store(this.#words, RATE, clock.rate);
    Atomics.add(this.#ints, EPOCH, 1);
    Atomics.notify(this.#ints, EPOCH);
  }

  /**
   * Reserves n bytes (a whole number) and returns the ns to wait from `now` before moving them; 0n when free. What is
   * reserved is gone. The answer holds for the present rate: `take` also follows changes.
   */
  reserve(n: number, now: bigint = process.hrtime.bigint()): bigint {
    if (Atomics.load(this.#words, RATE) === 0n) return 0n;
    const size = BigInt(n);
    const clock = this.#clock();
    return delay(clock, this.#claim(clock, size, now), size, now);
  }

  /**
   * Reserves n bytes, and what `operations` on the share count for, and sleeps this thread until they may move. For
   * worker threads only: it blocks.
   */
  take(n: number, operations = 0): void {
    if (Atomics.load(this.#words, RATE) === 0n) return;
    const size = BigInt(n) + BigInt(operations) * this.#words[COST]!;
    let end: bigint | undefined;
    for (;;) {
      // Read before the clock: a change of rate after this line makes the wait return at once.
      const epoch = Atomics.load(this.#ints, EPOCH);
      const clock = this.#clock();
      const now = process.hrtime.bigint();
      end ??= this.#claim(clock, size, now);
      const ns = delay(clock, end, size, now);
      if (ns === 0n) return;
      Atomics.wait(this.#ints, EPOCH, epoch, Math.min(Number(ns) / 1e6, MAX_SLEEP));
    }
  }

  /**
   * The most bytes to move in one go at this rate: about 6 ms worth in whole pages, from 16 KiB to 1 MiB; Infinity
   * without a limit. Below 2.6 MB/s, 16 KiB take longer than that, so short windows get coarser.
   */
  quantum(): number {
    const rate = this.rate;
    if (rate === 0) return Number.POSITIVE_INFINITY;
    const pages = Math.floor(rate / PIECES / PAGE);
    const largest = Number(Atomics.load(this.#words, LARGEST)) || MAX_QUANTUM;
    return Math.min(Math.max(pages * PAGE, MIN_QUANTUM), largest);
  }

  /** Takes the next n bytes of the clock; returns where they end. */
  #claim(clock: ByteClock, n: bigint, now: bigint): bigint {
    let claimed = Atomics.load(this.#words, CLAIMED);
    for (;;) {
      const end = claim(clock, claimed, n, now);
      const seen = Atomics.compareExchange(this.#words, CLAIMED, claimed, end);
      if (seen === claimed) return end;
      claimed = seen;
    }
  }

  /** The clock, all three words of one moment. */
  #clock(): ByteClock {
    for (;;) {
      const epoch = Atomics.load(this.#ints, EPOCH);
      if ((epoch & 1) === 1) continue;
      const clock = this.#unguarded();
      if (Atomics.load(this.#ints, EPOCH) === epoch) return clock;
    }
  }

  #unguarded(): ByteClock {
    const words = this.#words;
    return {
      rate: Atomics.load(words, RATE),
      base: Atomics.load(words, BASE),
      since: Atomics.load(words, SINCE),
    };
  }

  /** Makes the epoch odd; spins, because a change of rate takes a microsecond. */
  #lock(): void {
    for (;;) {
      const epoch = Atomics.load(this.#ints, EPOCH) & ~1;
      if (Atomics.compareExchange(this.#ints, EPOCH, epoch, epoch | 1) === epoch) return;
    }
  }
}

function wholeRate(bytesPerSecond: number): bigint {
  if (!(bytesPerSecond >= 0)) throw new RangeError(`a rate must be 0 or more bytes/s, not ${bytesPerSecond}`);
  if (bytesPerSecond === 0 || bytesPerSecond > MAX_RATE) return 0n;
  return BigInt(Math.max(1, Math.floor(bytesPerSecond)));
}
