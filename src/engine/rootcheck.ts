/** Whether the roots are still those that the ledger was made for: asked before anything is written or deleted. */
import { Exit, ExitError } from '../exit.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Settings } from '../settings.js';
import { isSameRoot, type RootIdentity } from '../share/identity.js';
import type { RootsFacts } from '../share/local/roots.js';

const KEY = 'roots';

interface Roots {
  readonly source: RootIdentity;
  readonly dest: RootIdentity;
}

const ADVICE = 'mount the right share, or give --accept-roots once if this is right';

/** Throws an ExitError when a root is another folder than the ledger remembers, or has lost all it had. */
export function checkRoots(ledger: Ledger, facts: RootsFacts, settings: Settings): void {
  if (settings.acceptRoots) return;
  const known = ledger.meta<Roots>(KEY);
  const refuse = (what: string): never => {
    throw new ExitError(`${what}; ${ADVICE}`, Exit.share);
  };
  const another = 'is not the folder that it was when the ledger was made';
  if (known && !isSameRoot(known.source, facts.sourceIdentity)) refuse(`source ${settings.source}: ${another}`);
  if (known && facts.destIdentity && !isSameRoot(known.dest, facts.destIdentity))
    refuse(`destination ${settings.dest}: ${another}`);
  if (ledger.totals.syncedFiles === 0) return;
  if (known && !facts.destIdentity)
    refuse(`destination ${settings.dest}: is gone, with all that the ledger knows to be there`);
  if (facts.sourceIsEmpty) refuse(`source ${settings.source}: is empty, and the ledger knows of files there`);
}

/**
 * The roots of a run that begins. Where one was replaced, and the operator has said that this is right, what the ledger
 * says of it means nothing until a scan has looked at all of it.
 */
export function rememberRoots(ledger: Ledger, roots: Roots): void {
  const known = ledger.meta<Roots>(KEY);
  const isReplaced =
    known !== undefined && !(isSameRoot(known.source, roots.source) && isSameRoot(known.dest, roots.dest));
  ledger.commit(() => {
    ledger.setMeta(KEY, roots);
    if (isReplaced) ledger.wantFullScan();
  });
}
