/**
 * Keeps a session going while shares and threads do not: waits for shares in trouble, replaces lanes that died, tells of
 * calls that hang, and keeps a drain from waiting for ever.
 */
import { Call } from '../pace/latency.js';
import { Command } from '../pipeline/ring.js';
import { type Failure, failure } from '../share/failure.js';
import type { Side } from '../share/share.js';
import { SessionBroken } from './broken.js';
import { pathOf } from './conveyor.js';
import type { Item } from './item.js';
import { MOST_DEATHS } from './retry.js';
import type { HangingCall } from './section.js';
import type { Session, SessionDeps } from './session.js';
import { guardShares, NOTHING_TO_SEE, Patience, shareBroken } from './shareguard.js';
import { Stalls } from './stalls.js';
import type { ShareWatch } from './watch.js';

/** Of smaller files the size tells how much room they need, bytes. */
const LARGE = 1024 * 1024;
/** How long the other threads may take to end when one died. */
const REPLACE_PATIENCE_MS = 10_000;

export class Guardian {
  readonly watch: ShareWatch;
  readonly stalls: Stalls;
  /** Lanes died, and others are on their way. */
  private replacing = false;
  private deaths = 0;
  private readonly questions = new Set<HangingCall>();
  private lastQuestion = 0;
  readonly patience: Patience;

  constructor(
    private readonly session: Session,
    private readonly deps: Pick<SessionDeps, 'settings' | 'note' | 'look' | 'fillsHoles' | 'dataBytes' | 'destMissing'>,
  ) {
    this.watch = this.watchShares();
    this.stalls = new Stalls((call) => this.pathOfCall(call), deps.note);
    const { settings } = deps;
    this.patience = new Patience(this.watch, this.stalls, { roots: settings, timeoutMs: settings.shareTimeoutMs });
  }

  /** Nothing is to be handed out now. */
  get isHolding(): boolean {
    return this.watch.isHolding || this.replacing;
  }

  /** Has an answer of the keeper's told as hanging, as a lane's call, when it does not come: a flush (publish) or a look (open). */
  async asked<T>(side: Side, kind: Call, answer: Promise<T>): Promise<T> {
    const question = { side, role: 'keeper', lane: ++this.lastQuestion, kind, item: 0, sinceMs: Date.now() } as const;
    this.questions.add(question);
    try {
      return await answer;
    } finally {
      this.questions.delete(question);
    }
  }

  /** Calls that are under way for `ms` and longer, of lanes and of the keeper. */
  private *hanging(ms: number, nowMs: number): Generator<HangingCall> {
    yield* this.session.crew.hanging(ms, nowMs);
    for (const question of this.questions) if (nowMs - question.sinceMs >= ms) yield question;
  }

  /** To be called a few times a second. */
  tick(): void {
    if (this.session.stopping !== 'stop') this.watch.tick();
    const { session, patience } = this;
    this.stalls.tick((nowMs) => this.hanging(this.deps.settings.stallTimeoutMs, nowMs));
    if (patience.isOver(session.stopping === 'drain')) session.tell(Command.stop);
    const { broken } = patience;
    if (broken) session.breakOff(broken);
  }

  /** An item met a share that cannot go on, or an error that is a bug. */
  stuck(item: Item, failure: Failure, side: Side): void {
    if (failure.class === 'fatal')
      this.session.breakOff(new SessionBroken(`${failure.message} at ${pathOf(item)}`, 'bug'));
    else this.suspect(item, failure, side).catch((error: Error) => this.session.breakOff(error));
  }

  /**
   * Nothing is handed out from now on. A large file may need less room than its size, for it may have holes; where a
   * destination had that much and did not take it, it may have to fill them.
   */
  private async suspect(item: Item, { code }: Failure, side: Side): Promise<void> {
    this.session.conveyor.held = true;
    const { settings, fillsHoles, dataBytes } = this.deps;
    const { size } = item.meta;
    const mayFit = side === 'dest' && size > LARGE && settings.sparse && !(fillsHoles && item.attempts > 0);
    const data = mayFit ? await this.asked('source', Call.open, dataBytes(pathOf(item))) : undefined;
    this.watch.report(side, code, data ?? size);
  }

  /**
   * A thread died, of a bug or of lack of memory. Lanes share so much that all are replaced; what they had in hand is done
   * again.
   */
  async replaceLanes(role: string, cause: Error, blamed: number): Promise<void> {
    const { session } = this;
    if (this.replacing || session.isEnding) return;
    const message = `a ${role} thread died: ${cause.message}`;
    if (session.stopping === 'drain') {
      this.deps.note(`${message}; its work is left to the next run`);
      session.tell(Command.stop);
      return;
    }
    this.replacing = true;
    try {
      this.deps.note(`${message}; its work is done again`);
      if (++this.deaths > MOST_DEATHS) throw new SessionBroken(`${message}, after ${MOST_DEATHS} others`, 'bug');
      while (!(await session.crew.renew(REPLACE_PATIENCE_MS))) {
        // Lanes that wait for a share in trouble end when it is back.
        if (!this.watch.isTroubled || session.isEnding) throw new SessionBroken(message, 'bug');
      }
      if (session.isEnding) return;
      // What was published and told to nobody is not to be trusted if the session ends before it is done again.
      if (session.conveyor.inFlightCount > 0) session.recorder.doubtful = true;
      const worn = session.conveyor.lanesGone(blamed);
      if (worn) {
        worn.failure = failure('DIED', 'copy', pathOf(worn));
        session.finished(worn);
      }
      session.scan.lanesGone();
      this.replacing = false;
      if (session.stopping !== 'no') session.crew.tell(Command.drain);
      if (!session.scan.isDone) session.startScanners();
      session.step();
    } catch (error) {
      session.breakOff(error as Error);
    }
  }

  shareBroken(side: Side, why: string): SessionBroken {
    return shareBroken(side, this.deps.settings[side], why);
  }

  private watchShares(): ShareWatch {
    const { settings, note, look, destMissing } = this.deps;
    return guardShares({
      roots: settings,
      timeoutMs: settings.shareTimeoutMs,
      look: (side, room) => (side === 'dest' && destMissing ? NOTHING_TO_SEE : look(side, room)),
      note,
      lost: () => {
        this.session.conveyor.held = true;
      },
      cleared: (side) => {
        const { conveyor, scan } = this.session;
        conveyor.blame(side);
        scan.blame(side);
        this.release(side);
      },
      back: (side) => {
        this.session.scan.unpark();
        this.release(side);
      },
      gaveUp: (broken) => this.session.breakOff(broken),
    });
  }

  /** A share is well; what waits goes on, if the other one is, too. */
  private release(side: Side): void {
    this.session.crew.renewRoot(side);
    if (this.watch.isHolding) return;
    this.session.conveyor.held = false;
    this.session.conveyor.unpark();
    this.session.step();
  }

  private pathOfCall({ role, item }: HangingCall): string | undefined {
    if (role === 'keeper') return undefined;
    if (role === 'scanner') return this.session.scan.pathInHand(item);
    const found = this.session.conveyor.item(item);
    return found && pathOf(found);
  }
}
