/** Knowing that an earlier session was cut off, and since when its unrecorded work cannot be trusted. */
import type { Ledger } from '../ledger/ledger.js';

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

/** Everything that was published is recorded. */
export function endSession(ledger: Ledger): void {
  ledger.commit(() => ledger.setMeta(KEY, null));
}
