/** Whether the roots are still those that the ledger was made for: asked before anything is written or deleted. */
import { Exit, ExitError } from '../exit.js';
import { damaged } from '../ledger/errors.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Settings } from '../settings.js';
import { isSameRoot, type RootIdentity } from '../share/identity.js';
import type { RootsFacts } from '../share/local/roots.js';
import { SIDE_NAMES, type Side } from '../share/share.js';
import type { TimeRange } from '../share/timerange.js';

const KEY = 'roots';

interface Roots {
  readonly source: RootIdentity;
  readonly dest: RootIdentity;
}

const ADVICE = 'mount the right share, or give --accept-roots once if this is right';

/** Undefined: no run has begun yet. */
function knownRoots(ledger: Ledger): Roots | undefined {
  const known = ledger.meta<Partial<Roots>>(KEY);
  if (known && !(known.source && known.dest)) throw damaged(`its value of ${KEY}`);
  return known as Roots | undefined;
}

/** Throws an ExitError when a root is another folder than the ledger remembers, or has lost all it had. */
export function checkRoots(ledger: Ledger, facts: RootsFacts, settings: Settings): void {
  if (settings.acceptRoots) return;
  checkRoot(ledger, 'source', settings.source, facts.sourceIdentity);
  if (facts.destIdentity) checkRoot(ledger, 'dest', settings.dest, facts.destIdentity);
  const known = knownRoots(ledger);
  if (ledger.totals.syncedFiles === 0) return;
  if (known && !facts.destIdentity)
    refuse(`destination ${settings.dest}: is gone, with all that the ledger knows to be there`);
  if (facts.sourceIsEmpty) refuse(`source ${settings.source}: is empty, and the ledger knows of files there`);
}

/** Throws an ExitError when a root is another folder than the ledger remembers. */
export function checkRoot(ledger: Ledger, side: Side, path: string, identity: RootIdentity): void {
  const known = knownRoots(ledger);
  if (known && !isSameRoot(known[side], identity))
    refuse(`${SIDE_NAMES[side]} ${path}: is not the folder that it was when the ledger was made`);
}

function refuse(what: string): never {
  throw new ExitError(`${what}; ${ADVICE}`, Exit.share);
}

const TIMES = 'times';

/** How the two shares keep times. */
export interface Timekeeping {
  /** The coarser of their grains. */
  readonly grainNs: bigint;
  /** What the destination keeps; undefined: all. */
  readonly range: TimeRange | undefined;
}

/** As the last copy found it. */
export function knownTimekeeping(ledger: Ledger): Timekeeping {
  const known = ledger.meta<{ grainNs: string; range: { firstNs: string; lastNs: string } | null }>(TIMES);
  if (!known) return { grainNs: 1n, range: undefined };
  const { grainNs, range } = known;
  return {
    grainNs: BigInt(grainNs),
    range: range ? { firstNs: BigInt(range.firstNs), lastNs: BigInt(range.lastNs) } : undefined,
  };
}

/**
 * The roots of a run that begins. Where one was replaced, and the operator has said that this is right, what the ledger
 * says of it means nothing until a scan has looked at all of it.
 */
export function rememberRoots(ledger: Ledger, roots: Roots, { grainNs, range }: Timekeeping): void {
  const known = knownRoots(ledger);
  const isReplaced =
    known !== undefined && !(isSameRoot(known.source, roots.source) && isSameRoot(known.dest, roots.dest));
  ledger.commit(() => {
    ledger.setMeta(KEY, roots);
    ledger.setMeta(TIMES, {
      grainNs: String(grainNs),
      range: range ? { firstNs: String(range.firstNs), lastNs: String(range.lastNs) } : null,
    });
    if (isReplaced) ledger.wantFullScan();
  });
}
