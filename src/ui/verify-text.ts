/** What a verification says to people and programs. Pure. */
import { Exit, type ExitCode } from '../exit.js';
import type { Difference } from '../ledger/verification.js';
import { SIDE_NAMES } from '../share/share.js';
import { formatBytes, formatBytesOf, formatCount, formatDuration, formatMoment, formatRate } from '../stats/format.js';
import type { Tally } from '../stats/snapshot.js';
import type { VerifyHistory, VerifySnapshot } from '../stats/verification.js';
import type { Pass } from '../verify/pass.js';
import { cleanName, cleanText, truncateMiddle } from './clean.js';
import { columnsOf } from './width.js';
import { clock, limitOf } from './words.js';

/** How a run of a verification ended. */
export interface VerifyResult {
  readonly snapshot: VerifySnapshot;
  readonly pass: Pass;
  readonly exitCode: ExitCode;
  /** Seconds that the run took. */
  readonly seconds: number;
  /** The first of the entries that this pass found to differ. */
  readonly differences: readonly Difference[];
  /** Entries that the ledger has as different, of this pass and others. */
  readonly knownDifferent: number;
  /** Entries that were not copied yet, so that there is nothing to verify. */
  readonly notCopied: number;
  readonly ledger: string;
  readonly log: string;
}

/** Which entries a pass is about. */
export function aboutWords({ kind, sinceMs, sample }: Pass, nowMs: number): string {
  switch (kind) {
    case 'unverified':
      return 'what is not known to be equal since it was copied';
    case 'all':
      return 'all that was copied';
    case 'since':
      return `what was not found equal since ${formatMoment(sinceMs!, nowMs)}`;
    case 'sample':
      return `a sample of all that was copied, --sample ${sampleWords(sample!)}`;
  }
}

/** As the option takes it: `5%:3fa9c012`. */
export function sampleWords({ part, seed }: NonNullable<Pass['sample']>): string {
  return `${Number((part * 100).toFixed(6))}%:${seed}`;
}

/**
 * One line of progress. On a terminal of few columns it gives up the file's name and then the clock, the count of files
 * and the limit; what differs and the end stay.
 */
export function verifyLine(snapshot: VerifySnapshot, history: VerifyHistory, columns?: number): string {
  const { nowMs, done, all, isCounted, different, limit, troubles, stopping, active } = snapshot;
  const [trouble] = troubles;
  const state = trouble
    ? `WAITING for the ${SIDE_NAMES[trouble.side]}: ${cleanText(trouble.why)}`
    : stopping === 'no'
      ? 'verifying'
      : 'ending';
  const whole = { files: Math.max(done.files, Math.round(all.files)), bytes: Math.max(done.bytes, all.bytes) };
  const percent = whole.bytes === 0 ? '' : `${((done.bytes / whole.bytes) * 100).toFixed(1)}%`;
  const eta = trouble ? null : history.eta(snapshot);
  const more = isCounted ? '' : '+';
  const parts: [priority: number, text: string][] = [
    [1, clock(nowMs)],
    [9, state],
    [6, isCounted ? percent : ''],
    [2, `${formatCount(done.files)}/${formatCount(whole.files)}${more} files`],
    [5, `${formatBytesOf(done.bytes, whole.bytes)}${more}`],
    [7, trouble ? '' : formatRate(history.rate(snapshot))],
    [3, limit > 0 ? `limit ${limitOf({ read: limit, write: limit })}` : ''],
    [8, eta === null ? '' : `ETA ${isCounted ? '' : '>'}${formatDuration(eta)}`],
    [9, different > 0 ? `${formatCount(different)} DIFFERENT` : ''],
  ];
  const present = parts.filter(([, text]) => text !== '');
  const line = (): string => present.map(([, text]) => text).join('  ');
  if (columns === undefined) return line();
  while (columnsOf(line()) > columns && present.length > 1) {
    const least = present.reduce((a, b) => (b[0] < a[0] ? b : a));
    present.splice(present.indexOf(least), 1);
  }
  const room = columns - columnsOf(line()) - 2;
  const file = active[0];
  return truncateMiddle(
    room > 10 && file !== undefined ? `${line()}  ${truncateMiddle(cleanName(file), room)}` : line(),
    columns,
  );
}

/** The last words: several lines, each ended with a newline, with every name cleaned. */
export function verifySummary(result: VerifyResult): string {
  const { pass, snapshot, seconds, ledger, log, differences } = result;
  const rows: [label: string, value: string][] = [
    ['about', aboutWords(pass, snapshot.nowMs)],
    ['verified', amount(pass.checked)],
  ];
  if (pass.different > 0) rows.push(['different', entries(pass.different)]);
  if (result.knownDifferent > pass.different)
    rows.push(['', `${entries(result.knownDifferent - pass.different)} more from earlier verifications`]);
  if (pass.unhashed > 0)
    rows.push(['no hash', `${entries(pass.unhashed)}, of which size, time and kind are right; see --read both`]);
  if (result.notCopied > 0) rows.push(['not copied', `${entries(result.notCopied)}, pending or failed: not verified`]);
  rows.push(['page cache', cacheWords(pass)]);
  if (snapshot.session.files < pass.checked.files) rows.push(['this run', amount(snapshot.session)]);
  if (snapshot.readBytes > 0 && seconds > 0) rows.push(['mean', `read ${formatRate(snapshot.readBytes / seconds)}`]);
  rows.push(['ledger', cleanName(ledger)], ['log', cleanName(log)]);
  const lines = [
    `millrace: ${headline(result)}`,
    ...rows.map(([label, value]) => `  ${label.padEnd(13)} ${value}`),
    ...(differences.length > 0 ? ['Different:'] : []),
    ...differences.map(({ path, difference }) => `  ${cleanName(path)}: ${cleanText(difference)}`),
  ];
  const more = pass.different - differences.length;
  if (differences.length > 0 && more > 0) lines.push(`  ... and ${formatCount(more)} more, in the ledger and the log`);
  const next = advice(result);
  return `${[...lines, ...(next === '' ? [] : [next])].join('\n')}\n`;
}

function headline({ pass, exitCode, seconds }: VerifyResult): string {
  const time = formatDuration(seconds);
  switch (exitCode) {
    case Exit.ok:
      return pass.checked.files === 0 ? 'nothing is left to verify' : `all equal, in ${time}`;
    case Exit.someFailed:
      if (pass.different === 0) return `finished in ${time}: nothing differs, but not all could be compared`;
      return `finished in ${time}: ${counted(pass.different, 'entry differs', 'entries differ')}`;
    case Exit.share:
      return `gave up after ${time}: a share is missing, not what it was, or failing`;
    case Exit.ledger:
      return `gave up after ${time}: the ledger cannot be used`;
    default:
      return `stopped before the end, after ${time}`;
  }
}

function advice({ pass, exitCode, snapshot }: VerifyResult): string {
  const goOn = 'run the same command again to go on';
  if (exitCode === Exit.stopped) return `Next: ${goOn}.`;
  if (exitCode === Exit.share) return `Next: see to the share, then ${goOn}.`;
  if (exitCode !== Exit.someFailed) return '';
  if (pass.different > 0) {
    const changed = pass.reads === 'both' ? ' (with -c also what the source has changed and kept the time of)' : '';
    return `Next: millrace copy --rescan ${cleanName(snapshot.source)} ${cleanName(snapshot.dest)}   copies again what differs at the destination${changed}; then verify.`;
  }
  return 'Next: millrace verify --read both   compares with the source what has no hash, and records one.';
}

/** What can be said of where the bytes came from. */
export function cacheWords({ cache: { dropped, kept, unknown } }: Pick<Pass, 'cache'>): string {
  const all = dropped + kept + unknown;
  if (all === 0) return 'no contents of the destination were read';
  const words = dropped === all ? [`dropped: all ${formatBytes(all)} came from the destination`] : [];
  if (dropped < all) words.push(`dropped for ${formatBytesOf(dropped, all)}`);
  if (kept > 0) words.push(`${formatBytes(kept)} stayed in memory, and may have been read from there`);
  if (unknown > 0) words.push(`${formatBytes(unknown)} cannot be told`);
  return words.join('; ');
}

function amount(tally: Tally): string {
  return `${entries(tally.files)}, ${formatBytes(tally.bytes)}`;
}

function entries(count: number): string {
  return counted(count, 'entry', 'entries');
}

function counted(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** The object of `--progress json`, one a second. Names are stable; sizes bytes, times seconds; `null` is "not known". */
export function verifyProgressMessage(snapshot: VerifySnapshot, history: VerifyHistory) {
  const { nowMs, startedMs, done, all, isCounted, different, unhashed, session, troubles } = snapshot;
  return {
    type: 'progress',
    command: 'verify',
    time: nowMs / 1000,
    elapsed_seconds: (nowMs - startedMs) / 1000,
    stopping: snapshot.stopping,
    /** Of the whole verification, over all runs; the totals grow until they are `counted`. */
    done_files: done.files,
    done_bytes: done.bytes,
    total_files: Math.round(all.files),
    total_bytes: Math.round(all.bytes),
    counted: isCounted,
    different_files: different,
    unhashed_files: unhashed,
    /** Of this run. */
    session_files: session.files,
    session_bytes: session.bytes,
    read_bytes: snapshot.readBytes,
    read_bytes_per_second: history.rate(snapshot),
    eta_seconds: history.eta(snapshot),
    lanes: snapshot.lanes,
    read_limit_bytes_per_second: snapshot.limit || null,
    troubles: troubles.map(({ side, why, sinceMs }) => ({
      share: side,
      why: cleanText(why),
      seconds: (nowMs - sinceMs) / 1000,
    })),
  };
}

/** The last object. */
export function verifySummaryMessage(result: VerifyResult) {
  const { pass, snapshot } = result;
  return {
    type: 'summary',
    command: 'verify',
    exit_code: result.exitCode,
    seconds: result.seconds,
    ...passFields(pass),
    this_run: { files: snapshot.session.files, bytes: snapshot.session.bytes, read_bytes: snapshot.readBytes },
    differences: result.differences.map(({ path, difference }) => ({
      path: cleanName(path),
      difference: cleanText(difference),
    })),
    known_different_files: result.knownDifferent,
    not_copied_files: result.notCopied,
    ledger: result.ledger,
    log: result.log,
  };
}

/** A verification as JSON says it. Times are seconds since the Unix epoch, sizes bytes; an `end` of null: unfinished. */
export function passFields(pass: Pass) {
  const { kind, reads, sample, cache } = pass;
  return {
    /** `unverified`, `all`, `since`, `sample`. */
    about: kind,
    since: pass.sinceMs === null ? null : pass.sinceMs / 1000,
    sample: sample && { part: sample.part, seed: sample.seed },
    read: reads,
    begin: pass.begunMs / 1000,
    seen: pass.seenMs / 1000,
    end: pass.endedMs === null ? null : pass.endedMs / 1000,
    verified: { files: pass.checked.files, bytes: pass.checked.bytes },
    different_files: pass.different,
    unhashed_files: pass.unhashed,
    /** Bytes of the destination by what the page cache had of them when they were read: nothing, them, not known. */
    page_cache: { dropped_bytes: cache.dropped, kept_bytes: cache.kept, unknown_bytes: cache.unknown },
  };
}
