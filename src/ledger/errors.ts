import { Exit, ExitError } from '../exit.js';

/** The ledger cannot be used: exit code 5. Nothing was changed in it. */
export class LedgerError extends ExitError {
  constructor(message: string) {
    super(message, Exit.ledger);
  }
}

/** An error of SQLite's, which is one of the ledger or of its disk. */
export function isSqlite(error: unknown): boolean {
  return String((error as { code?: unknown } | undefined)?.code).startsWith('SQLITE_');
}
