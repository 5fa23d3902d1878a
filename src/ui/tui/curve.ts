/**
 * Rates over time as areas of braille dots, two by four of them in each character. Pure. (The chart of blessed-contrib
 * would bring some sixty packages, needs the widgets of blessed, and tells curves apart by their colours alone.)
 */
import type { History, Sample } from '../../stats/history.js';
import { type Line, type Span, type Style, span } from './text.js';

/** What a curve shows at equal distances in time, oldest first; undefined: nobody looked then. */
export interface Series {
  /** Bytes/s. */
  readonly read: readonly (number | undefined)[];
  readonly write: readonly (number | undefined)[];
  /** The tighter limit, bytes/s; 0: none. */
  readonly limit: readonly number[];
}

/** As old as the oldest detail of a history may be when it is a step apart from the next, ms. */
const OLDEST_STEP_MS = 300_000;

/** The rates in each of `points` equal parts of the last `lengthMs`. */
export function seriesOf(history: History, nowMs: number, lengthMs: number, points: number): Series {
  const samples = history.since(nowMs - lengthMs - OLDEST_STEP_MS);
  const moments = Array.from({ length: points + 1 }, (_, i) => nowMs - lengthMs + (i * lengthMs) / points);
  const at = moments.map(countersAt(samples));
  const rate = (pick: (sample: Sample) => number) =>
    moments.slice(1).map((ms, i) => {
      const [from, to] = [at[i], at[i + 1]];
      if (from === undefined || to === undefined) return undefined;
      return (Math.max(0, pick(to) - pick(from)) * 1000) / (ms - moments[i]!);
    });
  return {
    read: rate((sample) => sample.readBytes),
    write: rate((sample) => sample.writtenBytes),
    limit: at.slice(1).map((sample) => sample?.limit ?? 0),
  };
}

/** Gives the counters at moments that ascend, between two samples by proportion; undefined beyond them. */
function countersAt(samples: readonly Sample[]): (ms: number) => Sample | undefined {
  let next = 0;
  return (ms) => {
    while (next < samples.length && samples[next]!.ms < ms) next++;
    const [before, after] = [samples[next - 1], samples[next]];
    if (after?.ms === ms) return after;
    if (before === undefined || after === undefined) return undefined;
    const part = (ms - before.ms) / (after.ms - before.ms);
    const between = (from: number, to: number) => from + (to - from) * part;
    return {
      ms,
      readBytes: between(before.readBytes, after.readBytes),
      writtenBytes: between(before.writtenBytes, after.writtenBytes),
      doneFiles: before.doneFiles,
      limit: before.limit,
    };
  };
}

/**
 * Where the scale ends, bytes/s: above the highest rate, and above a limit unless that is so far up that it would
 * press the curve flat. A round number of its unit.
 */
export function topOf({ read, write, limit }: Series): number {
  const rates = [...read, ...write].map((rate) => rate ?? 0);
  const highest = rates.reduce((a, b) => Math.max(a, b), 1);
  const limits = limit.reduce((a, b) => Math.max(a, b), 0);
  return roundUp(limits <= highest * 3 || highest === 1 ? Math.max(highest, limits * 1.1) : highest);
}

const ROUND = [1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800];

function roundUp(value: number): number {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(value) / 10));
  const round = ROUND.find((number) => number * unit >= value);
  return round === undefined ? unit * 1024 : round * unit;
}

/** Bits of a braille character by column and row from the bottom, after U+2800 (Unicode 15, chapter 21.1). */
const DOTS = [
  [0x40, 0x04, 0x02, 0x01],
  [0x80, 0x20, 0x10, 0x08],
] as const;

/**
 * Draws values (two to a column, oldest first) as an area in `rows` rows, from 0 to `top`; the limits as a line that is
 * another character, so that it is seen without colours and on top of the area.
 */
export function drawCurve(
  values: readonly (number | undefined)[],
  limits: readonly number[],
  top: number,
  rows: number,
  style: Style,
): Line[] {
  // Whatever moved at all shows.
  const heights = values.map((value) => (value ? Math.max(1, Math.round((value / top) * rows * 4)) : 0));
  return Array.from({ length: rows }, (_, row) => {
    const floor = (rows - 1 - row) * 4;
    const spans: Span[] = [];
    for (let i = 0; i < values.length; i += 2) {
      const limit = limits[i]!;
      const level = limit > 0 && limit <= top ? Math.min(rows * 4 - 1, Math.floor((limit / top) * rows * 4)) : -1;
      if (level >= floor && level < floor + 4) {
        add(spans, '╌', 'limit');
        continue;
      }
      let dots = 0;
      for (const side of [0, 1] as const)
        for (let dot = 0; dot < 4; dot++) if ((heights[i + side] ?? 0) > floor + dot) dots |= DOTS[side][dot]!;
      if (dots === 0) add(spans, ' ', 'plain');
      else add(spans, String.fromCharCode(0x2800 + dots), style);
    }
    return spans;
  });
}

function add(spans: Span[], text: string, style: Style): void {
  const last = spans.at(-1);
  if (last?.style === style) spans[spans.length - 1] = span(last.text + text, style);
  else spans.push(span(text, style));
}
