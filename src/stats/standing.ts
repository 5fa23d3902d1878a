/** How a migration stands, be it running or not: what `millrace status` tells. */
import type { Pair } from '../ledger/open.js';
import type { ScanState, Totals } from '../ledger/rows.js';
import type { SessionRow } from '../ledger/sessions.js';
import type { Difference } from '../ledger/verification.js';
import type { Pass } from '../verify/pass.js';
import type { FailuresSummary } from './failures.js';
import type { Forecast } from './forecast.js';
import type { Rates } from './rates.js';
import type { Snapshot } from './snapshot.js';

/** A run that goes on now. */
export interface Running {
  readonly pid: number;
  readonly snapshot: Snapshot;
  readonly rates: Rates | null;
  readonly forecast: Forecast | null;
}

/** What verifications have found. */
export interface Verified {
  /** The last one. */
  readonly pass: Pass;
  /** Entries that the ledger has as different now, and the first of them. */
  readonly different: number;
  readonly differences: readonly Difference[];
}

export interface Standing {
  readonly nowMs: number;
  /** Absolute path. */
  readonly ledger: string;
  readonly pair: Pair;
  readonly scan: ScanState;
  readonly totals: Totals;
  /** The first one first; none in a ledger that an earlier version wrote last. */
  readonly sessions: readonly SessionRow[];
  /** By the ledger, so that what a run has in hand is not among them. */
  readonly failures: FailuresSummary;
  /** Undefined: there was no verification. */
  readonly verification: Verified | undefined;
  /** Undefined: nothing runs. */
  readonly running: Running | undefined;
  /** What has the ledger and cannot be asked: "millrace process 12, since ...", a verification mostly. Undefined: nothing. */
  readonly holder: string | undefined;
}

/**
 * Never run; running; its last session ended by itself; it was cut off: killed, or the machine went down; or its last session
 * has no end and what has the ledger does not answer: a run that is too busy, or a verification after one that was cut off.
 */
export type Life = 'new' | 'running' | 'ended' | 'cut off' | 'in use';

/** `last` is the last session, where the ledger has any; `isHeld`: something that does not answer has the ledger. */
export function lifeOf(isRunning: boolean, last: SessionRow | undefined, isHeld = false): Life {
  if (isRunning && last?.endedMs === undefined) return 'running';
  if (!last) return 'new';
  if (last.endedMs !== undefined) return 'ended';
  return isHeld ? 'in use' : 'cut off';
}
