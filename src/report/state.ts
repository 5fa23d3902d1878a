/** How far a migration is, and how its sessions ended, in words. Pure; times in ms since the Unix epoch. */
import { EXIT_MEANINGS, Exit, type ExitCode } from '../exit.js';
import type { ScanState, Totals } from '../ledger/rows.js';
import type { SessionRow } from '../ledger/sessions.js';
import { formatCount } from '../stats/format.js';

export type StateName = 'done' | 'running' | 'incomplete' | 'failed';

export interface State {
  readonly name: StateName;
  readonly text: string;
}

/** A session that runs writes its counts down every ten seconds. */
const SILENT_MS = 60_000;

export function isRunning({ endedMs, seenMs }: SessionRow, nowMs: number): boolean {
  return endedMs === undefined && nowMs - seenMs < SILENT_MS;
}

/** How a session ended, as --help says it. */
export function endOf(session: SessionRow, nowMs: number): string {
  if (isRunning(session, nowMs)) return 'running';
  if (session.exitCode === undefined) return 'cut off: killed, or the machine went down';
  return EXIT_MEANINGS[session.exitCode as ExitCode] ?? `exit code ${session.exitCode}`;
}

/** `failed` counts the entries and folders that failed; `last` is the last session, where the ledger has any. */
export function stateOf(
  last: SessionRow | undefined,
  totals: Totals,
  scan: ScanState,
  failed: number,
  nowMs: number,
): State {
  const failures = failed > 0 ? `, ${formatCount(failed)} failed` : '';
  if (last && isRunning(last, nowMs)) return { name: 'running', text: `Running${failures}` };
  if (last?.exitCode === Exit.share)
    return { name: 'incomplete', text: `Stopped: ${EXIT_MEANINGS[Exit.share]}${failures}` };
  if (last && last.exitCode === undefined) return { name: 'incomplete', text: `Cut off before the end${failures}` };
  const isWhole = totals.pendingFiles === 0 && scan.number > 0 && !scan.running;
  if (!isWhole || last?.exitCode === Exit.stopped)
    return { name: 'incomplete', text: `Stopped before the end${failures}` };
  if (failed > 0) return { name: 'failed', text: `Finished${failures}` };
  // Such as a ledger or folders that could not be used, without a failed entry.
  if (last?.exitCode !== undefined && last.exitCode !== Exit.ok)
    return { name: 'failed', text: 'Finished, but not all was done' };
  return { name: 'done', text: 'Done: all synced' };
}
