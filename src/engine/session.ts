/**
 * One session of a migration, whose course (course.ts) is transfer, with the scan running ahead of it, last pass, clean-up,
 * folders. The session owns the window, that is all items in memory, and decides when the scan rests and what is taken from
 * the backlog.
 */
import type { AuditLog } from '../audit/log.js';
import { checksumCode } from '../hash/registry.js';
import { inodeOf } from '../ledger/hardlinks.js';
import type { Ledger } from '../ledger/ledger.js';
import { EntryStatus } from '../ledger/schema.js';
import { Call } from '../pace/latency.js';
import { Action } from '../pipeline/record.js';
import { Command } from '../pipeline/ring.js';
import type { Settings } from '../settings.js';
import type { Meta } from '../share/entries.js';
import type { Folding } from '../share/folding.js';
import type { RootIdentity } from '../share/identity.js';
import type { RenamedSort } from '../share/renaming.js';
import type { Side } from '../share/share.js';
import type { TimeRange } from '../share/timerange.js';
import type { Phase } from '../stats/snapshot.js';
import { Backlog, type Source } from './backlog.js';
import { CHECKPOINT_SIZE, Checkpoints } from './checkpoints.js';
import { Conveyor, pathOf } from './conveyor.js';
import { Course, type SecondLook } from './course.js';
import { Crew } from './crew.js';
import { DELETING, doneLine, itemLine } from './entrylines.js';
import { LOW } from './feed.js';
import type { RootState } from './findings.js';
import { Guardian } from './guardian.js';
import { HardLinks } from './hardlinks.js';
import { type Item, isAsItWas, isEntry } from './item.js';
import { type LaneNumbers, lanesFor } from './lanecount.js';
import { Outcomes } from './outcomes.js';
import { Queue } from './queue.js';
import { Recorder, type RecorderDeps } from './recorder.js';
import { Scan } from './scan.js';
import type { Threads } from './threads.js';
import type { Look } from './watch.js';

/** Items waiting for a lane at which the scan rests. */
const WINDOW = 4096;
/** A window that stays full this long is spilled to the ledger, so that the scan goes on: it is far ahead. */
const FULL_MS = 1000;
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
  /** Sorts of names that the destination lists as others, and has not under others of ours. */
  readonly mangled: readonly RenamedSort[];
  /** Sorts of names that the destination has under others. */
  readonly renamed: readonly RenamedSort[];
  /** See JoinInput. */
  readonly beganNs: bigint | undefined;
  readonly distrustNs: bigint | undefined;
  /** The destination's root is not there (a dry run): nothing of it can be listed. */
  readonly destMissing: boolean;
  /** See RecorderDeps. */
  flushDest: RecorderDeps['flushDest'];
  /** See FilesystemFacts, of the destination. */
  readonly fillsHoles: boolean;
  /** Bytes of a file of the source that are not in holes; undefined where that is not to be told. */
  dataBytes(path: string): Promise<number | undefined>;
  /** A root as it is now; an error code where that is not to be told. */
  rootState(side: Side): Promise<Meta | string>;
  /** See WatchDeps. */
  look(side: Side, room: number | undefined): Look;
  /** A line for the operator. */
  note(text: string): void;
  /** What is done, or would be done, to one entry (-v). */
  detail(text: string): void;
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
  readonly backlog: Source;
  readonly checkpoints: Checkpoints = new Checkpoints(this);
  private readonly course: Course;
  /** What is pending can be put in the order that was asked for: the scan has ended, and all of it is in the ledger. */
  isWhole = false;
  private readonly hardLinks: HardLinks;
  private readonly live = new Map<number, number>();
  /** Changed files, to be handed out once the ledger no longer calls them synced. */
  readonly toRecord = new Set<Item>();
  private waiting: { done(): boolean; resolve(): void; reject(error: Error): void } | undefined;
  private broken: Error | undefined;
  private fullSince: number | undefined;
  private adaptedAt = 0;
  private stepping = false;
  /** Items that were handed to the conveyor. */
  heldCount = 0;
  /** Entries that scans found to be copied, made or given other times. */
  foundCount = 0;
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
      flushDest: (paths) => this.guardian.asked('dest', Call.publish, deps.flushDest(paths)),
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
          return this.guardian.watch.isHolding;
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
    this.course = new Course(this, deps);
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
      await this.course.follow();
    } catch (error) {
      this.tell(Command.stop);
      throw error;
    } finally {
      clearInterval(timer);
    }
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
    if (settings.order && !item.isApart) return;
    // While the ledger says that the older content is there, that must stay true.
    if (item.saved?.status === EntryStatus.synced && item.action !== Action.stamp) this.toRecord.add(item);
    else this.hold(item);
  }

  private noted(what: 'make' | 'delete', path: string, isFolder: boolean): void {
    const { settings, detail } = this.deps;
    if (!settings.dryRun) return;
    if (what === 'delete') {
      this.outcomes.deleted++;
      this.tellDeletion(path, isFolder);
    } else if (settings.verbose && !settings.itemize) detail(`make ${path}`);
  }

  /** A line of what a dry run would delete. */
  tellDeletion(path: string, isFolder: boolean): void {
    const { settings, detail } = this.deps;
    if (settings.itemize) detail(`${DELETING} ${path}${isFolder ? '/' : ''}`);
    else if (settings.verbose) detail(`delete ${path}`);
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
    } else if (settings.verbose && !(item.isApart && isAsItWas(item))) detail(doneLine(item));
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
      for (let round = 0; round < 2 && !isLate() && !this.recorder.isEmpty; round++) await this.checkpoints.make();
    } catch (error) {
      this.breakOff(error as Error);
      throw error;
    }
    if (isLate()) return undefined;
    const count = this.course.requeueFailed(() => true);
    this.step();
    return count;
  }

  /** Resolves once `done` says so, or the session is told to stop now; rejects when it cannot go on. */
  until(done: () => boolean): Promise<void> {
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
    if (this.isEnding) this.checkpoints.hurry();
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
    if (this.checkpoints.isDue) this.checkpoints.soon();
    this.steerScan(now);
    const mayTake = this.isWhole || !this.deps.settings.order;
    if (mayTake && this.backlog.mayHave && this.conveyor.feed.count < LOW) {
      this.backlog.take(WINDOW - this.conveyor.feed.count, (item) => this.holdAgain(item));
      // What is left of the backlog is in folders whose finished items are not recorded yet.
      if (this.conveyor.isIdle && !this.recorder.isEmpty) this.checkpoints.soon();
    }
    const { feed } = this.conveyor;
    if (feed.count > 0) {
      const entries = feed.count + this.conveyor.inFlightCount;
      this.crew.startTransfer(lanesFor(entries, feed.bytes, this.deps.firstLanes));
    }
    const { readers, writers } = this.crew.counts;
    Object.assign(this.conveyor, { readersAtWork: readers, writers });
    this.conveyor.pump(Date.now());
    if (this.scan.wantsRefill) this.checkpoints.soon(() => this.scan.refill());
  }

  /** The scan rests while the window is full, unless that lasts: then the window is spilled to the ledger. */
  private steerScan(now: number): void {
    const waiting = this.conveyor.feed.count + this.toRecord.size;
    if (waiting < LOW && !this.backlog.mayHave) this.fullSince = undefined;
    if (waiting > WINDOW) this.fullSince ??= now;
    const spilling = this.fullSince !== undefined && now - this.fullSince > FULL_MS;
    if (spilling && waiting > WINDOW && !this.scan.isDone) this.checkpoints.soon(() => this.spill());
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
}
