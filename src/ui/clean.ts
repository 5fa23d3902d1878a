import { decodeName } from '../posix/names.js';
import { charactersOf, columnsOf, fitStart, takeWhileFits } from './width.js';

/**
 * What must not reach a terminal, a log line or a CSV cell as it is: controls (C0, DEL, C1), line and paragraph
 * separators, the marks, embeddings, overrides and isolates that turn the direction of text around, and lone
 * surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u;
const EACH_UNSAFE = new RegExp(UNSAFE, 'gu');
const EACH_UNSAFE_OR_BACKSLASH = new RegExp(`${UNSAFE.source}|\\\\`, 'gu');

/** A backslash that a reader would take for the start of an escape. */
const LOOKS_ESCAPED = /\\[\\ntrxu]/;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\\': '\\\\' };

function escapeOne(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0)!;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * A file name or path, safe to show. Two different names never look the same, and the rule can be reversed:
 *
 * - A plain name is shown as it is, single backslashes included: `a\b`.
 * - A name that holds anything unsafe, or a backslash that reads like an escape, is shown escaped: every backslash in
 *   it as `\\`; newline, tab, return as `\n` `\t` `\r`; other ASCII controls and bytes that are not valid UTF-8 (lone
 *   surrogates U+DC80..U+DCFF here, one for each byte) as `\xNN`; anything else unsafe as `\uNNNN`. Digits are lower
 *   case.
 *
 * So `\x80` is a raw byte, `\u0080` the control character. A CSV writer still has to quote cells and to disarm
 * formulas.
 */
export function cleanName(name: string): string {
  if (!UNSAFE.test(name) && !LOOKS_ESCAPED.test(name)) return name;
  return name.replace(EACH_UNSAFE_OR_BACKSLASH, escapeOne);
}

/**
 * A finished line of text, made safe as a last resort: unsafe characters are escaped and backslashes are left alone, so
 * that names that were cleaned before stay as they are.
 */
export function cleanText(text: string): string {
  return text.replace(EACH_UNSAFE, escapeOne);
}

/** Whole lines, whose names are bytes, as a terminal may show them. */
export function harmlessLines(data: Uint8Array): string {
  const text = decodeName(Buffer.from(data.buffer, data.byteOffset, data.length), 0, data.length);
  return text.replace(/[^\r\n]+|\r(?!\n)/g, cleanText);
}

/** What JSON leaves as it is, and a terminal that shows the log may obey: DEL, C1, and what turns the direction of text. */
const OBEYED = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const EACH_OBEYED = new RegExp(OBEYED, 'g');

/** The same JSON, spelled so that it can be shown anywhere. */
export function harmlessJson(line: string): string {
  if (!OBEYED.test(line)) return line;
  return line.replace(EACH_OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const GAP = '...';

/**
 * Shortens a cleaned text to `columns` terminal columns by taking out its middle: in a path, both the top folder and
 * the name stay readable. Cuts between whole characters, so the result may be a column short. Below 5 columns only
 * the start is kept.
 */
export function truncateMiddle(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 5) return fitStart(text, columns);
  const room = columns - GAP.length;
  const characters = charactersOf(text);
  const head = takeWhileFits(characters, Math.floor(room / 2)).join('');
  const tail = takeWhileFits(characters.reverse(), room - columnsOf(head)).reverse();
  return head + GAP + tail.join('');
}
