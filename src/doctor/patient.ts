/** Questions to the shares, one at a time, by threads: what hangs, or is not wanted any more, is left behind. */
import type { Threads } from '../engine/threads.js';
import { Exit, ExitError } from '../exit.js';
import type { RootIdentity } from '../share/identity.js';
import type { Answers, Examined, Question } from '../share/local/canary/examine.js';
import { Pulse } from '../share/local/canary/pulse.js';
import { SIDE_NAMES, type Side } from '../share/share.js';
import { formatDuration } from '../stats/format.js';

/** The first check that is told by the answer. */
export const CHECK_OF: Readonly<Record<Question, string>> = {
  place: 'mount',
  begin: 'scratch',
  quick: 'time-grain',
  clock: 'dest-clock',
  times: 'time-range',
  names: 'names',
  lengths: 'name-length',
  attributes: 'symbolic-links',
  sizes: 'file-size',
  destSpeed: 'dest-latency',
  sourceSpeed: 'source-latency',
  end: 'scratch',
};

/** A share gave no sign for too long: what waits for it cannot be ended. */
export class Hangs extends Error {
  constructor(
    readonly side: Side,
    /** The check that was under way. */
    readonly check: string,
    silentMs: number,
  ) {
    super(`the ${SIDE_NAMES[side]} gave no answer for ${formatDuration(silentMs / 1000)}`);
  }
}

/** The operator wants no more. */
export class Stopped extends Error {}

/** An error of a share that concerns one question. */
export class CannotTell extends Error {}

/** How work shows that it goes on, and is told to stop. */
export interface Sign {
  /** What changes with each step. */
  readonly beats: number;
  stop(): void;
}

/** Of work that is a call or two. */
export const NO_SIGN: Sign = { beats: 0, stop: () => {} };

const LOOK_MS = 100;
/** How long a question may go on once nobody wants the answer. */
const PATIENCE_MS = 5000;

export class Patient {
  /** What the destination is known by, and whether it was made for the questions. */
  dest: { readonly identity: RootIdentity; readonly madeDest: boolean } | undefined;
  private stoppedMs: number | undefined;
  private working: Sign | undefined;

  constructor(
    private readonly threads: Threads,
    private readonly roots: Readonly<Record<Side, string>>,
    private readonly stallTimeoutMs: number,
  ) {}

  get isStopped(): boolean {
    return this.stoppedMs !== undefined;
  }

  stop(): void {
    this.stoppedMs ??= performance.now();
    this.working?.stop();
  }

  /** Throws Hangs, Stopped, CannotTell, and an ExitError where there is no share to ask. */
  async ask<Q extends Question>(question: Q, side: Side): Promise<Answers[Q]> {
    const pulse = new Pulse();
    const asked = this.threads.ask<Examined<Answers[Q]>>({
      task: 'examine',
      question,
      root: this.roots[side],
      identity: this.dest?.identity,
      madeDest: this.dest?.madeDest ?? false,
      pulse: pulse.memory,
    });
    // What was made is removed also when nothing else is wanted.
    const isWanted = question === 'end';
    const found = await this.watch(asked, side, CHECK_OF[question], pulse, isWanted);
    if ('answer' in found) return found.answer;
    if ('stopped' in found) throw new Stopped();
    if ('failed' in found) throw new CannotTell(found.failed);
    throw new ExitError(found.message, Exit.share);
  }

  /**
   * Waits for `work`, of which `sign` tells whether it goes on. Throws Hangs when it does not, or when it is told to stop
   * and does not end soon; `isWanted`: it is not told.
   */
  async watch<T>(work: Promise<T>, side: Side, check: string, sign: Sign, isWanted = false): Promise<T> {
    this.working = isWanted ? undefined : sign;
    if (this.isStopped) this.working?.stop();
    let [seen, seenMs] = [sign.beats, performance.now()];
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_, reject) => {
      timer = setInterval(() => {
        const nowMs = performance.now();
        if (sign.beats !== seen) [seen, seenMs] = [sign.beats, nowMs];
        if (nowMs - seenMs > this.stallTimeoutMs) reject(new Hangs(side, check, this.stallTimeoutMs));
        const sinceMs = isWanted ? undefined : this.stoppedMs;
        if (sinceMs !== undefined && nowMs - sinceMs > PATIENCE_MS) reject(new Hangs(side, check, PATIENCE_MS));
      }, LOOK_MS);
    });
    work.catch(() => {}); // once it hangs, nobody waits for its end
    try {
      return await Promise.race([work, silent]);
    } finally {
      clearInterval(timer);
      this.working = undefined;
    }
  }
}
