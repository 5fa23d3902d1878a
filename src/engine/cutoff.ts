/** What of a destination cannot be trusted though it looks right: a session was cut off, or names have collided. */
import type { Ledger } from '../ledger/ledger.js';
import { COLLIDES } from '../share/failure.js';

const KEY = 'unrecorded_since';

/** Files that the destination changed shortly before the session are doubted too: its clock may be coarse. */
const SLACK_NS = 2_000_000_000n;

/**
 * Notes that a session begins; `nowNs` is the time by the destination's clock, ns since the Unix epoch. Returns the
 * beginning of the earliest session that did not end with everything recorded, undefined when there is none.
 */
export function beginSession(ledger: Ledger, nowNs: bigint): bigint | undefined {
  const since = ledger.meta<string | null>(KEY);
  if (since) return BigInt(since);
  ledger.commit(() => ledger.setMeta(KEY, String(nowNs - SLACK_NS)));
  return undefined;
}

const COLLIDED = 'collided';

/**
 * Whether names have collided at the destination, in any session: what is there by such a name may be another entry's,
 * though size and mtime are right. Then only what the ledger has as synced is taken for the same.
 */
export function hasCollided(ledger: Ledger): boolean {
  if (ledger.meta<boolean>(COLLIDED)) return true;
  if (!ledger.hasFailed(COLLIDES)) return false;
  ledger.commit(() => ledger.setMeta(COLLIDED, true));
  return true;
}

/** Everything that was published is recorded. */
export function endSession(ledger: Ledger): void {
  ledger.commit(() => ledger.setMeta(KEY, null));
}
