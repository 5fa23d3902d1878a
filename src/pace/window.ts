/** The one Int32 word of a window: calls under way in the low bits, above them how many may be; so both change as one. */
const WORD = 0;
const INSIDE = 0xffff;
const SIZE_SHIFT = 16;
const LARGEST = 0x7fff;

/** A call that hangs for so long, ms, keeps no others waiting: they may be for another disk of the same share. */
const PATIENCE_MS = 1000;

/**
 * How many calls a share may have in hand at a time, in shared memory, for any number of threads. What waits at a share
 * makes everyone else there wait as well, so calls beyond those that keep it busy wait here. Zeroed memory is a window
 * without a bound.
 */
export class Window {
  /** Bytes of shared memory that a window needs: one cache line. */
  static readonly bytes = 64;

  readonly #words: Int32Array;

  /** The window at byteOffset (a multiple of 64) of `sab`, as its other threads left it. */
  constructor(
    sab: SharedArrayBuffer,
    byteOffset: number,
    private readonly patienceMs = PATIENCE_MS,
  ) {
    this.#words = new Int32Array(sab, byteOffset, Window.bytes / Int32Array.BYTES_PER_ELEMENT);
  }

  /** Calls at a time; 0: any number. */
  get size(): number {
    return Atomics.load(this.#words, WORD) >> SIZE_SHIFT;
  }

  set size(calls: number) {
    const size = Math.min(calls, LARGEST);
    if (this.size === size) return;
    this.#resize(size);
    Atomics.notify(this.#words, WORD);
  }

  /** Calls under way. */
  get inside(): number {
    return Atomics.load(this.#words, WORD) & INSIDE;
  }

  /** Forgets the calls under way: the threads that made them are gone. */
  clear(): void {
    Atomics.and(this.#words, WORD, ~INSIDE);
    Atomics.notify(this.#words, WORD);
  }

  /** Makes a call once there is room for it. For worker threads only: it blocks. */
  pass<T>(call: () => T): T {
    this.#enter();
    try {
      return call();
    } finally {
      const before = Atomics.sub(this.#words, WORD, 1);
      if (before >> SIZE_SHIFT !== 0) Atomics.notify(this.#words, WORD, 1);
    }
  }

  #enter(): void {
    for (;;) {
      const word = Atomics.load(this.#words, WORD);
      const size = word >> SIZE_SHIFT;
      const isFull = size !== 0 && (word & INSIDE) >= size;
      if (isFull && Atomics.wait(this.#words, WORD, word, this.patienceMs) !== 'timed-out') continue;
      if (Atomics.compareExchange(this.#words, WORD, word, word + 1) === word) return;
    }
  }

  /** Sets how many may be inside, and leaves how many are. */
  #resize(size: number): void {
    for (;;) {
      const word = Atomics.load(this.#words, WORD);
      if (Atomics.compareExchange(this.#words, WORD, word, (size << SIZE_SHIFT) | (word & INSIDE)) === word) return;
    }
  }
}
