import { type AuditLog, AuditLogError } from '../audit/log.js';

export interface SignalActions {
  /** Asked to end: true when it begins to drain, false when it was draining already. */
  drain(): boolean;
  stop(): void;
  reopenLog(): void;
}

/**
 * SIGINT and SIGTERM drain at first and stop when they come again; SIGHUP opens the audit log anew (logrotate), and
 * also keeps a run alive whose terminal goes away. Returns what undoes the listening.
 */
export function listenForSignals(actions: SignalActions): () => void {
  const end = () => {
    if (!actions.drain()) actions.stop();
  };
  const handlers = { SIGINT: end, SIGTERM: end, SIGHUP: () => actions.reopenLog() };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
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
