/**
 * One session of a migration: transfer (with the scan running ahead of it), last pass, clean-up, folders. The
 * session owns the window, that is all items in memory, and decides when the scan rests, what is taken from the
 * backlog and when a checkpoint is due.
 */
import { setTimeout } from 'node:timers/promises';
import type { AuditLog } from '../audit/log.js';
import { checksumCode } from '../hash/registry.js';
import { inodeOf } from '../ledger/hardlinks.js';
import type { Ledger } from '../ledger/ledger.js';
import { DirStatus, EntryStatus } from '../ledger/schema.js';
import { Action } from '../pipeline/record.js';
import { Command } from '../pipeline/ring.js';
import { digestOf } from '../scan/filter/choice.js';
import type { Settings } from '../settings.js';
import { lettersOf } from '../share/attributes.js';
import type { Folding } from '../share/folding.js';
import type { RootIdentity } from '../share/identity.js';
import type { RenamedSort } from '../share/renaming.js';
import type { Side } from '../share/share.js';
import type { TimeRange } from '../share/timerange.js';
import { formatBytes, formatCount } from '../stats/format.js';
import type { Phase } from '../stats/snapshot.js';
import { cleanName } from '../ui/clean.js';
import { Backlog, type Source } from './backlog.js';
import { Conveyor, pathOf } from './conveyor.js';
import { Crew } from './crew.js';
import { deletable } from './deletelimit.js';
import { DELETING, doneLine, itemLine } from './entrylines.js';
import { CHOICE, type RootState, wantsMore } from './findings.js';
import { Guardian } from './guardian.js';
import { HardLinks } from './hardlinks.js';
import { type Item, isEntry } from './item.js';
import { type LaneNumbers, lanesFor, ONE_EACH } from './lanecount.js';
import { Outcomes } from './outcomes.js';
import { Queue } from './queue.js';
import { DestAway, Recorder } from './recorder.js';
import { inTheWay, worthLastPass } from './retry.js';
import { Scan } from './scan.js';
import type { Threads } from './threads.js';
import type { Look } from './watch.js';
import { dirPages, extrasOf, foldersOf, requeueFailed, type WorkList } from './worklists.js';

/** Items waiting for a lane at which the scan rests, and below which the backlog is asked. */
const WINDOW = 4096;
const LOW = 1024;
/** A window that stays full this long is spilled to the ledger, so that the scan goes on: it is far ahead. */
const FULL_MS = 1000;
/** A checkpoint is due after this time, or with this much to write. */
const CHECKPOINT_MS = 2000;
const CHECKPOINT_SIZE = 16_384;
/** The same while changed files wait to be recorded as pending. */
const RECORD_MS = 200;
const TICK_MS = 50;
const ADAPT_MS = 100;
export interface SessionDeps {
  readonly settings: Settings;
  readonly threads: Threads;
  readonly ledger: Ledger;
  readonly log: AuditLog | undefined;
  readonly root: RootState;
  /** Lanes to begin with, where nobody says how many there shall be. */
  readonly firstLanes: LaneNumbers;
  readonly grainNs: bigint;
  readonly range: TimeRange | undefined;
  /** Which names the destination takes for one. */
  readonly folding: Folding;
  readonly identities: Record<Side, RootIdentity>;
  /** See partName. */
  readonly partTag: string;
  /** Sorts of names that the destination has under others. */
  readonly renamed: readonly RenamedSort[];
  /** See JoinInput. */
  readonly beganNs: bigint | undefined;
  readonly distrustNs: bigint | undefined;
  /** The destination's root is not there (a dry run): nothing of it can be listed. */
  readonly destMissing: boolean;
  /** See RecorderDeps. */
  flushDest(): Promise<string | undefined>;
  /** See WatchDeps. */
  look(side: Side, room: number | undefined): Look;
  /** A line for the operator. */
  note(text: string): void;
  /** What is done, or would be done, to one entry (-v). */
  detail(text: string): void;
}

/** When both sides were looked at again, ms since the Unix epoch, and what that found. */
export interface SecondLook {
  readonly begunMs: number;
  readonly endedMs: number;
  /** Entries that are not as they were while they were copied. */
  readonly changed: number;
  /** Entries of the source that are left out. */
  readonly excluded: number;
}

export class Session {
  phase: Phase = 'starting';
  resumed = false;
  stopping: 'no' | 'drain' | 'stop' = 'no';
  readonly outcomes = new Outcomes();
  readonly scan: Scan;
  readonly crew: Crew;
  readonly conveyor: Conveyor;
  readonly recorder: Recorder;
  readonly guardian: Guardian;
  private readonly backlog: Source;
  /** What is pending can be put in the order that was asked for: the scan has ended, and all of it is in the ledger. */
  private isWhole = false;
  private readonly hardLinks: HardLinks;
  private readonly live = new Map<number, number>();
  /** Changed files, to be handed out once the ledger no longer calls them synced. */
  private readonly toRecord = new Set<Item>();
  private waiting: { done(): boolean; resolve(): void; reject(error: Error): void } | undefined;
  private broken: Error | undefined;
  private fullSince: number | undefined;
  private checkpointAt = performance.now();
  private adaptedAt = 0;
  private stepping = false;
  /** Items that were handed to the conveyor. */
  private heldCount = 0;
  /** Entries that scans found to be copied, made or given other times. */
  private foundCount = 0;
  /** Of --final, once it is over. */
  secondLook: SecondLook | undefined;

  constructor(private readonly deps: SessionDeps) {
    const { ledger, settings } = deps;
    this.hardLinks = new HardLinks(ledger, checksumCode(settings.checksum));
    this.recorder = new Recorder({
      ledger,
      log: deps.log,
      source: settings.source,
      dest: settings.dest,
      checksum: settings.checksum,
      flushDest: deps.flushDest,
      saved: (items) => {
        for (const item of items) if (this.toRecord.delete(item)) this.hold(item);
      },
      committed: (items) => this.committed(items),
    });
    this.scan = new Scan(
      ledger,
      this.recorder,
      {
        ...deps,
        trash: settings.trash,
        attributes: settings.attributes,
        choice: settings.choice,
        itemizes: settings.itemize,
      },
      {
        found: (item) => this.found(item),
        same: (files, bytes) => {
          // What was copied just now is no file that needed no copying.
          if (this.phase !== 'second look') this.outcomes.needNoCopy(files, bytes);
        },
        note: (what, path, isFolder) => this.noted(what, path, isFolder),
        changed: () => {
          this.foundCount++;
        },
        itemized: (path, changes) => deps.detail(`${changes} ${path}/`),
        failed: (path, error) => this.outcomes.fail(path, error),
        // In a dry run nothing is linked, so nothing is to be told of it.
        isFirst: (...member) => settings.dryRun || this.hardLinks.isFirst(...member),
        rootFailed: (side, failure) => this.breakOff(this.guardian.shareBroken(side, failure.message)),
        stuck: (side, failure) => this.guardian.watch.report(side, failure.code, 0),
        odd: (side) => {
          this.guardian.watch.hurry(side);
          return this.guardian.watch.isTroubled;
        },
        moved: () => this.step(),
      },
    );
    this.conveyor = new Conveyor(
      {
        finished: (item) => this.finished(item),
        stuck: (item, failure, side) => this.guardian.stuck(item, failure, side),
        odd: (side) => this.guardian.watch.hurry(side),
        moved: () => this.step(),
      },
      settings.order !== undefined,
    );
    this.guardian = new Guardian(this, deps);
    this.crew = new Crew(settings, deps.threads, deps, {
      readerStarted: (lane) => this.conveyor.addReader(lane),
      scannerStarted: (side, lane) => this.scan.addLane(side, lane),
      message: (message, reader) => this.conveyor.receive(message, reader),
      listed: (side, lane, answer) => this.scan.receive(side, lane, answer),
      died: (role, error, item) => void this.guardian.replaceLanes(role, error, item),
    });
    const scan = () => this.scan.number;
    this.backlog = settings.order
      ? new Queue(ledger, scan, settings.order)
      : new Backlog(ledger, scan, (dir) => this.live.has(dir));
  }

  /** Runs to the end, or until told to stop. Rejects when it cannot go on; the ledger is good in every case. */
  async run(): Promise<void> {
    const timer = setInterval(() => {
      this.crew.tick(new Date());
      this.guardian.tick();
      this.step();
    }, TICK_MS);
    try {
      await this.phases();
    } catch (error) {
      this.tell(Command.stop);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  private async phases(): Promise<void> {
    const { settings } = this.deps;
    this.begin();
    this.startScanners();
    // Started beside the scanners where there will be work for them; where all is copied, perhaps there is none.
    if (!settings.dryRun && (this.resumed || this.deps.ledger.totals.syncedFiles === 0))
      this.crew.startTransfer(ONE_EACH);
    this.phase = 'transfer';
    await this.transfer();
    if (settings.dryRun || this.stopping !== 'no') return;
    const lacks = this.lacksOfBacklog();
    if (lacks !== undefined) {
      this.deps.note(`scanning again: the scan that left this backlog ${lacks}`);
      this.outcomes.retry(this.outcomes.failed, () => true);
      this.startScanners();
      this.scan.start(settings.deleteExtras, this.deps.root);
      await this.transfer();
      if (this.stopping !== 'no') return;
    }

    this.phase = 'last pass';
    if (this.requeueFailed(worthLastPass) > 0) await this.transfer();
    this.phase = 'clean-up';
    await this.cleanUp();
    if (this.requeueFailed(inTheWay) > 0) await this.transfer();
    this.phase = 'folders';
    await this.folders();
    if (settings.final && this.stopping === 'no') await this.lookAgain();
    if (this.stopping === 'no') this.phase = 'finished';
  }

  /** Why what was resumed is not all that there is to do; undefined: it is. */
  private lacksOfBacklog(): string | undefined {
    if (!this.resumed) return undefined;
    if (this.scan.errors > this.scan.seen.errors) return 'could not see everything';
    const { settings, ledger } = this.deps;
    return settings.deleteExtras && !ledger.scanState.extras ? 'did not look for extras' : undefined;
  }

  /** Whether both sides are still as they were while they were copied: scans again, and does what that finds. */
  private async lookAgain(): Promise<void> {
    const { ledger, settings, note, root } = this.deps;
    this.phase = 'second look';
    note('looking at both sides again: nothing may have changed meanwhile');
    const begunMs = Date.now();
    const found = this.foundCount;
    // What was kept on purpose is found again, and has not come since.
    const kept = ledger.countExtras(Action.remove, Action.removeDir);
    this.outcomes.retry(this.outcomes.failed, () => true);
    this.startScanners();
    // What this run has read (-c) is not read again.
    this.scan.start(settings.deleteExtras, root, true);
    await this.transfer();
    if (this.stopping !== 'no') return;
    this.secondLook = {
      begunMs,
      endedMs: Date.now(),
      changed: this.foundCount - found + Math.max(0, ledger.countExtras(Action.remove, Action.removeDir) - kept),
      excluded: this.scan.seen.excluded,
    };
    if (this.secondLook.changed > 0) await this.cleanUp();
    // Those that failed are tried once more.
    await this.folders();
  }

  /** Resumes what an earlier session left, or begins a new scan. */
  private begin(): void {
    const { ledger, settings, root, note } = this.deps;
    const { running } = ledger.scanState;
    const backlog = hasBacklog(ledger);
    const whyAnew = this.whyAnew(backlog);
    if (whyAnew !== undefined && !settings.rescan) note(`scanning anew: ${whyAnew}`);
    this.resumed = backlog && !settings.rescan && whyAnew === undefined;
    if (this.resumed) {
      const { pendingFiles, pendingBytes } = ledger.totals;
      const scan = running ? '; the scan goes on where it was' : '';
      note(`resuming ${formatCount(pendingFiles)} files, ${formatBytes(pendingBytes)}${scan}`);
      this.scan.keepOnly(lettersOf(settings.attributes));
      ledger.commit(() => ledger.touchDir(1));
      if (running) this.scan.resume();
      this.requeueFailed(() => true);
      // What the scan could not list in an earlier session is still not copied.
      const next = dirPages(ledger, DirStatus.failed);
      for (let page = next(); page.length > 0; page = next())
        for (const dir of page) this.outcomes.fail(dir.path, dir.error ?? '');
      this.backlog.mayHave = true;
    } else this.scan.start(settings.deleteExtras, root);
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
      const held = this.heldCount;
      await this.until(() => {
        const more = !this.scan.isDone || this.backlog.mayHave || this.toRecord.size > 0;
        return this.conveyor.isIdle && (!more || this.stopping !== 'no');
      });
      await this.checkpoint();
      if (this.stopping !== 'no') return;
      const { ledger } = this.deps;
      const isDone = () => ledger.dirsWithPending(this.scan.number, 0, 1).length === 0;
      if (this.deps.settings.dryRun || isDone()) return;
      this.backlog.mayHave = true;
      if (this.heldCount > held) continue;
      // A folder counts entries as pending that are not: without this, nothing would ever come of it.
      ledger.commit(() => ledger.recount());
      if (isDone()) return;
    }
  }

  private async putInOrder(): Promise<void> {
    this.isWhole = false;
    await this.until(() => this.scan.isDone || this.stopping !== 'no');
    await this.checkpoint();
    this.isWhole = true;
    this.backlog.mayHave = true;
  }

  private async cleanUp(): Promise<void> {
    const { ledger, settings, note } = this.deps;
    await this.feedAll(extrasOf(ledger, Action.removePart));
    if (!settings.deleteExtras) return;
    if (!this.scan.provesAbsence) {
      const why =
        this.scan.errors > 0
          ? `errors of the scan: ${formatCount(this.scan.errors)}`
          : 'the last full scan did not look for extras; use --rescan';
      note(`nothing was deleted: ${why}`);
      return;
    }
    ledger.commit(() => ledger.keepProtected());
    const extras = ledger.countExtras(Action.remove, Action.removeDir);
    const { syncedFiles } = ledger.totals;
    const most = deletable(settings.maxDelete, syncedFiles + extras);
    if (extras > most) {
      const [found, allowed] = [formatCount(extras), formatCount(most)];
      note(`nothing was deleted: extras: ${found}, and at most ${allowed} may be; see --max-delete`);
      this.outcomes.keptExtras = extras;
      return;
    }
    if (this.crew.trash !== undefined && extras > 0) {
      note(`extras go to ${cleanName(this.crew.trash)} in the destination`);
      // The folder is made in the root, whose times are to be set again.
      ledger.commit(() => ledger.touchDir(1));
    }
    await this.feedAll(extrasOf(ledger, Action.remove));
    // A folder is removed after the folders in it, all of one depth at a time.
    for (const depth of ledger.extraDepths(Action.removeDir))
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
    while (this.stopping === 'no') {
      const items = next();
      if (items.length === 0) break;
      for (const item of items) this.conveyor.feed.add(item);
      await this.until(() => this.conveyor.feed.count < LOW || this.stopping !== 'no');
    }
    await this.until(() => this.conveyor.isIdle);
    await this.checkpoint();
  }

  /** Makes failed entries pending again whose error code says that another try is worth it. */
  private requeueFailed(wanted: (code: string) => boolean): number {
    const count = requeueFailed(this.deps.ledger, wanted);
    if (count > 0) this.backlog.mayHave = true;
    this.outcomes.retry(count, wanted);
    return count;
  }

  // ---- what lanes and scan report

  private found(item: Item): void {
    const { settings, detail } = this.deps;
    // What failed before is found again by each scan.
    if (!item.isApart && item.saved?.status !== EntryStatus.failed) this.foundCount++;
    this.recorder.add(item);
    if (settings.dryRun) {
      if (settings.itemize) detail(itemLine(item)!);
      else if (settings.verbose) detail(`${item.action === Action.stamp ? 'stamp' : 'copy'} ${pathOf(item)}`);
      return;
    }
    // Its turn comes when all is known.
    if (settings.order) return;
    // While the ledger says that the older content is there, that must stay true.
    if (item.saved?.status === EntryStatus.synced && item.action !== Action.stamp) this.toRecord.add(item);
    else this.hold(item);
  }

  private noted(what: 'make' | 'delete', path: string, isFolder: boolean): void {
    const { settings, detail } = this.deps;
    if (!settings.dryRun) return;
    if (what === 'delete') this.outcomes.deleted++;
    if (settings.itemize) {
      if (what === 'delete') detail(`${DELETING} ${path}${isFolder ? '/' : ''}`);
    } else if (settings.verbose) detail(`${what} ${path}`);
  }

  private hold(item: Item): void {
    this.heldCount++;
    this.live.set(item.dir.id, (this.live.get(item.dir.id) ?? 0) + 1);
    if (this.hardLinks.take(item)) this.conveyor.feed.add(item);
  }

  /** An item of the backlog: the ledger knows whether it has other names. */
  private holdAgain(item: Item): void {
    const { ledger, settings } = this.deps;
    if (settings.attributes.hardLinks) item.inode = inodeOf(ledger, item.dir.id, item.name);
    this.hold(item);
  }

  private letGo(item: Item): void {
    for (const left of this.hardLinks.letGo(item)) this.letGo(left);
    this.backlog.letGo(item);
    const left = (this.live.get(item.dir.id) ?? 0) - 1;
    if (left > 0) this.live.set(item.dir.id, left);
    else this.live.delete(item.dir.id);
  }

  finished(item: Item): void {
    for (const next of this.hardLinks.finished(item)) this.conveyor.feed.add(next);
    if (item.inode && !item.result && !item.failure) return;
    this.recorder.finish(item);
    this.outcomes.finish(item);
    const { settings, detail } = this.deps;
    if (settings.itemize && !item.failure) {
      const line = itemLine(item);
      if (line !== undefined) detail(line);
    } else if (settings.verbose) detail(doneLine(item));
  }

  private committed(items: readonly Item[]): void {
    this.backlog.committed();
    this.hardLinks.committed();
    for (const item of items) {
      if (!isEntry(item)) continue;
      this.letGo(item);
      this.outcomes.commit(item);
    }
  }

  /** Told to stop, or broken, however far that is. */
  get isEnding(): boolean {
    return this.stopping === 'stop' || this.broken !== undefined;
  }

  startScanners(): void {
    this.crew.startScanners(this.deps.destMissing ? ['source'] : ['source', 'dest']);
  }

  /** The session ends as soon as it can; what is finished is still recorded. */
  breakOff(error: Error): void {
    this.broken ??= error;
    this.step();
  }

  // ---- the loop

  /** Tells the session to drain or to stop now. */
  tell(command: Command): void {
    if (command === Command.drain && this.stopping === 'no') this.stopping = 'drain';
    if (command === Command.stop) this.stopping = 'stop';
    this.conveyor.draining = true;
    this.crew.pacer.resume();
    this.scan.paused = true;
    this.crew.tell(command);
    this.step();
  }

  /** Makes what failed pending again; how many entries that are. Undefined: the run is too far for that. */
  async retryFailed(): Promise<number | undefined> {
    const isLate = () => this.isEnding || this.stopping !== 'no' || !['transfer', 'last pass'].includes(this.phase);
    // What is gathered may say that an entry has failed which would be pending then: it is to be written before.
    try {
      // The first may only join one that is under way. What ends meanwhile is pending in the ledger, or written after.
      for (let round = 0; round < 2 && !isLate() && !this.recorder.isEmpty; round++) await this.checkpoint();
    } catch (error) {
      this.breakOff(error as Error);
      throw error;
    }
    if (isLate()) return undefined;
    const count = this.requeueFailed(() => true);
    this.step();
    return count;
  }

  private until(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = { done, resolve, reject };
      this.step();
    });
  }

  /** Looks what can go on; called whenever something happened, and a few times a second. */
  step(): void {
    if (this.stepping) return;
    this.stepping = true;
    try {
      if (!this.broken && this.stopping === 'no') this.supply();
      this.settle();
    } catch (error) {
      this.broken ??= error as Error;
      this.settle();
    } finally {
      this.stepping = false;
    }
  }

  private settle(): void {
    const { waiting } = this;
    if (!waiting) return;
    if (this.broken) {
      this.waiting = undefined;
      waiting.reject(this.broken);
    } else if (this.stopping === 'stop' || waiting.done()) {
      this.waiting = undefined;
      waiting.resolve();
    }
  }

  private supply(): void {
    if (this.guardian.isHolding) {
      this.scan.paused = true;
      return;
    }
    const now = performance.now();
    if (now - this.adaptedAt > ADAPT_MS) {
      this.adaptedAt = now;
      this.crew.adapt();
    }
    const patience = this.toRecord.size > 0 ? RECORD_MS : CHECKPOINT_MS;
    const due = this.recorder.size >= CHECKPOINT_SIZE || (now - this.checkpointAt > patience && !this.recorder.isEmpty);
    if (due) this.checkpointSoon();
    this.steerScan(now);
    const mayTake = this.isWhole || !this.deps.settings.order;
    if (mayTake && this.backlog.mayHave && this.conveyor.feed.count < LOW) {
      this.backlog.take(WINDOW - this.conveyor.feed.count, (item) => this.holdAgain(item));
      // What is left of the backlog is in folders whose finished items are not recorded yet.
      if (this.conveyor.isIdle && !this.recorder.isEmpty) this.checkpointSoon();
    }
    const { feed } = this.conveyor;
    if (feed.count > 0) {
      const entries = feed.count + this.conveyor.inFlightCount;
      this.crew.startTransfer(lanesFor(entries, feed.bytes, this.deps.firstLanes));
    }
    const { readers, writers } = this.crew.counts;
    Object.assign(this.conveyor, { readersAtWork: readers, writers });
    this.conveyor.pump(Date.now());
    if (this.scan.wantsRefill) this.checkpointSoon(() => this.scan.refill());
  }

  /** The scan rests while the window is full, unless that lasts: then the window is spilled to the ledger. */
  private steerScan(now: number): void {
    const waiting = this.conveyor.feed.count + this.toRecord.size;
    if (waiting < LOW && !this.backlog.mayHave) this.fullSince = undefined;
    if (waiting > WINDOW) this.fullSince ??= now;
    const spilling = this.fullSince !== undefined && now - this.fullSince > FULL_MS;
    if (spilling && waiting > WINDOW && !this.scan.isDone) this.checkpointSoon(() => this.spill());
    const full = waiting > (this.scan.paused && !spilling ? LOW : WINDOW);
    // However fast the scan, what waits to be written stays bounded.
    this.scan.paused = full || this.recorder.size > 2 * CHECKPOINT_SIZE;
    this.scan.pump();
  }

  private spill(): void {
    const evicted = this.conveyor.feed.evict(this.conveyor.feed.count - WINDOW / 2);
    for (const item of evicted) this.letGo(item);
    if (evicted.length > 0) this.backlog.mayHave = true;
  }

  private checkpointing = false;

  /** Starts a checkpoint unless one is under way; `after` runs when all that was gathered is committed. */
  private checkpointSoon(after?: () => void): void {
    if (this.checkpointing) return;
    this.checkpointing = true;
    this.checkpoint()
      .then(
        () => {
          if (!this.broken && this.stopping === 'no') after?.();
        },
        (error: Error) => this.breakOff(error),
      )
      .finally(() => {
        this.checkpointing = false;
        // Not at once: a step that asks for a checkpoint again must not keep messages from coming in.
        setImmediate(() => this.step());
      });
  }

  /** Records what was gathered; waits for a destination that is away. */
  async checkpoint(): Promise<void> {
    for (;;) {
      try {
        await this.recorder.checkpoint();
        this.checkpointAt = performance.now();
        return;
      } catch (error) {
        if (!(error instanceof DestAway) || this.isEnding) throw error;
        const { watch } = this.guardian;
        watch.report('dest', error.code, 0);
        while (watch.isTroubled && !this.isEnding) await setTimeout(TICK_MS);
      }
    }
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
