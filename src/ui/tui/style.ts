/** How styles look: SGR sequences (ECMA-48 8.3.117) of the sixteen colours that every terminal lets its user choose. */
import type { Span, Style } from './text.js';

/** With the attributes that tell styles apart without any colour. */
const ATTRIBUTES: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  read: '',
  write: '',
  limit: '1',
  good: '',
  warn: '1',
  bad: '1',
  banner: '7',
  alarm: '1;7',
};

const COLOURS: Partial<Record<Style, string>> = {
  read: '36',
  write: '32',
  limit: '33',
  good: '32',
  warn: '33',
  bad: '31',
  alarm: '31',
};

/** Of an environment: https://no-color.org asks for any value but the empty one. */
export function wantsColour(env: NodeJS.ProcessEnv): boolean {
  return !env.NO_COLOR;
}

/** A text with its style switched on and off; it ends as it begins, without any. */
export function styled({ text, style }: Span, colour: boolean): string {
  const codes = [ATTRIBUTES[style], (colour && COLOURS[style]) || ''].filter((code) => code !== '');
  return codes.length === 0 ? text : `\x1b[${codes.join(';')}m${text}\x1b[m`;
}
