/** Where the axes of a chart have their marks. Pure, but for the machine's time zone; places are from 0 to 1. */
import { byteUnit, MONTHS } from '../stats/format.js';

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** The marks of an axis from 0 to `top` bytes, `top` being the first of them that is not below `max`. */
export function byteTicks(max: number, most: number, suffix = ''): { top: number; ticks: Tick[] } {
  const unit = byteUnit(Math.max(max, 1));
  const least = Math.max(max, 1) / unit.bytes / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const nice = [1, 2, 5, 10].find((digit) => digit * power >= least)! * power;
  // There is no half of a byte.
  const step = unit.bytes === 1 ? Math.max(1, nice) : nice;
  const count = Math.max(1, Math.ceil(max / unit.bytes / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, index) => ({
    at: index / count,
    label: index === 0 ? '0' : `${Number((index * step).toPrecision(6))} ${unit.name}${suffix}`,
  }));
  return { top: count * step * unit.bytes, ticks };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 3, 7, 14, 28, 91, 182, 364].map((count) => count * DAY),
];

/** At most `most` marks at round moments of the local clock between two moments, ms since the Unix epoch. */
export function timeTicks(fromMs: number, toMs: number, most: number): Tick[] {
  const span = toMs - fromMs;
  const step = STEPS.find((length) => span / length <= most) ?? Math.ceil(span / most / DAY) * DAY;
  const ticks: Tick[] = [];
  const day = new Date(fromMs);
  day.setHours(0, 0, 0, 0);
  // Days are stepped over by the calendar, since some have 23 or 25 hours; what is shorter, from each midnight on.
  for (; day.getTime() <= toMs; day.setDate(day.getDate() + Math.max(1, step / DAY))) {
    const midnight = day.getTime();
    for (let atMs = midnight; atMs < midnight + DAY && atMs <= toMs; atMs += Math.min(step, DAY))
      if (atMs >= fromMs) ticks.push({ at: (atMs - fromMs) / span, label: labelOf(atMs, midnight, step) });
  }
  return ticks;
}

function labelOf(atMs: number, midnight: number, step: number): string {
  const at = new Date(atMs);
  if (atMs === midnight) return `${at.getDate()} ${MONTHS[at.getMonth()]}`;
  return at.toTimeString().slice(0, step < MINUTE ? 8 : 5);
}

/** `2026-11-03 08:05` by the machine's clock. */
export function stamp(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${at.toTimeString().slice(0, 5)}`;
}
