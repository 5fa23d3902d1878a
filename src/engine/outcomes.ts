/** What became of entries in this session, as its summary and its surfaces tell it. */
import { Action, isDeletion } from '../pipeline/record.js';
import { codeOf, FinishTally } from '../stats/tally.js';
import { pathOf } from './conveyor.js';
import { type Item, isAsItWas, isContentThere, isEntry } from './item.js';

/** Failures kept for the summary; all are in the ledger and the log. */
const FAILURES_KEPT = 20;

type Amount = { files: number; bytes: number };

const REMOVALS: ReadonlySet<Action> = new Set([Action.remove, Action.removeDir, Action.removePart]);

export class Outcomes {
  readonly copied = { files: 0, bytes: 0 };
  readonly same = { files: 0, bytes: 0 };
  /** Files whose attributes alone were set. */
  stamped = 0;
  /** Names given to files that the destination has. */
  linked = 0;
  /** Of these, what the ledger has as synced. */
  readonly recorded = { copied: { files: 0, bytes: 0 }, stamped: 0, linked: 0 };
  /** Entries of which the destination did not take all. */
  warned = 0;
  deleted = 0;
  /** Extras that are still there because they are more than may be deleted. */
  keptExtras = 0;
  /** Paths of extras and unfinished files that could not be removed. */
  readonly unremoved = new Set<string>();
  failed = 0;
  readonly failures: { path: string; error: string; isTriedAgain?: boolean }[] = [];
  readonly tally = new FinishTally();

  /** An item that lanes are done with, for good or for this session. */
  finish(item: Item): void {
    const { action, result, failure } = item;
    const path = pathOf(item);
    if (item.warning !== undefined) this.warned++;
    if (REMOVALS.has(action)) {
      if (failure) this.unremoved.add(path);
      else this.unremoved.delete(path);
    }
    if (failure) this.fail(path, failure.message);
    else if (result && isEntry(item)) {
      this.forgetFailure(path);
      if (isAsItWas(item)) this.needNoCopy(1, result.size);
      else {
        count(this, item, result.size);
        if (isCopied(item)) this.tally.finished(path, result);
      }
    } else if (result && !isAsItWas(item) && isDeletion(item)) this.deleted++;
  }

  needNoCopy(files: number, bytes: number): void {
    add(this.same, files, bytes);
  }

  fail(path: string, error: string): void {
    // What fails again in this session is one failure; what is tried again has been taken out of the count.
    const before = this.forgetFailure(path);
    if (before === undefined || before.isTriedAgain) this.failed++;
    this.tally.failed(path, error, Date.now());
    if (this.failures.length < FAILURES_KEPT) this.failures.push({ path, error });
    else {
      // What is tried again may come well, and would leave this one counted and not named.
      const open = this.failures.findIndex(({ isTriedAgain }) => isTriedAgain);
      if (open >= 0) this.failures[open] = { path, error };
    }
  }

  /** Entries that had failed are to be tried again: so many, all of those whose error code is `wanted`. */
  retry(count: number, wanted: (code: string) => boolean): void {
    this.failed = Math.max(0, this.failed - count);
    for (const failure of this.failures) if (wanted(codeOf(failure.error))) failure.isTriedAgain = true;
  }

  /** The ledger has what became of the item. */
  commit(item: Item): void {
    if (item.result && !isAsItWas(item)) count(this.recorded, item, item.result.size);
  }

  /** Files that were published and are not recorded: the next run brings them again. */
  get unrecorded(): number {
    const { recorded } = this;
    return this.copied.files + this.stamped + this.linked - recorded.copied.files - recorded.stamped - recorded.linked;
  }

  /** An entry that failed at first and was tried again counts with its last outcome. */
  private forgetFailure(path: string): Outcomes['failures'][number] | undefined {
    const at = this.failures.findIndex((failure) => failure.path === path);
    return at < 0 ? undefined : this.failures.splice(at, 1)[0];
  }
}

function isCopied(item: Item): boolean {
  return item.action !== Action.stamp && item.action !== Action.hardLink && !isContentThere(item);
}

/** What was done for an entry, by its kind. */
function count(done: { copied: Amount; stamped: number; linked: number }, item: Item, bytes: number): void {
  if (isCopied(item)) add(done.copied, 1, bytes);
  else if (item.action === Action.hardLink) done.linked++;
  else done.stamped++;
}

function add(tally: Amount, files: number, bytes: number): void {
  tally.files += files;
  tally.bytes += bytes;
}
