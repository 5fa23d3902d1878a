import { Exit, type ExitCode } from '../exit.js';
import { formatBytes, formatCount, formatCounted, formatDuration, formatRate } from '../stats/format.js';
import type { Snapshot, Tally } from '../stats/snapshot.js';
import { cleanName, cleanText } from './clean.js';

/** How a run ended. */
export interface RunResult {
  /** The last snapshot of the run. */
  readonly snapshot: Snapshot;
  readonly exitCode: ExitCode;
  /** Files that were published, linked or stamped, and not recorded before the run ended: the next one does that again. */
  readonly unrecorded: number;
  /** Seconds the session took. */
  readonly seconds: number;
  /** Some of the failed entries, raw paths beneath the root, with the reason. Only the first 20 are shown. */
  readonly failures: readonly { readonly path: string; readonly error: string }[];
  /** All of them. */
  readonly failuresTotal: number;
  /** Absolute paths. A dry run has neither. */
  readonly ledger: string | null;
  readonly log: string | null;
}

export const SHOWN_FAILURES = 20;

function files(tally: Tally): string {
  return `${formatCounted(tally.files, 'file')}, ${formatBytes(tally.bytes)}`;
}

export function entries(count: number): string {
  return formatCounted(count, 'entry', 'entries');
}

function headline(result: RunResult): string {
  const time = formatDuration(result.seconds);
  if (result.snapshot.dryRun && (result.exitCode === Exit.ok || result.exitCode === Exit.someFailed))
    return `dry run, nothing was changed (${time})`;
  switch (result.exitCode) {
    case Exit.ok:
      return isBacklogOnly(result) ? `the backlog is synced, in ${time}` : `all synced in ${time}`;
    case Exit.someFailed:
      return result.failuresTotal > 0
        ? `finished in ${time}, but ${entries(result.failuresTotal)} failed`
        : `finished in ${time}, but not all was done`;
    case Exit.stopped:
      return `stopped before the end, after ${time}`;
    case Exit.share:
      return `gave up after ${time}: a share is missing, not what it was, or failing`;
    case Exit.ledger:
      return `gave up after ${time}: the ledger cannot be used`;
    case Exit.usage:
      return 'bad usage or configuration, nothing was touched';
  }
}

/** The source was not looked at in this session: what has changed since the scan before it is not known. */
function isBacklogOnly({ snapshot: { resumed, scan } }: RunResult): boolean {
  return resumed && scan.dirs === 0;
}

/** What to do next, or '' when nothing is left to do. */
function advice(result: RunResult): string {
  const dry = result.snapshot.dryRun;
  switch (result.exitCode) {
    case Exit.ok:
      if (dry) return 'Next: run the same command without --dry-run.';
      return isBacklogOnly(result)
        ? 'Next: run the same command again; it scans for what has changed since the last scan.'
        : '';
    case Exit.someFailed:
      if (dry) return 'Next: look at the failures above; the rest can be copied without --dry-run.';
      if (result.failuresTotal === 0) return 'Next: see above, then run the same command again.';
      return 'Next: mend the cause, then run the same command again; it tries the failed entries anew, and lists folders with a scan (--rescan).';
    case Exit.stopped:
      return `Next: run the same command again${dry ? '' : ' to resume'}.`;
    case Exit.share:
      return `Next: see to the share, then run the same command again${dry ? '' : ' to resume'}.`;
    case Exit.usage:
    case Exit.ledger:
      return '';
  }
}

export type Row = readonly [label: string, value: string];

/** `rows` without those whose first value is 0. */
export function present(rows: readonly (readonly [amount: number, ...Row])[]): Row[] {
  return rows.filter(([amount]) => amount > 0).map(([, label, value]) => [label, value]);
}

/** Rows that a dry run and a real one share. */
function commonRows(result: RunResult): Row[] {
  const { scan, session, total } = result.snapshot;
  return present([
    [session.same.files, 'same', files(session.same)],
    [total.skipped, 'skipped', `${entries(total.skipped)}, with the reason in the ledger`],
    [scan.excluded, 'left out', `${entries(scan.excluded)}, by the choice of what is copied`],
    [result.failuresTotal, 'failed', entries(result.failuresTotal)],
    [scan.errors, 'not seen', `${entries(scan.errors)} or what is in them, for errors of a share`],
  ]);
}

function dryRows(result: RunResult): Row[] {
  const { session, total } = result.snapshot;
  return [
    ['would copy', files(total.pending)],
    ...present([[session.deleted, 'would delete', entries(session.deleted)]]),
    ...commonRows(result),
  ];
}

function realRows(result: RunResult): Row[] {
  const { snapshot, seconds } = result;
  const { session, total } = snapshot;
  const mean = (bytes: number): string => formatRate(seconds > 0 ? bytes / seconds : null);
  return [
    ['copied', files(session.copied)],
    ...present([
      [
        result.unrecorded,
        'not recorded',
        `${formatCounted(result.unrecorded, 'file')} more, done again by the next run`,
      ],
    ]),
    ...present([[session.linked, 'linked', `${formatCounted(session.linked, 'hard link')}`]]),
    ...present([[session.stamped, 'stamped', `attributes of ${formatCounted(session.stamped, 'file')}`]]),
    ...present([[session.deleted, 'deleted', entries(session.deleted)]]),
    ...present([[session.warned, 'not taken', `attributes of ${entries(session.warned)}, see the log`]]),
    ...commonRows(result),
    ...present([
      [total.pending.files, 'left to do', files(total.pending)],
      [snapshot.resumed ? 1 : 0, 'all sessions', `${files(total.synced)} synced`],
      [session.copied.files, 'mean', `read ${mean(snapshot.readBytes)}, write ${mean(snapshot.writtenBytes)}`],
    ]),
  ];
}

function failureLines(result: RunResult): string[] {
  const shown = result.failures.slice(0, SHOWN_FAILURES);
  if (shown.length === 0) return [];
  const more = result.failuresTotal - shown.length;
  return [
    'Failed:',
    ...shown.map(({ path, error }) => `  ${cleanName(path)}: ${cleanText(error)}`),
    ...(more > 0 ? [`  ... and ${formatCount(more)} more, all of them in the ledger and the log`] : []),
  ];
}

/** The last words of a run: several lines, each ended with a newline, with every name and reason cleaned. */
export function summaryText(result: RunResult): string {
  const places: Row[] = [];
  if (result.ledger !== null) places.push(['ledger', cleanName(result.ledger)]);
  if (result.log !== null) places.push(['log', cleanName(result.log)]);
  const rows = [...(result.snapshot.dryRun ? dryRows(result) : realRows(result)), ...places];
  const lines = [
    `millrace: ${headline(result)}`,
    ...rows.map(([label, value]) => `  ${label.padEnd(13)} ${value}`),
    ...failureLines(result),
    advice(result),
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}
