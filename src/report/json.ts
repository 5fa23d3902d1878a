/**
 * The figures of a report for machines. Field names are stable: fields may be added, none changes its meaning. Sizes are
 * bytes, times seconds since the Unix epoch, durations seconds, rates bytes per second; `null` is "not known" or "none".
 * Paths are beneath the root and cleaned (see cleanName), since JSON cannot carry names that are not valid Unicode.
 */
import { AGE_BOUNDS_DAYS, SIZE_BOUNDS } from '../ledger/statistics.js';
import type { Tally } from '../stats/snapshot.js';
import { cleanName, cleanText } from '../ui/clean.js';
import { causeFields, seconds, sessionFields, whole } from '../ui/json-values.js';
import type { Figures } from './figures.js';
import type { StateName } from './state.js';

export interface JsonReport {
  readonly source: string;
  readonly dest: string;
  readonly ledger: string;
  /** When the report was made. */
  readonly time: number;
  readonly state: StateName;
  readonly state_text: string;
  readonly synced_files: number;
  readonly synced_bytes: number;
  readonly pending_files: number;
  readonly pending_bytes: number;
  /** Entries and their sizes, and folders, that failed. */
  readonly failed_files: number;
  readonly failed_bytes: number;
  readonly failed_folders: number;
  readonly skipped_entries: number;
  /** From the first session's begin to the last moment known, and how long sessions ran in it. */
  readonly elapsed_seconds: number;
  readonly run_seconds: number;
  /** Of all that was written, while sessions ran. */
  readonly mean_bytes_per_second: number | null;
  /** False: an earlier version wrote the ledger, which kept no sessions and no history. */
  readonly keeps_history: boolean;
  readonly sessions: readonly {
    readonly session: number;
    readonly begin: number;
    /** Null: it runs, or was cut off. */
    readonly end: number | null;
    readonly exit_code: number | null;
    readonly end_text: string;
    readonly seconds: number;
    readonly read_bytes: number;
    readonly written_bytes: number;
    readonly copied_files: number;
    readonly copied_bytes: number;
    readonly same_files: number;
    readonly deleted_entries: number;
    readonly failed_entries: number;
    readonly mean_bytes_per_second: number | null;
  }[];
  /** The whole migration at moments of its sessions. */
  readonly progress: readonly {
    readonly session: number;
    readonly time: number;
    readonly synced_bytes: number;
    /** Synced or pending. */
    readonly known_bytes: number;
  }[];
  /** Stretches of the same length in which sessions ran. */
  readonly throughput: readonly {
    readonly begin: number;
    readonly end: number;
    readonly written_bytes_per_second: number;
    readonly limit_bytes_per_second: number | null;
  }[];
  /** By cause, the most frequent first; `places` as FailurePlace. */
  readonly failure_causes: readonly {
    readonly code: string;
    readonly count: number;
    readonly example: string;
    readonly places: readonly { readonly folder: string; readonly count: number }[];
  }[];
  /** The first 100. */
  readonly failures: readonly { readonly path: string; readonly kind: 'folder' | 'entry'; readonly error: string }[];
  /** From `from_bytes` to less than `below_bytes`. */
  readonly sizes: readonly (JsonTally & { readonly from_bytes: number; readonly below_bytes: number | null })[];
  /** By the time since the last change of contents, which for the first one lies in the future. */
  readonly ages: readonly (JsonTally & { readonly from_days: number | null; readonly below_days: number | null })[];
  readonly slowest_folders: readonly (JsonTally & { readonly path: string; readonly work_seconds: number })[];
  /** Synced entries with a hash. */
  readonly hashes: readonly { readonly algorithm: string; readonly entries: number }[];
  /** Over all that is synced, in hex: docs/manifest.md. */
  readonly merkle_root: string;
}

interface JsonTally {
  readonly files: number;
  readonly bytes: number;
}

export function jsonOf(figures: Figures): JsonReport {
  const { totals, state, timeline } = figures;
  return {
    source: cleanName(figures.source),
    dest: cleanName(figures.dest),
    ledger: cleanName(figures.ledger),
    time: seconds(figures.madeMs / 1000),
    state: state.name,
    state_text: state.text,
    synced_files: totals.syncedFiles,
    synced_bytes: totals.syncedBytes,
    pending_files: totals.pendingFiles,
    pending_bytes: totals.pendingBytes,
    failed_files: totals.failedFiles,
    failed_bytes: totals.failedBytes,
    failed_folders: figures.failedFolders,
    skipped_entries: totals.skippedFiles,
    elapsed_seconds: seconds(figures.elapsedSeconds),
    run_seconds: seconds(figures.runSeconds),
    mean_bytes_per_second: whole(figures.meanRate),
    keeps_history: figures.keepsHistory,
    sessions: figures.sessions.map((session) => ({
      ...sessionFields(session),
      end_text: session.end,
      seconds: seconds(session.seconds),
      mean_bytes_per_second: whole(session.meanRate),
    })),
    progress: (timeline?.progress ?? []).flatMap((points, index) =>
      points.map(({ atMs, syncedBytes, knownBytes }) => ({
        session: figures.sessions[index]!.id,
        time: seconds(atMs / 1000),
        synced_bytes: syncedBytes,
        known_bytes: knownBytes,
      })),
    ),
    throughput: (timeline?.rates ?? []).flatMap(({ fromMs, toMs, rate, limit }) =>
      rate === null
        ? []
        : {
            begin: seconds(fromMs / 1000),
            end: seconds(toMs / 1000),
            written_bytes_per_second: Math.round(rate),
            limit_bytes_per_second: whole(limit),
          },
    ),
    failure_causes: figures.causes.map(causeFields),
    failures: figures.failures.map(({ path, kind, error }) => ({
      path: cleanName(path),
      kind,
      error: cleanText(error),
    })),
    sizes: figures.distribution.sizes.map((tally, step) => ({
      from_bytes: SIZE_BOUNDS[step - 1] ?? 0,
      below_bytes: SIZE_BOUNDS[step] ?? null,
      ...tallyOf(tally),
    })),
    ages: figures.distribution.ages.map((tally, step) => ({
      from_days: AGE_BOUNDS_DAYS[step - 1] ?? null,
      below_days: AGE_BOUNDS_DAYS[step] ?? null,
      ...tallyOf(tally),
    })),
    slowest_folders: figures.slowest.map((folder) => ({
      path: cleanName(folder.path),
      work_seconds: seconds(folder.workMs / 1000),
      ...tallyOf(folder),
    })),
    hashes: figures.distribution.hashed,
    merkle_root: figures.merkleRoot,
  };
}

function tallyOf({ files, bytes }: Tally): JsonTally {
  return { files, bytes };
}
