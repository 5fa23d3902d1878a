import type { Operations } from '../stats/shared.js';

/** Readers, and writers, that work on more than a handful of files, and may grow to, when nobody says otherwise. */
export const FIRST_LANES = 2;
export const MOST_LANES = 32;

/** Fewer operations than this tell nothing. */
const ENOUGH = 16;
/** Above this share of the machine's processors in use, more lanes would wait for a processor. */
const BUSY = 0.9;
/** Lanes after one step for each there was before: starting threads is work too, and shows whether it helps. */
const STEP = 3;

/**
 * How many lanes a share wants, given its operations since the last step: enough that their waits overlap, in
 * proportion to the wait, at most MOST_LANES (at 1 ms and more). Never fewer than there are. Only where most
 * operations wait: a few that are slow among many that are not have waited for a processor. `busy` is the share of the
 * machine's processors in use, 0 to 1.
 */
export function wantedLanes(current: number, { count, ms, slow }: Operations, busy: number): number {
  if (count < ENOUGH || slow * 2 <= count || busy > BUSY) return current;
  const wanted = Math.min(MOST_LANES, Math.round((ms / count) * MOST_LANES));
  return Math.max(current, Math.min(wanted, current * STEP));
}

/** Milliseconds that all processors together have spent working, as os.cpus() counts them. */
export function busyMs(cpus: readonly { times: { user: number; nice: number; sys: number; irq: number } }[]): number {
  return cpus.reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
