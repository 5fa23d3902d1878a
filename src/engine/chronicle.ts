/** Writes a session's history into the ledger, for status and reports, while it runs and at its end. */
import type { Ledger } from '../ledger/ledger.js';
import { closeSession, noteSession, openSession, sessionsOf, thinHistory } from '../ledger/sessions.js';
import type { Migration, Snapshot } from '../stats/snapshot.js';

/** Between two rows. */
const EVERY_MS = 10_000;
/** Rows between two times of thinning. */
const THIN_EVERY = 60;

export class Chronicle {
  readonly migration: Migration;
  private notedMs: number;
  private rows = 0;

  /** Begins a session at `nowMs` since the Unix epoch. */
  constructor(
    private readonly ledger: Ledger,
    nowMs: number,
  ) {
    const session = openSession(ledger, nowMs);
    const begunMs = sessionsOf(ledger)[0]!.begunMs;
    this.migration = { ...ledger.pair, session, begunMs };
    this.notedMs = nowMs;
    thinHistory(ledger, nowMs);
  }

  /** To be called about once a second; `pull` makes the present snapshot. Throws when the ledger cannot be written. */
  tick(nowMs: number, pull: () => Snapshot): void {
    // Also when the clock was set back.
    if (Math.abs(nowMs - this.notedMs) < EVERY_MS) return;
    this.note(pull());
    if (++this.rows % THIN_EVERY === 0) thinHistory(this.ledger, nowMs);
  }

  end(snapshot: Snapshot, exitCode: number): void {
    this.note(snapshot);
    closeSession(this.ledger, this.migration.session, snapshot.nowMs, exitCode);
  }

  private note({ nowMs, readBytes, writtenBytes, session, total, bwlimit }: Snapshot): void {
    this.notedMs = nowMs;
    const { copied, same, deleted, failed } = session;
    const counts = { readBytes, writtenBytes, copiedFiles: copied.files, copiedBytes: copied.bytes };
    noteSession(
      this.ledger,
      { ...counts, sameFiles: same.files, deleted, failed },
      {
        session: this.migration.session,
        atMs: nowMs,
        readBytes,
        writtenBytes,
        doneFiles: copied.files + failed,
        readLimit: bwlimit.read,
        writeLimit: bwlimit.write,
        syncedFiles: total.synced.files,
        syncedBytes: total.synced.bytes,
        pendingFiles: total.pending.files,
        pendingBytes: total.pending.bytes,
        failedFiles: total.failed.files,
      },
    );
  }
}
