/** Lines of styled text, and how they are made to fit. Pure; columns are those of a terminal (see ../width.ts). */
import { columnsOf, fitStart } from '../width.js';

/** What a piece of text means; style.ts says how that looks. */
export type Style =
  | 'plain'
  | 'bold'
  | 'dim'
  | 'read'
  | 'write'
  | 'limit'
  | 'good'
  | 'warn'
  | 'bad'
  /** Across the whole screen: must be seen from the other end of the room, without colours too. */
  | 'banner'
  | 'alarm';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

export function span(text: string, style: Style = 'plain'): Span {
  return { text, style };
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + columnsOf(text), 0);
}

/** The start of a line, as far as it fits. */
export function cut(line: Line, columns: number): Line {
  if (widthOf(line) <= columns) return line;
  let left = columns;
  const kept: Span[] = [];
  for (const { text, style } of line) {
    const part = fitStart(text, Math.max(0, left));
    if (part !== '') kept.push({ text: part, style });
    if (part !== text) break;
    left -= columnsOf(part);
  }
  return kept;
}

/** The parts with `between` them, as many from the first on as fit; the first one is cut where it must be. */
export function joined(parts: readonly Line[], columns: number, between = '  '): Line {
  const present = parts.filter((part) => widthOf(part) > 0);
  let line = cut(present[0] ?? [], columns);
  for (const part of present.slice(1)) {
    const longer = [...line, span(between), ...part];
    if (widthOf(longer) > columns) break;
    line = longer;
  }
  return line;
}

/** `right` ends at the last column, where there is room for it beside `left`; `left` is cut where it must be. */
export function spread(left: Line, right: Line, columns: number): Line {
  const gap = columns - widthOf(left) - widthOf(right);
  return gap > 0 ? [...left, span(' '.repeat(gap)), ...right] : cut(left, columns);
}

/** The line in one style, with spaces up to the last column. */
export function band(line: Line, columns: number, style: Style): Line {
  const text = cut(line, columns).map((part) => part.text);
  return [span(text.join('').padEnd(text.join('').length + columns - columnsOf(text.join(''))), style)];
}

/** The head of a panel: `─ title ───────`. */
export function heading(title: Line, columns: number): Line {
  const shown = cut(title, columns - 3);
  const rest = columns - 3 - widthOf(shown);
  if (rest < 0) return cut(title, columns);
  return [span('─ ', 'dim'), ...shown, span(` ${'─'.repeat(rest)}`, 'dim')];
}

/** A bar of `columns`, filled for `part` (0 to 1) of it. */
export function bar(part: number, columns: number, style: Style): Line {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * columns * 8);
  const full = '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8];
  return [span(full, style), span('░'.repeat(columns - full.length), 'dim')];
}

/** The words of a text in lines of at most `columns`; a word that is longer stands alone. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && columnsOf(last) + 1 + columnsOf(word) <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
