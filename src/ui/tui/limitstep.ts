/** The next limit up or down, a round number of its unit. Pure. */
import type { Limits } from '../../pace/timetable.js';

/** From 1K, the slowest limit there is, up; in units of 1024. */
const ROUND = [
  1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400, 500, 600, 800,
];
const UNITS = ['K', 'M', 'G'] as const;
const STEPS = UNITS.flatMap((unit, index) =>
  ROUND.map((round) => ({ text: `${round}${unit}`, rate: round * 1024 ** (index + 1) })),
);

/**
 * The limits one step from `limits` (bytes/s, 0: none), as --bwlimit takes them. Where there is none, the step down is
 * from `rate`, what runs now; undefined: nothing to go by, or no step up from no limit.
 */
export function stepped(limits: Limits, way: 'up' | 'down', rate: number): string | undefined {
  const one = (limit: number): string | undefined => {
    if (limit > 0) return step(limit, way);
    return way === 'down' && limits.read === limits.write && rate > 0 ? step(rate, way) : undefined;
  };
  const [read, write] = [one(limits.read), one(limits.write)];
  if (read === undefined && write === undefined) return undefined;
  return read === write ? read : `${read ?? 'off'}:${write ?? 'off'}`;
}

function step(rate: number, way: 'up' | 'down'): string {
  const next = way === 'up' ? STEPS.find((one) => one.rate > rate) : STEPS.findLast((one) => one.rate < rate);
  return (next ?? (way === 'up' ? STEPS.at(-1) : STEPS[0])!).text;
}
