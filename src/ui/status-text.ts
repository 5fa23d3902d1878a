/** What `millrace status` says to people. Pure. */
import { exitMeaning } from '../exit.js';
import { meaningOf } from '../share/failure.js';
import { SIDE_NAMES } from '../share/share.js';
import { bottleneckOf } from '../stats/flow.js';
import {
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatEnd,
  formatMoment,
  formatPercent,
  formatRate,
  formatSince,
} from '../stats/format.js';
import { progressOf } from '../stats/progress.js';
import type { Snapshot } from '../stats/snapshot.js';
import { lifeOf, type Running, type Standing, type Verified } from '../stats/standing.js';
import { OTHERS } from '../stats/tally.js';
import { isUnfinished } from '../verify/pass.js';
import { cleanName, cleanText } from './clean.js';
import { aboutWords } from './verify-text.js';
import { BOTTLENECKS, limitWords } from './words.js';

type Row = readonly [label: string, text: string];

/** Several lines, each ended with a newline. */
export function statusText(standing: Standing): string {
  const { pair, ledger, totals, scan, running } = standing;
  const rows: Row[] = [
    ['source', cleanName(pair.source)],
    ['dest', cleanName(pair.dest)],
    ['ledger', cleanName(ledger)],
    ['state', state(standing)],
    ...(standing.holder === undefined ? [] : [['', `the ledger is in use by ${cleanText(standing.holder)}`] as const]),
    ...(running ? runningRows(running) : []),
    ['scan', scanText(standing)],
    ['synced', amount(totals.syncedFiles, totals.syncedBytes)],
    ['pending', amount(totals.pendingFiles, totals.pendingBytes)],
    ['failed', amount(totals.failedFiles, totals.failedBytes) + failedFolders(standing)],
  ];
  if (standing.verification) rows.push(...verifiedRows(standing.verification, standing.nowMs));
  if (scan.errors > 0) rows.push(['', `${formatCounted(scan.errors, 'error')} of the scan`]);
  const lines = rows.map(([label, text]) => `${label.padEnd(10)}${text}\n`);
  return [...lines, ...failureLines(standing), ...differenceLines(standing)].join('');
}

function verifiedRows({ pass, different }: Verified, nowMs: number): Row[] {
  const { checked, endedMs, seenMs } = pass;
  const when = isUnfinished(pass)
    ? `unfinished, last seen ${formatMoment(seenMs, nowMs)}`
    : `ended ${formatMoment(endedMs!, nowMs)}`;
  const rows: Row[] = [['verified', `${aboutWords(pass, nowMs)}: ${amount(checked.files, checked.bytes)}; ${when}`]];
  if (different > 0) rows.push(['DIFFERENT', formatCounted(different, 'file')]);
  return rows;
}

function differenceLines({ verification }: Standing): string[] {
  if (!verification) return [];
  const { different, differences } = verification;
  const more = different - differences.length;
  return [
    ...differences.map(({ path, difference }) => `  ${cleanName(path)}: ${cleanText(difference)}\n`),
    ...(more > 0 ? [`  ... and ${formatCount(more)} more that differ\n`] : []),
  ];
}

function amount(files: number, bytes: number): string {
  return `${formatCounted(files, 'file')}, ${formatBytes(bytes)}`;
}

function failedFolders({ failures: { folders } }: Standing): string {
  return folders > 0 ? `, ${formatCounted(folders, 'folder')}` : '';
}

function state(standing: Standing): string {
  const { sessions, running, nowMs } = standing;
  const last = sessions.at(-1);
  const first = sessions[0];
  switch (lifeOf(running !== undefined, last, standing.holder !== undefined)) {
    case 'new':
      return 'not running';
    case 'running': {
      const { snapshot, pid } = running!;
      const since = formatSince(snapshot.migration.begunMs, nowMs);
      const ending = snapshot.stopping === 'no' ? '' : ', ending';
      return `running (process ${pid}): ${snapshot.paused ? 'paused' : snapshot.phase}${ending}; session ${snapshot.migration.session}, ${since} since the first began`;
    }
    case 'ended': {
      return `not running; session ${last!.id} ended ${formatMoment(last!.endedMs!, nowMs)} after ${formatSince(last!.begunMs, last!.endedMs!)}: ${exitMeaning(last!.exitCode!)}${since(first!.begunMs)}`;
    }
    case 'in use':
      return `session ${last!.id} has no end, and was seen last ${formatMoment(last!.seenMs, nowMs)}; what has the ledger does not answer${since(first!.begunMs)}`;
    case 'cut off':
      return `not running; session ${last!.id} was cut off after ${formatMoment(last!.seenMs, nowMs)}; the same command goes on${since(first!.begunMs)}`;
  }

  function since(begunMs: number): string {
    return sessions.length > 1 ? `; the first session began ${formatMoment(begunMs, nowMs)}` : '';
  }
}

function runningRows({ snapshot, rates, forecast }: Running): Row[] {
  const { nowMs } = snapshot;
  const rows: Row[] = snapshot.troubles.map(({ side, why, sinceMs }) => [
    'WAITING',
    `for the ${SIDE_NAMES[side]}: ${cleanText(why)}, for ${formatSince(sinceMs, nowMs)}`,
  ]);
  for (const { side, doing, path, sinceMs } of snapshot.stalls)
    rows.push([
      'HANGING',
      `${doing} ${cleanName(path)} on the ${SIDE_NAMES[side]}, for ${formatSince(sinceMs, nowMs)}`,
    ]);
  rows.push(['progress', progressText(snapshot)]);
  if (rates)
    rows.push([
      'rate',
      `read ${formatRate(rates.read)}, write ${formatRate(rates.written)}, ${formatCount(rates.files)} files/s`,
    ]);
  const bottleneck = bottleneckOf(snapshot);
  if (bottleneck) rows.push(['', BOTTLENECKS[bottleneck]]);
  const limit = limitWords(snapshot);
  if (limit !== '') rows.push(['limit', limit]);
  if (forecast) rows.push(['done', doneText(snapshot, forecast.seconds, forecast.plusMinus)]);
  return rows;
}

function progressText(snapshot: Snapshot): string {
  const { done, all, part } = progressOf(snapshot);
  const percent = all.files === 0 ? '' : `, ${formatPercent(part, 1)}`;
  const inFlight = formatCounted(snapshot.active.length, 'file');
  return `${formatBytes(done.bytes)} of ${formatBytes(all.bytes)}${percent}; in flight: ${inFlight}`;
}

function doneText({ scan, nowMs }: Snapshot, seconds: number, plusMinus: number): string {
  const text = `${formatEnd(seconds, plusMinus, nowMs)}, in ${formatDuration(seconds)}`;
  return scan.done ? text : `not before ${text}: the scan still finds more`;
}

function scanText({ scan, running }: Standing): string {
  const seen = running?.snapshot.scan;
  if (seen && !seen.done) return `under way: ${formatCounted(seen.dirs, 'folder')}, ${amount(seen.files, seen.bytes)}`;
  if (seen) return 'done';
  if (scan.number === 0) return 'not begun';
  return scan.running ? 'cut off; it will go on' : 'done';
}

const MOST_CAUSES = 10;

/** A few are named; of many the causes are told. */
function failureLines({ failures: { list, causes, total } }: Standing): string[] {
  if (total <= list.length) return list.map(({ path, error }) => `  ${cleanName(path) || '.'}: ${cleanText(error)}\n`);
  const lines = causes.slice(0, MOST_CAUSES).flatMap(({ code, example, places }) => {
    const meaning = code === OTHERS ? cleanText(example) : meaningOf(code);
    const under = (folder: string) => (folder === '' ? '' : ` under ${cleanName(folder)}`);
    return places.map(({ folder, count }) => `  ${formatCounted(count, 'failure')}: ${meaning}${under(folder)}\n`);
  });
  const more = causes.length - MOST_CAUSES;
  return more > 0 ? [...lines, `  ... and ${more} other causes\n`] : lines;
}
