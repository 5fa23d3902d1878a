/**
 * The scan, seen from the main thread: hands folders to the scanner lanes of both sides, joins what they find, and
 * passes the outcome on. Folders still to be listed are rows of the ledger (`listed` = no), the nearest of them also
 * in memory, so that a scan survives the process and its memory does not grow with the tree.
 */
import { damagedPaths } from '../ledger/damaged.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Dir, ScanState } from '../ledger/rows.js';
import { DirSide, DirStatus, Listed } from '../ledger/schema.js';
import type { Choice } from '../scan/filter/choice.js';
import { joinFolder } from '../scan/join.js';
import { Listing } from '../scan/listing.js';
import type { JoinInput } from '../scan/march.js';
import type { ListAnswer, ListRequest } from '../scan/messages.js';
import { lettersOf } from '../share/attributes.js';
import { Entries } from '../share/entries.js';
import type { Failure } from '../share/failure.js';
import type { Side } from '../share/share.js';
import { type FindingEvents, Findings, type RootState } from './findings.js';
import { Frontier } from './frontier.js';
import { type InHand, sealFor, takeInHand } from './inhand.js';
import type { Recorder } from './recorder.js';
import { ATTEMPTS, backoffMs, worthRetrying } from './retry.js';
import type { Lane } from './threads.js';

/** Requests a scanner lane has at hand: folders that are sealed mostly take less time than asking for them. */
const AHEAD = 4;
const SEALED_AHEAD = 16;

export interface ScanEvents extends FindingEvents {
  /** The root itself could not be listed. */
  rootFailed(side: Side, failure: Failure): void;
  /** A folder could not be listed because its share is in trouble; it is listed again once the scan goes on. */
  stuck(side: Side, failure: Failure): void;
  /** A failure that may come from the share as a whole, and may pass by itself; true when a share is in trouble. */
  odd(side: Side): boolean;
  moved(): void;
}

interface ScannerLane {
  readonly lane: Lane<ListRequest>;
  asked: number;
}

export class Scan {
  /** Set while the window is full: no more folders are asked for, and joins rest. */
  paused = false;
  private readonly findings: Findings;
  private readonly lanes: Record<Side, ScannerLane[]> = { source: [], dest: [] };
  private readonly frontier: Frontier;
  private readonly inHand = new Map<number, InHand>();
  private readonly listed: InHand[] = [];
  /** Folders whose listing met a share in trouble. */
  private stuck: { dir: number; side: Side }[] = [];
  /** How often the listing of a folder failed that is tried again. */
  private readonly attempts = new Map<number, number>();
  private joining: { folder: InHand; steps: Generator<void> } | undefined;
  private scheduled = false;
  /** As it is for the scan that runs. */
  private choice: Choice;
  private damaged: ReadonlySet<string> = new Set();

  constructor(
    private readonly ledger: Ledger,
    private readonly recorder: Recorder,
    private readonly ground: Pick<
      JoinInput,
      | 'grainNs'
      | 'range'
      | 'distrustNs'
      | 'trash'
      | 'folding'
      | 'mangled'
      | 'beganNs'
      | 'partTag'
      | 'attributes'
      | 'itemizes'
    > & { choice: Choice },
    private readonly events: ScanEvents,
  ) {
    this.choice = ground.choice;
    this.frontier = new Frontier(ledger.scanState.running);
    this.findings = new Findings(ledger, recorder, ground.trash, ground.choice, events, (dir, afterCheckpoint) => {
      recorder.dir(dir);
      if (afterCheckpoint) this.frontier.passOver();
      this.frontier.push(dir);
    });
  }

  /** What this session's listings have shown of the source, in the scan that runs or ran last. */
  get seen(): Findings['seen'] {
    return this.findings.seen;
  }
  private get state(): ScanState {
    return this.findings.state;
  }
  get isDone(): boolean {
    return !this.state.running;
  }
  get number(): number {
    return this.state.number;
  }
  /** Complete and without a single error: only then may extras be deleted. */
  get provesAbsence(): boolean {
    return this.isDone && this.state.errors === 0 && this.state.extras;
  }
  get errors(): number {
    return this.state.errors;
  }

  /** Begins a new scan of everything; `readsNothing`: one that goes by size and time alone, whatever is asked for. */
  start(extras: boolean, root: RootState, readsNothing = false): void {
    const { choice } = this.ground;
    const { comparing } = choice;
    this.choice = readsNothing && comparing ? { ...choice, comparing: { ...comparing, content: undefined } } : choice;
    this.frontier.clear();
    this.attempts.clear();
    const readsContent = this.choice.comparing?.content === true;
    this.findings.begin(extras, lettersOf(this.ground.attributes), root, readsContent);
    this.damaged = damagedPaths(this.ledger);
  }

  /** The session does not keep more than these attributes of what an earlier scan found: a later one is to see to that. */
  keepOnly(attributes: string): void {
    this.findings.keepOnly(attributes);
  }

  /** Goes on with a scan that an earlier session began. */
  resume(): void {
    this.ledger.commit(() => this.ledger.resumeScan());
    this.damaged = damagedPaths(this.ledger);
  }

  /** All lanes are gone: what they were asked for is asked again. */
  lanesGone(): void {
    this.lanes.source = [];
    this.lanes.dest = [];
    this.frontier.putBack([...this.inHand.values()].map(({ dir }) => dir));
    this.inHand.clear();
  }

  /** The folder that a lane was asked to list. */
  pathInHand(dir: number): string | undefined {
    return this.inHand.get(dir)?.dir.path;
  }

  addLane(side: Side, lane: Lane<ListRequest>): void {
    this.lanes[side].push({ lane, asked: 0 });
  }

  /** Asks for the next folders, and goes on joining. */
  pump(): void {
    if (this.isDone || this.paused) return;
    this.frontier.takeDue(Date.now());
    this.ask();
    if (this.joining || this.listed.length > 0) this.workSoon();
    else this.endIfDone();
  }

  private workSoon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.work();
    });
  }

  /** True when the folders in memory are used up but the ledger has more: a checkpoint, then `refill`. */
  get wantsRefill(): boolean {
    return this.frontier.wantsMore && this.inHand.size + this.listed.length < AHEAD;
  }

  /**
   * Takes the next folders from the ledger, after a checkpoint. What was gathered since is not there yet: folders that were
   * joined meanwhile are not to be listed again, and those that were found come with the next checkpoint.
   */
  refill(): void {
    const busy = new Set([...this.inHand.keys(), ...this.listed.map(({ dir }) => dir.id)]);
    if (this.joining) busy.add(this.joining.folder.dir.id);
    this.frontier.fill((count) => this.ledger.dirsToList(count), busy, this.recorder.dirIds);
    this.pump();
  }

  private ask(): void {
    for (let dir = this.frontier.peek(); dir; dir = this.frontier.peek()) {
      const limit = (dir.seal ? SEALED_AHEAD : AHEAD) * this.lanes.source.length;
      if (this.inHand.size + this.listed.length >= limit) return;
      this.frontier.take();
      const sides = this.sidesOf(dir);
      // What a cut-off session published may look right and not be; and a seal says nothing of attributes.
      const trusted =
        sides.length === 2 &&
        this.ground.distrustNs === undefined &&
        !this.state.areNew &&
        !this.choice.comparing?.content;
      const seal = trusted && dir.seal && this.ledger.isSettled(dir.id) ? dir.seal : undefined;
      const folder = takeInHand(dir, sides, seal, this.findings.wanted(dir));
      this.inHand.set(dir.id, folder);
      if (seal) this.list('source', folder, seal);
      else for (const side of sides) this.list(side, folder, undefined);
    }
  }

  private list(side: Side, folder: InHand, seal: string | undefined): void {
    const { id, path } = folder.dir;
    const lane = this.lanes[side].reduce((a, b) => (b.asked < a.asked ? b : a));
    folder.waiting++;
    lane.asked++;
    const wanted = side === 'source' ? folder.wanted : undefined;
    lane.lane.outbox.send({ dir: id, path, grainNs: Number(this.ground.grainNs), seal, wanted });
  }

  /** The sides on which the folder exists. A destination that is missing as a whole has no lanes. */
  private sidesOf(dir: Dir): Side[] {
    if (dir.side === DirSide.extra) return ['dest'];
    return dir.status === DirStatus.toMake || this.lanes.dest.length === 0 ? ['source'] : ['source', 'dest'];
  }

  receive(side: Side, laneNumber: number, answer: ListAnswer): void {
    const lane = this.lanes[side].find(({ lane: { number } }) => number === laneNumber)!;
    const { outbox } = lane.lane;
    const folder = this.inHand.get(answer.dir)!;
    const listing = folder.listings[side];
    listing.add(new Entries(answer.entries));
    // Taking in what goes to disk takes its time: what else waits for this thread is heard between two answers, which Node
    // would hand over one after the other as long as there are any.
    if (listing.isOnDisk) setImmediate(() => outbox.answerTaken());
    else outbox.answerTaken();
    if (!answer.last) return;
    lane.asked--;
    if (answer.failure) folder.failures[side] = answer.failure;
    if (answer.same) folder.same[side] = answer.same;
    if (answer.seal) folder.seals[side] = answer.seal;
    if (answer.isElsewhere) folder.isElsewhere[side] = true;
    if (side === 'source') folder.excluded = answer.excluded ?? 0;
    if (--folder.waiting > 0) return;
    if (this.askedMore(folder)) return;
    this.inHand.delete(answer.dir);
    // Judged at once: later, the share may be well again, and this would say that it is not.
    if (this.isStuck(folder)) {
      this.events.moved();
      return;
    }
    this.listed.push(folder);
    this.ask();
    this.work();
  }

  /**
   * Asks for what is still needed of a sealed folder: the destination once the source has answered, in full if the source
   * has changed, and the source in full if only the destination has.
   */
  private askedMore(folder: InHand): boolean {
    const { asked, same } = folder;
    if (asked) {
      folder.asked = undefined;
      this.list('dest', folder, same.source && asked);
      return true;
    }
    if (!same.source || same.dest) return false;
    folder.listings.source = new Listing();
    folder.same = {};
    this.list('source', folder, undefined);
    return true;
  }

  /** Joins listed folders, a stretch at a time. */
  private work(): void {
    const until = performance.now() + 20;
    while (!this.paused && !this.isDone) {
      if (!this.joining) {
        const folder = this.listed.shift();
        if (!folder) break;
        const steps = this.join(folder);
        if (steps) this.joining = { folder, steps };
      } else if (this.joining.steps.next().done) {
        this.close(this.joining.folder);
        this.joining = undefined;
      }
      this.events.moved();
      if (performance.now() > until) {
        this.workSoon();
        return;
      }
    }
    this.ask();
    this.endIfDone();
  }

  private endIfDone(): void {
    if (this.inHand.size + this.listed.length > 0 || this.joining || !this.frontier.isEmpty || this.isDone) return;
    this.findings.end();
    this.events.moved();
  }

  /** Begins the join of a folder; undefined when it is settled at once. */
  private join(folder: InHand): Generator<void> | undefined {
    const { dir, listings, failures } = folder;
    const failedAt = failures.source ? 'source' : 'dest';
    const cause = failures.source ?? failures.dest;
    if (cause && this.isToListAgain(folder, failedAt, cause)) return undefined;
    if (cause) {
      if (dir.path === '') {
        this.events.rootFailed(failedAt, cause);
        return undefined;
      }
      if (failedAt === 'source' && cause.code === 'ENOENT') {
        this.recorder.goneDir(dir); // vanished since its parent was listed
        return undefined;
      }
      if (failedAt === 'dest' && cause.code === 'ENOENT') {
        if (dir.side === DirSide.extra) {
          dir.listed = Listed.yes;
          this.recorder.dir(dir);
          return undefined;
        }
        dir.status = DirStatus.toMake;
      } else {
        this.recorder.line('failed', 'folder', dir.path, cause.message);
        this.findings.fault(dir.path, cause.message);
        dir.error = cause.message;
        dir.listed = Listed.failed;
        dir.status = DirStatus.failed;
        // Without the destination's side nothing can be decided; with part of the source's, that part can.
        // The entries that the ledger knows as pending are still tried, each for itself.
        if (failedAt === 'dest') {
          if (dir.scan !== 0) dir.scan = this.state.number;
          this.recorder.dir(dir);
          return undefined;
        }
      }
    }
    const known = dir.scan !== 0;
    // From the first checkpoint on the ledger may have some of the entries, should this join be cut off.
    dir.scan = this.state.number;
    if (dir.listed !== Listed.failed && dir.status !== DirStatus.synced) dir.error = undefined;
    const { same } = folder;
    if (same.source) this.findings.same(same.source);
    else dir.seal = undefined;
    this.recorder.dir(dir);
    const complete = failures.source === undefined;
    const sealed = same.source !== undefined;
    const { areNew = false } = this.state;
    if (folder.isElsewhere.source || folder.isElsewhere.dest) folder.staysUnlike = true;
    const { wanted, isElsewhere } = folder;
    // Where something else is mounted at the source, the folder is made, and what is in it there is let be.
    const dest = isElsewhere.source ? new Listing() : listings.dest;
    const { source } = listings;
    const { choice, damaged } = this;
    const input = { dir, known, sealed, source, dest, complete, wanted, areNew, damaged, ...this.ground, choice };
    return joinFolder(input, this.ledger, this.findings.sink(folder));
  }

  private close(folder: InHand): void {
    const { dir, listings } = folder;
    this.seen.excluded += folder.excluded;
    listings.source.close();
    listings.dest.close();
    if (dir.listed === Listed.no) {
      dir.listed = Listed.yes;
      dir.seal ??= sealFor(folder);
    }
    this.recorder.dir(dir);
    if (dir.side === DirSide.source) this.seen.dirs++;
  }

  /** A folder whose share is in trouble is listed again after it. */
  private isStuck({ dir, failures }: InHand): boolean {
    const side = failures.source?.class === 'stop' ? 'source' : 'dest';
    const cause = failures[side];
    const attempts = this.attempts.get(dir.id) ?? 0;
    if (cause?.class !== 'stop' || attempts >= ATTEMPTS) return false;
    this.stuck.push({ dir: dir.id, side });
    this.frontier.putBackLater(dir, attempts === 0 ? 0 : Date.now() + backoffMs(attempts + 1, Math.random()));
    this.events.stuck(side, cause);
    return true;
  }

  /** See Conveyor.blame. */
  blame(side: Side): void {
    for (const { dir, side: at } of this.stuck)
      if (at === side) this.attempts.set(dir, (this.attempts.get(dir) ?? 0) + 1);
    this.stuck = this.stuck.filter((folder) => folder.side !== side);
  }

  /** The shares are well again: what was met was theirs. */
  unpark(): void {
    this.stuck = [];
  }

  /** A folder that failed for a moment is listed again, a few times, and as long as its share is in trouble. */
  private isToListAgain({ dir }: InHand, side: Side, cause: Failure): boolean {
    const isTroubled = cause.class === 'retry' && this.events.odd(side);
    const attempts = (this.attempts.get(dir.id) ?? 0) + (isTroubled ? 0 : 1);
    if (!isTroubled && !worthRetrying(cause, attempts)) {
      this.attempts.delete(dir.id);
      return false;
    }
    this.attempts.set(dir.id, attempts);
    this.frontier.putBackLater(dir, Date.now() + backoffMs(attempts + 1, Math.random()));
    return true;
  }
}
