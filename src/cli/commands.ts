/**
 * The commands, in the order of --help. This table is the one place for what a command is called and takes: the parser
 * (parse.ts), the help (help.ts), the man page (manpage.ts) and the completion (completion.ts) go by it. Which options a
 * command has is said at the options.
 */
import { Exit, type ExitCode } from '../exit.js';
import { ACTIONS } from './ctl.js';
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
  /** What follows the command: the two roots, or one of these words ... */
  readonly takes: 'roots' | readonly string[];
  /** ... and the roots after it. */
  readonly thenRoots?: boolean;
  /** It ends with a copy's exit codes; others answer, or cannot, unless they have codes of their own. */
  readonly endsAsCopy?: boolean;
  readonly exitCodes?: Readonly<Partial<Record<ExitCode, string>>>;
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
    endsAsCopy: true,
  },
  status: {
    usage: 'status [options] [<source> <dest>]',
    summary: 'how a migration stands: rates, end, failures',
    description:
      'Shows how a migration stands: what runs and how fast, when it will be done, what failed and why. Without <source> and <dest> it is the one that runs, or the only one.',
    examples: ['millrace status /mnt/old /mnt/new', 'millrace status --watch'],
    takes: 'roots',
  },
  ctl: {
    usage: 'ctl ACTION [options] [<source> <dest>]',
    summary: 'steer a run: its limit, lanes, pause and end',
    description: `Tells a run what to do, within a second: ${Object.entries(ACTIONS)
      .map(([name, words]) => [name, ...words].join(' '))
      .join(', ')}. RATE is as --bwlimit takes it, READERS and WRITERS are numbers or auto.`,
    examples: ['millrace ctl limit 20M', 'millrace ctl lanes 8 auto /mnt/old /mnt/new', 'millrace ctl drain'],
    takes: Object.keys(ACTIONS),
    thenRoots: true,
  },
  attach: {
    usage: 'attach [options] [<source> <dest>]',
    summary: 'show a run of another terminal, or a detached one',
    description:
      'Shows a run that goes on elsewhere; leaving it leaves the run alone. Ends with the run, and with its exit code.',
    examples: ['millrace copy /mnt/old /mnt/new --detach', 'millrace attach /mnt/old /mnt/new'],
    takes: 'roots',
    endsAsCopy: true,
  },
  verify: {
    usage: 'verify [options] [<source> <dest>]',
    summary: 'read <dest> again and compare with the ledger',
    description:
      "Reads what was copied back from <dest>, not from this machine's memory where the kernel lets go of it, and compares it with the hashes, sizes, times and kinds in the ledger. It changes nothing in the shares. Without --all, --since or --sample: what is not known to be equal since it was copied, so that the same command goes on where it ended.",
    examples: ['millrace verify /mnt/old /mnt/new --bwlimit 80M', 'millrace verify --sample 5%'],
    takes: 'roots',
    exitCodes: {
      [Exit.ok]: 'all that was asked for is equal',
      [Exit.someFailed]: 'finished, but something differs or has no hash; each is listed',
      [Exit.usage]: 'bad usage or configuration; nothing was read',
      [Exit.stopped]: 'stopped before the end; the same command goes on from there',
      [Exit.share]: 'a share is missing, is not what it was, or did not come back',
      [Exit.ledger]: 'the ledger cannot be used, or is in use',
    },
  },
  report: {
    usage: 'report -o FILE [options] [<source> <dest>]',
    summary: 'write it all up: .html for people, .csv, .json',
    description:
      'Writes what the ledger knows of a migration to a file, by its ending: .html is a page with charts to hand in, .csv a list of all entries, .json the figures.',
    examples: ['millrace report /mnt/old /mnt/new -o migration.html'],
    takes: 'roots',
  },
  doctor: {
    usage: 'doctor [options] <source> <dest>',
    summary: 'try what the shares can do, before a copy',
    description:
      'Tries out, with files of its own in a folder of <dest> that it removes again, what the destination keeps of names, times, sizes and attributes, and how fast both shares are. Of <source> it only reads.',
    examples: ['millrace doctor /mnt/old /mnt/new', 'millrace doctor /mnt/old /mnt/new --scan --json'],
    takes: 'roots',
    exitCodes: {
      [Exit.ok]: 'nothing failed',
      [Exit.someFailed]: 'some check failed',
      [Exit.usage]: 'bad usage or configuration; nothing was touched',
      [Exit.stopped]: 'stopped before the end',
      [Exit.share]: 'a share is missing, cannot be written, or hangs',
      [Exit.ledger]: 'the ledger cannot be used',
    },
  },
  manifest: {
    usage: 'manifest [options] [<source> <dest>]',
    summary: 'list what is synced, for sha256sum -c and others',
    description:
      'Writes what the ledger says is synced, in a format that other tools check: cd <dest> && sha256sum -c FILE. A Merkle root over all of it is told on standard error.',
    examples: [
      'millrace manifest /mnt/old /mnt/new -o new.sha256',
      'millrace manifest --format jsonl -o new.jsonl --sign key.pem',
    ],
    takes: 'roots',
    exitCodes: {
      [Exit.ok]: 'written, with all that is synced',
      [Exit.someFailed]: 'written; some files cannot be checked by it, as is told',
      [Exit.usage]: 'bad usage or configuration; nothing was written',
      [Exit.stopped]: 'not possible now',
      [Exit.ledger]: 'the ledger cannot be used',
    },
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
