/** When a session's checkpoints are due, that one is under way at a time, and how long what waits for a share is waited for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HANGING, type SessionBroken } from './broken.js';
import { PATIENCE_MS } from './ending.js';
import { DestAway } from './recorder.js';
import type { Session } from './session.js';

/** A checkpoint is due after this time, or with this much to write. */
const CHECKPOINT_MS = 2000;
export const CHECKPOINT_SIZE = 16_384;
/** The same while changed files wait to be recorded as pending. */
const RECORD_MS = 200;
/** Between two looks whether a share is well again. */
const TICK_MS = 50;

export class Checkpoints {
  /** Resolves some time after the session was told to end at once: what still waits for a share may do so for ever. */
  readonly hopeless: Promise<SessionBroken>;
  private loseHope: (() => void) | undefined;
  private lastMs = performance.now();
  private underWay = false;

  constructor(private readonly session: Session) {
    this.hopeless = new Promise((resolve) => {
      this.loseHope = () => setTimeout(resolve, PATIENCE_MS, HANGING).unref();
    });
  }

  /** The session is to end at once. */
  hurry(): void {
    this.loseHope?.();
    this.loseHope = undefined;
  }

  get isDue(): boolean {
    const { recorder, toRecord } = this.session;
    const patience = toRecord.size > 0 ? RECORD_MS : CHECKPOINT_MS;
    const isLate = performance.now() - this.lastMs > patience && !recorder.isEmpty;
    return isLate || recorder.size >= CHECKPOINT_SIZE;
  }

  /** Starts one unless one is under way; `after` runs when all that was gathered is committed. */
  soon(after?: () => void): void {
    if (this.underWay) return;
    this.underWay = true;
    const { session } = this;
    this.make()
      .then(
        () => {
          if (!session.isEnding && session.stopping === 'no') after?.();
        },
        (error: Error) => session.breakOff(error),
      )
      .finally(() => {
        this.underWay = false;
        // Not at once: a step that asks for a checkpoint again must not keep messages from coming in.
        setImmediate(() => session.step());
      });
  }

  /** Records what was gathered; waits for a destination that is away. */
  async make(): Promise<void> {
    const { session } = this;
    for (;;) {
      try {
        await this.hopefully(session.recorder.checkpoint());
        this.lastMs = performance.now();
        return;
      } catch (error) {
        if (!(error instanceof DestAway) || session.isEnding) throw error;
        const { watch } = session.guardian;
        watch.report('dest', error.code, 0);
        while (watch.isHolding && !session.isEnding) await sleep(TICK_MS);
      }
    }
  }

  /** Waits for what waits for a share; throws HANGING when that is hopeless. */
  async hopefully<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {}); // perhaps nobody waits for it any more
    return Promise.race([work, this.hopeless.then((error) => Promise.reject(error))]);
  }
}
