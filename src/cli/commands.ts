/**
 * The commands, in the order of --help. This table is the one place for what a command is called and takes: the parser
 * (parse.ts), the help (help.ts), the man page (manpage.ts) and the completion (completion.ts) go by it. Which options a
 * command has is said at the options.
 */
import { SHELLS } from './shells.js';

export interface CommandRow {
  /** What is written after `millrace`. */
  readonly usage: string;
  /** For a list of commands, without a full stop. */
  readonly summary: string;
  /** One or more sentences. */
  readonly description: string;
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** What follows the command: the two roots, or one of these words. */
  readonly takes: 'roots' | readonly string[];
}

export const COMMANDS = {
  copy: {
    usage: '[copy] [options] <source> <dest>',
    summary: 'copy what <dest> lacks, and go on where it ended',
    description: 'Copies the tree <source> into the folder <dest>; run it again to go on.',
    examples: [
      'millrace copy /mnt/old /mnt/new --bwlimit 80M --dry-run',
      'millrace copy /mnt/old /mnt/new --bwlimit "mon-fri 08:00-18:00 20M, 80M"',
    ],
    takes: 'roots',
  },
  status: {
    usage: 'status [options] [<source> <dest>]',
    summary: 'what the ledger says of a migration, also in a run',
    description: 'Shows what the ledger says of a migration, also while a run has it.',
    examples: ['millrace status /mnt/old /mnt/new'],
    takes: 'roots',
  },
  completion: {
    usage: `completion ${SHELLS.join('|')}`,
    summary: 'print what completes millrace in bash, zsh or fish',
    description: 'Prints the script with which a shell completes commands, options and their values.',
    examples: ['source <(millrace completion bash)'],
    takes: SHELLS,
  },
} as const satisfies Record<string, CommandRow>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

/** The table's entry without its exact type, for code that treats all commands alike. */
export function commandRow(name: CommandName): CommandRow {
  return COMMANDS[name];
}
