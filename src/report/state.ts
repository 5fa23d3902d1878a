/** How far a migration is, and how its sessions ended, in words. Pure. */
import { EXIT_MEANINGS, Exit, exitMeaning } from '../exit.js';
import type { ScanState, Totals } from '../ledger/rows.js';
import type { SessionRow } from '../ledger/sessions.js';
import { formatCount } from '../stats/format.js';
import { lifeOf } from '../stats/standing.js';

export type StateName = 'done' | 'running' | 'incomplete' | 'failed';

export interface State {
  readonly name: StateName;
  readonly text: string;
}

/** How a session ended, as --help says it; or that it is the one that runs. */
export function endOf({ exitCode }: SessionRow, isRunning: boolean): string {
  if (exitCode !== undefined) return exitMeaning(exitCode);
  return isRunning ? 'running' : 'cut off: killed, or the machine went down';
}

/** `failed` counts the entries and folders that failed; `last` is the last session, where the ledger has any. */
export function stateOf(
  last: SessionRow | undefined,
  totals: Totals,
  scan: ScanState,
  failed: number,
  isRunning: boolean,
): State {
  const failures = failed > 0 ? `, ${formatCount(failed)} failed` : '';
  const life = lifeOf(isRunning, last);
  if (life === 'running') return { name: 'running', text: `Running${failures}` };
  if (life === 'cut off') return { name: 'incomplete', text: `Cut off before the end${failures}` };
  if (last?.exitCode === Exit.share)
    return { name: 'incomplete', text: `Stopped: ${EXIT_MEANINGS[Exit.share]}${failures}` };
  const isWhole = totals.pendingFiles === 0 && scan.number > 0 && !scan.running;
  if (!isWhole || last?.exitCode === Exit.stopped)
    return { name: 'incomplete', text: `Stopped before the end${failures}` };
  if (failed > 0) return { name: 'failed', text: `Finished${failures}` };
  // Such as a ledger or folders that could not be used, without a failed entry.
  if (last?.exitCode !== undefined && last.exitCode !== Exit.ok)
    return { name: 'failed', text: 'Finished, but not all was done' };
  return { name: 'done', text: 'Done: all synced' };
}
