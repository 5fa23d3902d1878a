/**
 * The command line as a layer of settings and a list of paths. yargs' parser reads the options; a first look at each
 * argument (spelledOut) refuses what it would let pass or guess at: `--dry-run=yes` is false to it, `-n5` too.
 *
 * It is the parser alone and not the whole of yargs, which takes longer to load than everything else at the start, and
 * passes the paths of a command through the parser once more, where one that begins with a dash gets lost.
 */
import parser, { type Options } from 'yargs-parser';
import { locating, UsageError } from '../exit.js';
import { quoted } from '../printable.js';
import { type CommandName, isCommand } from './commands.js';
import { didYouMean } from './nearest.js';
import { isOption, type Layer, OPTION_NAMES, type OptionName, optionOf } from './options.js';

export interface Arguments {
  /** The words that are not options, exactly as given, in order. */
  readonly words: readonly string[];
  /** How many of `words` stood before `--`, where the first may be a command. */
  readonly plain: number;
  readonly flags: Layer;
}

/** What a letter stands for: an option of this command, else one of another, which is refused by its name later. */
function nameOf(letter: string, command: CommandName): OptionName | undefined {
  const names = OPTION_NAMES.filter((name) => optionOf(name).short === letter);
  return names.find((name) => optionOf(name).commands.includes(command)) ?? names[0];
}

const TOGGLES = OPTION_NAMES.filter((name) => optionOf(name).kind === 'toggle');
const VALUED = OPTION_NAMES.filter((name) => optionOf(name).kind !== 'toggle');

const DECLARED: Options = {
  boolean: TOGGLES,
  string: VALUED,
  // Takes a value exactly: none for a toggle (not even `true`), and one, quotes included, elsewhere.
  narg: {
    ...Object.fromEntries(TOGGLES.map((name) => [name, 0])),
    ...Object.fromEntries(VALUED.map((name) => [name, 1])),
  },
  configuration: {
    'boolean-negation': true,
    'camel-case-expansion': false,
    'dot-notation': false,
    'duplicate-arguments-array': true,
    'parse-numbers': false,
    'parse-positional-numbers': false,
    'populate--': true,
  },
};

/** Reads `args` (without node and script). Throws a UsageError for anything that is not a known option, well formed. */
export function readArguments(args: readonly string[]): Arguments {
  const gathered: Gathered = {};
  const { argv: found, error } = parser.detailed(spelledOut(args, gathered), DECLARED);
  if (error) throw new UsageError(error.message);
  const plain = found._.map(String);
  const literal = (found['--'] ?? []) as string[];
  return { words: [...plain, ...literal], plain: plain.length, flags: { ...flagsOf(found), ...gathered } as Layer };
}

/** Throws when an option was given that `command` does not have. */
export function checkCommand(flags: Layer, command: CommandName): void {
  for (const name of Object.keys(flags) as OptionName[]) {
    const { commands } = optionOf(name);
    if (!commands.includes(command)) {
      throw new UsageError(`--${name} is an option of 'millrace ${commands[0]}', not of 'millrace ${command}'`);
    }
  }
}

function flagsOf(found: Record<string, unknown>): Layer {
  const layer: Partial<Record<OptionName, unknown>> = {};
  for (const name of OPTION_NAMES) {
    const value = found[name];
    if (Array.isArray(value)) throw new UsageError(`--${name} was given ${value.length} times; give it once`);
    if (typeof value === 'boolean') layer[name] = value;
    if (typeof value === 'string') layer[name] = read(name, value);
  }
  return layer as Layer;
}

function read(name: OptionName, text: string): unknown {
  if (text === '') throw new UsageError(missing(name));
  return locating(`--${name} ${quoted(text)}`, () => optionOf(name).parse(text));
}

/**
 * `args` with the names of options in place of their letters, each option before `--` looked at; what this lets pass,
 * yargs reads as it is meant.
 */
function spelledOut(args: readonly string[], gathered: Gathered): string[] {
  const [first = ''] = args;
  const command = isCommand(first) ? first : 'copy';
  const spelled: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--') return [...spelled, ...args.slice(at)];
    const isShort = /^-[^-]/.test(arg);
    spelled.push(...(isShort ? longOf(arg, command) : [arg]));
    const last = spelled.at(-1)!;
    if (!isShort && !arg.startsWith('--')) continue;
    if (checkLong(last, args[at + 1]) > 0) spelled.push(args[++at]!);
    gather(spelled, last, gathered);
  }
  return spelled;
}

/** What options that may be given again and again say, by the one that they gather in: yargs would lose their order. */
type Gathered = Record<string, unknown[]>;

/** Takes the option `last`, with its value, from the end of what was spelled out, if it is one of those. */
function gather(spelled: string[], last: string, gathered: Gathered): void {
  const [, name = '', glued] = /^--([^=]*)(?:=(.*))?$/s.exec(last) ?? [];
  const into = isOption(name) ? optionOf(name).gathersIn : undefined;
  if (into === undefined || !isOption(name)) return;
  const text = glued ?? spelled.pop()!;
  spelled.pop();
  gathered[into] = [...(gathered[into] ?? []), ...(read(name, text) as unknown[])];
}

/** The number of arguments after this one that are its value: 0 or 1. */
function checkLong(arg: string, next: string | undefined): number {
  const equals = arg.indexOf('=');
  const name = arg.slice(2, equals < 0 ? undefined : equals);
  const option = isOption(name) ? name : negated(name);
  if (option === undefined) {
    throw new UsageError(`unknown option --${quoted(name)}${didYouMean(name, OPTION_NAMES, (near) => `--${near}`)}`);
  }
  if (optionOf(option).kind === 'toggle') {
    if (equals >= 0) throw new UsageError(`--${name} takes no value; write --${option} or --no-${option}`);
    return 0;
  }
  if (option !== name) throw new UsageError(`--${name}: only an option without a value can be negated`);
  if (equals >= 0) return 0;
  // What begins with a dash is the next option, and the value was forgotten; or it is a negative number, which the
  // option's own check refuses in better words. A rule may begin with one that a space or a comma follows.
  const isNext = optionOf(option).gathersIn === undefined ? /^-[^0-9]/ : /^-(-|[a-z0-9]+$)/i;
  if (next === undefined || (isNext.test(next) && next !== '-')) throw new UsageError(missing(option));
  return 1;
}

function negated(name: string): OptionName | undefined {
  const positive = name.startsWith('no-') ? name.slice(3) : '';
  return isOption(positive) ? positive : undefined;
}

/** Letters after one dash: toggles, and at the end one with a value, which may follow at once: `-vo FILE`, `-oFILE`. */
function longOf(arg: string, command: CommandName): string[] {
  const long: string[] = [];
  for (let at = 1; at < arg.length; at++) {
    const name = nameOf(arg[at]!, command);
    if (name === undefined) throw unknown(arg, arg[at]!);
    const rest = arg.slice(at + 1);
    if (optionOf(name).kind === 'toggle' || rest === '') long.push(`--${name}`);
    else return [...long, `--${name}=${rest.replace(/^=/, '')}`];
  }
  return long;
}

function unknown(arg: string, letter: string): UsageError {
  const near = didYouMean(arg, OPTION_NAMES, (name) => `--${name}`);
  const which = arg.length > 2 ? `: there is no -${quoted(letter)}` : '';
  return new UsageError(
    `unknown option ${quoted(arg)}${near || `${which}; write a path that begins with - as ./- or after '--'`}`,
  );
}

function missing(name: OptionName): string {
  return `--${name} needs a value: --${name} ${optionOf(name).metavar}`;
}
