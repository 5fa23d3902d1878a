/**
 * A pass: one verification from its beginning to its end, over any number of runs. The ledger remembers the last one, so
 * that the same command goes on with it while it is unfinished. Times in ms since the Unix epoch.
 */
import { randomBytes } from 'node:crypto';
import type { Ledger } from '../ledger/ledger.js';
import type { Scope } from '../ledger/verification.js';
import type { Tally } from '../stats/snapshot.js';
import type { CacheTally } from './messages.js';
import type { Sample } from './sample.js';

/** Which shares are read. */
export type Reads = 'dest' | 'both';

/**
 * Of what the ledger calls synced: what is not known to be equal since it was copied; all; what was not found equal since a
 * time; or a sample of all, with a seed of the pass's own where none was given.
 */
export type Which =
  | { readonly kind: 'unverified' }
  | { readonly kind: 'all' }
  | { readonly kind: 'since'; readonly sinceMs: number }
  | { readonly kind: 'sample'; readonly part: number; readonly seed: string | undefined };

export interface Pass {
  readonly kind: Which['kind'];
  readonly reads: Reads;
  readonly begunMs: number;
  /** When its counts were written down. */
  readonly seenMs: number;
  /** Null: unfinished. */
  readonly endedMs: number | null;
  readonly sinceMs: number | null;
  readonly sample: Sample | null;
  /** Files and links that it has looked at, with the sizes that they shall have. */
  readonly checked: Tally;
  /** How many of those differ, and of how many there is no hash. */
  readonly different: number;
  readonly unhashed: number;
  readonly cache: CacheTally;
}

const KEY = 'verification';

/** The last pass, finished or not; undefined: there was none. */
export function lastPass(ledger: Ledger): Pass | undefined {
  return ledger.meta<Pass>(KEY);
}

/** The last pass, where it is unfinished and the command asks for the same, or a new one. Pure. */
export function beginPass(last: Pass | undefined, which: Which, reads: Reads, nowMs: number): Pass {
  const sinceMs = which.kind === 'since' ? which.sinceMs : null;
  if (last && isUnfinished(last) && last.kind === which.kind && last.reads === reads && isOfSample(last, which))
    return { ...last, sinceMs };
  // Later than all that was verified before, whatever the clock says: what this pass finds is told by its time.
  const begunMs = Math.max(nowMs, (last?.seenMs ?? 0) + 1);
  return {
    kind: which.kind,
    reads,
    begunMs,
    seenMs: begunMs,
    endedMs: null,
    sinceMs,
    sample: which.kind === 'sample' ? { part: which.part, seed: which.seed ?? randomBytes(4).toString('hex') } : null,
    checked: { files: 0, bytes: 0 },
    different: 0,
    unhashed: 0,
    cache: { dropped: 0, kept: 0, unknown: 0 },
  };
}

export function isUnfinished({ endedMs }: Pass): boolean {
  return endedMs === null;
}

function isOfSample({ sample }: Pass, which: Which): boolean {
  if (which.kind !== 'sample') return true;
  return sample?.part === which.part && (which.seed === undefined || which.seed === sample.seed);
}

/** Writes the pass down, as it is at its `seenMs`. Inside `commit`. */
export function putPass(ledger: Ledger, pass: Pass): void {
  ledger.setMeta(KEY, pass);
}

/** The time of what is found at `nowMs`: never before anything that was found earlier. */
export function timeOf(pass: Pass, nowMs: number): number {
  return Math.max(nowMs, pass.seenMs);
}

/** The rows that the pass is about, sampled or not. */
export function scopeOf({ kind, begunMs, sinceMs }: Pass): Scope {
  switch (kind) {
    case 'unverified':
      return { begunMs, equalSinceMs: Number.MIN_SAFE_INTEGER };
    case 'since':
      return { begunMs, equalSinceMs: sinceMs! };
    case 'all':
    case 'sample':
      return { begunMs, equalSinceMs: begunMs };
  }
}
