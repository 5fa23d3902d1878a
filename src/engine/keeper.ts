/** The main thread's way to ask short questions of the shares, which it never touches itself. */
import { Exit, ExitError, UsageError } from '../exit.js';
import type { RootIdentity } from '../share/identity.js';
import type { DestProbe, OwnFile, Refusal, RootCheck, RootsFacts } from '../share/local/roots.js';
import type { Threads } from './threads.js';
import type { Look } from './watch.js';

export class Keeper {
  constructor(private readonly threads: Threads) {}

  /** Looks at the roots; throws ExitError when a run cannot begin. Nothing is changed. */
  async inspect(source: string, dest: string, own: readonly OwnFile[]): Promise<RootsFacts> {
    return accepted(await this.threads.ask<RootsFacts | Refusal>({ task: 'inspect', source, dest, own }));
  }

  /** Makes the destination ready; throws ExitError when that is not possible. */
  async prepare(dest: string, trash: string | undefined): Promise<DestProbe> {
    return accepted(await this.threads.ask<DestProbe | Refusal>({ task: 'prepare', dest, trash }));
  }

  /** Flushes the filesystem that `dest` is on; an error code when that is no longer the one expected, or away. */
  flush(dest: string, expected: RootIdentity): Promise<string | undefined> {
    return this.threads.ask({ task: 'sync', dest, expected });
  }

  /** What is wrong with a root, as an error code; undefined: nothing. */
  look(check: RootCheck): Look {
    const begun = new Int32Array(new SharedArrayBuffer(4));
    return { answer: this.threads.ask({ task: 'look', check, begun }), hasBegun: () => Atomics.load(begun, 0) !== 0 };
  }
}

function accepted<T extends object>(answer: T | Refusal): T {
  if (!('refused' in answer)) return answer;
  throw answer.refused === 'usage' ? new UsageError(answer.message) : new ExitError(answer.message, Exit.share);
}
