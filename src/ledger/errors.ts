import { Exit, ExitError } from '../exit.js';

/** The ledger cannot be used: exit code 5. Nothing was changed in it. */
export class LedgerError extends ExitError {
  constructor(message: string) {
    super(message, Exit.ledger);
  }
}
