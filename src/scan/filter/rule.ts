/**
 * One rule of what is copied, as rsync(1) writes it under FILTER RULES, and the reading of it. Patterns are text as
 * posix/names.ts describes. Plain data, so that a rule can go to another thread.
 */
import { UsageError } from '../../exit.js';

export interface Rule {
  /** As it was written, without the slash at its end. */
  readonly pattern: string;
  readonly include: boolean;
  /** It had a slash at its end. */
  readonly foldersOnly: boolean;
  /** It applies to what its pattern does not match. */
  readonly negated: boolean;
  /** It decides what is copied, and what is protected at the destination; one at least. */
  readonly source: boolean;
  readonly dest: boolean;
  /** Neither side was named: --delete-excluded takes the destination from it. */
  readonly plain: boolean;
}

/** What a line asks for: a rule, a file of more rules, or to forget those before it. */
export type Told =
  | { readonly kind: 'rule'; readonly rule: Rule }
  | { readonly kind: 'merge'; readonly file: string; readonly reading: Reading; readonly excludesItself: boolean }
  | { readonly kind: 'clear' };

/** How lines are read. */
export interface Reading {
  /**
   * old: a pattern, which `+ ` or `- ` may stand before, or `!` (--exclude, --include and their files); full: a filter
   * rule; pattern: nothing but a pattern.
   */
  readonly form: 'old' | 'full' | 'pattern';
  /** What a pattern without a sign does. */
  readonly include: boolean;
  /** What the file that the line is in is for; undefined: both. */
  readonly side: 'source' | 'dest' | undefined;
}

export const EXCLUDES: Reading = { form: 'old', include: false, side: undefined };
export const INCLUDES: Reading = { form: 'old', include: true, side: undefined };
export const FILTERS: Reading = { form: 'full', include: false, side: undefined };

/** Bytes of the longest path that Linux takes. */
const PATH_MAX = 4096;

const LONG_NAMES: Readonly<Record<string, string>> = {
  exclude: '-',
  include: '+',
  hide: 'H',
  show: 'S',
  protect: 'P',
  risk: 'R',
  merge: '.',
  'dir-merge': ':',
  clear: '!',
};

/** What a line says. Throws a UsageError for one that is not well formed, or asks for what is not there. */
export function readRule(text: string, reading: Reading): Told {
  switch (reading.form) {
    case 'pattern':
      return ruleOf(text, reading.include, sidesOf(reading, ''), false);
    case 'old': {
      if (text === '!') return { kind: 'clear' };
      const signed = text.startsWith('- ') || text.startsWith('+ ');
      const include = signed ? text[0] === '+' : reading.include;
      return ruleOf(signed ? text.slice(2) : text, include, sidesOf(reading, ''), false);
    }
    case 'full':
      return readFull(text, reading);
  }
}

/** A name of one letter, modifiers at once or after a comma; a long name, modifiers after a comma; then the pattern. */
const FULL =
  /^(?:(exclude|include|hide|show|protect|risk|merge|dir-merge|clear)(?=[ _,]|$)|([-+HSPR.:!]))(?:,?([^ _]*))(?:[ _](.*))?$/s;

function readFull(text: string, reading: Reading): Told {
  const [, long, letter, modifiers = '', pattern = ''] = FULL.exec(text) ?? [];
  const name = long === undefined ? letter : LONG_NAMES[long];
  if (name === undefined)
    throw new UsageError("not a filter rule; write for example '- *.tmp', '+ /keep/***' or 'P .trash/'");
  if (name === '!') {
    if (modifiers !== '' || pattern !== '')
      throw new UsageError('nothing may follow the ! that forgets the rules before it');
    return { kind: 'clear' };
  }
  if (name === ':') {
    throw new UsageError(
      'rules in files of the folders themselves (dir-merge) are not read; write rules, or a merge file',
    );
  }
  const merges = name === '.';
  const allowed = merges ? '-+esr' : 'HSPR'.includes(name) ? '!' : '!sr';
  for (const modifier of modifiers) {
    if (!allowed.includes(modifier))
      throw new UsageError(`unknown modifier '${modifier}'; known here are ${[...allowed].join(' ')}`);
  }
  const side = 'HS'.includes(name) ? 's' : 'PR'.includes(name) ? 'r' : modifiers;
  const sides = sidesOf(reading, side);
  if (!merges) return ruleOf(pattern, '+SR'.includes(name), sides, modifiers.includes('!'));
  if (pattern === '') throw new UsageError('the name of the file is missing');
  const bare = modifiers.includes('-') || modifiers.includes('+');
  return {
    kind: 'merge',
    file: pattern,
    excludesItself: modifiers.includes('e'),
    reading: {
      form: bare ? 'pattern' : 'full',
      include: modifiers.includes('+'),
      side: sides.plain || (sides.source && sides.dest) ? undefined : sides.source ? 'source' : 'dest',
    },
  };
}

type Sides = Pick<Rule, 'source' | 'dest' | 'plain'>;

/** `letters` with s for the sending side, r for the receiving one; neither stands for both. */
function sidesOf({ side }: Reading, letters: string): Sides {
  const source = letters.includes('s');
  const dest = letters.includes('r');
  if (side !== undefined) {
    if (source || dest) throw new UsageError('the file that it is in is for one side already');
    return { source: side === 'source', dest: side === 'dest', plain: false };
  }
  return source || dest ? { source, dest, plain: false } : { source: true, dest: true, plain: true };
}

function ruleOf(text: string, include: boolean, sides: Sides, negated: boolean): Told {
  if (text === '') throw new UsageError('the pattern is missing');
  if (Buffer.byteLength(text) >= PATH_MAX) throw new UsageError('the pattern is longer than any path');
  const foldersOnly = text.length > 1 && text.endsWith('/');
  return {
    kind: 'rule',
    rule: { pattern: foldersOnly ? text.slice(0, -1) : text, include, foldersOnly, negated, ...sides },
  };
}
