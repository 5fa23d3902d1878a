/** What an option is, and the kinds of options that the table in options.ts is made of. */
import { UsageError } from '../exit.js';
import type { RuleText } from '../scan/filter/choice.js';
import { isPartName } from '../share/partname.js';
import type { CommandName } from './commands.js';
import { didYouMean } from './nearest.js';
import { parseSize } from './units.js';

export type OptionGroup = 'work' | 'choice' | 'keep' | 'safety' | 'pace' | 'speed' | 'files' | 'output';

export interface Option<T = unknown> {
  /**
   * toggle: on or off, takes no value on the command line; path: the name of a file; number and text: in a config file,
   * a number may also be written without quotes.
   */
  readonly kind: 'toggle' | 'number' | 'text' | 'path';
  readonly group: OptionGroup;
  /** One letter that stands for the option after a single dash. Letters can be joined, one with a value last: -nv, -vo FILE. */
  readonly short: string | undefined;
  /** May be given again and again: `parse` gives a list, and the options that gather in the same one keep their order. */
  readonly gathersIn?: string;
  /** The word that stands for the value in --help; none for a toggle. */
  readonly metavar: string | undefined;
  readonly help: string;
  /** All that may be written, where that is one of a few words. */
  readonly words?: readonly string[];
  /** The default as a user would write it; undefined: computed, or nothing. */
  readonly fallback: string | undefined;
  readonly commands: readonly CommandName[];
  /** Has a MILLRACE_* variable. */
  readonly env: boolean;
  /** May stand in a config file; false: is no key at all; a text: is refused there, and why. */
  readonly file: boolean | string;
  /** The value, or a UsageError that completes "<where> <value>: ". */
  parse(text: string): T;
}

interface Where {
  readonly short?: string;
  readonly commands?: readonly CommandName[];
  readonly env?: boolean;
  readonly file?: boolean | string;
}

const common = (group: OptionGroup, help: string, where: Where) => ({
  group,
  help,
  short: where.short,
  commands: where.commands ?? (['copy'] as const),
  env: where.env ?? true,
  file: where.file ?? true,
});

export function toggle(group: OptionGroup, help: string, where: Where = {}) {
  return {
    kind: 'toggle' as const,
    metavar: undefined,
    fallback: 'false' as const,
    parse: parseToggle,
    ...common(group, help, where),
  };
}

/** On, off, or left to another option. */
export function override(group: OptionGroup, help: string, where: Where) {
  return { ...toggle(group, help, where), fallback: undefined };
}

/** A number of some sort: digits, with a unit or a word for a special case where `parse` takes one. */
export function valued<T>(
  group: OptionGroup,
  metavar: string,
  help: string,
  fallback: string,
  parse: (text: string) => T,
  where: Where = {},
) {
  return { kind: 'number' as const, metavar, fallback, parse, ...common(group, help, where) };
}

/** A size in bytes between two others, all written as sizes. */
export function sized(
  group: OptionGroup,
  help: string,
  fallback: string,
  range: { min: string; max: string },
  where: Where = {},
) {
  const [min, max] = [parseSize(range.min), parseSize(range.max)];
  const parse = (text: string): number => {
    const size = parseSize(text);
    if (size < min || size > max) throw new UsageError(`must be from ${range.min} to ${range.max}`);
    return size;
  };
  return valued(group, 'SIZE', help, fallback, parse, where);
}

/** One of a few words. */
export function choice<const C extends string>(
  group: OptionGroup,
  metavar: string,
  help: string,
  fallback: C,
  words: readonly C[],
  where: Where = {},
) {
  const parse = (text: string): C => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) throw new UsageError(`must be one of ${words.join(', ')}${didYouMean(text, words)}`);
    return word;
  };
  const full = `${help}: ${words.join(' ')}`;
  return { kind: 'text' as const, metavar, words, fallback, parse, ...common(group, full, where) };
}

/** The name of one entry of a folder. */
export function entryName(group: OptionGroup, help: string) {
  return { kind: 'text' as const, metavar: 'NAME', fallback: undefined, parse: parseName, ...common(group, help, {}) };
}

function parseName(text: string): string {
  // Up to 255 bytes is what Linux takes for a name (NAME_MAX).
  const isPlain = !/[\p{Cc}/]/u.test(text) && Buffer.byteLength(text) <= 255;
  const isName = isPlain && text !== '' && text !== '.' && text !== '..' && !isPartName(text);
  if (!isName) throw new UsageError('must be the name of one folder, such as .trash');
  return parsePath(text);
}

/** The name of a file; relative ones are resolved later. */
export function path(group: OptionGroup, help: string, where: Where = {}) {
  return {
    kind: 'path' as const,
    metavar: 'FILE',
    fallback: undefined,
    parse: parseFile,
    ...common(group, help, where),
  };
}

const WITHOUT_ORDER = "has no place among others in a file; write filter = ['- *.tmp', '. /etc/millrace/rules']";

/** One of the options that say what is copied, in their order. */
export function rule(
  option: RuleText['option'],
  metavar: string,
  help: string,
  file: true | typeof WITHOUT_ORDER = WITHOUT_ORDER,
) {
  const isFile = option.endsWith('-from');
  const parse = (text: string): RuleText[] => {
    if (!isFile && text.includes('\ufffd'))
      throw new UsageError('has bytes that are not UTF-8; write it into a file, and name that with --exclude-from');
    return [{ option, text: isFile ? parseInput(text) : text }];
  };
  return {
    kind: isFile ? ('path' as const) : ('text' as const),
    gathersIn: 'filter' as const,
    metavar,
    fallback: undefined,
    parse,
    ...common('choice', help, { env: false, file }),
  };
}

/** A file to be read, `-` for standard input. */
export function input(group: OptionGroup, help: string, where: Where) {
  return { ...path(group, help, where), parse: parseInput };
}

function parseInput(text: string): string {
  return text === '-' ? text : parseFile(text);
}

/** On or off, as the environment writes it. */
function parseToggle(text: string): boolean {
  const word = text.toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(word)) return true;
  if (['0', 'false', 'no', 'off'].includes(word)) return false;
  throw new UsageError('must be 1, true, yes or on, or 0, false, no or off');
}

/** A path that names what the user meant, or a UsageError. */
export function parsePath(text: string): string {
  if (text === '') throw new UsageError('the path is empty');
  if (text.includes('\0')) throw new UsageError('a path cannot hold a zero byte');
  // Node decodes arguments as UTF-8 and puts this character for other bytes: the path would be another one.
  if (text.includes('\ufffd')) {
    throw new UsageError('the path has bytes that are not UTF-8; reach it through a name that is, such as a symlink');
  }
  if (/^~(\/|$)/.test(text)) {
    throw new UsageError('the shell left ~ as it is; write $HOME, or ./~ for a folder of that name');
  }
  return text;
}

function parseFile(text: string): string {
  if (/(^|\/)\.{0,2}$/.test(parsePath(text))) throw new UsageError('names a folder; give the name of a file');
  return text;
}
