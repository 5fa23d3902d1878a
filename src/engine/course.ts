/**
 * The course of a session: what is done after what, from taking up what an earlier one left, or a new scan, to the times
 * of the folders and the second look of the last pass.
 */

import { countExtras, extraDepths, keepProtected } from '../ledger/extras.js';
import type { Ledger } from '../ledger/ledger.js';
import { DirStatus } from '../ledger/schema.js';
import { Call } from '../pace/latency.js';
import { Action } from '../pipeline/record.js';
import { compare, type Seen } from '../scan/compare.js';
import { digestOf } from '../scan/filter/choice.js';
import { lettersOf, NO_ATTRIBUTES } from '../share/attributes.js';
import { type Meta, metaOf } from '../share/entries.js';
import { keptRootMode } from '../share/local/folders.js';
import type { Side } from '../share/share.js';
import { kept } from '../share/timerange.js';
import { formatBytes, formatCount } from '../stats/format.js';
import { cleanName } from '../ui/clean.js';
import { pathOf } from './conveyor.js';
import { deletable } from './deletelimit.js';
import { LOW } from './feed.js';
import { CHOICE, type RootState, wantsMore } from './findings.js';
import { ONE_EACH } from './lanecount.js';
import { inTheWay, worthLastPass } from './retry.js';
import type { Session, SessionDeps } from './session.js';
import { dirPages, extrasOf, foldersOf, itemsOf, requeueFailed, type WorkList } from './worklists.js';

/** When both sides were looked at again, ms since the Unix epoch, and what that found. */
export interface SecondLook {
  readonly begunMs: number;
  readonly endedMs: number;
  /** Entries that are not as they were while they were copied. */
  readonly changed: number;
  /** Entries of the source that are left out. */
  readonly excluded: number;
}

export class Course {
  constructor(
    private readonly session: Session,
    private readonly deps: SessionDeps,
  ) {}

  /** Runs to the end, or until told to stop. */
  async follow(): Promise<void> {
    const { settings } = this.deps;
    this.begin();
    this.session.startScanners();
    // Started beside the scanners where there will be work for them; where all is copied, perhaps there is none.
    if (!settings.dryRun && (this.session.resumed || this.deps.ledger.totals.syncedFiles === 0))
      this.session.crew.startTransfer(ONE_EACH);
    this.session.phase = 'transfer';
    await this.transfer();
    if (this.session.stopping !== 'no') return;
    if (settings.dryRun) {
      this.tellDeletions();
      return;
    }
    const lacks = this.lacksOfBacklog();
    if (lacks !== undefined) {
      this.deps.note(`scanning again: the scan that left this backlog ${lacks}`);
      await this.scanAgain(this.deps.root);
      if (this.session.stopping !== 'no') return;
    }

    this.session.phase = 'last pass';
    if (this.requeueFailed(worthLastPass) > 0) await this.transfer();
    this.session.phase = 'clean-up';
    await this.cleanUp();
    if (this.requeueFailed(inTheWay) > 0) await this.transfer();
    this.session.phase = 'folders';
    await this.folders();
    if (settings.final && this.session.stopping === 'no') await this.lookAgain();
    if (this.session.stopping === 'no') this.session.phase = 'finished';
  }

  /** Why what was resumed is not all that there is to do; undefined: it is. */
  private lacksOfBacklog(): string | undefined {
    if (!this.session.resumed) return undefined;
    if (this.session.scan.errors > this.session.scan.seen.errors) return 'could not see everything';
    const { settings, ledger } = this.deps;
    return settings.deleteExtras && !ledger.scanState.extras ? 'did not look for extras' : undefined;
  }

  /** Whether both sides are still as they were while they were copied: scans again, and does what that finds. */
  private async lookAgain(): Promise<void> {
    const { note } = this.deps;
    this.session.phase = 'second look';
    note('looking at both sides again: nothing may have changed meanwhile');
    const begunMs = Date.now();
    const found = this.session.foundCount;
    // What was kept on purpose, or could not be removed, is found again, and has not come since.
    const kept = this.countExtras();
    const unremoved = new Set(this.session.outcomes.unremoved);
    const { root, hasChanged } = await this.lookAtRoots();
    // What this run has read (-c) is not read again.
    await this.scanAgain(root, true);
    if (this.session.stopping !== 'no') return;
    this.session.secondLook = {
      begunMs,
      endedMs: Date.now(),
      changed: this.session.foundCount - found + this.countExtrasBeside(kept, unremoved) + (hasChanged ? 1 : 0),
      excluded: this.session.scan.seen.excluded,
    };
    await this.cleanUp();
    // Those that failed are tried once more.
    await this.folders();
  }

  /** The roots themselves, of which no listing tells: whether the source's is as it was, and the destination's as it. */
  private async lookAtRoots(): Promise<{ root: RootState; hasChanged: boolean }> {
    const { ledger, root, rootState, range, grainNs, settings } = this.deps;
    const look = (side: Side) =>
      this.session.checkpoints.hopefully(this.session.guardian.asked(side, Call.open, rootState(side)));
    const [source, dest] = [await look('source'), await look('dest')];
    // The scan will tell what is wrong with it.
    if (typeof source === 'string' || typeof dest === 'string') return { root, hasChanged: true };
    const seen = (meta: Meta): Seen => ({
      kind: 'dir',
      target: 0,
      ...metaOf(meta),
      mtimeNs: kept(meta.mtimeNs, range),
    });
    const asKept = { ...metaOf(source), mode: keptRootMode(source.mode) };
    // As of any folder, see EntryJoin: what the destination did not take is not looked for.
    const wanted = ledger.dir(1)?.error === undefined ? settings.attributes : NO_ATTRIBUTES;
    const isStamped = compare(seen(asKept), seen(dest), grainNs, wanted) === 'same';
    const isAsItWas = isStamped && source.ctimeNs === root.meta.ctimeNs;
    return { root: { meta: source, isStamped: isAsItWas }, hasChanged: !isAsItWas };
  }

  /** A scan after the first of a session, and what it finds; failures of before are told again if they last. */
  private async scanAgain(root: RootState, readsNothing = false): Promise<void> {
    const { outcomes, scan } = this.session;
    outcomes.retry(outcomes.failed, () => true);
    this.session.startScanners();
    scan.start(this.deps.settings.deleteExtras, root, readsNothing);
    await this.transfer();
  }

  /** Resumes what an earlier session left, or begins a new scan. */
  private begin(): void {
    const { ledger, settings, root, note } = this.deps;
    const { running } = ledger.scanState;
    const backlog = hasBacklog(ledger);
    const whyAnew = this.whyAnew(backlog);
    if (whyAnew !== undefined && !settings.rescan) note(`scanning anew: ${whyAnew}`);
    this.session.resumed = backlog && !settings.rescan && whyAnew === undefined;
    if (this.session.resumed) {
      const { pendingFiles, pendingBytes } = ledger.totals;
      const scan = running ? '; the scan goes on where it was' : '';
      note(`resuming ${formatCount(pendingFiles)} files, ${formatBytes(pendingBytes)}${scan}`);
      this.session.scan.keepOnly(lettersOf(settings.attributes));
      ledger.commit(() => ledger.touchDir(1));
      if (running) this.session.scan.resume();
      this.requeueFailed(() => true);
      // What the scan could not list in an earlier session is still not copied.
      const next = dirPages(ledger, DirStatus.failed);
      for (let page = next(); page.length > 0; page = next())
        for (const dir of page) this.session.outcomes.fail(dir.path, dir.error ?? '');
      this.session.backlog.mayHave = true;
    } else this.session.scan.start(settings.deleteExtras, root);
  }

  /** Why what an earlier session left is not taken up as it is; undefined: it can be. */
  private whyAnew(hasBacklog: boolean): string | undefined {
    const { ledger, settings } = this.deps;
    const { running, extras, number } = ledger.scanState;
    if (number > 0 && ledger.meta(CHOICE) !== digestOf(settings.choice))
      return 'what is to be copied is chosen otherwise than in the last scan';
    if (ledger.wantsFullScan) return 'a root is not the folder it was';
    if (hasBacklog && wantsMore(lettersOf(settings.attributes), ledger.scanState))
      return 'attributes are to be kept that were not before';
    if (settings.deleteExtras && running && !extras) return 'the unfinished scan did not look for extras';
    return undefined;
  }

  /** Copies all that is pending, until the scan has ended and nothing is left. */
  private async transfer(): Promise<void> {
    const { order, dryRun } = this.deps.settings;
    // A dry run hands nothing out, in whatever order.
    if (order && !dryRun) await this.putInOrder();
    for (;;) {
      const held = this.session.heldCount;
      await this.session.until(() => {
        const more = !this.session.scan.isDone || this.session.backlog.mayHave || this.session.toRecord.size > 0;
        return this.session.conveyor.isIdle && (!more || this.session.stopping !== 'no');
      });
      await this.session.checkpoints.make();
      if (this.session.stopping !== 'no') return;
      const { ledger } = this.deps;
      const isDone = () => ledger.dirsWithPending(this.session.scan.number, 0, 1).length === 0;
      if (this.deps.settings.dryRun || isDone()) return;
      this.session.backlog.mayHave = true;
      if (this.session.heldCount > held) continue;
      // A folder counts entries as pending that are not: without this, nothing would ever come of it.
      ledger.commit(() => ledger.recount());
      if (isDone()) return;
    }
  }

  private async putInOrder(): Promise<void> {
    const { session } = this;
    session.isWhole = false;
    // Names that need no content (-H) are not waited for, and are done before what is pending is put in order.
    await session.until(() => (session.scan.isDone && session.conveyor.isIdle) || session.stopping !== 'no');
    await session.checkpoints.make();
    session.isWhole = true;
    session.backlog.mayHave = true;
  }

  /** What may be deleted of what the scan has found, but for --max-delete. */
  private countExtras(): number {
    const { ledger } = this.deps;
    ledger.commit(() => keepProtected(ledger));
    return countExtras(ledger, Action.remove, Action.removeDir);
  }

  /** Extras that have come, where so many, and those at the paths `unremoved`, were known. */
  private countExtrasBeside(kept: number, unremoved: ReadonlySet<string>): number {
    const { ledger } = this.deps;
    let known = kept;
    for (const action of unremoved.size === 0 ? [] : [Action.remove, Action.removeDir])
      for (const item of itemsOf(extrasOf(ledger, action))) if (unremoved.has(pathOf(item))) known++;
    return Math.max(0, this.countExtras() - known);
  }

  /** Why not one of the extras is deleted; undefined: all are. `synced`: files that the destination has besides. */
  private whyKept(extras: number, synced: number): string | undefined {
    const { scan } = this.session;
    if (scan.errors > 0) return `errors of the scan: ${formatCount(scan.errors)}`;
    if (!scan.provesAbsence) return 'the last full scan did not look for extras; use --rescan';
    const most = deletable(this.deps.settings.maxDelete, synced + extras);
    const [found, allowed] = [formatCount(extras), formatCount(most)];
    return extras > most ? `extras: ${found}, and at most ${allowed} may be; see --max-delete` : undefined;
  }

  /** What a dry run says of extras, in the order in which they would be deleted. */
  private tellDeletions(): void {
    const { ledger, settings, note } = this.deps;
    const { outcomes } = this.session;
    if (!settings.deleteExtras) return;
    const extras = this.countExtras();
    const why = this.whyKept(extras, outcomes.same.files + this.session.foundCount);
    if (why !== undefined) {
      note(`nothing would be deleted: ${why}`);
      return;
    }
    outcomes.deleted += extras;
    const tell = (next: WorkList) => {
      for (const item of itemsOf(next)) this.session.tellDeletion(pathOf(item), item.action === Action.removeDir);
    };
    tell(extrasOf(ledger, Action.remove));
    for (const depth of extraDepths(ledger, Action.removeDir)) tell(extrasOf(ledger, Action.removeDir, depth));
  }

  private async cleanUp(): Promise<void> {
    const { ledger, settings, note } = this.deps;
    await this.feedAll(extrasOf(ledger, Action.removePart));
    if (!settings.deleteExtras) return;
    const extras = this.countExtras();
    const why = this.whyKept(extras, ledger.totals.syncedFiles);
    if (why !== undefined) {
      note(`nothing ${this.session.outcomes.deleted > 0 ? 'more ' : ''}was deleted: ${why}`);
      if (this.session.scan.provesAbsence) this.session.outcomes.keptExtras = extras;
      return;
    }
    if (this.session.crew.trash !== undefined && extras > 0) {
      note(`extras go to ${cleanName(this.session.crew.trash)} in the destination`);
      // The folder is made in the root, whose times are to be set again.
      ledger.commit(() => ledger.touchDir(1));
    }
    await this.feedAll(extrasOf(ledger, Action.remove));
    // A folder is removed after the folders in it, all of one depth at a time.
    for (const depth of extraDepths(ledger, Action.removeDir))
      await this.feedAll(extrasOf(ledger, Action.removeDir, depth));
  }

  /** Makes the folders that no file has made, then sets times: nothing is changed inside a folder after that. */
  private async folders(): Promise<void> {
    const { ledger, root } = this.deps;
    await this.feedAll(foldersOf(ledger, DirStatus.toMake, Action.makeDir, root.meta));
    await this.feedAll(foldersOf(ledger, DirStatus.toStamp, Action.stampDir, root.meta));
  }

  /** Feeds page after page, and waits until all of it is done and recorded. */
  private async feedAll(next: WorkList): Promise<void> {
    while (this.session.stopping === 'no') {
      const items = next();
      if (items.length === 0) break;
      for (const item of items) this.session.conveyor.feed.add(item);
      await this.session.until(() => this.session.conveyor.feed.count < LOW || this.session.stopping !== 'no');
    }
    await this.session.until(() => this.session.conveyor.isIdle);
    await this.session.checkpoints.make();
  }

  /** Makes failed entries pending again whose error code says that another try is worth it. */
  requeueFailed(wanted: (code: string) => boolean): number {
    const count = requeueFailed(this.deps.ledger, wanted);
    if (count > 0) this.session.backlog.mayHave = true;
    this.session.outcomes.retry(count, wanted);
    return count;
  }
}

/**
 * Whether an earlier session left something that can be taken up: a scan that was cut off, or pending entries in
 * folders that the last scan reached. What lies in folders that it could not reach is for the next scan to find.
 */
function hasBacklog(ledger: Ledger): boolean {
  const { running, number } = ledger.scanState;
  return running || ledger.dirsWithPending(number, 0, 1).length > 0;
}
