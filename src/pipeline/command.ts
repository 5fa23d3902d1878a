import type { Command } from './ring.js';

/** How lanes without a ring are told to end: one word of shared memory. */
export class CommandWord {
  readonly #words: Int32Array;

  constructor(readonly memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.#words = new Int32Array(memory);
  }

  get command(): Command {
    return Atomics.load(this.#words, 0) as Command;
  }

  tell(command: Command): void {
    Atomics.store(this.#words, 0, command);
  }
}
