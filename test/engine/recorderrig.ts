/** A recorder with a scratch ledger, a log that remembers, and a destination that is flushed when a test says so. */

import type { AuditLine, AuditLog } from '../../src/audit/log.js';
import type { Item } from '../../src/engine/item.js';
import { Recorder } from '../../src/engine/recorder.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { prepare } from '../../src/ledger/sqlite.js';
import { dirWith, scratch } from '../ledger/rows.js';

export interface Rig {
  readonly ledger: Ledger;
  readonly recorder: Recorder;
  /** What happened, in order: `flush dest`, `line PATH`, `flush log`, `commit`. */
  readonly events: string[];
  readonly lines: AuditLine[];
  readonly committed: Item[];
  /** Replaced by tests that want a step to wait or to fail; a text is the code of a destination that is away. */
  flushDest: () => Promise<unknown>;
  flushLog: () => void;
  /** Statuses in the ledger as the documented view tells them, by name. */
  statuses(): Record<string, string>;
}

/** The ledger has folder 1, the root, and folder 2 at `dir`. */
export function recorderRig(withLog = true): Rig {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putDir(dirWith(2, { path: 'dir' }));
  });
  const events: string[] = [];
  const lines: AuditLine[] = [];
  const committed: Item[] = [];
  const log = {
    write: (line: AuditLine) => {
      lines.push(line);
      events.push(`line ${line.source}`);
    },
    flush: () => {
      events.push('flush log');
      rig.flushLog();
    },
  } as unknown as AuditLog;
  const recorder = new Recorder({
    ledger,
    log: withLog ? log : undefined,
    source: '/s',
    dest: '/d',
    checksum: 'md5',
    flushDest: async () => {
      events.push('flush dest');
      return (await rig.flushDest()) as string | undefined;
    },
    saved: () => {},
    committed: (items) => {
      events.push('commit');
      committed.push(...items);
    },
  });
  const rig: Rig = {
    ledger,
    recorder,
    events,
    lines,
    committed,
    flushDest: async () => {},
    flushLog: () => {},
    statuses: () =>
      Object.fromEntries(
        (prepare(ledger.db, 'SELECT source_path, status FROM files').raw().all() as [string, string][]).map(
          ([path, status]) => [path.slice(path.lastIndexOf('/') + 1), status],
        ),
      ),
  };
  return rig;
}

/** A promise and the means to settle it. */
export function gate(): { promise: Promise<void>; open(): void; fail(error: Error): void } {
  let open = () => {};
  let fail = (_: Error) => {};
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
