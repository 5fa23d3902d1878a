import { SIDE_NAMES } from '../share/share.js';
import { fileEta } from '../stats/eta.js';
import { forecast } from '../stats/forecast.js';
import {
  byteUnit,
  formatBytes,
  formatBytesOf,
  formatCount,
  formatCounted,
  formatDuration,
  formatPercent,
  formatShortCount,
  formatSince,
  inUnit,
} from '../stats/format.js';
import { type History, tightest } from '../stats/history.js';
import { progressOf } from '../stats/progress.js';
import { idleSeconds, ratesMean, ratesNow } from '../stats/rates.js';
import type { Snapshot, Trouble } from '../stats/snapshot.js';
import { cleanName, cleanText, truncateMiddle } from './clean.js';
import { columnsOf, fitStart } from './width.js';
import { clock, limitOf } from './words.js';

/** Columns of a line in a log. */
const LOG_COLUMNS = 100;

/** So many seconds without a byte or a file are shown as a stall. */
const STALL_SECONDS = 15;

const PARTS = [
  'clock',
  'state',
  'files',
  'bytes',
  'rates',
  'mean',
  'limit',
  'eta',
  'failed',
  'stalled',
  'scan',
  'file',
] as const;
type Part = (typeof PARTS)[number];

/** The wordings of each part, longest first. An empty one leaves the part out. */
type Wordings = Partial<Record<Part, readonly string[]>>;

/**
 * What gives way when a line is too long: each step takes the next shorter wording of a part. The state, failures, a
 * stall and the end in sight stay longest.
 */
const GIVE_WAY: readonly Part[] = [
  'file',
  'scan',
  'file',
  'rates',
  'scan',
  'files',
  'mean',
  'file',
  'limit',
  'files',
  'clock',
  'rates',
  'limit',
  'bytes',
  'files',
  'rates',
  'limit',
  'eta',
];

function fitLine(wordings: Wordings, columns: number): string {
  const chosen = new Map<Part, number>();
  const line = (): string =>
    PARTS.map((part) => wordings[part]?.[chosen.get(part) ?? 0] ?? '')
      .filter((text) => text !== '')
      .join('  ');
  for (const part of GIVE_WAY) {
    if (columnsOf(line()) <= columns) break;
    const next = (chosen.get(part) ?? 0) + 1;
    if (next < (wordings[part]?.length ?? 0)) chosen.set(part, next);
  }
  return fitStart(line(), columns);
}

/** What the run is doing, and whether it began with a scan or with the backlog of an earlier session. */
function state(snapshot: Snapshot): string {
  if (snapshot.stopping !== 'no') return snapshot.stopping === 'drain' ? 'draining' : 'stopping';
  if (snapshot.dryRun) return 'dry run';
  if (snapshot.troubles.length > 0)
    return snapshot.troubles.map((trouble) => waiting(trouble, snapshot.nowMs)).join(', ');
  if (snapshot.paused) return 'paused';
  if (snapshot.phase !== 'transfer') return snapshot.phase;
  if (snapshot.resumed) return 'resumed';
  return snapshot.scan.done ? 'transfer' : 'fresh scan';
}

/** `waiting 35s for the source: does not answer`. */
function waiting({ side, why, sinceMs }: Trouble, nowMs: number): string {
  return `waiting ${formatSince(sinceMs, nowMs)} for the ${SIDE_NAMES[side]}: ${cleanText(why)}`;
}

function scanPart(snapshot: Snapshot): string[] {
  const { scan } = snapshot;
  if (scan.done && !snapshot.dryRun) return [];
  const dirs = `${formatCount(scan.dirs)} dirs`;
  return [`${scan.done ? 'scanned' : 'scanning'} ${dirs}`, dirs, ''];
}

/** Synced of all that is known, over all sessions; bytes of files in flight count as they are read. */
function amounts(snapshot: Snapshot): Wordings {
  const { done, all } = progressOf(snapshot);
  const short = `${formatShortCount(done.files)}/${formatShortCount(all.files)}`;
  return {
    files: [`${formatCount(done.files)}/${formatCounted(all.files, 'file')}`, `${short} files`, short, ''],
    bytes: [formatBytesOf(done.bytes, all.bytes), ''],
  };
}

/** Rates in one unit, named once: `read 98.2  write 97.9 MiB/s  mean 95.0`. The mean is that of writing. */
function speeds(snapshot: Snapshot, history: History): Wordings {
  const rates = ratesNow(history, snapshot.nowMs);
  if (rates === null) return {};
  const mean = ratesMean(snapshot)?.written ?? null;
  const unit = byteUnit(Math.max(rates.read, rates.written));
  const [read, write] = [inUnit(rates.read, unit), inUnit(rates.written, unit)];
  return {
    rates: [
      `read ${read}  write ${write} ${unit.name}/s`,
      `r ${read} w ${write} ${unit.name}/s`,
      `${write} ${unit.name}/s`,
      '',
    ],
    mean: mean === null ? [] : [`mean ${inUnit(mean, unit)}`, ''],
  };
}

/** `18:00`, or `Mon 08:00` when that is not today. */
function moment(ms: number, nowMs: number): string {
  const [at, now] = [new Date(ms), new Date(nowMs)];
  const day = at.toDateString() === now.toDateString() ? '' : `${at.toDateString().slice(0, 3)} `;
  return `${day}${clock(ms).slice(0, 5)}`;
}

/** The limits, when they change, and what the latency guards leave of them. */
function limitPart({ bwlimit, guards, nextLimit, nowMs }: Snapshot): string[] {
  const now = limitOf(bwlimit);
  const given = tightest(guards) > 0 ? `gives way to ${limitOf(guards)}` : '';
  const limit = now === 'off' ? '' : `limit ${now}`;
  if (!nextLimit) return [[limit, given].filter(Boolean).join(', '), limit || given, ''];
  const at = moment(nextLimit.atMs, nowMs);
  const next = `${limitOf(nextLimit.limits)} at ${at}`;
  const both = `${limit || 'no limit'}, ${next}`;
  return [given ? `${both}, ${given}` : both, both, next, ''];
}

function largestFile(snapshot: Snapshot): string[] {
  const file = snapshot.active[0];
  if (file === undefined) return [];
  const percent = formatPercent(file.size > 0 ? file.done / file.size : 0);
  const eta = fileEta(file, tightest(snapshot.bwlimit), snapshot.nowMs);
  const name = cleanName(file.path);
  return [...[48, 32, 20].map((room) => `${truncateMiddle(name, room)} ${percent} ${formatDuration(eta)}`), ''];
}

/** What hangs, or that nothing has moved for a while. */
function stallPart({ stalls, nowMs }: Snapshot, idle: number): string[] {
  const longest = Math.min(...stalls.map(({ sinceMs }) => sinceMs));
  if (stalls.length > 0) return [`${stalls.length} hang for ${formatSince(longest, nowMs)}`];
  return idle > 0 ? [`stalled ${formatDuration(idle)}`] : [];
}

export interface LineOptions {
  /** Terminal columns the line may take; default 100. */
  readonly columns?: number;
  /** Whether to end with the largest file in flight, its percent and its ETA, where there is room. */
  readonly withFile?: boolean;
}

/**
 * One line of progress, such as
 *
 *     12:04:05  resumed  1,204/20,000 files  3.2/98.1 GiB  r 98.2 w 97.9 MiB/s  mean 95.0  ETA 4h 10m  failed 2
 *
 * It never takes more than `columns`: what matters least is shortened or left out. `ETA >4h` while a scan still adds to
 * the backlog. `history` holds the snapshot's own sample as its latest. The clock shows local time.
 */
export function plainLine(snapshot: Snapshot, history: History, options: LineOptions = {}): string {
  const { total, session } = snapshot;
  const common: Wordings = {
    clock: [clock(snapshot.nowMs), ''],
    state: [state(snapshot)],
    failed: total.failed.files > 0 ? [`failed ${formatCount(total.failed.files)}`] : [],
    scan: scanPart(snapshot),
  };
  const columns = options.columns ?? LOG_COLUMNS;
  if (snapshot.dryRun) {
    const files = `would copy ${formatCounted(total.pending.files, 'file')}`;
    return fitLine({ ...common, files: [files], bytes: [formatBytes(total.pending.bytes)] }, columns);
  }
  if (snapshot.phase === 'clean-up') {
    return fitLine({ ...common, files: [`deleted ${formatCount(session.deleted)}`] }, columns);
  }
  const eta = forecast(snapshot, history)?.seconds ?? null;
  const idle = idleSeconds(history, snapshot.nowMs);
  const stalled = idle >= STALL_SECONDS && total.pending.files > 0;
  const wordings: Wordings = {
    ...common,
    ...amounts(snapshot),
    ...speeds(snapshot, history),
    eta: [`ETA ${snapshot.scan.done || eta === null ? '' : '>'}${formatDuration(eta)}`, ''],
    stalled: stallPart(snapshot, stalled ? idle : 0),
    limit: limitPart(snapshot),
    file: options.withFile ? largestFile(snapshot) : [],
  };
  return fitLine(wordings, columns);
}
