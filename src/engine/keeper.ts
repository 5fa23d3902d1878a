/** The main thread's way to ask short questions of the shares, which it never touches itself. */

import type { Flushed } from '../../workers/keeper.js';
import type { Io } from '../cli/run.js';
import { Exit, ExitError, UsageError } from '../exit.js';
import { printable } from '../printable.js';
import type { Meta } from '../share/entries.js';
import type { RootIdentity } from '../share/identity.js';
import type { OwnFile, Refusal, RootFacts, RootsFacts } from '../share/local/roots.js';
import type { DestProbe, DestSeen, RootCheck } from '../share/local/trial.js';
import type { RenamedSort } from '../share/renaming.js';
import { SIDE_NAMES, type Side } from '../share/share.js';
import type { Threads } from './threads.js';
import type { Look } from './watch.js';

/** A share did not answer: the thread that waits for it cannot be ended, nor left by process.exit(). */
export class NoAnswer extends ExitError {}

/** How long shares may take to answer before a run has begun, ms. */
export interface Patience {
  readonly untilToldMs: number;
  readonly mostMs: number;
  /** A line for the operator. */
  note(text: string): void;
}

export function patienceOf(settings: { stallTimeoutMs: number; shareTimeoutMs: number }, io: Io): Patience {
  return {
    untilToldMs: settings.stallTimeoutMs,
    mostMs: settings.shareTimeoutMs,
    note: (text) => io.err(`millrace: ${printable(text)}\n`),
  };
}

/** Ends the process where `work` ends in NoAnswer. */
export async function unlessUnanswered<T>(io: Io, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    io.err(`millrace: ${printable(error.message)}\n`);
    return (await import('../posix/calls.js')).exitNow(error.exitCode);
  }
}

export class Keeper {
  constructor(
    private readonly threads: Threads,
    private readonly patience?: Patience,
  ) {}

  /** Looks at the roots; throws ExitError when a run cannot begin. Nothing is changed. */
  async inspect(source: string, dest: string, own: readonly OwnFile[]): Promise<RootsFacts> {
    const asked = this.threads.ask<RootsFacts | Refusal>({ task: 'inspect', source, dest, own });
    return accepted(await this.patiently(asked, `source ${source} or destination ${dest}`));
  }

  /** Looks at one root that is only to be read; throws ExitError when it cannot be. Nothing is changed. */
  async inspectOne(side: Side, root: string, own: readonly OwnFile[]): Promise<RootFacts> {
    const asked = this.threads.ask<RootFacts | Refusal>({ task: 'inspectOne', side, root, own });
    return accepted(await this.patiently(asked, `${SIDE_NAMES[side]} ${root}`));
  }

  /** Makes the destination ready; throws ExitError when that is not possible. */
  async prepare(dest: string, trash: string | undefined, seen: DestSeen, tag: string): Promise<DestProbe> {
    const asked = this.threads.ask<DestProbe | Refusal>({ task: 'prepare', dest, trash, seen, tag });
    return accepted(await this.patiently(asked, `destination ${dest}`));
  }

  /** Which sorts of names the destination does not take, or lists as others; throws ExitError when they cannot be tried. */
  async refusedSorts(dest: string, expected: RootIdentity, silently = false): Promise<RenamedSort[]> {
    const asked = this.threads.ask<RenamedSort[] | Refusal>({ task: 'refusedSorts', dest, expected, silently });
    return accepted(await this.patiently(asked, `destination ${dest}`));
  }

  /** Says when an answer takes long, and throws NoAnswer when it does not come. */
  private async patiently<T>(answer: Promise<T>, what: string): Promise<T> {
    if (!this.patience) return answer;
    const { untilToldMs, mostMs, note } = this.patience;
    let giveUp: NodeJS.Timeout | undefined;
    const tell = setTimeout(() => note(`waiting for an answer: ${what}`), untilToldMs);
    const given = new Promise<never>((_, reject) => {
      const told = `${what}: does not answer; see whether the mount or its server hangs`;
      giveUp = setTimeout(() => reject(new NoAnswer(told, Exit.share)), mostMs);
    });
    try {
      return await Promise.race([answer, given]);
    } finally {
      clearTimeout(tell);
      clearTimeout(giveUp);
    }
  }

  /**
   * Flushes the filesystem that `dest` is on, unless nothing is `expected` of it, and those that are mounted at the places
   * `within` it; an error code when it is no longer the one expected, or away. Throws when flushing fails, or ThreadDied.
   */
  async flush(
    dest: string,
    expected: RootIdentity | undefined,
    within: readonly string[],
  ): Promise<string | undefined> {
    const flushed = await this.threads.ask<Flushed>({ task: 'sync', dest, expected, within });
    if ('failed' in flushed) throw new Error(flushed.failed);
    return flushed.away;
  }

  /** Bytes of a file that are not in holes; undefined where that is not to be told. */
  dataBytes(root: string, expected: RootIdentity, path: string): Promise<number | undefined> {
    return this.threads.ask({ task: 'dataBytes', root, expected, path });
  }

  /** A root as it is now; an error code where that is not to be told. */
  rootState(path: string, expected: RootIdentity): Promise<Meta | string> {
    return this.threads.ask({ task: 'rootState', path, expected });
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
