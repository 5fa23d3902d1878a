import { type AuditLog, AuditLogError } from '../audit/log.js';
import { exitNow } from '../posix/calls.js';

export interface SignalActions {
  /** Asked to end: true when it begins to drain, false when it was draining already. */
  drain(): boolean;
  stop(): void;
  /** SIGHUP: the terminal has gone, or logs were rotated. */
  hangUp(): void;
}

/**
 * SIGINT and SIGTERM drain at first and stop when they come again. Returns what is to be told the exit code once all is
 * done: a signal that comes then ends the process with that code, at once, and SIGHUP does nothing.
 */
export function listenForSignals(actions: SignalActions): (exitCode: number) => void {
  let ended: number | undefined;
  const end = () => {
    if (ended !== undefined) exitNow(ended);
    if (!actions.drain()) actions.stop();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  process.on('SIGHUP', () => {
    if (ended === undefined) actions.hangUp();
  });
  return (exitCode) => {
    ended = exitCode;
  };
}

/** Opens the audit log anew under its name; where that cannot be, tells so with `note`, and the old file is kept. */
export function reopenLog(log: AuditLog, note: (text: string) => void): void {
  try {
    log.reopen();
  } catch (error) {
    if (!(error instanceof AuditLogError)) throw error;
    note(`${error.message}; going on in the old file`);
  }
}
