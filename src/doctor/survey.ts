/**
 * A walk over the whole source that tells each path that the destination cannot have: scanner threads list, and this
 * judges what they list. Memory is bounded, however large folders and trees are; what is found is passed on at once.
 */
import { DEFAULT_SKIPS, parseSkips } from '../cli/skips.js';
import type { Lane, Threads } from '../engine/threads.js';
import { Pacer } from '../pace/pacer.js';
import { UNLIMITED } from '../pace/timetable.js';
import type { ScannerStart } from '../pipeline/lanes.js';
import { join } from '../posix/names.js';
import { Listing } from '../scan/listing.js';
import type { ListAnswer, ListRequest } from '../scan/messages.js';
import { Twins } from '../scan/twins.js';
import { NO_ATTRIBUTES } from '../share/attributes.js';
import { Entries } from '../share/entries.js';
import { type Folding, folds } from '../share/folding.js';
import type { RootIdentity } from '../share/identity.js';
import { LaneCounters } from '../stats/shared.js';
import { type Limits, misfits } from './fitting.js';
import { FolderList } from './folderlist.js';
import { Stopped } from './patient.js';

export interface Survey {
  readonly source: string;
  readonly identity: RootIdentity;
  readonly limits: Limits;
  readonly folding: Folding;
  /** A path beneath the source, and why the destination cannot have it; '' is the root. */
  found(path: string, why: string): void;
}

/** Of all that was listed. */
export interface Counts {
  folders: number;
  /** Files, links and others. */
  files: number;
  /** Of files. */
  bytes: number;
  largest: number;
  /** Paths that were passed on. */
  misfits: number;
  /** Folders and entries that could not be looked at. */
  unread: number;
}

/** Threads; more of them wait for a share together. */
const LANES = 4;

/** A folder that a thread lists. */
interface InHand {
  readonly path: string;
  /** Kept where names may be one at the destination: only all of them together tell. */
  readonly listing: Listing | undefined;
}

export class Surveyor {
  readonly counts: Counts = { folders: 0, files: 0, bytes: 0, largest: 0, misfits: 0, unread: 0 };
  /** Grows with each answer. */
  beats = 0;
  private readonly folders = new FolderList();
  private readonly inHand = new Map<number, InHand>();
  private readonly idle: number[] = [];
  private readonly lanes: Lane<ListRequest>[] = [];
  private end!: { resolve(): void; reject(why: unknown): void };
  private readonly done = new Promise<void>((resolve, reject) => {
    this.end = { resolve, reject };
  });

  constructor(
    private readonly survey: Survey,
    threads: Threads,
  ) {
    const off = { rules: [], otherwise: UNLIMITED };
    const settings = { bwlimit: off, latencyTarget: { source: 0, dest: 0 }, bwlimitFloor: 0, opCost: 0 };
    const pacer = new Pacer(settings, () => [], new Date());
    const counters = LaneCounters.memory(LANES);
    const epoch = new Int32Array(new SharedArrayBuffer(4));
    for (let number = 0; number < LANES; number++) {
      const start = (port: ScannerStart['port'], inbox: SharedArrayBuffer): ScannerStart => ({
        lane: number,
        root: survey.source,
        pin: { identity: survey.identity, epoch },
        port,
        inbox,
        counters,
        pace: pacer.memory,
        side: 'source',
        rules: parseSkips(DEFAULT_SKIPS),
        oneFilesystem: false,
        safeLinks: false,
        attributes: NO_ATTRIBUTES,
      });
      const lane = threads.lane<ListRequest, ListAnswer>('scanner', number, start, (answer) => {
        try {
          this.take(number, answer);
        } catch (error) {
          this.end.reject(error);
        }
      });
      lane.ended.catch((error) => this.end.reject(error));
      this.lanes.push(lane);
      this.idle.push(number);
    }
  }

  async run(): Promise<Counts> {
    this.folders.push('');
    this.hand();
    try {
      await this.done;
      return this.counts;
    } finally {
      for (const { outbox, cut } of this.lanes) {
        cut();
        outbox.abandon();
      }
      for (const { listing } of this.inHand.values()) listing?.close();
      this.folders.close();
    }
  }

  /** Ends the walk early: `run` rejects with Stopped. */
  stop(): void {
    this.end.reject(new Stopped());
  }

  private hand(): void {
    while (this.idle.length > 0) {
      const path = this.folders.pop();
      if (path === undefined) break;
      const lane = this.idle.pop()!;
      this.inHand.set(lane, { path, listing: folds(this.survey.folding) ? new Listing() : undefined });
      this.lanes[lane]!.outbox.send({ dir: lane, path, grainNs: 1, seal: undefined, wanted: undefined });
    }
    if (this.inHand.size === 0) this.end.resolve();
  }

  private take(lane: number, answer: ListAnswer): void {
    this.beats++;
    this.lanes[lane]!.outbox.answerTaken();
    const { path, listing } = this.inHand.get(lane)!;
    const entries = new Entries(answer.entries);
    listing?.add(entries);
    for (let index = 0; index < entries.count; index++) this.judge(path, entries, index);
    if (!answer.last) return;
    this.counts.folders++;
    if (answer.failure) this.unread(path, answer.failure.message);
    if (listing) this.tellTwins(path, listing);
    this.inHand.delete(lane);
    this.idle.push(lane);
    this.hand();
  }

  private judge(dir: string, entries: Entries, index: number): void {
    const { counts, survey } = this;
    const name = entries.names[index]!;
    const path = join(dir, name);
    if (entries.errno(index) !== 0) {
      this.unread(path, 'cannot be looked at');
      return;
    }
    const kind = entries.kind(index);
    const { size, mtimeNs } = entries.meta(index);
    if (kind === 'dir') this.folders.push(path);
    else counts.files++;
    if (kind === 'file') {
      counts.bytes += size;
      counts.largest = Math.max(counts.largest, size);
    }
    const reasons = misfits({ name, path, kind, size, mtimeNs }, survey.limits);
    if (reasons.length > 0) this.tell(path, reasons.join('; '));
  }

  private tellTwins(dir: string, listing: Listing): void {
    const nothing = new Listing();
    const looking = Twins.of(this.survey.folding, listing, nothing);
    let step = looking.next();
    while (!step.done) step = looking.next();
    const twins = step.value;
    for (const { names } of listing.each())
      for (const name of names) {
        const other = twins.collision(name);
        if (other !== undefined) this.tell(join(dir, name), `the destination takes this name for that of ${other}`);
      }
    twins.close();
    listing.close();
  }

  private unread(path: string, why: string): void {
    this.counts.unread++;
    this.survey.found(path, why);
  }

  private tell(path: string, why: string): void {
    this.counts.misfits++;
    this.survey.found(path, why);
  }
}
