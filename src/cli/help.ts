/** The text of --help, from the tables of options and exit codes. */
import { EXIT_MEANINGS } from '../exit.js';
import type { OptionGroup } from './option.js';
import { GROUP_TITLES, OPTION_NAMES, type OptionName, optionOf } from './options.js';

/** Columns: of the whole text, and of the descriptions' start. */
const WIDTH = 80;
const INDENT = 28;

const USAGE = `Usage: millrace [copy] [options] <source> <dest>
       millrace status [options] [<source> <dest>]
       millrace report -o FILE.html|.csv|.json [options] [<source> <dest>]

Copies the tree <source> into the folder <dest>; run it again to go on.`;

const NOTES = `SIZE and RATE: K M G T are powers of 1024, KB MB GB TB of 1000. Most options may
also be a variable (MILLRACE_BLOCK_SIZE) or a key of the config file
(block-size); flags win over variables, variables over the file.`;

const EXAMPLES = `Examples:
  millrace copy /mnt/old /mnt/new --bwlimit 80M
  millrace status /mnt/old /mnt/new`;

export function helpText(): string {
  const groups = (Object.keys(GROUP_TITLES) as OptionGroup[]).map(groupText);
  const codes = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `  ${code}  ${meaning}`);
  return [USAGE, '', ...groups, '', NOTES, '', 'Exit codes:', ...codes, '', EXAMPLES, ''].join('\n');
}

function groupText(group: OptionGroup): string {
  const lines = OPTION_NAMES.filter((name) => optionOf(name).group === group).flatMap(optionLines);
  return [GROUP_TITLES[group], ...lines].join('\n');
}

function optionLines(name: OptionName): string[] {
  const { short, metavar, help, fallback, kind } = optionOf(name);
  const left = `  ${short === undefined ? '   ' : `-${short},`} --${name}${metavar === undefined ? '' : ` ${metavar}`}`;
  const text = fallback === undefined || kind === 'toggle' ? help : `${help} [${fallback}]`;
  const [first = '', ...rest] = wrapped(text, WIDTH - INDENT);
  return [left.padEnd(INDENT) + first, ...rest.map((line) => ' '.repeat(INDENT) + line)];
}

/** The words of `text` in lines of at most `width` characters. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
