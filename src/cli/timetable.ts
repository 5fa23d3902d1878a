/**
 * Limits as people write them: a rate, or rates by day and time. Like those of units.ts, the functions throw a
 * UsageError whose message completes "<where> <value>: ".
 */
import { UsageError } from '../exit.js';
import { always, type Rule, type Timetable } from '../pace/timetable.js';
import { quoted } from '../printable.js';
import { didYouMean } from './nearest.js';
import { parseRates } from './units.js';

/** As Date.getDay() counts them. */
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const SHORT_DAYS = DAYS.map((day) => day.slice(0, 3));
const EVERY_DAY = DAYS.map(() => true);
const DAY = 1440;

/**
 * `20M`, `20M:10M` or `off`, which hold always, or rules with commas between them: `mon-fri 08:00-18:00 20M, sat 50M, off`.
 * The first rule that fits a moment holds; a rate without day and time is for all the rest, and there is no limit where
 * no rule fits. Days are English names or their first three letters; a time that ends before it begins goes past
 * midnight, and belongs to the day on which it begins.
 */
export function parseTimetable(text: string): Timetable {
  const parts = text.split(',').map((part) => part.trim().split(/\s+/));
  if (parts.length > 1 && parts.some(([first]) => first === ''))
    throw new UsageError(
      'nothing stands before, after or between commas; write DAYS, HH:MM-HH:MM or both, then a rate',
    );
  const rest = parts.findIndex((words) => words.length === 1);
  if (rest >= 0 && rest < parts.length - 1)
    throw new UsageError(`nothing after ${quoted(parts[rest]![0]!)} would ever hold; put it last`);
  const rules = (rest < 0 ? parts : parts.slice(0, rest)).map(parseRule);
  const otherwise = rest < 0 ? parseRates('off') : parseRates(parts[rest]![0]!);
  return rules.length === 0 ? always(otherwise) : { rules, otherwise };
}

function parseRule(words: readonly string[]): Rule {
  const when = words.slice(0, -1);
  const time = when.at(-1)?.includes(':') ? when.at(-1)! : undefined;
  const days = time === undefined ? when : when.slice(0, -1);
  if (days.length > 1) throw new UsageError(`${quoted(words.join(' '))}: write DAYS, HH:MM-HH:MM or both, then a rate`);
  return {
    days: days[0] === undefined ? EVERY_DAY : parseDays(days[0]),
    ...(time === undefined ? { from: 0, to: DAY } : parseTimes(time)),
    limits: parseRates(words.at(-1)!),
  };
}

/** `mon`, or `fri-mon`: from one day to another, past the end of the week where needed. */
function parseDays(text: string): boolean[] {
  const [first = '', last = first, ...more] = text.split('-');
  if (more.length > 0) throw new UsageError(`${quoted(text)}: write a day, or two with a dash, for example mon-fri`);
  const [from, to] = [parseDay(first), parseDay(last)];
  const count = ((to - from + 7) % 7) + 1;
  return DAYS.map((_, day) => (day - from + 7) % 7 < count);
}

function parseDay(text: string): number {
  const word = text.toLowerCase();
  const day = DAYS.findIndex((name, index) => word === name || word === SHORT_DAYS[index]);
  if (day < 0)
    throw new UsageError(`${quoted(text)} is not a day${didYouMean(word, SHORT_DAYS)}; write mon, tue ... sun`);
  return day;
}

function parseTimes(text: string): { from: number; to: number } {
  const [, ...digits] = /^(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)$/.exec(text) ?? [];
  const [fromHour = 99, fromMinute = 0, toHour = 99, toMinute = 0] = digits.map(Number);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  if (fromMinute > 59 || toMinute > 59 || from >= DAY || to > DAY)
    throw new UsageError(`${quoted(text)}: write two times from 00:00 to 24:00, for example 08:00-18:00`);
  if (from === to) throw new UsageError(`${quoted(text)}: has no length; leave it out for the whole day`);
  return { from, to };
}
