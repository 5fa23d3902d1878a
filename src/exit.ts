/** How a millrace process ends: its exit codes, and the errors that choose one. */

/** Exit codes of every command. Each means one thing, so that a script can act on it. */
export const Exit = {
  ok: 0,
  someFailed: 1,
  usage: 2,
  stopped: 3,
  share: 4,
  ledger: 5,
} as const;

export type ExitCode = (typeof Exit)[keyof typeof Exit];

/** One line for each exit code, as --help and the README say it. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  [Exit.ok]: 'all synced',
  [Exit.someFailed]: 'finished, but some entries failed; each is listed',
  [Exit.usage]: 'bad usage or configuration; nothing was touched',
  [Exit.stopped]: 'stopped before the end; the same command goes on from there',
  [Exit.share]: 'a share is missing, is not what it was, or did not come back',
  [Exit.ledger]: 'the ledger cannot be used',
};

/** The line for a code as a ledger has it, which may be of another version. */
export function exitMeaning(code: number): string {
  return EXIT_MEANINGS[code as ExitCode] ?? `exit code ${code}`;
}

/** An error that ends the process with `exitCode`. Its message is one line for the operator, without a stack. */
export class ExitError extends Error {
  override name = 'ExitError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Wrong arguments, environment or config file. Thrown before anything is opened or created. */
export class UsageError extends ExitError {
  override name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, Exit.usage, options);
  }
}

/** Runs `work`; a UsageError in it says first where what is wrong was found: `--bwlimit 'x': ...`. */
export function locating<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${where}: ${error.message}`);
  }
}
