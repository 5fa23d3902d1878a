/** Lanes that a pool starts with, and may grow to when nobody says otherwise. */
export const FIRST_LANES = 2;
export const MOST_LANES = 32;

/** Below this an operation is bound by the processor, and more lanes than processors gain nothing. */
const FAST_MS = 0.3;

/**
 * How many lanes a share wants whose operations take `latencyMs` on average: enough that their waits overlap, in
 * proportion to the wait, at most MOST_LANES (at 1 ms and more). Never fewer than there are.
 */
export function wantedLanes(current: number, latencyMs: number): number {
  if (!(latencyMs > FAST_MS)) return current;
  return Math.max(current, Math.min(MOST_LANES, Math.round(latencyMs * MOST_LANES)));
}
