import { fileEta } from '../stats/eta.js';
import { forecast } from '../stats/forecast.js';
import { type History, tightest } from '../stats/history.js';
import { idleSeconds, ratesMean, ratesNow } from '../stats/rates.js';
import type { Phase, Snapshot } from '../stats/snapshot.js';
import { cleanName, cleanText } from './clean.js';
import { seconds, whole } from './json-values.js';
import { type RunResult, SHOWN_FAILURES } from './summary.js';

/**
 * The objects of `--progress json`, one to a line. Field names are stable: fields may be added, none changes its
 * meaning. Sizes are bytes, times are seconds, rates are bytes per second; `null` is "not known". Paths are beneath
 * the root and cleaned (see cleanName), since JSON cannot carry names that are not valid Unicode.
 */
export type JsonMessage = JsonProgressMessage | JsonTextMessage | JsonSummaryMessage;

interface JsonCounts {
  /** True when the session took up the backlog of an earlier one. */
  readonly resumed: boolean;
  readonly dry_run: boolean;
  /** Seen by this session's scan; `scan_errors` counts folders that could not be listed and entries that could not be looked at. */
  readonly scan_done: boolean;
  readonly scan_dirs: number;
  readonly scan_files: number;
  readonly scan_bytes: number;
  readonly scan_errors: number;
  /** Moved by this session, counted as they move. */
  readonly read_bytes: number;
  readonly written_bytes: number;
  /** Finished by this session. */
  readonly copied_files: number;
  readonly copied_bytes: number;
  readonly same_files: number;
  readonly same_bytes: number;
  /** Files whose attributes alone were set. */
  readonly stamped_files: number;
  readonly linked_files: number;
  readonly deleted_entries: number;
  readonly failed_entries: number;
  /** Attributes of them were not taken by the destination. */
  readonly warned_entries: number;
  /** The whole migration, over all sessions. In a dry run, pending is what would be copied. */
  readonly total_synced_files: number;
  readonly total_synced_bytes: number;
  readonly total_pending_files: number;
  readonly total_pending_bytes: number;
  readonly total_failed_files: number;
  readonly total_failed_bytes: number;
  readonly total_skipped_entries: number;
}

export interface JsonProgressMessage extends JsonCounts {
  readonly type: 'progress';
  /** Seconds since the Unix epoch, and since the session began. */
  readonly time: number;
  readonly elapsed_seconds: number;
  readonly phase: Phase;
  readonly stopping: Snapshot['stopping'];
  /** Over about the last 5 s, and over the session. */
  readonly read_bytes_per_second: number | null;
  readonly written_bytes_per_second: number | null;
  readonly files_per_second: number | null;
  readonly mean_read_bytes_per_second: number | null;
  readonly mean_written_bytes_per_second: number | null;
  /** Until the backlog known now is done; a lower bound until `scan_done`. */
  readonly eta_seconds: number | null;
  /** The end comes so much sooner or later at most, in nine cases of ten. */
  readonly eta_plus_minus_seconds: number | null;
  /** Since a byte or a file last moved. */
  readonly idle_seconds: number;
  /** `null`: unlimited. */
  readonly read_limit_bytes_per_second: number | null;
  readonly write_limit_bytes_per_second: number | null;
  /** What the latency guards leave; `null`: no guard. */
  readonly read_guard_bytes_per_second: number | null;
  readonly write_guard_bytes_per_second: number | null;
  /** The next change of limits by the timetable, seconds since the Unix epoch; `null`: none. */
  readonly next_limit_time: number | null;
  readonly next_read_limit_bytes_per_second: number | null;
  readonly next_write_limit_bytes_per_second: number | null;
  /** Nothing moves, because the operator wants it so. */
  readonly paused: boolean;
  /** Shares that are away, full or silent, and since when (seconds since the Unix epoch): the run waits for them. */
  readonly troubles: readonly { readonly share: 'source' | 'dest'; readonly why: string; readonly since: number }[];
  /** Calls on a share that hang, such as `listing` a folder, since when (seconds since the Unix epoch). */
  readonly stalls: readonly {
    readonly share: 'source' | 'dest';
    readonly doing: string;
    readonly path: string;
    readonly since: number;
  }[];
  readonly readers: number;
  readonly writers: number;
  readonly scanners: number;
  /** Files in flight, largest first, at most 8. */
  readonly active: readonly {
    readonly path: string;
    readonly size: number;
    readonly done_bytes: number;
    readonly eta_seconds: number | null;
  }[];
}

/** A note to the operator, or (with -v) a line about one entry. */
export interface JsonTextMessage {
  readonly type: 'note' | 'item';
  readonly text: string;
}

/** The last line of a run. */
export interface JsonSummaryMessage extends JsonCounts {
  readonly type: 'summary';
  readonly exit_code: number;
  readonly seconds: number;
  /** Files that were published, linked or stamped, and not recorded: the next run does that again. */
  readonly unrecorded_files: number;
  /** Failed entries, all counted and the first 20 listed. */
  readonly failures_total: number;
  readonly failures: readonly { readonly path: string; readonly error: string }[];
  readonly ledger: string | null;
  readonly log: string | null;
}

function counts(snapshot: Snapshot): JsonCounts {
  const { scan, session, total } = snapshot;
  return {
    resumed: snapshot.resumed,
    dry_run: snapshot.dryRun,
    scan_done: scan.done,
    scan_dirs: scan.dirs,
    scan_files: scan.files,
    scan_bytes: scan.bytes,
    scan_errors: scan.errors,
    read_bytes: snapshot.readBytes,
    written_bytes: snapshot.writtenBytes,
    copied_files: session.copied.files,
    copied_bytes: session.copied.bytes,
    same_files: session.same.files,
    same_bytes: session.same.bytes,
    stamped_files: session.stamped,
    linked_files: session.linked,
    deleted_entries: session.deleted,
    failed_entries: session.failed,
    warned_entries: session.warned,
    total_synced_files: total.synced.files,
    total_synced_bytes: total.synced.bytes,
    total_pending_files: total.pending.files,
    total_pending_bytes: total.pending.bytes,
    total_failed_files: total.failed.files,
    total_failed_bytes: total.failed.bytes,
    total_skipped_entries: total.skipped,
  };
}

/** `history` holds the snapshot's own sample as its latest. */
export function progressMessage(snapshot: Snapshot, history: History): JsonProgressMessage {
  const now = snapshot.nowMs;
  const rates = ratesNow(history, now);
  const mean = ratesMean(snapshot);
  const limit = tightest(snapshot.bwlimit);
  const next = snapshot.nextLimit;
  const expected = forecast(snapshot, history);
  return {
    type: 'progress',
    time: seconds(now / 1000),
    elapsed_seconds: seconds(Math.max(0, now - snapshot.startedMs) / 1000),
    phase: snapshot.phase,
    stopping: snapshot.stopping,
    ...counts(snapshot),
    read_bytes_per_second: whole(rates?.read),
    written_bytes_per_second: whole(rates?.written),
    files_per_second: seconds(rates?.files),
    mean_read_bytes_per_second: whole(mean?.read),
    mean_written_bytes_per_second: whole(mean?.written),
    eta_seconds: seconds(expected?.seconds),
    eta_plus_minus_seconds: seconds(expected?.plusMinus),
    idle_seconds: seconds(idleSeconds(history, now)),
    read_limit_bytes_per_second: snapshot.bwlimit.read || null,
    write_limit_bytes_per_second: snapshot.bwlimit.write || null,
    read_guard_bytes_per_second: whole(snapshot.guards.read) || null,
    write_guard_bytes_per_second: whole(snapshot.guards.write) || null,
    next_limit_time: next ? seconds(next.atMs / 1000) : null,
    next_read_limit_bytes_per_second: next?.limits.read || null,
    next_write_limit_bytes_per_second: next?.limits.write || null,
    paused: snapshot.paused,
    troubles: snapshot.troubles.map(({ side, why, sinceMs }) => ({
      share: side,
      why: cleanText(why),
      since: seconds(sinceMs / 1000),
    })),
    stalls: snapshot.stalls.map(({ side, doing, path, sinceMs }) => ({
      share: side,
      doing,
      path: cleanName(path),
      since: seconds(sinceMs / 1000),
    })),
    ...snapshot.lanes,
    active: snapshot.active.map((file) => ({
      path: cleanName(file.path),
      size: file.size,
      done_bytes: file.done,
      eta_seconds: seconds(fileEta(file, limit, now)),
    })),
  };
}

export function summaryMessage(result: RunResult): JsonSummaryMessage {
  return {
    type: 'summary',
    exit_code: result.exitCode,
    seconds: seconds(result.seconds),
    unrecorded_files: result.unrecorded,
    ...counts(result.snapshot),
    failures_total: result.failuresTotal,
    failures: result.failures
      .slice(0, SHOWN_FAILURES)
      .map(({ path, error }) => ({ path: cleanName(path), error: cleanText(error) })),
    ledger: result.ledger === null ? null : cleanName(result.ledger),
    log: result.log === null ? null : cleanName(result.log),
  };
}
