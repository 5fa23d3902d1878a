/** What a key means: a pure step from one state of the screen to the next, with what is to be done or said. */
import { ratesNow } from '../../stats/rates.js';
import type { Order } from '../operator.js';
import { stepped } from './limitstep.js';
import { TIMES, type Time, type View } from './view.js';

export type ViewName = 'main' | 'errors' | 'help';

export type Command =
  | Order
  | { readonly do: 'interrupt' | 'leave' | 'repaint' }
  /** In the errors view, by so many entries; infinities are the first and the last that was loaded. */
  | { readonly do: 'scroll'; readonly by: number };

/** What is asked in the last row. */
export type Prompt =
  | { readonly ask: 'limit'; readonly text: string }
  | { readonly ask: 'sure'; readonly question: string; readonly then: Command };

export interface Screen {
  readonly view: ViewName;
  readonly prompt: Prompt | undefined;
  /** As chosen; undefined: by the age of the run. */
  readonly time: Time | undefined;
}

export const FIRST_SCREEN: Screen = { view: 'main', prompt: undefined, time: undefined };

export interface Step {
  readonly screen: Screen;
  readonly command?: Command;
  /** A line in the last row. */
  readonly say?: string;
}

const LONGEST_RATE = 200;

/** `name` as blessed names keys; `character` is what it types, if one character. `page` is the errors view's height. */
export function press(
  screen: Screen,
  { name, character }: { readonly name: string; readonly character: string | undefined },
  { view, page }: { readonly view: View; readonly page: number },
): Step {
  const { quit } = view;
  if (name === 'C-c' && screen.prompt) return { screen: { ...screen, prompt: undefined }, say: 'nothing was done' };
  if (name === 'C-c') return { screen, command: { do: quit === 'leave' ? 'leave' : 'interrupt' } };
  if (name === 'C-l') return { screen, command: { do: 'repaint' } };
  if (name === 'C-z')
    return { screen, say: 'not suspended: that would stop the copy too; p pauses, tmux detaches: C-b d' };
  if (screen.prompt) return answer(screen, screen.prompt, name, character);
  switch (name) {
    case 'q':
    case 'S-q':
      if (quit === 'leave') return { screen, command: { do: 'leave' } };
      return view.snapshot.stopping === 'no'
        ? sure(screen, 'drain and quit: finish the files in flight and end?', { do: 'drain' })
        : sure(screen, 'stop now? files in flight are copied anew by the next run', { do: 'stop' });
    case '?':
    case 'h':
      return { screen: { ...screen, view: screen.view === 'help' ? 'main' : 'help' } };
    case 'e':
      return { screen: { ...screen, view: screen.view === 'errors' ? 'main' : 'errors' } };
    case 'escape':
      return { screen: { ...screen, view: 'main' } };
    case 'p':
      return { screen, command: { do: view.snapshot.paused ? 'resume' : 'pause' } };
    case 't': {
      const next = TIMES[(TIMES.indexOf(view.time) + 1) % TIMES.length]!;
      return { screen: { ...screen, time: next }, say: `curves of the last ${next}` };
    }
    case 'l':
      return { screen: { ...screen, prompt: { ask: 'limit', text: '' } } };
    case '+':
    case '=':
      return limitBy(screen, view, 'up');
    case '-':
      return limitBy(screen, view, 'down');
  }
  return screen.view === 'errors' ? inErrors(screen, name, page) : { screen };
}

function inErrors(screen: Screen, name: string, page: number): Step {
  const by: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -page,
    b: -page,
    pagedown: page,
    space: page,
    home: Number.NEGATIVE_INFINITY,
    g: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
    'S-g': Number.POSITIVE_INFINITY,
  };
  if (name === 'r') return sure(screen, 'try all that failed again?', { do: 'retry-failed' });
  return by[name] === undefined ? { screen } : { screen, command: { do: 'scroll', by: by[name] } };
}

function sure(screen: Screen, question: string, then: Command): Step {
  return { screen: { ...screen, prompt: { ask: 'sure', question, then } } };
}

function limitBy(screen: Screen, { snapshot, history }: View, way: 'up' | 'down'): Step {
  const now = ratesNow(history, snapshot.nowMs);
  const rate = stepped(snapshot.bwlimit, way, Math.max(now?.read ?? 0, now?.written ?? 0));
  if (rate === undefined) return { screen, say: 'there is no limit; type one with l' };
  const command: Command = { do: 'limit', rate };
  if (snapshot.timetable.rules.length > 0)
    return sure(screen, `limit ${rate} in the place of the timetable, for the rest of this run?`, command);
  return { screen, command };
}

function answer(screen: Screen, prompt: Prompt, name: string, character: string | undefined): Step {
  const closed = { ...screen, prompt: undefined };
  if (prompt.ask === 'sure') {
    if (name === 'y' || name === 'S-y') return { screen: closed, command: prompt.then };
    return { screen: closed, say: 'nothing was done' };
  }
  const typed = (text: string): Step => ({ screen: { ...screen, prompt: { ask: 'limit', text } } });
  switch (name) {
    case 'escape':
      return { screen: closed, say: 'the limit is as it was' };
    case 'enter':
    case 'linefeed':
      if (prompt.text.trim() === '') return { screen: closed, say: 'the limit is as it was' };
      return { screen: closed, command: { do: 'limit', rate: prompt.text.trim() } };
    case 'backspace':
      return typed(prompt.text.slice(0, -1));
    case 'C-u':
      return typed('');
  }
  if (character === undefined || !/^[\x20-\x7e]$/.test(character)) return { screen };
  return prompt.text.length < LONGEST_RATE ? typed(prompt.text + character) : { screen };
}

/** The last row while something is asked; of a long text its end. */
export function promptLine(prompt: Prompt, columns: number): string {
  if (prompt.ask === 'sure') return `${prompt.question} y/n`;
  const label = ['limit (20M, 20M:10M for reads and writes, off, a timetable): ', 'limit (20M, off): '].find(
    (words) => words.length + prompt.text.length < columns,
  );
  return `${label ?? 'limit: …'}${prompt.text.slice(-Math.max(8, columns - 10))}▏`;
}
