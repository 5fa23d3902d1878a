/** What the suites share: how a figure is taken, and how a table of rates is printed. */
import { Bench, type Statistics } from 'tinybench';

const ROUNDS = 6;

/**
 * Milliseconds of each of the runs: the best round's median. The rounds are interleaved, so that a neighbour's load
 * does not fall on one contender alone.
 */
export async function bestMs(runs: readonly (() => void)[]): Promise<number[]> {
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    const bench = new Bench({ time: 50, iterations: 5, warmupTime: 10, warmupIterations: 1, throws: true });
    for (const [at, run] of runs.entries()) bench.add(String(at), run);
    await bench.run();
    for (const at of runs.keys()) best[at] = Math.min(best[at]!, latency(bench, String(at)).p50);
  }
  return best;
}

/** What a bench that was run says of one of its tasks, in milliseconds. */
export function latency(bench: Bench, task: string): Statistics {
  const result = bench.getTask(task)!.result;
  if (!('latency' in result)) throw new Error(`no figure for ${task}`);
  return result.latency;
}

/** A line of a table of rates; `ms` is what `count` things took together. */
export interface Rate {
  readonly name: string;
  readonly ms: number;
  readonly count: number;
}

/** Prints how many microseconds one `thing` takes, and how many things there are in a second. */
export function printRates(title: string, thing: string, rates: readonly Rate[]): void {
  const columns = [`us a ${thing}`, `${thing}s/s`] as const;
  const table: Record<string, Record<string, number>> = {};
  for (const { name, ms, count } of rates)
    table[name] = { [columns[0]]: rounded((ms / count) * 1000), [columns[1]]: rounded((count / ms) * 1000) };
  console.log(`${title}: ${columns.join(', ')}`);
  console.table(table, columns);
}

/** To three digits: more would be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
