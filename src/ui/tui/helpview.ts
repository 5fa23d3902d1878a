/** The keys, and how to read the screen. */
import { framed } from './errorsview.js';
import type { Frame } from './frame.js';
import { bottomRow } from './panels/bottom.js';
import { status } from './panels/status.js';
import { heading, type Line, span, wrapped } from './text.js';
import type { Quit, View } from './view.js';

const KEYS = (quit: Quit): readonly (readonly [string, string])[] => [
  ['p', 'pause, and go on'],
  ['+ -', 'limit one step up or down'],
  ['l', 'type a limit: 20M, 20M:10M, off, a timetable'],
  ['t', 'curves of the last minute, hour or day'],
  ['e', 'entries that failed; there: arrows, space and b, Home and End, r tries all again'],
  quit === 'drain'
    ? ['q', 'drain and quit: finish the files in flight, end with exit code 3; once more: stop now']
    : ['q', 'leave; the run goes on'],
  quit === 'drain' ? ['Ctrl-C', 'the same without a question'] : ['Ctrl-C', 'leave; the run goes on'],
  ['Ctrl-L', 'draw the screen anew'],
  ['? Esc', 'help, and back'],
];

/** Columns before what a key means. */
const INDENT = 10;

const READING = [
  'The source is on the left, the destination on the right, the ring of blocks between them.',
  'Readers that wait for room: the destination is slower. Writers that wait for data: the source is.',
  'A latency pair is what half of the calls of the last minute, and nine in ten, did not exceed.',
  'An end with ± is right in nine cases of ten, if things go on as they did.',
];

export function helpFrame(view: View, columns: number, rows: number): Frame {
  const lines: Line[] = [
    ...status(view, columns, 2),
    heading([span('keys', 'bold')], columns),
    ...KEYS(view.quit).flatMap(([key, meaning]) =>
      wrapped(meaning, columns - INDENT).map(
        (text, i): Line => [span((i === 0 ? `  ${key}` : '').padEnd(INDENT), 'bold'), span(text)],
      ),
    ),
    heading([span('how to read it', 'bold')], columns),
    ...READING.flatMap((text) =>
      wrapped(text, columns - 4).map((row, i): Line => [span(i === 0 ? '  ' : '    '), span(row)]),
    ),
  ];
  return framed(lines, bottomRow(view, [['?', 'back']], columns), columns, rows);
}
