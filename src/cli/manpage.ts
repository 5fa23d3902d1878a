/**
 * The man page, from the tables of commands, options and exit codes: `npm run man` writes man/millrace.1. In man(7) and
 * groff, as all systems have them.
 */
import { EXIT_MEANINGS } from '../exit.js';
import { COMMAND_NAMES, commandRow } from './commands.js';
import { variableOf } from './environment.js';
import type { OptionGroup } from './option.js';
import { GROUP_TITLES, OPTION_NAMES, type OptionName, optionOf } from './options.js';
import { version } from './version.js';

const DESCRIPTION = [
  'millrace moves large trees of files between two mounted shares (NFS, SMB, local disks): hundreds of terabytes, for ' +
    'weeks, over a link that others are using. What is in the folder <source> ends up in the folder <dest>, as with ' +
    'rsync -rlt source/ dest/ (permissions and owners are recorded, not applied). It can be stopped or killed at any moment; the same command goes on where it was.',
  'A ledger has a row and a hash for every file, and an audit log has a line for every finished entry. The first Ctrl-C ' +
    'finishes the files in flight, the second stops at once.',
];

const VALUES =
  'A SIZE or RATE is in bytes, or bytes per second: K M G T are powers of 1024, KB MB GB TB of 1000. A TIME has a unit: ' +
  '20ms, 90s, 30m, 24h, 2d. Flags win over variables, variables over the config file.';

const WITHOUT_VARIABLE = OPTION_NAMES.filter((name) => !optionOf(name).env).map((name) => `--${name}`);
const VARIABLES =
  `Each option may be a variable, such as ${variableOf('block-size')} for --block-size, but for ` +
  `${WITHOUT_VARIABLE.join(', ')}. Toggles take 1, true, yes, on, or 0, false, no, off. An unknown variable is an error.`;

const FILES: readonly (readonly [file: string, text: string])[] = [
  [
    '~/.local/state/millrace/*.db',
    'The ledgers, one for each pair of source and destination: SQLite databases with a view files.',
  ],
  ['~/.local/state/millrace/*.log', 'The audit logs, JSON lines. SIGHUP opens the log anew, for logrotate.'],
  ['~/.config/millrace/config.toml', 'The config file: options by their long names, such as block-size = "8M".'],
];

const SEE_ALSO = ['rsync(1)', 'sqlite3(1)', 'tmux(1)', 'logrotate(8)'];

export function manPage(): string {
  const lines = [
    `.\\" Made by: npm run man`,
    `.TH MILLRACE 1 "" ${argument(`millrace ${version()}`)} "User Commands"`,
    '.SH NAME',
    'millrace \\- move large trees of files between two mounted shares',
    '.SH SYNOPSIS',
    ...COMMAND_NAMES.flatMap((name, index) => [
      ...(index === 0 ? [] : ['.br']),
      '.B millrace',
      code(commandRow(name).usage),
    ]),
    '.SH DESCRIPTION',
    ...DESCRIPTION.flatMap((text, index) => [...(index === 0 ? [] : ['.PP']), prose(text)]),
    '.SH COMMANDS',
    ...COMMAND_NAMES.flatMap((name) => ['.TP', `.B ${code(name)}`, prose(commandRow(name).description)]),
    '.SH OPTIONS',
    prose(VALUES),
    ...(Object.keys(GROUP_TITLES) as OptionGroup[]).flatMap(groupLines),
    '.SH ENVIRONMENT',
    ...tagged('MILLRACE_*', VARIABLES),
    ...tagged('XDG_STATE_HOME', 'Where the ledgers and logs are, instead of ~/.local/state.'),
    ...tagged('XDG_CONFIG_HOME', 'Where the config file is, instead of ~/.config.'),
    '.SH FILES',
    ...FILES.flatMap(([file, text]) => ['.TP', `.I ${code(file)}`, prose(text)]),
    '.SH EXIT STATUS',
    ...Object.entries(EXIT_MEANINGS).flatMap(([exit, meaning]) => tagged(exit, `${meaning}.`)),
    '.SH EXAMPLES',
    ...COMMAND_NAMES.flatMap((name) => commandRow(name).examples).flatMap((example) => [
      '.PP',
      '.EX',
      code(example),
      '.EE',
    ]),
    '.SH SEE ALSO',
    ...SEE_ALSO.map((page, index) => {
      const [name, section] = page.split('(') as [string, string];
      return `.BR ${name} (${section}${index < SEE_ALSO.length - 1 ? ',' : ''}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function groupLines(group: OptionGroup): string[] {
  const names = OPTION_NAMES.filter((name) => optionOf(name).group === group);
  return names.length === 0 ? [] : [`.SS ${GROUP_TITLES[group].replace(/:$/, '')}`, ...names.flatMap(optionLines)];
}

function optionLines(name: OptionName): string[] {
  const { short, metavar, help, fallback, kind, commands } = optionOf(name);
  const letter = short === undefined ? '' : `\\fB${code(`-${short}`)}\\fR, `;
  const value = metavar === undefined ? '' : ` \\fI${code(metavar)}\\fR`;
  const more = [
    ...(kind === 'toggle' || fallback === undefined ? [] : [`Default: ${fallback}.`]),
    ...(commands.includes('copy') ? [] : [`Only for: ${commands.join(', ')}.`]),
  ];
  const sentence = `${help[0]!.toUpperCase()}${help.slice(1)}.`;
  return ['.TP', `${letter}\\fB${code(`--${name}`)}\\fR${value}`, prose([sentence, ...more].join(' '))];
}

function tagged(tag: string, text: string): string[] {
  return ['.TP', `.B ${code(tag)}`, prose(text)];
}

/** Text that is to be typed or found as it is: every dash a minus, every sign the ASCII one. */
function code(text: string): string {
  return guarded(escaped(text).replaceAll('-', '\\-').replaceAll("'", '\\(aq').replaceAll('`', '\\(ga'));
}

/** Sentences, each on a line; a dash in a word is a hyphen, but in options, files and numbers a minus. */
function prose(text: string): string {
  const sentences = text.replace(/([.!?]) (?=[A-Z])/g, '$1\n').split('\n');
  return sentences
    .map((sentence) =>
      guarded(
        escaped(sentence).replace(/\S+/g, (word) => (/^\W*-|[/=_0-9]/.test(word) ? word.replaceAll('-', '\\-') : word)),
      ),
    )
    .join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('^', '\\(ha').replaceAll('~', '\\(ti');
}

/** A line that begins with one of these would be a request. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** One argument of a macro. */
function argument(text: string): string {
  return `"${code(text).replaceAll('"', '\\(dq')}"`;
}
