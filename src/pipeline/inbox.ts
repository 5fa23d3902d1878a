/**
 * Work for a blocking lane: messages through a MessagePort, and a word in shared memory as the doorbell, since a
 * thread that waits in Atomics.wait sees no events.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

const BELL = 0;
const CLOSED = 1; // 1: what was sent is still to be done; ABANDONED: nothing is
const UNREAD = 2; // answers that the main thread has not taken in yet
const WORDS = 4;
const ABANDONED = 2;
const WAIT_MS = 1000;

/** The lane's end. */
export class Inbox<T> {
  private readonly words: Int32Array;
  constructor(
    private readonly port: MessagePort,
    memory: SharedArrayBuffer,
  ) {
    this.words = new Int32Array(memory);
  }

  /** The next message, if one is there. */
  poll(): T | undefined {
    return receiveMessageOnPort(this.port)?.message as T | undefined;
  }

  /** Nobody wants what this lane still does. */
  get isAbandoned(): boolean {
    return Atomics.load(this.words, CLOSED) === ABANDONED;
  }

  /** The next message, waiting for it; undefined when the outbox was closed and nothing is left, or was abandoned. */
  take(): T | undefined {
    for (;;) {
      if (this.isAbandoned) return undefined;
      const bell = Atomics.load(this.words, BELL);
      const closed = Atomics.load(this.words, CLOSED) !== 0;
      const message = this.poll();
      if (message !== undefined || closed) return message;
      Atomics.wait(this.words, BELL, bell, WAIT_MS);
    }
  }

  /**
   * Counts an answer that is about to be sent, first waiting until fewer than `limit` are unread, or nobody reads them any
   * more.
   */
  countAnswer(limit: number): void {
    for (;;) {
      const unread = Atomics.load(this.words, UNREAD);
      if (unread < limit || Atomics.load(this.words, CLOSED) !== 0) break;
      Atomics.wait(this.words, UNREAD, unread, WAIT_MS);
    }
    Atomics.add(this.words, UNREAD, 1);
  }
}

/** The main thread's end. */
export class Outbox<T> {
  readonly memory = new SharedArrayBuffer(WORDS * 4);
  private readonly words = new Int32Array(this.memory);
  constructor(private readonly port: MessagePort) {}

  send(message: T): void {
    this.port.postMessage(message);
    this.knock();
  }

  /** An answer was taken in: the lane may send another. */
  answerTaken(): void {
    Atomics.sub(this.words, UNREAD, 1);
    Atomics.notify(this.words, UNREAD);
  }

  /** No more messages will come. */
  close(): void {
    this.end(1);
  }

  /** Nothing that was sent is wanted any more. */
  abandon(): void {
    this.end(ABANDONED);
  }

  private end(how: number): void {
    Atomics.store(this.words, CLOSED, how);
    Atomics.notify(this.words, UNREAD);
    this.knock();
  }

  private knock(): void {
    Atomics.add(this.words, BELL, 1);
    Atomics.notify(this.words, BELL);
  }
}
