/** What `millrace ctl` can ask of a run. */
import { locating, UsageError } from '../exit.js';
import { quoted } from '../printable.js';
import { MOST_LANES } from '../settings.js';
import type { Order } from '../ui/operator.js';
import { didYouMean } from './nearest.js';
import { parseTimetable } from './timetable.js';
import { parseCount } from './units.js';

/** The words that each action takes, in the order of --help. */
export const ACTIONS = {
  pause: [],
  resume: [],
  drain: [],
  stop: [],
  limit: ['RATE'],
  lanes: ['READERS', 'WRITERS'],
  'retry-failed': [],
} as const satisfies Record<Order['do'], readonly string[]>;

const NAMES = Object.keys(ACTIONS) as Order['do'][];

/** The action at the start of `words`, and the words after it. Throws a UsageError. */
export function readAction(words: readonly string[]): { action: Order; rest: readonly string[] } {
  const [word, ...after] = words;
  if (word === undefined) throw new UsageError(`ctl needs to know what to do: ${NAMES.join(', ')}`);
  const name = NAMES.find((candidate) => candidate === word);
  if (name === undefined) {
    throw new UsageError(`ctl ${quoted(word)}: must be one of ${NAMES.join(', ')}${didYouMean(word, NAMES)}`);
  }
  const wanted: readonly string[] = ACTIONS[name];
  const values = after.slice(0, wanted.length);
  if (values.length < wanted.length) throw new UsageError(`ctl ${name} needs ${wanted.join(' and ')}`);
  return { action: actionOf(name, values), rest: after.slice(wanted.length) };
}

function actionOf(name: Order['do'], values: readonly string[]): Order {
  if (name === 'limit') {
    read(name, values[0]!, parseTimetable);
    return { do: name, rate: values[0]! };
  }
  if (name !== 'lanes') return { do: name };
  const [readers, writers] = values.map((text) => read(name, text, parseLanes));
  return { do: name, readers: readers!, writers: writers! };
}

function parseLanes(text: string): number {
  return text === 'auto' ? 0 : parseCount(text, { min: 1, max: MOST_LANES });
}

function read<T>(name: string, text: string, parse: (text: string) => T): T {
  return locating(`ctl ${name} ${quoted(text)}`, () => parse(text));
}
