/** The other end of a run's control socket: asks, and watches. */
import type { Socket } from 'node:net';
import { Exit, ExitError } from '../exit.js';
import type { FailureKey, FailurePage, Operator } from '../ui/operator.js';
import { eachLine } from './lines.js';
import type { Answer, Event, Hello, Request, Result, State } from './protocol.js';
import { reach } from './socket.js';

/** A run that does not answer for so long, ms, is not asked any more: it answers in a moment, or hangs. */
const PATIENCE_MS = 10_000;

export class ControlClient implements Operator {
  private readonly waiting: ((answer: Answer) => void)[] = [];
  private watch: ((event: Event) => void) | undefined;
  /** Ends when the run, or this side, has hung up. */
  readonly gone: Promise<void>;
  /** The run has: it was not this side. */
  hasHungUp = false;
  private isClosing = false;
  /** How the run ended, once it has said so. */
  ended: Extract<Event, { ended: unknown }>['ended'] | undefined;

  private constructor(
    private readonly socket: Socket,
    readonly hello: Hello,
  ) {
    this.gone = new Promise((resolve) => {
      socket.on('close', () => {
        this.hasHungUp = !this.isClosing;
        for (const answer of this.waiting.splice(0)) answer({ error: 'the run has ended' });
        resolve();
      });
    });
  }

  /** The run that has `ledger`; undefined: none does. Throws an ExitError when the one that has it cannot be talked to. */
  static async connect(ledger: string, version: string): Promise<ControlClient | undefined> {
    const socket = await reach(ledger);
    if (!socket) return undefined;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new ExitError('the run does not answer', Exit.stopped));
      }, PATIENCE_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        reject(new ExitError('the run hung up: it is ending, or too many ask it; try again', Exit.stopped));
      });
      socket.on('error', () => socket.destroy());
      let client: ControlClient | undefined;
      const take = (line: string) => {
        if (client) {
          client.receive(JSON.parse(line) as Answer | Event);
          return;
        }
        clearTimeout(timer);
        const hello = JSON.parse(line) as Hello;
        client = new ControlClient(socket, hello);
        if (hello.millrace === version) resolve(client);
        else {
          socket.destroy();
          const told = `the run is of millrace ${hello.millrace}, and this is ${version}; use the same to talk to it`;
          reject(new ExitError(told, Exit.stopped));
        }
      };
      eachLine(socket, Number.POSITIVE_INFINITY, take, () => {});
    });
  }

  /** Each second how the run is, and what it says, until `gone`. */
  onEvent(watch: (event: Event) => void): void {
    this.watch = watch;
    this.send({ do: 'watch' });
  }

  status(): Promise<State> {
    return this.ask<State>({ do: 'status' });
  }
  pause(): Promise<string> {
    return this.ask({ do: 'pause' });
  }
  resume(): Promise<string> {
    return this.ask({ do: 'resume' });
  }
  drain(): Promise<string> {
    return this.ask({ do: 'drain' });
  }
  stop(): Promise<string> {
    return this.ask({ do: 'stop' });
  }
  limit(rate: string): Promise<string> {
    return this.ask({ do: 'limit', rate });
  }
  lanes(readers: number, writers: number): Promise<string> {
    return this.ask({ do: 'lanes', readers, writers });
  }
  retryFailed(): Promise<string> {
    return this.ask({ do: 'retry-failed' });
  }
  failures(after: FailureKey | undefined, limit: number): Promise<FailurePage> {
    return this.ask({ do: 'failures', after, limit });
  }

  close(): void {
    this.isClosing = true;
    this.socket.destroy();
  }

  private async ask<T extends Result = string>(request: Request): Promise<T> {
    if (this.socket.destroyed) throw new Error('the run has ended');
    this.send(request);
    const answer = await new Promise<Answer>((resolve) => {
      const timer = setTimeout(() => resolve({ error: 'the run does not answer' }), PATIENCE_MS);
      this.waiting.push((given) => {
        clearTimeout(timer);
        resolve(given);
      });
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.ok as T;
  }

  private send(request: Request): void {
    this.socket.write(`${JSON.stringify(request)}\n`);
  }

  private receive(message: Answer | Event): void {
    if ('ok' in message || 'error' in message) this.waiting.shift()?.(message);
    else {
      if ('ended' in message) this.ended = message.ended;
      this.watch?.(message);
      // The last words: a process that cannot end, for a thread hangs in a share, does not hang up.
      if (this.ended) this.socket.destroy();
    }
  }
}
