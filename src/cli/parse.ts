/**
 * What a command line asks for. Nothing is opened but the config file, and nothing is printed or created: whatever is
 * wrong becomes a UsageError.
 */

import { extname } from 'node:path';
import { locating, UsageError } from '../exit.js';
import type { ManifestOrder } from '../manifest/manifest.js';
import { quoted } from '../printable.js';
import type { DoctorSettings, Place, ProgressStyle, Settings, VerifySettings } from '../settings.js';
import type { Order } from '../ui/operator.js';
import { type Arguments, checkCommand, readArguments } from './argv.js';
import { COMMAND_NAMES, type CommandName, isCommand } from './commands.js';
import { gather } from './config.js';
import { readAction } from './ctl.js';
import type { Env } from './environment.js';
import { helpText } from './help.js';
import { didYouMean, nearest } from './nearest.js';
import { parsePath } from './option.js';
import type { Values } from './options.js';
import { ledgerHome } from './paths.js';
import { absolute, doctorSettingsOf, ledgerOf, type Machine, settingsOf, signedOutput, styleOf } from './settings.js';
import { SHELLS } from './shells.js';
import { verifySettingsOf } from './verification.js';
import { version } from './version.js';

export type { Place } from '../settings.js';

export type Command =
  | { readonly command: 'copy'; readonly settings: Settings; readonly detach: boolean }
  /** Show the state of a migration, as JSON or for people, once or again and again. */
  | { readonly command: 'status'; readonly ledger: Place; readonly json: boolean; readonly watch: boolean }
  /** Ask something of a run. */
  | { readonly command: 'ctl'; readonly ledger: Place; readonly action: Order }
  /** Show a run on this terminal. */
  | { readonly command: 'attach'; readonly ledger: Place; readonly progress: ProgressStyle }
  /** Write a report to the file `output` (absolute), in the format of its ending. */
  | { readonly command: 'report'; readonly ledger: Place; readonly output: string }
  /** Try what the two shares can do. */
  | { readonly command: 'doctor'; readonly settings: DoctorSettings }
  /** Write a manifest, or print it. */
  | { readonly command: 'manifest'; readonly ledger: Place; readonly order: ManifestOrder }
  /** Compare the destination with the ledger. */
  | { readonly command: 'verify'; readonly settings: VerifySettings }
  /** Print this text on stdout, and no more. */
  | { readonly command: 'shown'; readonly text: string };

const SEE_HELP = '; see millrace --help';

/** The meaning of `args` (without node and script). Throws UsageError. */
export async function parse(args: readonly string[], machine: Machine): Promise<Command> {
  const read = readArguments(args);
  const help = helpAskedOf(read);
  if (help) return { command: 'shown', text: helpText(commandAt(help)) };
  if (read.flags.version) return { command: 'shown', text: `${version()}\n` };

  const { command, paths } = commandOf(read);
  checkCommand(read.flags, command);
  if (command === 'completion') return { command: 'shown', text: await completion(paths) };
  const { action, rest } = command === 'ctl' ? readAction(paths) : { action: undefined, rest: paths };
  const named = rootsOf(command, rest);
  const values = await gather(read.flags, machine.env);
  switch (command) {
    case 'status':
      return { command, ledger: placeOf(values, named, machine.env), json: values.json, watch: values.watch };
    case 'ctl':
      return { command, ledger: placeOf(values, named, machine.env), action: action! };
    case 'attach':
      return {
        command,
        ledger: placeOf(values, named, machine.env),
        progress: styleOf(values, machine.terminal ?? 'none'),
      };
    case 'verify': {
      const roots = named && { source: absolute(named.source), dest: absolute(named.dest) };
      const ledger = placeOf(values, named, machine.env);
      return { command, settings: verifySettingsOf(values, ledger, roots, machine) };
    }
    case 'report':
      return { command, ledger: placeOf(values, named, machine.env), output: reportFile(values) };
    case 'doctor':
      return { command, settings: doctorSettingsOf(values, needed(named), machine.env) };
    case 'manifest':
      return { command, ledger: placeOf(values, named, machine.env), order: manifestOrder(values) };
    case 'copy': {
      const { source, dest } = needed(named);
      const settings = settingsOf(values, source, dest, machine);
      if (values.detach && settings.dryRun)
        throw new UsageError('--detach: a dry run is over before it could be watched');
      return { command, settings, detach: values.detach };
    }
  }
}

function needed<T>(named: T | undefined): T {
  if (named === undefined) throw new UsageError(`<source> and <dest> are missing${SEE_HELP}`);
  return named;
}

const REPORTS = ['.html', '.csv', '.json'];

function reportFile({ output }: Values): string {
  if (output === undefined) throw new UsageError('which file? write -o FILE.html, -o FILE.csv or -o FILE.json');
  if (!REPORTS.includes(extname(output)))
    throw new UsageError(`--output ${quoted(output)}: must end in one of ${REPORTS.join(', ')}`);
  return absolute(output);
}

function manifestOrder({ format, output, sign }: Values): ManifestOrder {
  return { format, ...signedOutput('-o', output, sign) };
}

function placeOf(values: Values, named: { source: string; dest: string } | undefined, env: Env): Place {
  if (values.db === undefined && named === undefined) return { onlyOneIn: ledgerHome(env) };
  const roots = named && { source: absolute(named.source), dest: absolute(named.dest) };
  return { file: ledgerOf(values, roots, env), roots };
}

/** What stands beside --help, or after the word `help`; undefined: no help is asked for. */
function helpAskedOf(read: Arguments): Pick<Arguments, 'words' | 'plain'> | undefined {
  if (read.flags.help) return read;
  const { words, plain } = read;
  const asked = { words: words.slice(1), plain: plain - 1 };
  const isAsked = words[0] === 'help' && plain > 0 && (words.length === 1 || (words.length === 2 && commandAt(asked)));
  return isAsked ? asked : undefined;
}

/** The command that the first word names; after `--` it is a path. */
function commandAt({ words: [first], plain }: Pick<Arguments, 'words' | 'plain'>): CommandName | undefined {
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
  return locating(`${place}${text === '' ? '' : ` ${quoted(text)}`}`, () => parsePath(text));
}
