import type { Snapshot, Tally } from './snapshot.js';

/** What of the migration is synced, and all of it as far as it is known. */
export interface Progress {
  /** `bytes` with what is written of files in flight; never more than `all`. */
  readonly done: Tally;
  /** Synced, pending or failed. */
  readonly all: Tally;
  /** 0 to 1. */
  readonly part: number;
}

/** Of all sessions together. */
export function progressOf({ total, active }: Snapshot): Progress {
  const { synced, pending, failed } = total;
  const all = {
    files: synced.files + pending.files + failed.files,
    bytes: synced.bytes + pending.bytes + failed.bytes,
  };
  const inFlight = active.reduce((sum, file) => sum + file.done, 0);
  const done = { files: synced.files, bytes: Math.min(synced.bytes + inFlight, all.bytes) };
  // Empty files have a number and no size.
  const part = all.bytes > 0 ? done.bytes / all.bytes : all.files > 0 ? done.files / all.files : 0;
  return { done, all, part };
}
