/**
 * The scan, seen from the main thread: hands folders to the scanner lanes of both sides, joins what they find, and
 * passes the outcome on. Folders still to be listed are rows of the ledger (`listed` = no), the nearest of them also
 * in memory, so that a scan survives the process and its memory does not grow with the tree.
 */
import type { Ledger } from '../ledger/ledger.js';
import type { Dir, Entry, ScanState } from '../ledger/rows.js';
import { DirSide, DirStatus, EntryStatus, Listed } from '../ledger/schema.js';
import { Action } from '../pipeline/record.js';
import { baseName, join } from '../posix/names.js';
import type { Verdict } from '../scan/compare.js';
import { type JoinInput, type JoinSink, joinFolder } from '../scan/join.js';
import { Listing } from '../scan/listing.js';
import type { ListAnswer, ListRequest } from '../scan/messages.js';
import type { Contents } from '../scan/seal.js';
import { Entries, type Meta, metaOf } from '../share/entries.js';
import { COLLIDES, type Failure, failure } from '../share/failure.js';
import type { Side } from '../share/share.js';
import { cleanName } from '../ui/clean.js';
import { type Item, newItem } from './item.js';
import type { Recorder } from './recorder.js';
import { backoffMs, worthRetrying } from './retry.js';
import type { Lane } from './threads.js';

/** Something will change in the folder at the destination, and with it the folder's mtime there. */
function changes(dir: Dir): void {
  if (dir.status === DirStatus.synced) dir.status = DirStatus.toStamp;
}

/** Folders known to be next, in memory; beyond, they are in the ledger only. */
const FRONTIER = 20_000;
/** Requests a scanner lane has at hand: folders that are sealed mostly take less time than asking for them. */
const AHEAD = 4;
const SEALED_AHEAD = 16;

export interface ScanEvents {
  /** A file or link to be copied. */
  found(item: Item): void;
  /** Files that need no copying, and their bytes. */
  same(files: number, bytes: number): void;
  /** A folder that is missing, or an extra: for dry runs and counting. */
  note(what: 'make' | 'delete', path: string): void;
  failed(path: string, message: string): void;
  /** The root itself could not be listed. */
  rootFailed(side: Side, failure: Failure): void;
  /** A folder could not be listed because its share is in trouble; it is listed again once the scan goes on. */
  stuck(side: Side, failure: Failure): void;
  /** A failure that may come from the share as a whole, and may pass by itself; true when a share is in trouble. */
  odd(side: Side): boolean;
  moved(): void;
}

/** The root folder, which no listing shows. */
export interface RootState {
  /** At the source. */
  readonly meta: Meta;
  /** The destination's has the same mtime. */
  readonly isStamped: boolean;
}

interface InHand {
  readonly dir: Dir;
  readonly listings: Record<Side, Listing>;
  waiting: number;
  failures: Partial<Record<Side, Failure>>;
  /** The seal that the source is asked about; the destination comes after it. */
  asked: string | undefined;
  /** The sides whose listing gave the seal; only the folders of it are in `listings`. */
  same: Partial<Record<Side, Contents>>;
  /** What the listings give. */
  seals: Partial<Record<Side, string>>;
  /** The destination is to be changed so that it lists the folder as the source does. */
  isToChange: boolean;
  /** The destination has, and keeps, what the source has not. */
  keepsExtras: boolean;
}

/** What a joined folder is sealed with. A seal that the destination would not give costs a second listing each time. */
function sealFor({ seals, isToChange, keepsExtras }: InHand): string | undefined {
  const { source, dest } = seals;
  const isAlike = isToChange || (source !== undefined && dest !== undefined && source.endsWith(dest));
  return isAlike && !keepsExtras ? source : undefined;
}

interface ScannerLane {
  readonly lane: Lane<ListRequest>;
  asked: number;
}

export class Scan {
  readonly seen = { dirs: 0, files: 0, bytes: 0, errors: 0 };
  /** Set while the window is full: no more folders are asked for, and joins rest. */
  paused = false;
  private state: ScanState;
  private readonly lanes: Record<Side, ScannerLane[]> = { source: [], dest: [] };
  private frontier: Dir[] = [];
  private head = 0;
  /** More folders are in the ledger than in memory. */
  private overflow: boolean;
  private readonly inHand = new Map<number, InHand>();
  private readonly listed: InHand[] = [];
  /** Folders whose listing failed and is tried again; how often each failed. */
  private later: { dir: Dir; dueMs: number }[] = [];
  private readonly attempts = new Map<number, number>();
  private joining: { folder: InHand; steps: Generator<void> } | undefined;
  private nextId: number;
  private scheduled = false;

  constructor(
    private readonly ledger: Ledger,
    private readonly recorder: Recorder,
    private readonly ground: Pick<JoinInput, 'grainNs' | 'distrustNs' | 'trash' | 'folding' | 'beganNs'>,
    private readonly events: ScanEvents,
  ) {
    this.state = ledger.scanState;
    this.overflow = this.state.running;
    this.nextId = ledger.lastDirId + 1;
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

  /** Begins a new scan of everything. */
  start(extras: boolean, { meta, isStamped }: RootState): void {
    this.state = { number: this.state.number + 1, running: true, errors: 0, extras };
    this.recorder.scanState(this.state);
    const root: Dir = this.ledger.dir(1) ?? {
      id: this.nextId++,
      parent: undefined,
      path: '',
      depth: 0,
      side: DirSide.source,
      listed: Listed.no,
      status: DirStatus.toStamp,
      scan: 0,
      meta: undefined,
      error: undefined,
      seal: undefined,
    };
    root.listed = Listed.no;
    root.meta = meta;
    root.status = isStamped ? DirStatus.synced : DirStatus.toStamp;
    this.frontier = [];
    this.head = 0;
    this.overflow = false;
    this.later = [];
    this.attempts.clear();
    // All at once: with the old scan's folders forgotten and the new one's not there, a kill would leave nothing to list.
    this.ledger.commit(() => {
      this.ledger.beginScan();
      this.ledger.putDir(root);
      this.ledger.setMeta('scan', this.state);
    });
    this.push(root);
  }

  /** Goes on with a scan that an earlier session began. */
  resume(): void {
    this.ledger.commit(() => this.ledger.resumeScan());
  }

  /** All lanes are gone: what they were asked for is asked again. */
  lanesGone(): void {
    this.lanes.source = [];
    this.lanes.dest = [];
    this.frontier.push(...[...this.inHand.values()].map(({ dir }) => dir));
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
    if (!this.state.running || this.paused) return;
    this.takeLater();
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
    return this.overflow && this.head === this.frontier.length && this.inHand.size + this.listed.length < AHEAD;
  }

  /**
   * Takes the next folders from the ledger, after a checkpoint. What was gathered since is not there yet: folders that were
   * joined meanwhile are not to be listed again, and those that were found come with the next checkpoint.
   */
  refill(): void {
    const found = this.ledger
      .dirsToList(FRONTIER / 2 + this.inHand.size)
      .filter(({ id }) => !this.recorder.dirIds.has(id));
    this.overflow = found.length >= FRONTIER / 2 || this.recorder.dirIds.size > 0;
    const joining = this.joining?.folder.dir.id;
    const later = this.later.map(({ dir }) => dir.id);
    const busy = new Set([...this.inHand.keys(), ...this.listed.map(({ dir }) => dir.id), ...later, joining]);
    this.frontier = found.filter(({ id }) => !busy.has(id));
    this.head = 0;
    this.pump();
  }

  private push(dir: Dir): void {
    this.recorder.dir(dir);
    if (this.frontier.length - this.head >= FRONTIER) this.overflow = true;
    // Once some are only in the ledger, all that follow are too: `refill` finds them there.
    if (!this.overflow) this.frontier.push(dir);
  }

  private ask(): void {
    while (this.head < this.frontier.length) {
      const dir = this.frontier[this.head]!;
      const limit = (dir.seal ? SEALED_AHEAD : AHEAD) * this.lanes.source.length;
      if (this.inHand.size + this.listed.length >= limit) return;
      this.head++;
      if (this.head > 1024 && this.head * 2 > this.frontier.length) {
        this.frontier = this.frontier.slice(this.head);
        this.head = 0;
      }
      const sides = this.sidesOf(dir);
      const listings = { source: new Listing(), dest: new Listing() };
      // What a cut-off session published may look right and not be.
      const trusted = sides.length === 2 && this.ground.distrustNs === undefined;
      const seal = trusted && dir.seal && this.ledger.isSettled(dir.id) ? dir.seal : undefined;
      const folder: InHand = {
        dir,
        listings,
        waiting: 0,
        failures: {},
        asked: seal,
        same: {},
        seals: {},
        isToChange: sides.length === 1,
        keepsExtras: false,
      };
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
    lane.lane.outbox.send({ dir: id, path, grainNs: Number(this.ground.grainNs), seal });
  }

  /** The sides on which the folder exists. A destination that is missing as a whole has no lanes. */
  private sidesOf(dir: Dir): Side[] {
    if (dir.side === DirSide.extra) return ['dest'];
    return dir.status === DirStatus.toMake || this.lanes.dest.length === 0 ? ['source'] : ['source', 'dest'];
  }

  receive(side: Side, laneNumber: number, answer: ListAnswer): void {
    const lane = this.lanes[side].find(({ lane: { number } }) => number === laneNumber)!;
    lane.lane.outbox.answerTaken();
    const folder = this.inHand.get(answer.dir)!;
    folder.listings[side].add(new Entries(answer.entries));
    if (!answer.last) return;
    lane.asked--;
    if (answer.failure) folder.failures[side] = answer.failure;
    if (answer.same) folder.same[side] = answer.same;
    if (answer.seal) folder.seals[side] = answer.seal;
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
    while (!this.paused && this.state.running) {
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
    const busy =
      this.inHand.size + this.listed.length + this.later.length > 0 || this.joining || this.head < this.frontier.length;
    if (busy || this.overflow || !this.state.running) return;
    this.state = { ...this.state, running: false };
    this.recorder.scanState(this.state);
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
        this.fault(dir.path, cause.message);
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
    if (dir.listed !== Listed.failed) dir.error = undefined;
    const { same } = folder;
    if (same.source) {
      this.saw(same.source.files, same.source.bytes);
      this.events.same(same.source.files, same.source.bytes);
    } else dir.seal = undefined;
    this.recorder.dir(dir);
    const complete = failures.source === undefined;
    const sealed = same.source !== undefined;
    const input = { dir, known, sealed, source: listings.source, dest: listings.dest, complete, ...this.ground };
    return joinFolder(input, this.ledger, dir.side === DirSide.extra ? this.extraSink(dir) : this.sink(folder));
  }

  private close(folder: InHand): void {
    const { dir, listings } = folder;
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
    if (cause?.class !== 'stop') return false;
    this.later.push({ dir, dueMs: 0 });
    this.events.stuck(side, cause);
    return true;
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
    this.later.push({ dir, dueMs: Date.now() + backoffMs(attempts + 1, Math.random()) });
    return true;
  }

  /** Takes folders that are to be listed again back in line, as their time comes. */
  private takeLater(): void {
    if (this.later.length === 0) return;
    const nowMs = Date.now();
    this.frontier.push(...this.later.filter(({ dueMs }) => dueMs <= nowMs).map(({ dir }) => dir));
    this.later = this.later.filter(({ dueMs }) => dueMs > nowMs);
  }

  private fault(path: string, message: string): void {
    this.seen.errors++;
    this.state = { ...this.state, errors: this.state.errors + 1 };
    this.recorder.scanState(this.state);
    this.recorder.line('failed', 'entry', path, message);
    this.events.failed(path, message);
  }

  private saw(files: number, bytes: number): void {
    this.seen.files += files;
    this.seen.bytes += bytes;
  }

  private sink(hand: InHand): JoinSink {
    const { dir } = hand;
    return {
      copy: (name, meta, verdict, known) => {
        this.saw(1, meta.size);
        changes(dir);
        hand.isToChange = true;
        const saved = known && { status: known.status, size: known.meta.size };
        this.events.found(newItem(dir, name, verdict === 'copy' ? Action.copy : Action.link, meta, saved));
      },
      record: (name, entry, known) => {
        this.saw(1, entry.meta.size);
        this.recorder.row(dir, name, entry, known);
        if (entry.status === EntryStatus.synced) this.events.same(1, entry.meta.size);
      },
      unchanged: (meta) => {
        this.saw(1, meta.size);
        this.events.same(1, meta.size);
      },
      folder: (path, meta, verdict, known, other) => {
        if (verdict === 'makeDir') hand.isToChange = true;
        if (other === 'dest') this.replaced(path);
        this.folder(dir, path, meta, verdict, known, other !== undefined);
      },
      unreadable: (name, code, known) => {
        const { message } = failure(code, 'stat', name);
        const meta: Meta = known?.meta ?? { size: 0, mtimeNs: 0n, ctimeNs: 0n, btimeNs: 0n, mode: 0, uid: 0, gid: 0 };
        const entry: Entry = {
          status: EntryStatus.failed,
          meta,
          algorithm: undefined,
          hash: undefined,
          error: message,
        };
        this.recorder.row(dir, name, entry, known);
        this.fault(join(dir.path, name), message);
      },
      collides: (name, other, meta, known) => {
        const error = `${COLLIDES}: the destination takes this name for that of ${cleanName(other)}`;
        const none = { algorithm: undefined, hash: undefined };
        this.recorder.row(dir, name, { status: EntryStatus.failed, meta: metaOf(meta), ...none, error }, known);
        this.events.failed(join(dir.path, name), error);
      },
      extra: (name, isFolder, isPart) => {
        if (isPart || this.state.extras) hand.isToChange = true;
        else hand.keepsExtras = true;
        this.extra(dir, name, isFolder, isPart);
      },
      goneEntry: (entry) => this.recorder.goneEntry(entry),
      goneFolder: (gone) => this.recorder.goneDir(gone),
    };
  }

  /** What is no folder gives way to one, at the destination. */
  private replaced(path: string): void {
    this.recorder.line('deleted', 'entry', path, 'a folder takes its place');
    this.events.note('delete', path);
    if (this.ground.trash !== undefined) this.recorder.touch(1);
  }

  /** `isReplacing`: what had its name before is to be written down before anything is made in the folder. */
  private folder(
    parent: Dir,
    path: string,
    meta: Meta,
    verdict: Verdict,
    known: Dir | undefined,
    isReplacing: boolean,
  ): void {
    const missing = verdict === 'makeDir';
    if (missing) {
      this.events.note('make', path);
      changes(parent);
    }
    // The parent's join was cut off, and this folder was joined before that; its entries may be on their way.
    if (known?.scan === this.state.number && known.listed !== Listed.no) return;
    // From the ledger it is taken after a checkpoint.
    if (isReplacing) this.overflow = true;
    this.push({
      id: known?.id ?? this.nextId++,
      parent: parent.id,
      path,
      depth: parent.depth + 1,
      side: DirSide.source,
      listed: Listed.no,
      status: missing ? DirStatus.toMake : verdict === 'same' ? DirStatus.synced : DirStatus.toStamp,
      scan: known?.scan ?? 0,
      // A copy: folders wait longer than the listing they were found in shall be kept.
      meta: metaOf(meta),
      error: undefined,
      seal: known?.seal,
    });
  }

  private extra(dir: Dir, name: string, isFolder: boolean, isPart: boolean): void {
    if (!isPart && !this.state.extras) return;
    const kind = isPart ? Action.removePart : isFolder ? Action.removeDir : Action.remove;
    this.recorder.extra({ dir: dir.id, name, kind });
    if (!isPart) this.events.note('delete', join(dir.path, name));
    if (!isFolder) return;
    this.push({
      id: this.nextId++,
      parent: dir.id,
      path: join(dir.path, name),
      depth: dir.depth + 1,
      side: DirSide.extra,
      listed: Listed.no,
      status: DirStatus.synced,
      scan: 0,
      meta: undefined,
      error: undefined,
      seal: undefined,
    });
  }

  /** Everything beneath an extra folder is an extra. */
  private extraSink(dir: Dir): JoinSink {
    const none = () => {
      throw new Error(`an extra folder has no source: ${baseName(dir.path)}`);
    };
    return {
      copy: none,
      record: none,
      unchanged: none,
      folder: none,
      unreadable: none,
      collides: none,
      goneEntry: none,
      goneFolder: none,
      extra: (name, isFolder, isPart) => this.extra(dir, name, isFolder, isPart),
    };
  }
}
