/** The times of calls on a share (pace/latency.ts) as a Prometheus histogram. Pure. */
import { Call, longestIn, STEPS } from '../pace/latency.js';

/** Kinds as they are shown; the guard keeps small moves apart, people need not. */
export const CALL_KINDS = {
  open: [Call.open],
  move: [Call.move, Call.moveLess],
  publish: [Call.publish],
  list: [Call.list],
} as const satisfies Record<string, readonly Call[]>;

/** Every fourth step, so that each bucket is twice as long as the one before: 0.05 ms to 1.6 s. */
const BUCKET_STEPS = Array.from({ length: 16 }, (_, index) => index * 4);

/** Upper bounds of the buckets in seconds. */
export const BUCKETS = BUCKET_STEPS.map(secondsOf);

export interface Distribution {
  /** Calls that took no longer than each of BUCKETS. */
  readonly cumulative: readonly number[];
  readonly count: number;
  /** Seconds; an estimate, since only the step of each call is known: each counts as the middle of its step. */
  readonly sum: number;
}

/** `counts`: one row for each Call, one column for each step. */
export function distributionOf(counts: readonly (readonly number[])[], kinds: readonly Call[]): Distribution {
  const inStep = (step: number) => kinds.reduce<number>((sum, kind) => sum + (counts[kind]?.[step] ?? 0), 0);
  const cumulative: number[] = [];
  let [count, sum] = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    count += inStep(step);
    sum += inStep(step) * middleOf(step);
    if (BUCKET_STEPS.includes(step)) cumulative.push(count);
  }
  return { cumulative, count, sum };
}

/** The last step has no end: its calls count as its beginning. */
function middleOf(step: number): number {
  return ((step === 0 ? 0 : secondsOf(step - 1)) + secondsOf(step)) / 2;
}

/** The longest time in a step; longestIn gives ms that are a little off in the last digits once divided. */
function secondsOf(step: number): number {
  return Number((longestIn(step) / 1000).toPrecision(12));
}
