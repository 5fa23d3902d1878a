/**
 * The share guard's view of both shares: whether they are there, answer, and take what is written. A share in trouble
 * holds the run up; it goes on by itself once the share is back. Times are those of stats/clock.ts.
 */
import { meaningOf } from '../share/failure.js';
import type { Side } from '../share/share.js';
import { steadyMs } from '../stats/clock.js';
import type { Trouble } from '../stats/snapshot.js';

export interface Look {
  /** An error code, undefined when all is well. Stays open for as long as the share hangs. */
  readonly answer: Promise<string | undefined>;
  /** Whether the share was asked yet: before, a busy machine may be what takes its time. */
  hasBegun(): boolean;
}

export interface WatchDeps {
  /** Looks at a root. With `room`, also whether so many bytes can be written. */
  look(side: Side, room: number | undefined): Look;
  /** An operation says that a share is in trouble, which a look is to tell: nothing is told of it yet. */
  suspected(side: Side): void;
  /** The look says that the share is well: what the operation met is not the share's. */
  cleared(side: Side): void;
  /** A share is in trouble. */
  lost(trouble: Trouble): void;
  /** It is well again after `ms`. */
  back(side: Side, ms: number): void;
  /** It was in trouble for `timeoutMs`. */
  gaveUp(trouble: Trouble): void;
  readonly timeoutMs: number;
}

/** Between two looks at a share that is well; together with SILENT_MS, trouble is told within 5 s. */
const LOOK_MS = 1500;
/** A look that takes longer says that the share does not answer. */
const SILENT_MS = 3000;
/** Between two looks at a share in trouble: doubled each time. */
const FIRST_TRY_MS = 500;
const LAST_TRY_MS = 30_000;
const SILENT = 'does not answer';

/** Codes of a look that speak of this process, and not of the share. */
const OUR_OWN = ['EMFILE', 'ENFILE', 'ENOMEM'];

/** Codes that say that nothing more can be written, which only writing shows to be over. */
const UNWRITABLE = ['ENOSPC', 'EDQUOT', 'EROFS'];

class SideWatch {
  trouble: Trouble | undefined;
  private look: Look | undefined;
  /** Since when the share owes an answer. */
  private askedMs: number | undefined;
  private nextMs: number;
  private room: number | undefined;
  private tries = 0;
  /** What is suspected is told by a look that begins after it. */
  private suspicion: 'to be looked at' | 'looked at' | undefined;

  constructor(
    private readonly side: Side,
    private readonly deps: WatchDeps,
    nowMs: number,
  ) {
    this.nextMs = nowMs + LOOK_MS;
  }

  get isSuspected(): boolean {
    return this.suspicion !== undefined;
  }

  /** `clock` is asked when the look has an answer. */
  tick(nowMs: number, clock: () => number): void {
    const { look, trouble } = this;
    if (trouble && nowMs - trouble.sinceMs >= this.deps.timeoutMs) this.deps.gaveUp(trouble);
    if (look) {
      if (look.hasBegun()) this.askedMs ??= nowMs;
      if (this.askedMs !== undefined && nowMs - this.askedMs >= SILENT_MS) this.enter(SILENT, this.askedMs);
      return;
    }
    if (nowMs < this.nextMs) return;
    if (this.suspicion) this.suspicion = 'looked at';
    this.look = this.deps.look(this.side, this.room);
    this.look.answer.then(
      (code) => this.looked(code, clock()),
      (error: Error) => this.looked(error.message, clock()),
    );
  }

  /** An operation failed with a code that says that the share as a whole is in trouble. */
  report(code: string, room: number, nowMs: number): void {
    if (UNWRITABLE.includes(code)) this.room = Math.max(this.room ?? 0, room);
    if (this.trouble) return;
    this.suspicion = 'to be looked at';
    this.nextMs = nowMs;
    this.deps.suspected(this.side);
  }

  /** Something is odd: the next look is to come at once. */
  hurry(nowMs: number): void {
    if (!this.trouble) this.nextMs = Math.min(this.nextMs, nowMs);
  }

  private enter(why: string, nowMs: number): void {
    const before = this.trouble;
    this.suspicion = undefined;
    if (before?.why === why) return;
    if (!before) this.tries = 0;
    this.trouble = { side: this.side, why, sinceMs: before?.sinceMs ?? nowMs };
    this.nextMs = nowMs + this.delay();
    this.deps.lost(this.trouble);
  }

  private looked(code: string | undefined, nowMs: number): void {
    this.look = undefined;
    this.askedMs = undefined;
    if (code !== undefined && OUR_OWN.includes(code)) {
      this.nextMs = nowMs + this.delay();
      return;
    }
    if (code !== undefined) {
      this.enter(meaningOf(code), nowMs);
      this.nextMs = nowMs + this.delay();
      this.tries++;
      return;
    }
    const { trouble, suspicion } = this;
    this.nextMs = suspicion === 'to be looked at' ? nowMs : nowMs + LOOK_MS;
    if (suspicion === 'to be looked at') return;
    this.trouble = undefined;
    this.room = undefined;
    this.suspicion = undefined;
    if (trouble) this.deps.back(this.side, nowMs - trouble.sinceMs);
    else if (suspicion) this.deps.cleared(this.side);
  }

  private delay(): number {
    return Math.min(LAST_TRY_MS, FIRST_TRY_MS * 2 ** this.tries);
  }
}

export class ShareWatch {
  private readonly sides: Record<Side, SideWatch>;

  constructor(
    deps: WatchDeps,
    private readonly clock: () => number = steadyMs,
  ) {
    this.sides = { source: new SideWatch('source', deps, clock()), dest: new SideWatch('dest', deps, clock()) };
  }

  get troubles(): Trouble[] {
    return [this.sides.source, this.sides.dest].flatMap(({ trouble }) => trouble ?? []);
  }

  get isTroubled(): boolean {
    return this.sides.source.trouble !== undefined || this.sides.dest.trouble !== undefined;
  }

  /** Nothing is to be handed out now. */
  get isHolding(): boolean {
    return this.isTroubled || this.sides.source.isSuspected || this.sides.dest.isSuspected;
  }

  /** To be called a few times a second. */
  tick(): void {
    for (const side of Object.values(this.sides)) side.tick(this.clock(), this.clock);
  }

  /** See SideWatch.report; `room`: bytes that the operation wanted to write. */
  report(side: Side, code: string, room: number): void {
    this.sides[side].report(code, room, this.clock());
  }

  hurry(side: Side): void {
    this.sides[side].hurry(this.clock());
  }
}
