/**
 * What a command line asks for. Nothing is opened but the config file, and nothing is printed or created: whatever is
 * wrong becomes a UsageError.
 */

import { UsageError } from '../exit.js';
import type { Settings } from '../settings.js';
import { type Arguments, checkCommand, readArguments } from './argv.js';
import { COMMAND_NAMES, type CommandName, isCommand } from './commands.js';
import { gather } from './config.js';
import { helpText } from './help.js';
import { didYouMean, nearest } from './nearest.js';
import { parsePath } from './option.js';
import { quoted } from './printable.js';
import { absolute, ledgerOf, type Machine, settingsOf } from './settings.js';
import { SHELLS } from './shells.js';
import { version } from './version.js';

export type Command =
  | { readonly command: 'copy'; readonly settings: Settings }
  /** Show the state of the ledger at this absolute path, as JSON or for people. */
  | { readonly command: 'status'; readonly ledger: string; readonly json: boolean }
  /** Print this text on stdout, and no more. */
  | { readonly command: 'shown'; readonly text: string };

const SEE_HELP = '; see millrace --help';

/** The meaning of `args` (without node and script). Throws UsageError. */
export async function parse(args: readonly string[], machine: Machine): Promise<Command> {
  const read = readArguments(args);
  const asksHelp = read.flags.help || (read.words.length === 1 && read.words[0] === 'help');
  if (asksHelp) return { command: 'shown', text: helpText(commandAt(read)) };
  if (read.flags.version) return { command: 'shown', text: `${version()}\n` };

  const { command, paths } = commandOf(read);
  checkCommand(read.flags, command);
  if (command === 'completion') return { command: 'shown', text: await completion(paths) };
  const named = rootsOf(command, paths);
  const values = await gather(read.flags, machine.env);
  if (command === 'status') {
    const roots = named && { source: absolute(named.source), dest: absolute(named.dest) };
    return { command, ledger: ledgerOf(values, roots, machine.env), json: values.json };
  }
  if (named === undefined) throw new UsageError(`<source> and <dest> are missing${SEE_HELP}`);
  return { command, settings: settingsOf(values, named.source, named.dest, machine) };
}

/** The command that the first word names; after `--` it is a path. */
function commandAt({ words: [first], plain }: Arguments): CommandName | undefined {
  return first !== undefined && plain > 0 && isCommand(first) ? first : undefined;
}

/** A first word that names no command is a path to copy. */
function commandOf(read: Arguments): { command: CommandName; paths: readonly string[] } {
  const { words } = read;
  const [first] = words;
  const command = commandAt(read);
  if (command !== undefined) return { command, paths: words.slice(1) };
  // Only a number of words that cannot be <source> <dest> makes a mistyped command of a word that is like one.
  const meant = first === undefined || words.length === 2 ? undefined : nearest(first, COMMAND_NAMES);
  if (meant !== undefined) throw new UsageError(`unknown command '${quoted(first!)}' (did you mean ${meant}?)`);
  return { command: 'copy', paths: words };
}

/** The two roots as given, or undefined when there is none. */
function rootsOf(command: CommandName, paths: readonly string[]): { source: string; dest: string } | undefined {
  const [source, dest, extra] = paths;
  if (extra !== undefined) {
    throw new UsageError(
      `'${quoted(extra)}' is one argument too many: ${command} takes <source> and <dest>; quote names that have spaces`,
    );
  }
  if (source === undefined) return undefined;
  if (dest === undefined) throw new UsageError(`<dest> is missing after '${quoted(source)}'${SEE_HELP}`);
  return { source: checked('<source>', source), dest: checked('<dest>', dest) };
}

async function completion([word, extra]: readonly string[]): Promise<string> {
  const usage = `; write millrace completion ${SHELLS.join('|')}`;
  if (word === undefined) throw new UsageError(`the shell is missing${usage}`);
  if (extra !== undefined) throw new UsageError(`'${quoted(extra)}' is one argument too many${usage}`);
  const shell = SHELLS.find((name) => name === word);
  if (shell === undefined)
    throw new UsageError(`'${quoted(word)}' is no shell known here${didYouMean(word, SHELLS)}${usage}`);
  return (await import('./completion.js')).completionScript(shell);
}

function checked(place: string, text: string): string {
  try {
    return parsePath(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${place}${text === '' ? '' : ` ${quoted(text)}`}: ${error.message}`);
  }
}
