/**
 * The threads: a Piscina pool in which each lane is one long task. A lane gets a MessagePort to talk to the main thread;
 * what it blocks on is in shared memory. A thread takes as long to start as to copy a thousand small files, so all roles
 * share the pool: the thread that looked at the roots goes on as a scanner.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { KeeperTask } from '../../workers/keeper.js';
import { Outbox } from '../pipeline/inbox.js';
import { ThreadDied } from './broken.js';
import { ATTEMPTS } from './retry.js';

/** What a thread can be: the exports of workers/index.ts. */
type Role = keyof typeof import('../../workers/index.js');

/** More than a run ever starts. */
const MOST_THREADS = 1024;

/** One lane seen from the main thread. */
export interface Lane<T> {
  readonly number: number;
  readonly outbox: Outbox<T>;
  /** Ends when the lane's role has ended; rejects when its thread died. */
  readonly ended: Promise<void>;
  /** Nothing that the lane still sends is heard. */
  cut(): void;
}

export class Threads {
  private readonly piscina: Piscina;
  private readonly asked = new Set<Promise<unknown>>();
  /** Ids of the threads that have loaded what they need. */
  private readonly loaded = new Set<number>();

  constructor() {
    this.piscina = new Piscina({
      filename: fileURLToPath(new URL('../../lanes.cjs', import.meta.url)),
      // Of the roles; the pool tries whether the file has it, in a slower way if not.
      name: 'keeper' satisfies Role,
      minThreads: 0,
      maxThreads: MOST_THREADS,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A lane blocks in its own waits; the pool's would only delay its first task.
      atomics: 'disabled',
    });
    this.piscina.on('workerCreate', ({ id }: { id: number }) => this.loaded.add(id));
  }

  /** Starts a lane; `start` makes what its role is given, from the thread's end of the port and the inbox. */
  lane<T, M>(
    role: Exclude<Role, 'keeper'>,
    number: number,
    start: (port: MessagePort, inbox: SharedArrayBuffer) => object,
    onMessage: (message: M) => void,
  ): Lane<T> {
    const { port1, port2 } = new MessageChannel();
    const outbox = new Outbox<T>(port1);
    port1.on('message', onMessage);
    const given = start(port2, outbox.memory);
    const ended = this.piscina.run(given, { name: role, transferList: [port2] }) as Promise<void>;
    return { number, outbox, ended, cut: () => port1.removeAllListeners('message').close() };
  }

  /** A short task with an answer. Where its thread dies another is asked; throws ThreadDied once that is of no use. */
  async ask<T>(task: KeeperTask): Promise<T> {
    const answer = this.answerTo<T>(task);
    this.asked.add(answer);
    try {
      return await answer;
    } finally {
      this.asked.delete(answer);
    }
  }

  private async answerTo<T>(task: KeeperTask): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.piscina.run(task, { name: 'keeper' satisfies Role });
      } catch (error) {
        // Of a flush nobody knows how it went: the thread may have been told of an error, which Linux tells once.
        if (attempt === ATTEMPTS || task.task === 'sync') throw new ThreadDied(error as Error);
      }
    }
  }

  /**
   * Waits until nothing that was asked is without its answer, and no thread is about to begin: the pool starts one for a task
   * that another may take which is free before. A process that ends while a thread is in a call, or loads, may abort.
   */
  async settled(): Promise<void> {
    await Promise.allSettled(this.asked);
    // A thread that has ended has the id -1.
    const isLoading = () => this.piscina.threads.some(({ threadId }) => threadId >= 0 && !this.loaded.has(threadId));
    while (isLoading()) await Promise.race(['workerCreate', 'workerDestroy'].map((event) => once(this.piscina, event)));
  }
}
