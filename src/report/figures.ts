/** Everything that a report says, read from a ledger once and shaped for the page and for JSON. */
import type { Ledger } from '../ledger/ledger.js';
import type { Pair } from '../ledger/open.js';
import type { Totals } from '../ledger/rows.js';
import { historyOf, isOlder, type SessionRow, sessionsOf } from '../ledger/sessions.js';
import {
  type Distribution,
  distributionOf,
  type Failed,
  failuresOf,
  type SlowFolder,
  slowestFolders,
} from '../ledger/statistics.js';
import { syncedEntries } from '../ledger/synced.js';
import { merkleRoot } from '../manifest/merkle.js';
import { type FailureCause, failuresSummary } from '../stats/failures.js';
import { endOf, type State, stateOf } from './state.js';
import { endMs, type Timeline, timelineOf } from './timeline.js';

export interface SessionFigures extends SessionRow {
  /** How it ended, in words. */
  readonly end: string;
  readonly seconds: number;
  /** Mean of what it wrote, bytes/s; null: it took no time. */
  readonly meanRate: number | null;
}

export interface Figures extends Pair {
  /** Since the Unix epoch. */
  readonly madeMs: number;
  /** Absolute path. */
  readonly ledger: string;
  readonly state: State;
  readonly totals: Totals;
  /** Folders that could not be listed or finished; they are in `failures`, not in `totals`. */
  readonly failedFolders: number;
  /** False: the ledger is of a version that kept no history. */
  readonly keepsHistory: boolean;
  /** None from an older ledger, and before the first run. */
  readonly sessions: readonly SessionFigures[];
  /** From the begin of the first session to the last moment known, and the part of it in which a session ran. */
  readonly elapsedSeconds: number;
  readonly runSeconds: number;
  /** Of all that sessions wrote, while they ran, bytes/s. */
  readonly meanRate: number | null;
  readonly timeline: Timeline | undefined;
  readonly causes: readonly FailureCause[];
  /** The first ones, at most 100. */
  readonly failures: readonly Failed[];
  readonly distribution: Distribution;
  readonly slowest: readonly SlowFolder[];
  /** Over all that is synced, in hex (docs/manifest.md). */
  readonly merkleRoot: string;
}

const FAILURES = { first: 100, places: 4 };
const SLOWEST = 20;

/** `isRunning`: a run has the ledger now. */
export function figuresOf(ledger: Ledger, file: string, nowMs: number, isRunning: boolean): Figures {
  const { totals, scanState, pair } = ledger;
  const rows = sessionsOf(ledger);
  const { list: failures, causes, folders: failedFolders } = failuresSummary(failuresOf(ledger), FAILURES);
  const last = rows.at(-1);
  const sessions = rows.map((row) => sessionFigures(row, isRunning && row === last));
  const runSeconds = sessions.reduce((sum, { seconds }) => sum + seconds, 0);
  const written = rows.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0);
  const begunMs = rows[0]?.begunMs ?? nowMs;
  return {
    ...pair,
    madeMs: nowMs,
    ledger: file,
    state: stateOf(last, totals, scanState, totals.failedFiles + failedFolders, isRunning),
    totals,
    failedFolders,
    keepsHistory: !isOlder(ledger.db),
    sessions,
    elapsedSeconds: Math.max(0, ...rows.map((row) => endMs(row) - begunMs)) / 1000,
    runSeconds,
    meanRate: perSecond(written, runSeconds),
    timeline: timelineOf(rows, historyOf(ledger)),
    causes,
    failures,
    distribution: distributionOf(ledger, nowMs),
    slowest: slowestFolders(ledger, SLOWEST),
    merkleRoot: merkleRoot(syncedEntries(ledger)),
  };
}

function sessionFigures(row: SessionRow, isRunning: boolean): SessionFigures {
  const seconds = (endMs(row) - row.begunMs) / 1000;
  return { ...row, end: endOf(row, isRunning), seconds, meanRate: perSecond(row.writtenBytes, seconds) };
}

function perSecond(bytes: number, seconds: number): number | null {
  return seconds > 0 ? bytes / seconds : null;
}
