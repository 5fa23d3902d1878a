/** Limits by day and time. Pure: local time comes with the Date. */

/** Limits in bytes/s for what is read from the source and what is written to the destination; 0: none. */
export interface Limits {
  readonly read: number;
  readonly write: number;
}

export const UNLIMITED: Limits = { read: 0, write: 0 };

/** A stretch of the week and the limits in it. */
export interface Rule {
  /** By Date.getDay(): true where a stretch of this rule begins. Sunday is the first. */
  readonly days: readonly boolean[];
  /** Minutes of the day, 0 to 1440. A stretch that does not end after it begins goes on to the next day. */
  readonly from: number;
  readonly to: number;
  readonly limits: Limits;
}

export interface Timetable {
  /** The first that holds at a moment decides. */
  readonly rules: readonly Rule[];
  /** Where none of them does. */
  readonly otherwise: Limits;
}

/** The timetable of a run that only reads, from whichever share: what is for reading holds for each. */
export function forReading({ rules, otherwise }: Timetable): Timetable {
  const both = ({ read }: Limits): Limits => ({ read, write: read });
  return { rules: rules.map((rule) => ({ ...rule, limits: both(rule.limits) })), otherwise: both(otherwise) };
}

export interface Change {
  /** ms since the epoch. */
  readonly atMs: number;
  readonly limits: Limits;
}

const MINUTE_MS = 60_000;
const DAY = 1440;
/** After a week and the hour of a change of clocks everything has happened that ever does. */
const MINUTES_AHEAD = 7 * DAY + 120;

/** A limit that always holds. */
export function always(limits: Limits): Timetable {
  return { rules: [], otherwise: limits };
}

/**
 * The limits at a moment, in the machine's time zone. They go by what a clock on the wall shows: an hour that is shown
 * twice has its limits twice.
 */
export function limitsAt({ rules, otherwise }: Timetable, at: Date): Limits {
  const minute = at.getHours() * 60 + at.getMinutes();
  const day = at.getDay();
  return rules.find((rule) => holds(rule, day, minute))?.limits ?? otherwise;
}

function holds({ days, from, to }: Rule, day: number, minute: number): boolean {
  if (from < to) return days[day]! && minute >= from && minute < to;
  return (days[day]! && minute >= from) || (days[(day + 6) % 7]! && minute < to);
}

/**
 * The first moment after `at` at which other limits hold than at `at`; undefined when that never happens. Looks at each
 * minute of a week: no rule about changes of clocks is needed then, and none can be wrong.
 */
export function nextChange(timetable: Timetable, at: Date): Change | undefined {
  if (timetable.rules.length === 0) return undefined;
  const now = limitsAt(timetable, at);
  const begin = Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS;
  for (let ahead = 1; ahead <= MINUTES_AHEAD; ahead++) {
    const atMs = begin + ahead * MINUTE_MS;
    const limits = limitsAt(timetable, new Date(atMs));
    if (limits.read !== now.read || limits.write !== now.write) return { atMs, limits };
  }
  return undefined;
}
