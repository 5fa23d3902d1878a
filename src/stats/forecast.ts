/** When the backlog will be done, by what was seen so far and the limits to come, and how sure that is. Pure. */
import { Call, quantile } from '../pace/latency.js';
import { limitsAt, nextChange, type Timetable } from '../pace/timetable.js';
import { atLimit, type Costs, fitCosts, PAUSE_SECONDS, remaining, type Span, spansOf } from './eta.js';
import { type History, tightest } from './history.js';
import { idleSeconds } from './rates.js';
import type { Snapshot } from './snapshot.js';

export interface Forecast {
  readonly seconds: number;
  /** The end comes so many seconds sooner or later at most, in nine cases of ten, if things go on as they did. */
  readonly plusMinus: number;
}

/** The past that is judged by: as long as the time ahead, within these bounds in seconds. */
const SHORTEST_PAST = 1800;
const LONGEST_PAST = 86_400;

const WEEK_SECONDS = 7 * 86_400;

/** Pieces of the past that are compared with each other; fewer than three tell nothing. */
const BATCHES = 8;
const LEAST_BATCHES = 3;
/** Nine of ten values of a normal distribution lie within so many standard deviations. */
const NINE_OF_TEN = 1.645;
/** The doubt when nothing can be compared, and what is added where the way ahead is much longer than what was seen. */
const UNKNOWN_DOUBT = 0.5;
const FAR_DOUBT = 0.15;
const LEAST_DOUBT = 0.03;

/**
 * The time until the backlog known now is done; 0 seconds when all is done. `null` when nobody can say: just started,
 * paused, stalled for a minute, waiting for a share, stopping, a dry run, or a scan that has found nothing to do yet.
 * While a scan runs the backlog still grows, so a surface should call it a lower bound.
 */
export function forecast(snapshot: Snapshot, history: History): Forecast | null {
  const { nowMs } = snapshot;
  const nothing = { seconds: 0, plusMinus: 0 };
  if (snapshot.phase === 'finished') return nothing;
  if (snapshot.dryRun || snapshot.paused || snapshot.stopping !== 'no' || snapshot.troubles.length > 0) return null;
  const left = remaining(snapshot);
  if (left.files === 0) return snapshot.scan.done ? nothing : null;
  if (idleSeconds(history, nowMs) >= PAUSE_SECONDS) return null;
  const fastest = fastestOf(spansOf(history.since(nowMs - LONGEST_PAST * 1000), 'any limit'));
  const week = weekOf(snapshot.timetable, nowMs);
  const judgedBy = (past: number): Forecast | null => {
    const spans = spansOf(history.since(nowMs - past * 1000));
    const costs = fitCosts(spans, mostPerFile(snapshot));
    if (costs === null) return null;
    const slower = fastest > 0 ? rateOf(spans) / fastest : 1;
    const work = { ...left, costs, slower, limitThen: tightest(snapshot.bwlimit) };
    const seconds = secondsFor(work, week, snapshot.bwlimit);
    return { seconds, plusMinus: seconds * doubt(spans, costs, seconds) };
  };
  const short = judgedBy(SHORTEST_PAST);
  if (short === null || short.seconds <= SHORTEST_PAST) return short;
  return judgedBy(Math.min(short.seconds, LONGEST_PAST));
}

/** Seconds that a file may take beside its bytes, by its calls and by what they count for in a limit; generously. */
const GENEROUS = 3;
/** Operations of a file count for about so many bytes in a limit, at the default --op-cost. */
const OPERATIONS_BYTES = 16 * 1024;

/**
 * What a file costs at most, as far as the measured calls tell: half of those that open it, create it and publish it take
 * no longer, and lanes work side by side. Large files alone say nothing of that, and come first.
 */
function mostPerFile({ calls, lanes, bwlimit }: Snapshot): number {
  const kinds = [calls.source[Call.open], calls.dest[Call.open], calls.dest[Call.publish]];
  const times = kinds.map((counts) => quantile(counts ?? [], 0.5));
  if (times.some((ms) => ms === undefined)) return Number.POSITIVE_INFINITY;
  const seconds =
    times.reduce<number>((sum, ms) => sum + ms! / 1000, 0) / Math.max(1, Math.min(lanes.readers, lanes.writers));
  const limit = tightest(bwlimit);
  return GENEROUS * (seconds + (limit > 0 ? OPERATIONS_BYTES / limit : 0));
}

/** The highest rate of a span, bytes/s: what the shares can do at least. */
function fastestOf(spans: readonly Span[]): number {
  return Math.max(0, ...spans.map((span) => rateOf([span])));
}

/** The mean rate of spans, bytes/s. */
function rateOf(spans: readonly Span[]): number {
  const [seconds, bytes] = spans.reduce(([s, b], span) => [s + span.seconds, b + span.bytes], [0, 0]);
  return bytes / seconds;
}

interface Work {
  readonly files: number;
  readonly bytes: number;
  readonly costs: Costs;
  /** The mean rate under the present limit, as a part of the highest that was seen under any. */
  readonly slower: number;
  /** The limit under which the costs were measured, bytes/s; 0: none. */
  readonly limitThen: number;
}

/**
 * Seconds for all the work under one limit. Where that is wider than the one that the costs were measured under, the work
 * goes as fast as it ever did.
 */
function secondsAt({ files, bytes, costs, slower, limitThen }: Work, limit: number): number {
  const isWider = limitThen > 0 && (limit === 0 || limit > limitThen);
  const seconds = costs.perFile * files + costs.perByte * bytes;
  return atLimit(isWider ? seconds * Math.min(1, slower) : seconds, bytes, limit);
}

/** A stretch of the coming week and the tighter limit in it, bytes/s. */
interface Stretch {
  readonly seconds: number;
  readonly limit: number;
}

/** Seconds for the work as the stretches of a week change the limits; weeks are alike, and without any `now` holds. */
function secondsFor(work: Work, stretches: readonly Stretch[], now: Snapshot['bwlimit']): number {
  if (stretches.length === 0) return secondsAt(work, tightest(now));
  const week = stretches.map(({ seconds, limit }) => ({ seconds, all: secondsAt(work, limit) }));
  if (week.some(({ all }) => all === 0)) return 0;
  const perWeek = week.reduce((part, { seconds, all }) => part + seconds / all, 0);
  const weeks = Math.floor(1 / perWeek);
  let left = 1 - weeks * perWeek;
  let seconds = weeks * WEEK_SECONDS;
  for (const stretch of week) {
    const part = stretch.seconds / stretch.all;
    if (part >= left) return seconds + left * stretch.all;
    left -= part;
    seconds += stretch.seconds;
  }
  return seconds;
}

/** The stretches of the coming week; none where there are no rules. */
function weekOf(timetable: Timetable, nowMs: number): Stretch[] {
  if (timetable.rules.length === 0) return [];
  const endMs = nowMs + WEEK_SECONDS * 1000;
  const week: Stretch[] = [];
  for (let atMs = nowMs; atMs < endMs; ) {
    const at = new Date(atMs);
    const untilMs = Math.min(endMs, nextChange(timetable, at)?.atMs ?? endMs);
    week.push({ seconds: (untilMs - atMs) / 1000, limit: tightest(limitsAt(timetable, at)) });
    atMs = untilMs;
  }
  return week;
}

/**
 * The part of a forecast that it may be wrong by. The past is cut into batches of about equal time, whose ratios of real
 * to explained time differ by a standard deviation sd; the mean of n batches of the past and that of the m such batches
 * ahead then differ by sd x sqrt(1/n + 1/m) (batch means). Shares change in ways that a short past does not show, so a
 * little is added where the way ahead is long compared with it.
 */
function doubt(spans: readonly Span[], costs: Costs, ahead: number): number {
  const past = spans.reduce((sum, { seconds }) => sum + seconds, 0);
  const batches: number[] = [];
  let [seconds, explained] = [0, 0];
  for (const span of spans) {
    seconds += span.seconds;
    explained += costs.perFile * span.files + costs.perByte * span.bytes;
    if (seconds < past / BATCHES || explained === 0) continue;
    batches.push(seconds / explained);
    [seconds, explained] = [0, 0];
  }
  if (batches.length < LEAST_BATCHES) return UNKNOWN_DOUBT;
  const n = batches.length;
  const mean = batches.reduce((sum, ratio) => sum + ratio, 0) / n;
  const sd = Math.sqrt(batches.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (n - 1));
  const m = Math.max(1, ahead / (past / n));
  const noise = NINE_OF_TEN * sd * Math.sqrt(1 / n + 1 / m);
  return Math.min(1, Math.max(LEAST_DOUBT, noise + (FAR_DOUBT * ahead) / (ahead + past)));
}
