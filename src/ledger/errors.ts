import { Exit, ExitError } from '../exit.js';
import { checksumName } from '../hash/registry.js';
import type { Checksum } from '../settings.js';

/** The ledger cannot be used: exit code 5. Nothing was changed in it. */
export class LedgerError extends ExitError {
  constructor(message: string) {
    super(message, Exit.ledger);
  }
}

/** What is in the ledger cannot be, though SQLite can read it. */
export function damaged(what: string): LedgerError {
  return new LedgerError(`the ledger is damaged (${what}); restore it or start anew with --db`);
}

/** The algorithm of a code in a row. */
export function algorithmOf(code: number): Checksum {
  try {
    return checksumName(code);
  } catch {
    throw damaged(`unknown checksum ${code}`);
  }
}

/** An error of SQLite's, which is one of the ledger or of its disk. */
export function isSqlite(error: unknown): boolean {
  return String((error as { code?: unknown } | undefined)?.code).startsWith('SQLITE_');
}

/** What the operator is told of such an error. */
export function ledgerTrouble(error: Error): string {
  const { code } = error as { code?: string };
  const isDamaged = code?.startsWith('SQLITE_CORRUPT') || code?.startsWith('SQLITE_NOTADB');
  const isFull = code?.startsWith('SQLITE_FULL') || code?.startsWith('SQLITE_IOERR');
  return `the ledger cannot be ${isFull && !isDamaged ? 'written' : 'used'}: ${error.message}`;
}
