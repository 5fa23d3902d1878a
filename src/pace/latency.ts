/**
 * How long calls on a share take, as counts in steps of time: small enough for shared memory, and exact enough for
 * quantiles (each step is 19 % longer than the one before). Pure.
 */

/**
 * Kinds of calls that are counted apart, since each takes its own time on a quiet share: opening or creating a file,
 * moving a piece of its data, or less than half of one, publishing it, listing a folder.
 */
export const Call = { open: 0, move: 1, moveLess: 2, publish: 3, list: 4 } as const;
export type Call = (typeof Call)[keyof typeof Call];
export const CALLS = Object.values(Call);

/** ms; what is faster is in the first step. */
const SHORTEST = 0.05;
const STEPS_PER_DOUBLING = 4;
/** The last step begins at 2.8 s. */
export const STEPS = 64;

/** The step in which a call of `ms` counts. */
export function stepOf(ms: number): number {
  if (!(ms > SHORTEST)) return 0;
  return Math.min(STEPS - 1, Math.ceil(Math.log2(ms / SHORTEST) * STEPS_PER_DOUBLING));
}

/** The longest time, in ms, that counts in a step; the last step has no longest, and gives where it begins. */
export function longestIn(step: number): number {
  return SHORTEST * 2 ** (Math.min(step, STEPS - 2) / STEPS_PER_DOUBLING);
}

/** The time in ms that a share of `part` (0 to 1) of the counted calls did not exceed; undefined when there are none. */
export function quantile(counts: ArrayLike<number>, part: number): number | undefined {
  let all = 0;
  for (let step = 0; step < counts.length; step++) all += counts[step]!;
  if (all === 0) return undefined;
  let sum = 0;
  for (let step = 0; step < counts.length; step++) {
    sum += counts[step]!;
    if (sum >= all * part) return longestIn(step);
  }
  return longestIn(counts.length - 1);
}
