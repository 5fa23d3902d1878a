/**
 * The threads: one Piscina pool for each role, one long task for each lane. A lane gets a MessagePort to talk to the
 * main thread; what it blocks on is in shared memory.
 */
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { Outbox } from '../pipeline/inbox.js';

export type Role = 'reader' | 'writer' | 'scanner' | 'keeper';

/** One lane seen from the main thread. */
export interface Lane<T> {
  readonly number: number;
  readonly outbox: Outbox<T>;
  /** Ends when the lane's role has ended; rejects when its thread died. */
  readonly ended: Promise<void>;
}

export class Pool {
  private readonly piscina: Piscina;

  constructor(role: Role, threads: number) {
    this.piscina = new Piscina({
      filename: fileURLToPath(new URL(`../../lanes/${role}.cjs`, import.meta.url)),
      minThreads: 0,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A lane blocks in its own waits; the pool's would only delay its first task.
      atomics: 'disabled',
    });
  }

  /** Starts a lane; `start` makes what its role is given, from the thread's end of the port and the inbox. */
  lane<T, M>(
    number: number,
    start: (port: MessagePort, inbox: SharedArrayBuffer) => object,
    onMessage: (message: M) => void,
  ): Lane<T> {
    const { port1, port2 } = new MessageChannel();
    const outbox = new Outbox<T>(port1);
    port1.on('message', onMessage);
    const ended = this.piscina.run(start(port2, outbox.memory), { transferList: [port2] }) as Promise<void>;
    return { number, outbox, ended };
  }

  /** A short task with an answer. */
  ask<T>(task: object): Promise<T> {
    return this.piscina.run(task) as Promise<T>;
  }

  close(): Promise<void> {
    return this.piscina.destroy();
  }
}
