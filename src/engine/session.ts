/**
 * One session of a migration: transfer (with the scan running ahead of it), last pass, clean-up, folders. The
 * session owns the window, that is all items in memory, and decides when the scan rests, what is taken from the
 * backlog and when a checkpoint is due.
 */
import { setTimeout } from 'node:timers/promises';
import type { AuditLog } from '../audit/log.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Dir } from '../ledger/rows.js';
import { DirStatus, EntryStatus } from '../ledger/schema.js';
import { Action } from '../pipeline/record.js';
import { Command } from '../pipeline/ring.js';
import type { Settings } from '../settings.js';
import { classOf, type Failure, failure } from '../share/failure.js';
import type { RootIdentity } from '../share/identity.js';
import { SIDE_NAMES, type Side } from '../share/share.js';
import { formatCount, formatDuration } from '../stats/format.js';
import type { Phase } from '../stats/snapshot.js';
import { cleanName } from '../ui/clean.js';
import { Backlog } from './backlog.js';
import { Conveyor, pathOf } from './conveyor.js';
import { Crew, type HangingCall } from './crew.js';
import { deletable } from './deletelimit.js';
import { type Item, isEntry, NO_META, newItem } from './item.js';
import { type LaneNumbers, lanesFor, ONE_EACH } from './lanecount.js';
import { DestAway, Recorder } from './recorder.js';
import { inTheWay, worthLastPass } from './retry.js';
import { type RootState, Scan } from './scan.js';
import { Stalls } from './stalls.js';
import type { Threads } from './threads.js';
import { type Look, ShareWatch } from './watch.js';

/** Items waiting for a lane at which the scan rests, and below which the backlog is asked. */
const WINDOW = 4096;
const LOW = 1024;
/** A window that stays full this long is spilled to the ledger, so that the scan goes on: it is far ahead. */
const FULL_MS = 1000;
/** A checkpoint is due after this time, or with this much to write. */
const CHECKPOINT_MS = 2000;
const CHECKPOINT_SIZE = 16_384;
const TICK_MS = 50;
const ADAPT_MS = 100;
const STALLS_MS = 1000;
/** Threads that may die in a session, and how long the others may take to end then. */
const MOST_DEATHS = 10;
const REPLACE_PATIENCE_MS = 10_000;
/** How long a drain waits for a share in trouble. */
const DRAIN_PATIENCE_MS = 5000;
/** Failures kept for the summary; all are in the ledger and the log. */
const FAILURES_KEPT = 20;

export interface SessionDeps {
  readonly settings: Settings;
  readonly threads: Threads;
  readonly ledger: Ledger;
  readonly log: AuditLog | undefined;
  readonly root: RootState;
  /** Lanes to begin with, where nobody says how many there shall be. */
  readonly firstLanes: LaneNumbers;
  readonly grainNs: bigint;
  readonly identities: Record<Side, RootIdentity>;
  /** See JoinInput. */
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

/** Ends the session early with a reason: a share is in trouble, or a thread died. */
export class SessionBroken extends Error {
  constructor(
    message: string,
    readonly blame: 'share' | 'bug',
  ) {
    super(message);
  }
}

export class Session {
  phase: Phase = 'starting';
  resumed = false;
  stopping: 'no' | 'drain' | 'stop' = 'no';
  readonly copied = { files: 0, bytes: 0 };
  readonly same = { files: 0, bytes: 0 };
  deleted = 0;
  /** Extras that are still there because they are more than may be deleted. */
  keptExtras = 0;
  failed = 0;
  readonly failures: { path: string; error: string }[] = [];
  readonly scan: Scan;
  readonly crew: Crew;
  readonly conveyor: Conveyor;
  readonly recorder: Recorder;
  readonly watch: ShareWatch;
  readonly stalls: Stalls;
  private readonly backlog: Backlog;
  private readonly live = new Map<number, number>();
  private waiting: { done(): boolean; resolve(): void; reject(error: Error): void } | undefined;
  private broken: Error | undefined;
  private fullSince: number | undefined;
  private checkpointAt = performance.now();
  private adaptedAt = 0;
  private stepping = false;
  private stallsSeenMs = 0;
  /** Lanes died, and others are on their way. */
  private replacing = false;
  private deaths = 0;
  private drainHeldAt: number | undefined;

  constructor(private readonly deps: SessionDeps) {
    const { ledger, settings } = deps;
    this.recorder = new Recorder({
      ledger,
      log: deps.log,
      source: settings.source,
      dest: settings.dest,
      checksum: settings.checksum,
      flushDest: deps.flushDest,
      committed: (items) => this.committed(items),
    });
    this.scan = new Scan(
      ledger,
      this.recorder,
      { ...deps, trash: settings.trash },
      {
        found: (item) => this.found(item),
        same: (files, bytes) => {
          this.same.files += files;
          this.same.bytes += bytes;
        },
        note: (what, path) => this.noted(what, path),
        failed: (path, error) => this.fail(path, error),
        rootFailed: (side, failure) => this.breakOff(this.shareBroken(side, failure.message)),
        stuck: (side, failure) => this.watch.report(side, failure.code, 0),
        odd: (side) => {
          this.watch.hurry(side);
          return this.watch.isTroubled;
        },
        moved: () => this.step(),
      },
    );
    this.conveyor = new Conveyor({
      finished: (item) => this.finished(item),
      returned: () => {},
      stuck: (item, failure, side) => this.stuck(item, failure, side),
      odd: (side) => this.watch.hurry(side),
      moved: () => this.step(),
    });
    this.watch = this.watchShares();
    this.stalls = new Stalls((call) => this.pathOfCall(call), deps.note);
    this.crew = new Crew(settings, deps.threads, deps.identities, {
      readerStarted: (lane) => this.conveyor.addReader(lane),
      scannerStarted: (side, lane) => this.scan.addLane(side, lane),
      message: (message, reader) => this.conveyor.receive(message, reader),
      listed: (side, lane, answer) => this.scan.receive(side, lane, answer),
      died: (role, error, item) => void this.replace(role, error, item),
    });
    this.backlog = new Backlog(
      ledger,
      () => this.scan.number,
      (dir) => this.live.has(dir),
    );
  }

  /** Runs to the end, or until told to stop. Rejects when it cannot go on; the ledger is good in every case. */
  async run(): Promise<void> {
    const timer = setInterval(() => {
      this.crew.pacer.tick(new Date());
      if (this.stopping !== 'stop') this.watch.tick();
      this.boundDrain();
      this.lookForStalls();
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
    if (settings.deleteExtras && !this.deps.ledger.scanState.extras) {
      this.deps.note('scanning again: the scan that left this backlog did not look for extras');
      this.startScanners();
      this.scan.start(true, this.deps.root);
      await this.transfer();
      if (this.stopping !== 'no') return;
    }

    this.phase = 'last pass';
    if (this.requeueFailed((code) => worthLastPass(code, classOf)) > 0) await this.transfer();
    this.phase = 'clean-up';
    await this.cleanUp();
    if (this.requeueFailed(inTheWay) > 0) await this.transfer();
    this.phase = 'folders';
    await this.folders();
    if (this.stopping === 'no') this.phase = 'finished';
  }

  /** Resumes what an earlier session left, or begins a new scan. */
  private begin(): void {
    const { ledger, settings, root, note } = this.deps;
    const { running, extras } = ledger.scanState;
    const backlog = hasBacklog(ledger);
    const wantsExtras = settings.deleteExtras && running && !extras;
    if (wantsExtras && !settings.rescan) note('scanning anew: the unfinished scan did not look for extras');
    this.resumed = backlog && !settings.rescan && !wantsExtras;
    if (this.resumed) {
      ledger.commit(() => ledger.touchDir(1));
      this.requeueFailed(() => true);
      // What the scan could not list in an earlier session is still not copied.
      for (let after = 0; ; ) {
        const page = ledger.dirsByStatus(DirStatus.failed, after, LOW);
        for (const dir of page) this.fail(dir.path, dir.error ?? '');
        if (page.length < LOW) break;
        after = page.at(-1)!.id;
      }
      this.backlog.mayHave = true;
    } else this.scan.start(settings.deleteExtras, root);
  }

  /** Copies all that is pending, until the scan has ended and nothing is left. */
  private async transfer(): Promise<void> {
    for (;;) {
      await this.until(() => {
        const more = !this.scan.isDone || this.backlog.mayHave;
        return this.conveyor.isIdle && (!more || this.stopping !== 'no');
      });
      await this.checkpoint();
      if (this.stopping !== 'no') return;
      if (this.deps.settings.dryRun || this.deps.ledger.dirsWithPending(this.scan.number, 0, 1).length === 0) return;
      this.backlog.mayHave = true;
    }
  }

  private async cleanUp(): Promise<void> {
    const { ledger, settings, note } = this.deps;
    const pages = (kind: Action, depth?: number) => {
      let at = { dir: 0, name: '' };
      return () => {
        const page = ledger.extrasAfter(kind, depth, at.dir, at.name, LOW);
        at = page.at(-1) ?? at;
        return page.map((extra) => newItem({ id: extra.dir, path: extra.path }, extra.name, kind, NO_META, undefined));
      };
    };
    await this.feedAll(pages(Action.removePart));
    if (!settings.deleteExtras) return;
    if (!this.scan.provesAbsence) {
      const why =
        this.scan.errors > 0
          ? `the scan had ${this.scan.errors} errors`
          : 'the last full scan did not look for extras; use --rescan';
      note(`nothing was deleted: ${why}`);
      return;
    }
    const extras = ledger.countExtras(Action.remove, Action.removeDir);
    const { syncedFiles } = ledger.totals;
    const most = deletable(settings.maxDelete, syncedFiles + extras);
    if (extras > most) {
      const [found, allowed] = [formatCount(extras), formatCount(most)];
      note(`nothing was deleted: ${found} extras, and at most ${allowed} may be; see --max-delete`);
      this.keptExtras = extras;
      return;
    }
    if (this.crew.trash !== undefined && extras > 0) {
      note(`extras go to ${cleanName(this.crew.trash)} in the destination`);
      // The folder is made in the root, whose times are to be set again.
      ledger.commit(() => ledger.touchDir(1));
    }
    await this.feedAll(pages(Action.remove));
    // A folder is removed after the folders in it, all of one depth at a time.
    for (const depth of ledger.extraDepths(Action.removeDir)) await this.feedAll(pages(Action.removeDir, depth));
  }

  /** Makes the folders that no file has made, then sets times: nothing is changed inside a folder after that. */
  private async folders(): Promise<void> {
    const pages = (status: DirStatus, action: Action) => {
      let after = 0;
      return () => {
        const page = this.deps.ledger.dirsByStatus(status, after, LOW);
        after = page.at(-1)?.id ?? after;
        return page.map((dir: Dir) => newItem(dir, '', action, dir.meta ?? this.deps.root.meta, undefined));
      };
    };
    await this.feedAll(pages(DirStatus.toMake, Action.makeDir));
    await this.feedAll(pages(DirStatus.toStamp, Action.stampDir));
  }

  /** Feeds page after page, and waits until all of it is done and recorded. */
  private async feedAll(next: () => Item[]): Promise<void> {
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
    const { ledger } = this.deps;
    let count = 0;
    for (let at = { dir: 0, name: '' }; ; ) {
      const page = ledger.failedAfter(at.dir, at.name, LOW);
      const last = page.at(-1);
      if (!last) break;
      at = last;
      const again = page.filter(
        ({ error, meta }) => meta.mode !== 0 && wanted(/^[A-Z0-9]+/.exec(error ?? '')?.[0] ?? ''),
      );
      ledger.commit(() => {
        for (const entry of again)
          ledger.putEntry(
            entry.dir,
            entry.name,
            { ...entry, status: EntryStatus.pending, error: undefined },
            { status: entry.status, size: entry.meta.size },
          );
      });
      count += again.length;
    }
    if (count > 0) this.backlog.mayHave = true;
    this.failed = Math.max(0, this.failed - count);
    return count;
  }

  // ---- what lanes and scan report

  private found(item: Item): void {
    const { settings, detail } = this.deps;
    this.recorder.add(item);
    if (settings.dryRun) {
      if (settings.verbose) detail(`copy ${pathOf(item)}`);
      return;
    }
    this.hold(item);
  }

  private noted(what: 'make' | 'delete', path: string): void {
    const { settings, detail } = this.deps;
    if (!settings.dryRun) return;
    if (what === 'delete') this.deleted++;
    if (settings.verbose) detail(`${what} ${path}`);
  }

  private hold(item: Item): void {
    this.live.set(item.dir.id, (this.live.get(item.dir.id) ?? 0) + 1);
    this.conveyor.feed.add(item);
  }

  private letGo(item: Item): void {
    const left = (this.live.get(item.dir.id) ?? 0) - 1;
    if (left > 0) this.live.set(item.dir.id, left);
    else this.live.delete(item.dir.id);
  }

  private finished(item: Item): void {
    this.recorder.finish(item);
    const { action } = item;
    if (item.failure) this.fail(pathOf(item), item.failure.message);
    else if (item.result && isEntry(item)) {
      this.forgetFailure(pathOf(item));
      this.copied.files++;
      this.copied.bytes += item.result.size;
    } else if (item.result && (action === Action.remove || action === Action.removeDir)) this.deleted++;
    if (this.deps.settings.verbose) this.deps.detail(`${item.failure ? 'failed' : VERBS[action]} ${pathOf(item)}`);
  }

  private fail(path: string, error: string): void {
    this.failed++;
    this.forgetFailure(path);
    if (this.failures.length < FAILURES_KEPT) this.failures.push({ path, error });
  }

  /** An entry that failed at first and was tried again counts with its last outcome. */
  private forgetFailure(path: string): void {
    const at = this.failures.findIndex((failure) => failure.path === path);
    if (at >= 0) this.failures.splice(at, 1);
  }

  private committed(items: readonly Item[]): void {
    this.backlog.committed();
    for (const item of items) if (isEntry(item)) this.letGo(item);
  }

  private stuck(item: Item, failure: Failure, side: Side): void {
    if (failure.class === 'fatal') this.breakOff(new SessionBroken(`${failure.message} at ${pathOf(item)}`, 'bug'));
    else this.watch.report(side, failure.code, item.meta.size);
  }

  /**
   * A thread died, of a bug or of lack of memory. Lanes share so much that all are replaced; what they had in hand is done
   * again.
   */
  private async replace(role: string, cause: Error, blamed: number): Promise<void> {
    if (this.replacing || this.stopping === 'stop' || this.broken) return;
    const message = `a ${role} thread died: ${cause.message}`;
    if (this.stopping === 'drain') {
      this.deps.note(`${message}; its work is left to the next run`);
      this.tell(Command.stop);
      return;
    }
    this.replacing = true;
    try {
      this.deps.note(`${message}; its work is done again`);
      if (++this.deaths > MOST_DEATHS) throw new SessionBroken(`${message}, after ${MOST_DEATHS} others`, 'bug');
      while (!(await this.crew.renew(REPLACE_PATIENCE_MS))) {
        // Lanes that wait for a share in trouble end when it is back.
        if (!this.watch.isTroubled || this.isEnding) throw new SessionBroken(message, 'bug');
      }
      if (this.isEnding) return;
      // What was published and told to nobody is not to be trusted if the session ends before it is done again.
      if (this.conveyor.inFlightCount > 0) this.recorder.doubtful = true;
      const worn = this.conveyor.lanesGone(blamed);
      if (worn) {
        worn.failure = failure('DIED', 'copy', pathOf(worn));
        this.finished(worn);
      }
      this.scan.lanesGone();
      this.replacing = false;
      if (this.stopping !== 'no') this.crew.tell(Command.drain);
      if (!this.scan.isDone) this.startScanners();
      this.step();
    } catch (error) {
      this.breakOff(error as Error);
    }
  }

  /** Told to stop, or broken, however far that is. */
  private get isEnding(): boolean {
    return this.stopping === 'stop' || this.broken !== undefined;
  }

  private startScanners(): void {
    this.crew.startScanners(this.deps.destMissing ? ['source'] : ['source', 'dest']);
  }

  private shareBroken(side: Side, why: string): SessionBroken {
    return new SessionBroken(`${SIDE_NAMES[side]} ${this.deps.settings[side]}: ${why}`, 'share');
  }

  private watchShares(): ShareWatch {
    const { settings, note, look, destMissing } = this.deps;
    return new ShareWatch({
      look: (side, room) => (side === 'dest' && destMissing ? NOTHING_TO_SEE : look(side, room)),
      timeoutMs: settings.shareTimeoutMs,
      lost: ({ side, why }) => {
        this.conveyor.held = true;
        note(`waiting for the ${SIDE_NAMES[side]} ${settings[side]}: ${why}`);
      },
      back: (side, ms) => {
        this.crew.renewRoot(side);
        note(`the ${SIDE_NAMES[side]} is back after ${formatDuration(ms / 1000)}`);
        if (this.watch.isTroubled) return;
        this.conveyor.held = false;
        this.conveyor.unpark();
        this.step();
      },
      gaveUp: ({ side, why, sinceMs }) => {
        this.breakOff(this.shareBroken(side, `${why}, for ${formatDuration((Date.now() - sinceMs) / 1000)}`));
      },
    });
  }

  /** The session ends as soon as it can; what is finished is still recorded. */
  private breakOff(error: Error): void {
    this.broken ??= error;
    this.step();
  }

  private lookForStalls(): void {
    const nowMs = Date.now();
    if (nowMs - this.stallsSeenMs < STALLS_MS && nowMs >= this.stallsSeenMs) return;
    this.stallsSeenMs = nowMs;
    this.stalls.look(this.crew.hanging(this.deps.settings.stallTimeoutMs, nowMs), nowMs);
  }

  private pathOfCall({ role, item }: HangingCall): string | undefined {
    if (role === 'scanner') return this.scan.pathInHand(item);
    const found = this.conveyor.item(item);
    return found && pathOf(found);
  }

  /** Files in flight on a share that does not answer cannot be finished: a drain that waits for one becomes a stop. */
  private boundDrain(): void {
    const now = performance.now();
    if (this.stopping !== 'drain' || !this.watch.isTroubled) this.drainHeldAt = undefined;
    else this.drainHeldAt ??= now;
    if (this.drainHeldAt !== undefined && now - this.drainHeldAt > DRAIN_PATIENCE_MS) this.tell(Command.stop);
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

  private until(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = { done, resolve, reject };
      this.step();
    });
  }

  /** Looks what can go on; called whenever something happened, and a few times a second. */
  private step(): void {
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
    if (this.watch.isTroubled || this.replacing) {
      this.scan.paused = true;
      return;
    }
    const now = performance.now();
    if (now - this.adaptedAt > ADAPT_MS) {
      this.adaptedAt = now;
      this.crew.adapt();
    }
    const due =
      this.recorder.size >= CHECKPOINT_SIZE || (now - this.checkpointAt > CHECKPOINT_MS && !this.recorder.isEmpty);
    if (due) this.checkpointSoon();
    this.steerScan(now);
    if (this.backlog.mayHave && this.conveyor.feed.count < LOW) {
      this.backlog.take(WINDOW - this.conveyor.feed.count, (item) => this.hold(item));
      // What is left of the backlog is in folders whose finished items are not recorded yet.
      if (this.conveyor.isIdle && !this.recorder.isEmpty) this.checkpointSoon();
    }
    const { feed } = this.conveyor;
    if (feed.count > 0) {
      const entries = feed.count + this.conveyor.inFlightCount;
      this.crew.startTransfer(lanesFor(entries, feed.bytes, this.deps.firstLanes));
    }
    this.conveyor.writers = this.crew.counts.writers;
    this.conveyor.pump(Date.now());
    if (this.scan.wantsRefill) this.checkpointSoon(() => this.scan.refill());
  }

  /** The scan rests while the window is full, unless that lasts: then the window is spilled to the ledger. */
  private steerScan(now: number): void {
    const waiting = this.conveyor.feed.count;
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
        this.watch.report('dest', error.code, 0);
        while (this.watch.isTroubled && !this.isEnding) await setTimeout(TICK_MS);
      }
    }
  }
}

/**
 * Whether an earlier session left something that can be taken up: a scan that was cut off, or pending entries in
 * folders that the last scan reached. What lies in folders that it could not reach is for the next scan to find.
 */
export function hasBacklog(ledger: Ledger): boolean {
  const { running, number } = ledger.scanState;
  return running || ledger.dirsWithPending(number, 0, 1).length > 0;
}

const NOTHING_TO_SEE: Look = { answer: Promise.resolve(undefined), hasBegun: () => true };

const VERBS: Record<Action, string> = {
  [Action.copy]: 'copied',
  [Action.link]: 'linked',
  [Action.makeDir]: 'made',
  [Action.stampDir]: 'stamped',
  [Action.remove]: 'deleted',
  [Action.removeDir]: 'deleted',
  [Action.removePart]: 'removed',
};
