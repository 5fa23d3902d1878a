/** A run's own answers to what an operator asks, be it at its screen or through its control socket. */

import { parseTimetable } from '../cli/timetable.js';
import type { Ledger } from '../ledger/ledger.js';
import { DirStatus } from '../ledger/schema.js';
import type { Timetable } from '../pace/timetable.js';
import { join } from '../posix/names.js';
import { quoted } from '../printable.js';
import { formatCount } from '../stats/format.js';
import type { FailureKey, FailurePage, Operator } from '../ui/operator.js';
import type { Controls } from './controls.js';

export class RunOperator implements Operator {
  constructor(
    private readonly controls: Controls,
    private readonly ledger: Ledger,
  ) {}

  async pause(): Promise<string> {
    if (this.controls.isEnding) throw new Error('the run is ending; it cannot be paused any more');
    return this.controls.pause() ? 'paused; nothing moves until it is resumed' : 'it was paused already';
  }

  async resume(): Promise<string> {
    return this.controls.resume() ? 'going on' : 'it was not paused';
  }

  async drain(): Promise<string> {
    return this.controls.drain() ? 'finishing the files in flight, then it ends' : 'it is ending already';
  }

  async stop(): Promise<string> {
    this.controls.stop();
    return 'stopping now';
  }

  async limit(rate: string): Promise<string> {
    let table: Timetable;
    try {
      table = parseTimetable(rate);
    } catch (error) {
      throw new Error(`limit ${quoted(rate)}: ${(error as Error).message}`);
    }
    this.controls.limit(table, rate);
    return `the limit is ${rate} now`;
  }

  async lanes(readers: number, writers: number): Promise<string> {
    this.controls.lanes(readers, writers);
    const told = (count: number, what: string) =>
      `${count === 0 ? 'as many' : count} ${what}${count === 0 ? ' as are of use' : ''}`;
    return `${told(readers, 'readers')}, ${told(writers, 'writers')} from now on`;
  }

  async retryFailed(): Promise<string> {
    if (this.controls.isHeldUp) throw new Error('a share is in trouble; ask again when it is back');
    const count = await this.controls.retryFailed();
    if (count === undefined) throw new Error('the run is about to end; start it again to try what failed');
    return count === 0 ? 'nothing has failed' : `trying again what failed: ${formatCount(count)}`;
  }

  async failures(after: FailureKey | undefined, limit: number): Promise<FailurePage> {
    return failurePage(this.ledger, after, limit);
  }
}

const MOST_FOLDERS = 100;

/** Failed entries of a ledger after one, in its order; before the first of them, folders. */
function failurePage(ledger: Ledger, after: FailureKey | undefined, limit: number): FailurePage {
  const rows = ledger.failedAfter(after?.dir ?? 0, after?.name ?? '', limit);
  const last = rows.at(-1);
  // Folders come with the first page: they are few, or the share is in trouble.
  const folders = after ? [] : ledger.dirsByStatus(DirStatus.failed, 0, MOST_FOLDERS);
  const entries = rows.map(({ dir, name, error }) => ({ path: join(ledger.pathOf(dir) ?? '', name), error }));
  return {
    failures: [...folders, ...entries].map(({ path, error }) => ({ path: path || '.', error: error ?? '' })),
    next: last && rows.length === limit ? { dir: last.dir, name: last.name } : undefined,
  };
}
