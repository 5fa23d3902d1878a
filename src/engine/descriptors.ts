/** Open files: how many a run needs for its threads, where the process may have few. */
import { UsageError } from '../exit.js';
import type { Settings } from '../settings.js';

/** The program's own: code, ledger, log, sockets, terminal. */
const OWN = 120;
/** A reader or writer with few folders kept open: its event loop's, the root, folders, a file. A scanner has fewer. */
const LANE = 8;
const SCANNER = 6;
/** One reader, one writer, and a scanner for each side. */
const ONE_OF_EACH = 2 * (LANE + SCANNER);

/** Of each kind of thread, as many as there may be where nobody says how many there shall be. At least one. */
export function affordableLanes(limit: number): number {
  return Math.max(1, Math.floor((limit - OWN) / ONE_OF_EACH));
}

/** Throws a UsageError where the threads that were asked for need more open files than `limit`. */
export function checkOpenFiles(
  { readers, writers, scanners }: Pick<Settings, 'readers' | 'writers' | 'scanners'>,
  limit: number,
): void {
  const least = (asked: number) => Math.max(1, asked);
  const needed = OWN + LANE * (least(readers) + least(writers)) + 2 * SCANNER * least(scanners);
  if (needed <= limit) return;
  const what = `these threads need about ${needed} open files, and this process may have ${limit}`;
  throw new UsageError(
    `${what}: raise that (ulimit -n, LimitNOFILE= of a unit), or give fewer --readers, --writers and --scanners`,
  );
}
