/** Notes, and the last row: the keys, or what is asked or answered there. */
import { clock } from '../../words.js';
import { cut, heading, joined, type Line, span } from '../text.js';
import type { View } from '../view.js';
import { clip } from '../words.js';

export function notes({ notes: all }: View, width: number, height: number): Line[] {
  const line = ({ atMs, text }: View['notes'][number]) => cut([span(`${clock(atMs)} `, 'dim'), span(text)], width);
  if (height === 1) return all.slice(-1).map(line);
  return clip([heading([span('notes', 'bold')], width), ...all.slice(1 - height).map(line)], height);
}

export function keys(view: View, width: number, height: number): Line[] {
  if (height < 1) return [];
  const all = [
    ['p', view.snapshot.paused ? 'resume' : 'pause'],
    ['q', view.quit === 'leave' ? 'leave' : 'quit'],
    ['+ - l', 'limit'],
    ['e', 'errors'],
    ['t', `last ${view.time}`],
    ['?', 'help'],
  ] as const;
  return [bottomRow(view, all, width)];
}

/** What is asked or answered, else the keys. */
export function bottomRow(
  { bottom }: View,
  all: readonly (readonly [key: string, meaning: string])[],
  width: number,
): Line {
  if (bottom !== undefined) return cut([span(bottom, 'bold')], width);
  return joined(
    all.map(([key, meaning]) => [span(key, 'bold'), span(` ${meaning}`, 'dim')]),
    width,
    '   ',
  );
}
