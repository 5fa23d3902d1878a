/**
 * The history of a migration as two curves, thinned to what a chart can show. Pure; times in ms since the Unix epoch,
 * sizes in bytes, rates in bytes/s.
 */
import type { HistoryRow, SessionRow } from '../ledger/sessions.js';
import { tightest } from '../stats/history.js';

/** The whole migration at one moment. */
export interface ProgressPoint {
  readonly atMs: number;
  readonly syncedBytes: number;
  /** Synced or still to be done: what scans have found by now. */
  readonly knownBytes: number;
}

/** A stretch of time, all of the same length; both rates are means of the time in which a session ran. */
export interface RateStep {
  readonly fromMs: number;
  readonly toMs: number;
  /** Written; null: no session ran. */
  readonly rate: number | null;
  /** The tighter limit of the two directions; null: none all the time, or no session ran. */
  readonly limit: number | null;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Timeline extends Span {
  /** One list for each session. */
  readonly progress: readonly (readonly ProgressPoint[])[];
  readonly rates: readonly RateStep[];
  /** Between sessions, when nothing ran. */
  readonly gaps: readonly Span[];
}

/** Steps of the rates at most, and about as many points of progress; none is shorter than what lies between two rows. */
export const STEPS = 240;
const SHORTEST_STEP_MS = 10_000;

/** Undefined where nothing has been recorded yet. `rows` are in the order of sessions and time. */
export function timelineOf(sessions: readonly SessionRow[], rows: readonly HistoryRow[]): Timeline | undefined {
  const [first, last] = [sessions[0], sessions.at(-1)];
  if (!first || !last || rows.length === 0) return undefined;
  const fromMs = first.begunMs;
  const toMs = Math.max(fromMs + 1, ...sessions.map(endMs));
  const bySession = new Map<number, HistoryRow[]>();
  for (const row of rows) {
    const known = bySession.get(row.session);
    if (known) known.push(row);
    else bySession.set(row.session, [row]);
  }
  const count = Math.min(STEPS, Math.max(1, Math.floor((toMs - fromMs) / SHORTEST_STEP_MS)));
  const stepMs = (toMs - fromMs) / count;
  const gaps = sessions.slice(1).map((next, index) => ({ fromMs: endMs(sessions[index]!), toMs: next.begunMs }));
  return {
    fromMs,
    toMs,
    progress: progressOf(sessions, bySession, stepMs),
    rates: ratesOf(sessions, bySession, fromMs, count, stepMs),
    gaps: gaps.filter((gap) => gap.toMs > gap.fromMs),
  };
}

/** When a session ended, or was last heard of. */
export function endMs({ endedMs, seenMs, begunMs }: SessionRow): number {
  return Math.max(begunMs, endedMs ?? seenMs);
}

/** What each session's curve shows: from where the one before it left off, the last row of each step, and its end. */
function progressOf(
  sessions: readonly SessionRow[],
  bySession: ReadonlyMap<number, readonly HistoryRow[]>,
  stepMs: number,
): ProgressPoint[][] {
  let level = { syncedBytes: 0, knownBytes: 0 };
  return sessions.map((session) => {
    const points: ProgressPoint[] = [{ atMs: session.begunMs, ...level }];
    for (const { atMs, syncedBytes, pendingBytes } of thinned(bySession.get(session.id) ?? [], stepMs)) {
      level = { syncedBytes, knownBytes: syncedBytes + pendingBytes };
      points.push({ atMs, ...level });
    }
    const end = { atMs: endMs(session), ...level };
    return end.atMs > points.at(-1)!.atMs ? [...points, end] : points;
  });
}

function thinned(rows: readonly HistoryRow[], stepMs: number): HistoryRow[] {
  const step = (row: HistoryRow) => Math.floor(row.atMs / stepMs);
  return rows.filter((row, index) => !rows[index + 1] || step(row) !== step(rows[index + 1]!));
}

/** What was written between two rows is spread evenly over the time between them. */
function ratesOf(
  sessions: readonly SessionRow[],
  bySession: ReadonlyMap<number, readonly HistoryRow[]>,
  fromMs: number,
  count: number,
  stepMs: number,
): RateStep[] {
  const stepAt = (atMs: number) => Math.min(count - 1, Math.max(0, Math.floor((atMs - fromMs) / stepMs)));
  const steps = Array.from({ length: count }, () => ({ bytes: 0, ms: 0, limitedBytes: 0 }));
  for (const { id, begunMs } of sessions) {
    let [atMs, written] = [begunMs, 0];
    for (const row of bySession.get(id) ?? []) {
      const limit = tightest({ read: row.readLimit, write: row.writeLimit });
      const [bytes, tookMs] = [row.writtenBytes - written, row.atMs - atMs];
      // Not after the clock was set back.
      if (tookMs > 0 && bytes >= 0) {
        for (let step = stepAt(atMs); step <= stepAt(row.atMs); step++) {
          const overlap = Math.min(row.atMs, fromMs + (step + 1) * stepMs) - Math.max(atMs, fromMs + step * stepMs);
          if (overlap <= 0) continue;
          const into = steps[step]!;
          into.bytes += (bytes * overlap) / tookMs;
          into.ms += overlap;
          // A mean of limits is not below a mean of rates that kept to them; without a limit for a while there is none.
          into.limitedBytes += limit > 0 ? (limit * overlap) / 1000 : Number.POSITIVE_INFINITY;
        }
      }
      [atMs, written] = [row.atMs, row.writtenBytes];
    }
  }
  return steps.map(({ bytes, ms, limitedBytes }, index) => ({
    fromMs: fromMs + index * stepMs,
    toMs: fromMs + (index + 1) * stepMs,
    rate: ms > 0 ? (bytes * 1000) / ms : null,
    limit: ms > 0 && Number.isFinite(limitedBytes) ? (limitedBytes * 1000) / ms : null,
  }));
}
