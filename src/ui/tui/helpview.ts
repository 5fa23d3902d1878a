/** The keys, and how to read the screen. */
import { framed } from './errorsview.js';
import type { Frame } from './frame.js';
import type { Quit } from './keys.js';
import { keyRow } from './panels/bottom.js';
import { status } from './panels/status.js';
import { heading, type Line, span } from './text.js';
import type { View } from './view.js';

const KEYS = (quit: Quit): readonly (readonly [string, string])[] => [
  ['p', 'pause, and go on'],
  ['+ -', 'limit one step up or down'],
  ['l', 'type a limit: 20M, 20M:10M, off, a timetable'],
  ['t', 'curves of the last minute, hour or day'],
  ['e', 'entries that failed; there: arrows, space and b, Home and End, r tries all again'],
  quit === 'drain'
    ? ['q', 'drain and quit: finish the files in flight, end with exit code 3']
    : ['q', 'leave; the run goes on'],
  quit === 'drain' ? ['Ctrl-C', 'the same at once; a second time: stop now'] : ['Ctrl-C', 'leave; the run goes on'],
  ['Ctrl-L', 'draw the screen anew'],
  ['? Esc', 'help, and back'],
];

const READING = [
  'The source is on the left, the destination on the right, the ring of blocks between them.',
  'Readers that wait for room: the destination is slower. Writers that wait for data: the source is.',
  'A latency pair is what half of the calls of the last minute, and nine in ten, did not exceed.',
  'An end with ± is right in nine cases of ten, if things go on as they did.',
];

export function helpFrame(view: View, quit: Quit, columns: number, rows: number): Frame {
  const lines: Line[] = [
    ...status(view, columns, 2),
    heading([span('keys', 'bold')], columns),
    ...KEYS(quit).map(([key, meaning]): Line => [span(`  ${key.padEnd(8)}`, 'bold'), span(meaning)]),
    heading([span('how to read it', 'bold')], columns),
    ...READING.map((text): Line => [span(`  ${text}`)]),
  ];
  return framed(
    lines,
    view.bottom === undefined ? keyRow([['?', 'back']], columns) : [span(view.bottom, 'bold')],
    columns,
    rows,
  );
}
