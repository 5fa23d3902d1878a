import { MOST_LANES } from '../settings.js';
import type { Operations } from '../stats/shared.js';

/** Readers, and writers, that work on more than a handful of files when nobody says otherwise. */
export const FIRST_LANES = 2;

export interface LaneNumbers {
  readonly readers: number;
  readonly writers: number;
}

/** Readers and writers to begin with: some more where a share is sure to make them wait. A writer waits more often. */
export function firstLanes(isSourceFar: boolean, isDestFar: boolean): LaneNumbers {
  return { readers: isSourceFar ? 4 : FIRST_LANES, writers: isDestFar ? 8 : FIRST_LANES };
}

/** What one reader and one writer have copied before others have started; more of them would be for nothing. */
export const ONE_EACH: LaneNumbers = { readers: 1, writers: 1 };
const FEW_ENTRIES = 64;
const FEW_BYTES = 16 * 1024 * 1024;

/** Lanes for what there is to do: no more than entries, and only one of each for few and small ones. */
export function lanesFor(entries: number, bytes: number, first: LaneNumbers): LaneNumbers {
  const { readers, writers } = entries > FEW_ENTRIES || bytes > FEW_BYTES ? first : ONE_EACH;
  return { readers: Math.min(readers, entries), writers: Math.min(writers, entries) };
}

/** Fewer operations than this tell nothing. */
const ENOUGH = 16;
/** Above this share of the machine's processors in use, more lanes would wait for a processor. */
const BUSY = 0.9;
/** Lanes after one step for each there was before: starting threads is work too, and shows whether it helps. */
const STEP = 3;
/** Lanes for each that the measured ratio asks for: files differ. */
const SPARE = 1.25;

/**
 * How many lanes a share wants, given its operations since the last step: enough that their waits overlap, in
 * proportion to the wait (MOST_LANES at 1 ms and more), at most `most`. Never fewer than there are. Only where most
 * operations wait: a few that are slow among many that are not have waited for a processor. `busy` is the share of the
 * machine's processors in use, 0 to 1.
 */
export function wantedLanes(current: number, { count, ms, slow }: Operations, busy: number, most: number): number {
  if (count < ENOUGH || slow * 2 <= count || busy > BUSY) return current;
  const wanted = Math.min(most, Math.round((ms / count) * MOST_LANES));
  return Math.max(current, Math.min(wanted, current * STEP));
}

/**
 * How many readers, or writers, can be of use beside MOST_LANES of the others, given the operations of both so far:
 * those whose operations are quicker need fewer. As few as at first until both were measured.
 */
export function lanesBeside(own: Operations, other: Operations): number {
  if (own.count < ENOUGH || other.count < ENOUGH) return FIRST_LANES;
  const ratio = own.ms / own.count / (other.ms / other.count);
  return Math.min(MOST_LANES, Math.max(FIRST_LANES, Math.ceil(MOST_LANES * ratio * SPARE)));
}

/** What all processors of the machine together have spent since it started, in ticks. */
export interface ProcessorTicks {
  readonly busy: number;
  readonly all: number;
}

/**
 * From the text of /proc/stat, whose first line has user, nice, system, idle, iowait, irq, softirq and steal (proc(5)):
 * os.cpus() would read several files for each processor.
 */
export function processorTicks(stat: string): ProcessorTicks {
  const ticks = stat.slice(0, stat.indexOf('\n')).trim().split(/ +/).slice(1, 9).map(Number);
  const all = ticks.reduce((sum, count) => sum + count, 0);
  return { busy: all - ticks[3]! - ticks[4]!, all };
}

/** The share of the processors in use between two looks, 0 to 1. */
export function busyBetween(before: ProcessorTicks, now: ProcessorTicks): number {
  return now.all === before.all ? 0 : (now.busy - before.busy) / (now.all - before.all);
}
