/** How a run of any kind ends: within bounds, whatever hangs, and with one line that says why. */
import { setTimeout } from 'node:timers/promises';
import { isSqlite, ledgerTrouble } from '../ledger/errors.js';
import { exitNow } from '../posix/calls.js';
import { SessionBroken } from './broken.js';
import type { Threads } from './threads.js';

/** How long lanes may take to end after the last entry, ms. */
export const PATIENCE_MS = 10_000;
/** How long a short question to a share may keep the process from ending then, ms. */
const SETTLE_MS = 3000;

/**
 * Waits for the threads, a little. Ends the process at once, with `code`, where a thread hangs in a dead mount or is slow:
 * such a thread can be neither ended nor left by process.exit. `haveEnded`: all lanes ended in time.
 */
export async function leave(threads: Threads, haveEnded: boolean, code: number): Promise<void> {
  // A timer that keeps the process alive: a thread that hangs in a question does not.
  const settled = haveEnded && (await Promise.race([threads.settled().then(() => true), setTimeout(SETTLE_MS, false)]));
  if (!settled) exitNow(code);
}

/** What the operator is told of an error that ended a run. */
export function reasonOf(error: unknown): string {
  if (error instanceof SessionBroken) return error.message;
  if (isSqlite(error)) return ledgerTrouble(error as Error);
  if (process.env.MILLRACE_INTERNAL_DEBUG === '1') return String((error as Error).stack);
  return (error as Error).message;
}
