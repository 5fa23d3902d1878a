import { moved, type Sample } from './history.js';
import type { ActiveFile, Snapshot } from './snapshot.js';

/**
 * How long the backlog takes. A file costs a fixed time (open, create, rename: round trips) and a time per byte, both
 * as seconds of the whole run at its present number of lanes:
 *
 *     seconds = perFile x files + perByte x bytes
 *
 * Bytes alone promise hours for a backlog of tiny files that takes days, and files alone do the reverse.
 */
export interface Costs {
  /** Seconds per file. */
  readonly perFile: number;
  /** Seconds per byte. */
  readonly perByte: number;
}

/** Work done in a stretch of time. */
export interface Span {
  readonly seconds: number;
  readonly files: number;
  readonly bytes: number;
}

/** So long without a byte or a file is a pause: the end is unknown while it lasts, and its time is no cost later. */
export const PAUSE_SECONDS = 60;

/** Spans are at least so long, or a large file that ends in this second rather than the next would look like a cost. */
const SPAN_SECONDS = 10;

/** No promise before so much time was seen. */
const LEAST_SECONDS = 2;

/** How much evidence overrules "half and half", in spans. See fitCosts. */
const PRIOR_SPANS = 0.05;

/**
 * Cuts samples (oldest first) into spans of work of at least 10 s, but for the last. Pauses are left out, and so is,
 * where it matters, what was done under another limit than the present one.
 */
export function spansOf(samples: readonly Sample[], under: 'present limit' | 'any limit' = 'present limit'): Span[] {
  const limit = samples.at(-1)?.limit;
  const from = under === 'any limit' ? 0 : samples.findLastIndex((sample) => sample.limit !== limit) + 1;
  const spans: Span[] = [];
  let span: Span = { seconds: 0, files: 0, bytes: 0 };
  let idle = 0;
  for (let i = from + 1; i < samples.length; i++) {
    const [before, after] = [samples[i - 1]!, samples[i]!];
    const seconds = (after.ms - before.ms) / 1000;
    if (!moved(before, after)) {
      idle += seconds;
      continue;
    }
    span = {
      seconds: span.seconds + seconds + (idle < PAUSE_SECONDS ? idle : 0),
      files: span.files + Math.max(0, after.doneFiles - before.doneFiles),
      bytes: span.bytes + Math.max(0, after.writtenBytes - before.writtenBytes),
    };
    idle = 0;
    if (span.seconds < SPAN_SECONDS) continue;
    spans.push(span);
    span = { seconds: 0, files: 0, bytes: 0 };
  }
  if (idle < PAUSE_SECONDS) span = { ...span, seconds: span.seconds + idle };
  if (span.seconds > 0) spans.push(span);
  return spans;
}

/**
 * The costs that explain the spans best, or `null` when too little was seen.
 *
 * Their proportion comes from weighted least squares: minimise the sum of (seconds - perFile x files - perByte x
 * bytes)^2 / seconds, the weight for a variance that grows with the length of a span. Neither cost may be below zero.
 * Spans of one and the same mix cannot tell the two apart; a small ridge (on both, scaled to be without units) then
 * settles on half of the time for the files and half for the bytes, and gives way as soon as spans differ.
 *
 * Their level comes from the totals: both are scaled so that the time of all spans is explained exactly. So a backlog
 * of the same mix as the past takes its share of the past's time, whatever the fit. (Least squares alone would
 * promise too much, since bursts in files and bytes pull its slopes towards zero.)
 *
 * A file costs no more than `mostPerFile` seconds, where that is known: the rest of the time went into bytes.
 */
export function fitCosts(spans: readonly Span[], mostPerFile = Number.POSITIVE_INFINITY): Costs | null {
  let [seconds, files, bytes, ff, bb, fb] = [0, 0, 0, 0, 0, 0];
  for (const span of spans) {
    seconds += span.seconds;
    files += span.files;
    bytes += span.bytes;
    ff += span.files ** 2 / span.seconds;
    bb += span.bytes ** 2 / span.seconds;
    fb += (span.files * span.bytes) / span.seconds;
  }
  if (seconds < LEAST_SECONDS || (files === 0 && bytes === 0)) return null;
  if (files === 0) return { perFile: 0, perByte: seconds / bytes };
  if (bytes === 0) return { perFile: seconds / files, perByte: 0 };
  // The normal equations, divided by the roots of their diagonal.
  const [scaleF, scaleB] = [Math.sqrt(ff), Math.sqrt(bb)];
  const diagonal = 1 + PRIOR_SPANS / spans.length;
  const cross = fb / (scaleF * scaleB);
  const [targetF, targetB] = [files / scaleF, bytes / scaleB];
  const perFile = Math.max(0, diagonal * targetF - cross * targetB) / scaleF;
  const perByte = Math.max(0, diagonal * targetB - cross * targetF) / scaleB;
  const level = seconds / (perFile * files + perByte * bytes);
  if (!Number.isFinite(level)) return null;
  if (perFile * level <= mostPerFile) return { perFile: perFile * level, perByte: perByte * level };
  return { perFile: mostPerFile, perByte: Math.max(0, seconds - mostPerFile * files) / bytes };
}

/** What is left, whether or not the backlog counts what is in flight. */
export function remaining(snapshot: Snapshot): { files: number; bytes: number } {
  const done = snapshot.active.reduce((sum, file) => sum + file.done, 0);
  const inFlight = snapshot.active.reduce((sum, file) => sum + Math.max(0, file.size - file.done), 0);
  return {
    files: Math.max(snapshot.total.pending.files, snapshot.active.length),
    bytes: Math.max(snapshot.total.pending.bytes - done, inFlight),
  };
}

/** Seconds for `bytes` at a limit in bytes/s (0: none), when they take `seconds` without. */
export function atLimit(seconds: number, bytes: number, limit: number): number {
  return limit > 0 ? Math.max(seconds, bytes / limit) : seconds;
}

/**
 * Seconds until one file in flight is read, at its own mean rate since it began and never faster than `limit` (bytes/s,
 * 0: unlimited); `null` in its first second or before its first byte.
 */
export function fileEta(file: ActiveFile, limit: number, now: number): number | null {
  const left = file.size - file.done;
  if (left <= 0) return 0;
  const seconds = (now - file.startedMs) / 1000;
  if (seconds < 1 || file.done <= 0) return null;
  return atLimit((left * seconds) / file.done, left, limit);
}
