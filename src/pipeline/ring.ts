/**
 * The ring: slots in a SharedArrayBuffer that readers fill and writers empty. Two sizes of slot: a block slot holds
 * one block of a large file, a pack slot many small files.
 *
 * A slot's state word says who may touch it: free -> filling (a reader) -> ready -> draining (a writer) -> free.
 * Each change is one compare-and-exchange on that word, so there is no lock that a dying thread could keep. Threads
 * wait on counters ("bells") that are rung when a slot becomes ready or free; a wait is always inside a loop on the
 * states themselves, so a missed or extra ring does no harm. One ring wakes one thread where any of those that wait
 * will do: waking thirty for each small file takes longer than the file.
 *
 * A free slot is taken from the low end, so that a ring larger than needed stays untouched (and out of memory) at
 * its upper end, and what is written to next is likely still in the processor's cache. Ready slots are taken in the
 * order they became ready.
 */
const SlotState = { free: 0, filling: 1, ready: 2, draining: 3 } as const;

/**
 * The state word of a ready slot also holds its ticket, above the two bits of the state, so that a compare-and-exchange
 * of it can only succeed while the slot still holds what was looked at.
 */
function readyWord(ticket: number): number {
  return (ticket << 2) | SlotState.ready;
}

function isReady(word: number): boolean {
  return (word & 3) === SlotState.ready;
}

/** How a run is told to end; only ever rises. */
export const Command = { run: 0, drain: 1, stop: 2 } as const;
export type Command = (typeof Command)[keyof typeof Command];

export const ANY_WRITER = -1;

// Words at the start of the control area.
const READY_BELL = 0; // writers that have nothing to do wait for it
const BUSY_BELL = 1; // writers that have a large file open
const FREE_BLOCK_BELL = 2;
const FREE_PACK_BELL = 3;
const BELLS = [READY_BELL, BUSY_BELL, FREE_BLOCK_BELL, FREE_PACK_BELL];
const COMMAND = 4;
const CLOSED = 5; // readers are gone; writers end when nothing is ready
/** Exported for the test of its wrapping around. */
export const TICKET = 6;
const IDLE_WRITERS = 7;
const READY_ANY = 8; // ready slots that any writer may take
const WRITERS = 9;
const WAITING_READERS = 10;
const MOST_WRITERS = 11; // writers with this number and higher take nothing new; 0: all may
const HEAD_WORDS = 12;

// Words of one slot.
const STATE = 0;
const WRITER = 1; // the only writer that may take it, or ANY_WRITER
const USED = 2; // bytes
const SLOT_WORDS = 3;

/** What it takes to open the same ring in another thread. */
export interface RingShape {
  readonly memory: SharedArrayBuffer;
  readonly blockSlots: number;
  readonly packSlots: number;
  /** Bytes of a block slot: a block and PATH_ROOM. */
  readonly blockBytes: number;
  readonly packBytes: number;
  readonly readers: number;
}

export interface Slot {
  readonly index: number;
  readonly byteOffset: number;
  readonly length: number;
}

/** Room for the record's header and path before a block's data: PATH_MAX (4096), a name (255) and the header. */
export const PATH_ROOM = 8192;

const WAIT_MS = 1000;
const EVERYONE = Number.POSITIVE_INFINITY;

export class Ring {
  private readonly words: Int32Array;
  private readonly bindings: number;
  readonly slots: readonly Slot[];

  constructor(readonly shape: RingShape) {
    const count = shape.blockSlots + shape.packSlots;
    this.bindings = HEAD_WORDS + count * SLOT_WORDS;
    this.words = new Int32Array(shape.memory, 0, this.bindings + shape.readers);
    const start = dataStart(shape);
    this.slots = Array.from({ length: count }, (_, index) => {
      const packs = Math.max(0, index - shape.blockSlots);
      const blocks = Math.min(index, shape.blockSlots);
      const length = index < shape.blockSlots ? shape.blockBytes : shape.packBytes;
      return { index, byteOffset: start + blocks * paged(shape.blockBytes) + packs * paged(shape.packBytes), length };
    });
  }

  static create(shape: Omit<RingShape, 'memory'>): Ring {
    const slots = shape.blockSlots * paged(shape.blockBytes) + shape.packSlots * paged(shape.packBytes);
    const bytes = dataStart(shape) + slots;
    return new Ring({ ...shape, memory: new SharedArrayBuffer(bytes) });
  }

  /** Takes a free slot for filling, waiting for one; undefined once the run is to stop now. */
  acquire(kind: 'block' | 'pack'): Slot | undefined {
    const from = kind === 'block' ? 0 : this.shape.blockSlots;
    const to = kind === 'block' ? this.shape.blockSlots : this.slots.length;
    for (;;) {
      if (this.command === Command.stop) return undefined;
      const bell = kind === 'block' ? FREE_BLOCK_BELL : FREE_PACK_BELL;
      const heard = Atomics.load(this.words, bell);
      for (let index = from; index < to; index++)
        if (this.swap(index, SlotState.free, SlotState.filling)) return this.slots[index]!;
      Atomics.add(this.words, WAITING_READERS, 1);
      Atomics.wait(this.words, bell, heard, WAIT_MS);
      Atomics.sub(this.words, WAITING_READERS, 1);
    }
  }

  /** Hands a filled slot over, to any writer or to the one that has the file open. */
  handOver(slot: Slot, used: number, writer: number): void {
    const at = this.at(slot.index);
    this.words[at + WRITER] = writer;
    this.words[at + USED] = used;
    const ticket = Atomics.add(this.words, TICKET, 1);
    if (writer === ANY_WRITER) Atomics.add(this.words, READY_ANY, 1);
    Atomics.store(this.words, at + STATE, readyWord(ticket));
    if (writer !== ANY_WRITER) {
      this.ring(READY_BELL, EVERYONE);
      this.ring(BUSY_BELL, EVERYONE);
    } else {
      const idle = this.idleWriters > 0;
      // One that may not take anything could be the one that is woken.
      this.ring(READY_BELL, this.mostWriters > 0 ? EVERYONE : 1);
      this.ring(BUSY_BELL, idle ? 0 : 1);
    }
  }

  /** Gives back a slot that was acquired and not filled. */
  discard(slot: Slot): void {
    this.release(slot);
  }

  /**
   * Takes the oldest slot that is ready for this writer, waiting for one; undefined when no more can come. A writer
   * that is `busy` with a large file leaves what any writer may take to those that have nothing to do, so that large
   * files are spread over the writers.
   */
  take(writer: number, busy = false): { slot: Slot; used: number } | undefined {
    for (;;) {
      const bell = busy ? BUSY_BELL : READY_BELL;
      const heard = Atomics.load(this.words, bell);
      const closed = Atomics.load(this.words, CLOSED) !== 0;
      const rests = this.mostWriters > 0 && writer >= this.mostWriters;
      const any = !rests && (!busy || Atomics.load(this.words, IDLE_WRITERS) === 0);
      const slot = this.oldestReady(writer, any || closed);
      if (slot !== undefined) return { slot, used: this.words[this.at(slot.index) + USED]! };
      if (closed || this.command === Command.stop) return undefined;
      const idle = !busy && !rests;
      if (idle) Atomics.add(this.words, IDLE_WRITERS, 1);
      Atomics.wait(this.words, bell, heard, WAIT_MS);
      if (idle) Atomics.sub(this.words, IDLE_WRITERS, 1);
    }
  }

  /** Counts a writer whose thread is being started as one that has nothing to do, until it calls `writerCame`. */
  writerComes(): void {
    Atomics.add(this.words, WRITERS, 1);
    Atomics.add(this.words, IDLE_WRITERS, 1);
  }

  writerCame(): void {
    Atomics.sub(this.words, IDLE_WRITERS, 1);
  }

  private oldestReady(writer: number, any: boolean): Slot | undefined {
    // One look is not enough: while it passes over the slots, an older block can become ready behind it and a
    // younger one before it. Whatever is older than a block that is ready is ready too, so a look that begins
    // after the block was seen, and finds it the oldest, is right.
    let seen = 0;
    for (let index = this.find(writer, any); index >= 0; index = this.find(writer, any)) {
      const word = this.foundWord;
      // No two slots are ready with one ticket, so the word tells the slot too.
      if (word === seen) {
        const forAny = this.words[this.at(index) + WRITER] === ANY_WRITER;
        if (this.swap(index, word, SlotState.draining)) {
          if (forAny) Atomics.sub(this.words, READY_ANY, 1);
          return this.slots[index]!;
        }
      }
      seen = word;
    }
    return undefined;
  }

  private foundWord = 0;

  /**
   * The slot with the lowest ticket among those ready for the writer (for `any` writer too, if so told), as one look
   * over the slots shows it, its state word in `foundWord`; -1: none.
   */
  private find(writer: number, any: boolean): number {
    let best = -1;
    for (let index = 0; index < this.slots.length; index++) {
      const at = this.at(index);
      const word = Atomics.load(this.words, at + STATE);
      if (!isReady(word)) continue;
      const wanted = this.words[at + WRITER]!;
      if (wanted === ANY_WRITER ? !any : wanted !== writer) continue;
      // Tickets wrap around; the signed difference of two that are near each other is still right.
      if (best >= 0 && ((word - this.foundWord) | 0) > 0) continue;
      best = index;
      this.foundWord = word;
    }
    return best;
  }

  release(slot: Slot): void {
    Atomics.store(this.words, this.at(slot.index) + STATE, SlotState.free);
    this.ring(slot.index < this.shape.blockSlots ? FREE_BLOCK_BELL : FREE_PACK_BELL, 1);
  }

  /**
   * True when fewer packs are ready than there are writers: a pack that is not full should be handed over now, or some
   * of the writers will soon have nothing to do.
   */
  get writersStarve(): boolean {
    const writers = Atomics.load(this.words, WRITERS);
    return Atomics.load(this.words, READY_ANY) < Math.min(writers, this.mostWriters || writers);
  }

  /** Writers that take new files; those with higher numbers finish what they have in hand and rest. 0: all. */
  get mostWriters(): number {
    return Atomics.load(this.words, MOST_WRITERS);
  }
  set mostWriters(most: number) {
    Atomics.store(this.words, MOST_WRITERS, most);
    for (const bell of BELLS) this.ring(bell, EVERYONE);
  }

  get idleWriters(): number {
    return Atomics.load(this.words, IDLE_WRITERS);
  }

  /** Readers that wait for a free slot. */
  get waitingReaders(): number {
    return Atomics.load(this.words, WAITING_READERS);
  }

  /** Slots in use. */
  get occupied(): number {
    const { blocks, packs } = this.inUse;
    return blocks + packs;
  }

  /** The same by their size, for the progress. */
  get inUse(): { readonly blocks: number; readonly packs: number } {
    const used = { blocks: 0, packs: 0 };
    for (let index = 0; index < this.slots.length; index++)
      if (Atomics.load(this.words, this.at(index) + STATE) !== SlotState.free)
        used[index < this.shape.blockSlots ? 'blocks' : 'packs']++;
    return used;
  }

  /*
   * All blocks of a file go to the writer that opened it. The first block may be taken by any writer, which then
   * binds itself to the reader's lane; the reader asks for the binding before it hands over the second block. This
   * cannot lock up: a writer never waits for a particular slot, so a first block is always taken in the end.
   */

  unbind(reader: number): void {
    Atomics.store(this.words, this.bindings + reader, 0);
  }

  bind(reader: number, writer: number): void {
    Atomics.store(this.words, this.bindings + reader, writer + 1);
    Atomics.notify(this.words, this.bindings + reader);
  }

  /** The writer bound to the reader's present file, waiting for it; undefined once the run is to stop now. */
  boundWriter(reader: number): number | undefined {
    for (;;) {
      const bound = Atomics.load(this.words, this.bindings + reader);
      if (bound !== 0) return bound - 1;
      if (this.command === Command.stop) return undefined;
      Atomics.wait(this.words, this.bindings + reader, 0, WAIT_MS);
    }
  }

  get command(): Command {
    return Atomics.load(this.words, COMMAND) as Command;
  }

  /** Tells all lanes to drain or to stop now. */
  tell(command: Command): void {
    Atomics.store(this.words, COMMAND, command);
    for (const bell of BELLS) this.ring(bell, EVERYONE);
    for (let reader = 0; reader < this.shape.readers; reader++) Atomics.notify(this.words, this.bindings + reader);
  }

  /** No reader will hand over anything more: writers end once they have emptied the ring. */
  close(): void {
    Atomics.store(this.words, CLOSED, 1);
    for (const bell of BELLS) this.ring(bell, EVERYONE);
  }

  private at(index: number): number {
    return HEAD_WORDS + index * SLOT_WORDS;
  }

  private swap(index: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.words, this.at(index) + STATE, from, to) === from;
  }

  /** Wakes up to `sleepers` of those that wait for the bell; nobody who is about to wait misses that it rang. */
  private ring(bell: number, sleepers: number): void {
    Atomics.add(this.words, bell, 1);
    if (sleepers > 0) Atomics.notify(this.words, bell, sleepers);
  }
}

/** Every slot begins on a page boundary. */
function paged(bytes: number): number {
  return Math.ceil(bytes / 4096) * 4096;
}

/** So does the first, after the words. */
function dataStart(shape: Omit<RingShape, 'memory'>): number {
  const words = HEAD_WORDS + (shape.blockSlots + shape.packSlots) * SLOT_WORDS + shape.readers;
  return paged(words * 4);
}
