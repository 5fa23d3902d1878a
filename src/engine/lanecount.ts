/** Readers, and writers, that work on more than a handful of files, and may grow to, when nobody says otherwise. */
export const FIRST_LANES = 2;
export const MOST_LANES = 32;

/** Below this an operation is bound by the processor, and more lanes than processors gain nothing. */
const FAST_MS = 0.3;
/** Above this share of the machine's processors in use, slow operations wait for a processor and not for a share. */
const BUSY = 0.7;

/**
 * How many lanes a share wants whose operations take `latencyMs` on average: enough that their waits overlap, in
 * proportion to the wait, at most MOST_LANES (at 1 ms and more). Never fewer than there are, and at most twice as
 * many, since starting threads is work too. `busy` is the share of the machine's processors in use, 0 to 1.
 */
export function wantedLanes(current: number, latencyMs: number, busy: number): number {
  if (!(latencyMs > FAST_MS) || busy > BUSY) return current;
  const wanted = Math.min(MOST_LANES, Math.round(latencyMs * MOST_LANES));
  return Math.max(current, Math.min(wanted, current * 2));
}

/** Milliseconds that all processors together have spent working, as os.cpus() counts them. */
export function busyMs(cpus: readonly { times: { user: number; nice: number; sys: number; irq: number } }[]): number {
  return cpus.reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
