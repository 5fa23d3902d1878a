/** What `millrace ctl` can ask of a run. */
import { UsageError } from '../exit.js';
import { didYouMean } from './nearest.js';
import { quoted } from './printable.js';
import { parseTimetable } from './timetable.js';
import { parseCount } from './units.js';

/** As many lanes of a kind as a run can be told to have. */
const MOST_LANES = 32;

export type Action =
  | { readonly do: 'pause' | 'resume' | 'drain' | 'stop' | 'retry-failed' }
  | { readonly do: 'limit'; readonly rate: string }
  /** 0: automatic. */
  | { readonly do: 'lanes'; readonly readers: number; readonly writers: number };

/** The words that each action takes, in the order of --help. */
export const ACTIONS = {
  pause: [],
  resume: [],
  drain: [],
  stop: [],
  limit: ['RATE'],
  lanes: ['READERS', 'WRITERS'],
  'retry-failed': [],
} as const satisfies Record<Action['do'], readonly string[]>;

const NAMES = Object.keys(ACTIONS) as Action['do'][];

/** The action at the start of `words`, and the words after it. Throws a UsageError. */
export function readAction(words: readonly string[]): { action: Action; rest: readonly string[] } {
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

function actionOf(name: Action['do'], values: readonly string[]): Action {
  if (name === 'limit') {
    checked(name, values[0]!, parseTimetable);
    return { do: name, rate: values[0]! };
  }
  if (name !== 'lanes') return { do: name };
  const [readers, writers] = values.map((text) => checked(name, text, parseLanes));
  return { do: name, readers: readers!, writers: writers! };
}

function parseLanes(text: string): number {
  return text === 'auto' ? 0 : parseCount(text, { min: 1, max: MOST_LANES });
}

function checked<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`ctl ${name} ${quoted(text)}: ${error.message}`);
  }
}
