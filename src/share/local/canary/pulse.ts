/** How the main thread follows a thread that tries things on a share, and tells it to give up. */

const BEATS = 0;
const STOP = 1;

/** Thrown by `beat` once nobody wants the rest. */
export class Interrupted extends Error {}

export class Pulse {
  private readonly words: Int32Array;

  constructor(readonly memory = new SharedArrayBuffer(8)) {
    this.words = new Int32Array(memory);
  }

  /** Grows with each step; what does not change for long hangs. */
  get beats(): number {
    return Atomics.load(this.words, BEATS);
  }

  /** To be called before each step of a few calls on the share. */
  beat(): void {
    if (Atomics.load(this.words, STOP) !== 0) throw new Interrupted();
    Atomics.add(this.words, BEATS, 1);
  }

  /** Has the next beat throw Interrupted. */
  stop(): void {
    Atomics.store(this.words, STOP, 1);
  }
}
