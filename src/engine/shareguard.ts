/** Waiting for shares in trouble: what is said of it, when a run gives up on one, and how a drain ends meanwhile. */
import { SIDE_NAMES, type Side } from '../share/share.js';
import { steadyMs } from '../stats/clock.js';
import { formatDuration } from '../stats/format.js';
import { SessionBroken } from './broken.js';
import type { Stalls } from './stalls.js';
import { type Look, ShareWatch } from './watch.js';

/** How long a drain waits for a share in trouble, or a call that hangs, ms. */
const DRAIN_PATIENCE_MS = 5000;

/** Of a side that a run does not touch. */
export const NOTHING_TO_SEE: Look = { answer: Promise.resolve(undefined), hasBegun: () => true };

export interface ShareGuardDeps {
  /** Absolute, of the sides that a run touches. */
  readonly roots: Readonly<Partial<Record<Side, string>>>;
  /** See --share-timeout, ms. */
  readonly timeoutMs: number;
  /** Looks at a root; see WatchDeps. */
  look(side: Side, room: number | undefined): Look;
  /** A line for the operator. */
  note(text: string): void;
  /** A share got into trouble, or may be: nothing more is to be handed out. */
  lost(): void;
  /** It is not: what was said of it is to be taken as a failure of the entries. */
  cleared(side: Side): void;
  /** A share is well again; perhaps the other one is not. */
  back(side: Side): void;
  gaveUp(broken: SessionBroken): void;
}

/** A share watch that speaks to the operator. */
export function guardShares(deps: ShareGuardDeps): ShareWatch {
  return new ShareWatch({
    look: (side, room) => deps.look(side, room),
    timeoutMs: deps.timeoutMs,
    suspected: () => deps.lost(),
    cleared: (side) => deps.cleared(side),
    lost: ({ side, why }) => {
      deps.lost();
      deps.note(`waiting for the ${SIDE_NAMES[side]} ${deps.roots[side]}: ${why}`);
    },
    back: (side, ms) => {
      deps.note(`the ${SIDE_NAMES[side]} is back after ${formatDuration(ms / 1000)}`);
      deps.back(side);
    },
    gaveUp: ({ side, why, sinceMs }) => {
      const time = formatDuration((steadyMs() - sinceMs) / 1000);
      deps.gaveUp(shareBroken(side, deps.roots[side]!, `${why}, for ${time}`));
    },
  });
}

export function shareBroken(side: Side, root: string, why: string): SessionBroken {
  return new SessionBroken(`${SIDE_NAMES[side]} ${root}: ${why}`, 'share');
}

/** How long what waits for a share is waited for, in a run of any kind. */
export class Patience {
  private heldAt: number | undefined;

  constructor(
    private readonly watch: ShareWatch,
    private readonly stalls: Stalls,
    private readonly deps: Pick<ShareGuardDeps, 'roots' | 'timeoutMs'>,
  ) {}

  /** Something waits for a share, perhaps for ever: one is in trouble, or a call hangs. */
  get isHeld(): boolean {
    return this.watch.isTroubled || this.stalls.all.length > 0;
  }

  /**
   * Files in flight on a share that does not answer cannot be finished: whether a drain that waits for one is to become a
   * stop. To be asked a few times a second.
   */
  isOver(isDraining: boolean): boolean {
    const now = performance.now();
    if (!isDraining || !this.isHeld) this.heldAt = undefined;
    else this.heldAt ??= now;
    return this.heldAt !== undefined && now - this.heldAt > DRAIN_PATIENCE_MS;
  }

  /** A call hangs for --share-timeout: a share may answer at its root, and not where something else is mounted within it. */
  get broken(): SessionBroken | undefined {
    const { roots, timeoutMs } = this.deps;
    const lasting = this.stalls.lasting(timeoutMs);
    return lasting && shareBroken(lasting.side, roots[lasting.side]!, lasting.what);
  }
}
