/** The texts of --help, from the tables of commands, options and exit codes. */
import { EXIT_MEANINGS, Exit } from '../exit.js';
import { wrapped } from '../ui/wrap.js';
import { COMMAND_NAMES, type CommandName, commandRow } from './commands.js';
import type { OptionGroup } from './option.js';
import { GROUP_TITLES, OPTION_NAMES, type OptionName, optionOf } from './options.js';

/** Columns: of the whole text, and of the descriptions' start. */
const WIDTH = 80;
const INDENT = 28;

/** What most people need; one screen has no room for more. */
const MOST_USED: readonly OptionName[] = [
  'dry-run',
  'delete-extras',
  'rescan',
  'bwlimit',
  'checksum',
  'db',
  'progress',
  'metrics',
  'verbose',
  'help',
  'version',
];

const NOTES = `SIZE and RATE: K M G T are powers of 1024, KB MB GB TB of 1000. Most options may
also be a variable (MILLRACE_BLOCK_SIZE) or a key of the config file
(block-size); flags win over variables, variables over the file.`;

/** All options of one command, or one screen on all commands. */
export function helpText(command?: CommandName): string {
  return `${(command === undefined ? overview() : commandHelp(command)).join('\n')}\n`;
}

function overview(): string[] {
  return [
    `Usage: millrace ${commandRow('copy').usage}`,
    '       millrace COMMAND ...',
    '',
    ...wrapped(commandRow('copy').description, WIDTH),
    '',
    'Commands (millrace COMMAND --help shows all options of one):',
    ...COMMAND_NAMES.flatMap((name) => entry(`  ${name}`, commandRow(name).summary)),
    '',
    'The most used options:',
    ...MOST_USED.flatMap(optionLines),
    '',
    'Examples:',
    ...[...commandRow('copy').examples, ...commandRow('status').examples].map((line) => `  ${line}`),
    '',
    ...exitCodes(),
  ];
}

function commandHelp(command: CommandName): string[] {
  const { usage, description, examples } = commandRow(command);
  const options = OPTION_NAMES.filter((name) => optionOf(name).commands.includes(command));
  const hasValues = options.some((name) => !['toggle', 'path'].includes(optionOf(name).kind) && optionOf(name).env);
  return [
    `Usage: millrace ${usage}`,
    '',
    ...wrapped(description, WIDTH),
    '',
    ...(Object.keys(GROUP_TITLES) as OptionGroup[]).flatMap((group) => groupLines(group, options)),
    '',
    ...(hasValues ? [NOTES, ''] : []),
    ...codesOf(command),
    '',
    'Examples:',
    ...examples.map((line) => `  ${line}`),
  ];
}

function codesOf(command: CommandName): readonly string[] {
  const row = commandRow(command);
  if (row.exitCodes) return exitCodes(row.exitCodes);
  return row.endsAsCopy ? exitCodes() : ANSWER_CODES;
}

/** Of commands that only answer. */
const ANSWER_CODES = [
  'Exit codes:',
  '  0  done',
  `  ${Exit.usage}  bad usage or configuration`,
  `  ${Exit.stopped}  not possible now, or no run has the ledger`,
  `  ${Exit.ledger}  the ledger cannot be used`,
];

function exitCodes(meanings: Readonly<Record<string, string>> = EXIT_MEANINGS): string[] {
  return ['Exit codes:', ...Object.entries(meanings).map(([code, meaning]) => `  ${code}  ${meaning}`)];
}

function groupLines(group: OptionGroup, options: readonly OptionName[]): string[] {
  const lines = options.filter((name) => optionOf(name).group === group).flatMap(optionLines);
  return lines.length === 0 ? [] : [GROUP_TITLES[group], ...lines];
}

function optionLines(name: OptionName): string[] {
  const { short, metavar, help, fallback, kind } = optionOf(name);
  const left = `  ${short === undefined ? '   ' : `-${short},`} --${name}${metavar === undefined ? '' : ` ${metavar}`}`;
  return entry(left, fallback === undefined || kind === 'toggle' ? help : `${help} [${fallback}]`);
}

/** A name and what it means, which begins a line of its own where the name is long. */
function entry(left: string, text: string): string[] {
  const lines = wrapped(text, WIDTH - INDENT).map((line) => ' '.repeat(INDENT) + line);
  if (left.length >= INDENT) return [left, ...lines];
  return [left + lines[0]!.slice(left.length), ...lines.slice(1)];
}
