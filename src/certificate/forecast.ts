/** How long a last pass will take, told before it begins by how long the passes before it took. Pure. */
import type { SessionRow } from '../ledger/sessions.js';

export interface PassForecast {
  /** As likely longer as shorter, ms. */
  readonly p50Ms: number;
  /** Longer in one of ten cases, ms. */
  readonly p90Ms: number;
  /** Passes that it is made of. */
  readonly passes: number;
}

/** Looks at the source that a last pass takes: one to copy what has changed, one to see that nothing changes any more. */
const SCANS = 2;

/**
 * Undefined: no pass has followed another yet. A pass takes the time of its looks, and that of what has changed since the
 * one before. What looking costs is told by the pass that took least for each entry; the rest of a pass's time went into
 * its changes, which grow with the time since the last pass, but to no more than copying everything took at first.
 */
export function passForecast(sessions: readonly SessionRow[], nowMs: number): PassForecast | undefined {
  const passes = sessions.filter(isWhole);
  const [first, ...later] = passes;
  const last = passes.at(-1);
  if (!first || !last || later.length === 0) return undefined;
  const entries = (pass: SessionRow) => Math.max(1, pass.copiedFiles + pass.sameFiles);
  const perEntry = Math.min(...passes.map((pass) => lengthOf(pass) / entries(pass)));
  const scanMs = perEntry * entries(last) * SCANS;
  const gapMs = Math.max(0, nowMs - last.begunMs);
  const expected = later.map((pass, index) => {
    const changesMs = Math.max(0, lengthOf(pass) - perEntry * entries(pass));
    const before = passes[index]!;
    const growth = gapMs / Math.max(1, pass.begunMs - before.begunMs);
    return scanMs + Math.min(changesMs * growth, lengthOf(first));
  });
  expected.sort((a, b) => a - b);
  return { p50Ms: quantile(expected, 0.5), p90Ms: quantile(expected, 0.9), passes: expected.length };
}

/** It went through to its end: exit code 0, or 1 for entries that failed. */
function isWhole({ exitCode, endedMs }: SessionRow): boolean {
  return endedMs !== undefined && (exitCode === 0 || exitCode === 1);
}

function lengthOf({ begunMs, endedMs }: SessionRow): number {
  return Math.max(0, endedMs! - begunMs);
}

/** Between the two nearest of ascending values. */
function quantile(values: readonly number[], part: number): number {
  const at = (values.length - 1) * part;
  const [low, high] = [values[Math.floor(at)]!, values[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}
