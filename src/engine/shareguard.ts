/** Waiting for shares in trouble: what is said of it, when a run gives up on one, and how a drain ends meanwhile. */
import { SIDE_NAMES, type Side } from '../share/share.js';
import { steadyMs } from '../stats/clock.js';
import { formatDuration } from '../stats/format.js';
import { SessionBroken } from './broken.js';
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

/** Files in flight on a share that does not answer cannot be finished: a drain that waits for one becomes a stop. */
export class DrainPatience {
  private heldAt: number | undefined;

  /** Whether patience has run out; to be asked a few times a second. `isHeld`: a share is in trouble, or a call hangs. */
  isOver(isDraining: boolean, isHeld: boolean): boolean {
    const now = performance.now();
    if (!isDraining || !isHeld) this.heldAt = undefined;
    else this.heldAt ??= now;
    return this.heldAt !== undefined && now - this.heldAt > DRAIN_PATIENCE_MS;
  }
}
