import { Exit, ExitError } from '../exit.js';

/** The ledger cannot be used: exit code 5. Nothing was changed in it. */
export class LedgerError extends ExitError {
  constructor(message: string) {
    super(message, Exit.ledger);
  }
}

/** What is in the ledger, or its file, cannot be so. */
export function damaged(what: string): LedgerError {
  return new LedgerError(`the ledger is damaged (${what}); restore it or start anew with --db`);
}

/** The file, by its name, is damaged. */
export function damagedFile(file: string, what: string): LedgerError {
  return new LedgerError(`${file}: damaged (${what}); restore it or start anew with --db`);
}

/** The file is something else. */
export function notOurs(file: string): LedgerError {
  return new LedgerError(`${file}: not a millrace ledger; it was left untouched`);
}

/** An error of SQLite's, which is one of the ledger or of its disk. */
export function isSqlite(error: unknown): boolean {
  return String((error as { code?: unknown } | undefined)?.code).startsWith('SQLITE_');
}

/** What the operator is told of such an error. */
export function ledgerTrouble(error: Error): string {
  const { code } = error as { code?: string };
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code ?? '')) return damaged(error.message).message;
  const isOfItsDisk = /^SQLITE_(FULL|IOERR)/.test(code ?? '');
  return `the ledger cannot be ${isOfItsDisk ? 'written' : 'used'}: ${error.message}`;
}
