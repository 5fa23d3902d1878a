import type { Ledger } from '../ledger/ledger.js';
import type { Settings } from '../settings.js';
import { steadyMs } from '../stats/clock.js';
import type { ActiveFile, Migration, Snapshot, Tally } from '../stats/snapshot.js';
import { pathOf } from './conveyor.js';
import type { Session } from './session.js';

const ACTIVE_SHOWN = 8;

/** What of a snapshot stays as it is. */
export interface Frame {
  readonly migration: Migration;
  /** Of the session, ms since the Unix epoch. */
  readonly startedMs: number;
}

/** The snapshot of a session as it is now. */
export function pictureOf(session: Session, ledger: Ledger, settings: Settings, frame: Frame): Snapshot {
  const { totals } = ledger;
  const { ahead } = session.recorder;
  const tally = (files: number, bytes: number, more: Tally): Tally => ({
    files: files + more.files,
    bytes: bytes + more.bytes,
  });
  return {
    nowMs: steadyMs(),
    ...frame,
    phase: session.phase,
    resumed: session.resumed,
    dryRun: settings.dryRun,
    stopping: session.stopping,
    scan: { done: session.scan.isDone, ...session.scan.seen },
    readBytes: session.crew.readBytes,
    writtenBytes: session.crew.writtenBytes,
    session: {
      copied: { ...session.outcomes.copied },
      same: { ...session.outcomes.same },
      stamped: session.outcomes.stamped,
      linked: session.outcomes.linked,
      deleted: session.outcomes.deleted,
      failed: session.outcomes.failed,
      warned: session.outcomes.warned,
    },
    total: {
      synced: tally(totals.syncedFiles, totals.syncedBytes, ahead.synced),
      pending: tally(totals.pendingFiles, totals.pendingBytes, ahead.pending),
      failed: tally(totals.failedFiles, totals.failedBytes, ahead.failed),
      skipped: totals.skippedFiles,
    },
    lanes: session.crew.counts,
    flow: session.crew.flow,
    calls: { source: session.crew.callCounts('source').map(plain), dest: session.crew.callCounts('dest').map(plain) },
    errors: session.outcomes.tally.errors,
    recent: session.outcomes.tally.recent,
    ...session.crew.pacer.state,
    troubles: session.guardian.watch.troubles,
    stalls: session.guardian.stalls.all,
    active: activeFiles(session),
  };
}

function plain(counts: Float64Array): number[] {
  return [...counts];
}

/** Files that lanes have, as far as they are written: a lane that writes several shows one at a time. */
function activeFiles({ crew, conveyor }: Session): ActiveFile[] {
  for (const { id, done, startedMs, isWriting } of crew.files()) {
    const item = conveyor.item(id);
    if (!item) continue;
    item.shown ??= { written: 0, startedMs };
    if (isWriting) item.shown.written = Math.max(item.shown.written, done);
  }
  const active: ActiveFile[] = [];
  for (const item of conveyor.inHand) {
    if (!item.shown) continue;
    const { written, startedMs } = item.shown;
    active.push({ path: pathOf(item), size: item.meta.size, done: written, startedMs });
  }
  return active.sort((a, b) => b.size - a.size).slice(0, ACTIVE_SHOWN);
}
