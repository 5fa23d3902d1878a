/** What `millrace status --json` says. Pure; names are stable, as in json-line.ts. Times are seconds, sizes bytes. */
import { bottleneckOf } from '../stats/flow.js';
import { lifeOf, type Running, type Standing } from '../stats/standing.js';
import { cleanName, cleanText } from './clean.js';
import { causeFields, seconds, sessionFields, whole } from './json-values.js';
import { passFields } from './verify-text.js';

/** Fields may be added; none changes its meaning. `null` is "not known". */
export function statusMessage(standing: Standing) {
  const { ledger, pair, scan, totals, sessions, failures, verification, running, holder } = standing;
  const scanState = scan.number === 0 ? 'not begun' : scan.running ? 'under way' : 'done';
  return {
    ledger: cleanName(ledger),
    source: cleanName(pair.source),
    dest: cleanName(pair.dest),
    /** `new`, `running`, `ended`, `cut off`; `in use`: the last session has no end, and what has the ledger does not answer. */
    state: lifeOf(running !== undefined, sessions.at(-1), holder !== undefined),
    run: running ? runMessage(running) : null,
    /** Who has the ledger and cannot be asked, a verification mostly. */
    in_use_by: holder === undefined ? null : cleanText(holder),
    scan: { state: scanState, number: scan.number, errors: scan.errors },
    synced: { files: totals.syncedFiles, bytes: totals.syncedBytes },
    pending: { files: totals.pendingFiles, bytes: totals.pendingBytes },
    failed: { files: totals.failedFiles, bytes: totals.failedBytes, folders: failures.folders },
    skipped: { files: totals.skippedFiles },
    /** The first 20: folders, then entries. */
    failures: failures.list.map(({ path, kind, error }) => ({
      path: cleanName(path) || '.',
      kind,
      error: cleanText(error),
    })),
    failure_causes: failures.causes.map(causeFields),
    /** The last one, and what of all is known to differ; null: there was none. */
    verification: verification
      ? {
          ...passFields(verification.pass),
          known_different_files: verification.different,
          differences: verification.differences.map(({ path, difference }) => ({
            path: cleanName(path),
            difference: cleanText(difference),
          })),
        }
      : null,
    sessions: sessions.map(sessionFields),
  };
}

function runMessage({ pid, snapshot, rates, forecast }: Running) {
  const { nowMs } = snapshot;
  return {
    pid,
    session: snapshot.migration.session,
    phase: snapshot.phase,
    paused: snapshot.paused,
    stopping: snapshot.stopping,
    read_bytes_per_second: whole(rates?.read),
    written_bytes_per_second: whole(rates?.written),
    files_per_second: seconds(rates?.files),
    read_limit_bytes_per_second: snapshot.bwlimit.read || null,
    write_limit_bytes_per_second: snapshot.bwlimit.write || null,
    /** What it waits for most: `source`, `dest`, `limit`, `guard`, `scan`, `pause`, `trouble`. */
    bottleneck: bottleneckOf(snapshot) ?? null,
    eta_seconds: seconds(forecast?.seconds),
    eta_plus_minus_seconds: seconds(forecast?.plusMinus),
    troubles: snapshot.troubles.map(({ side, why, sinceMs }) => ({
      share: side,
      why: cleanText(why),
      seconds: seconds((nowMs - sinceMs) / 1000),
    })),
    stalls: snapshot.stalls.map(({ side, doing, path, sinceMs }) => ({
      share: side,
      doing,
      path: cleanName(path),
      seconds: seconds((nowMs - sinceMs) / 1000),
    })),
  };
}
