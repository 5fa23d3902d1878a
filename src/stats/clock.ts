/**
 * The present time, ms since the Unix epoch as the machine's clock had it when the process began. From there on it goes
 * evenly: durations of weeks, and what waits for a time to pass, are not to be wrong because somebody set the clock.
 */
export function steadyMs(): number {
  return performance.timeOrigin + performance.now();
}
