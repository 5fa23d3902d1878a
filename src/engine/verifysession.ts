import { Verdict } from '../ledger/schema.js';
import { countAfter, type DueRow, dueAfter, FIRST_KEY, type RowKey } from '../ledger/verification.js';
import { Command } from '../pipeline/ring.js';
import type { VerifySettings } from '../settings.js';
import { type Failure, failure } from '../share/failure.js';
import { Renaming } from '../share/renaming.js';
import type { Side } from '../share/share.js';
import type { Judged, VerifyAnswer, VerifyItem } from '../verify/messages.js';
import { scopeOf } from '../verify/pass.js';
import { isInSample } from '../verify/sample.js';
import { SessionBroken } from './broken.js';
import { ATTEMPTS, backoffMs, ITEM_DEATHS, MOST_DEATHS } from './retry.js';
import { guardShares, NOTHING_TO_SEE, Patience } from './shareguard.js';
import { Stalls } from './stalls.js';
import { VerifyCrew, type VerifyCrewDeps } from './verifycrew.js';
import { pathOf, VerifyRecord, type VerifyRecordDeps, verifiedKindOf } from './verifyrecord.js';
import type { Look, ShareWatch } from './watch.js';

const TICK_MS = 50;
/** Rows that wait for a lane, below which more are taken from the ledger. */
const LOW = 1024;
/** Leases that a lane has at hand, and what is in one. */
const AHEAD = 2;
const LEASE_ITEMS = 64;
const LEASE_BYTES = 4 * 1024 * 1024;
/** The main thread looks at rows no longer than this before it turns to messages, ms. */
const STRETCH_MS = 10;

export interface VerifySessionDeps extends VerifyRecordDeps {
  readonly settings: VerifySettings;
  readonly crew: Omit<VerifyCrewDeps, 'answered' | 'died' | 'settings'>;
  readonly firstLanes: number;
  look(side: Side): Look;
}

interface InHand {
  readonly row: DueRow;
  attempts: number;
  /** How often a lane died with it in hand. */
  deaths: number;
  /** Not to be handed out before, by performance.now(). */
  notBefore: number;
  /** The side that is said to be in trouble, and is looked at. */
  stuckAt?: Side | undefined;
}

export class VerifySession {
  readonly crew: VerifyCrew;
  readonly watch: ShareWatch;
  stopping: 'no' | 'drain' | 'stop' = 'no';
  readonly record: VerifyRecord;
  /** What the pass is about, as far as it was counted. */
  readonly all = { files: 0, bytes: 0 };
  isCounted = false;
  private readonly waiting: InHand[] = [];
  private later: InHand[] = [];
  private readonly inHand = new Map<number, InHand>();
  /** What each lane has at hand, by the items' ids, in order. */
  private readonly leases: (readonly number[])[][] = [];
  private deaths = 0;
  private nextId = 1;
  private feedAt: RowKey | undefined = FIRST_KEY;
  private countAt: RowKey | undefined = FIRST_KEY;
  private readonly patience: Patience;
  private scheduled = false;
  /** Lanes gave entries back because the run ends. */
  private hasLeft = false;
  private readonly stalls: Stalls;
  private end: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor(private readonly deps: VerifySessionDeps) {
    this.record = new VerifyRecord(deps, new Renaming(deps.crew.renamed));
    this.crew = new VerifyCrew({
      ...deps.crew,
      settings: deps.settings,
      answered: (lane, answer) => this.guarded(() => this.receive(lane, answer)),
      died: (lane, error, item) => this.guarded(() => this.replaceLane(lane, error, item)),
    });
    this.watch = this.watchShares();
    this.stalls = new Stalls(({ item }) => {
      const found = this.inHand.get(item);
      return found && pathOf(found.row);
    }, deps.note);
    this.patience = new Patience(this.watch, this.stalls, this.limits);
  }

  /** Runs to the end, or until told to stop. Rejects when it cannot go on; what was found is written down before. */
  async run(): Promise<void> {
    const timer = setInterval(() => this.guarded(() => this.tick()), TICK_MS);
    try {
      this.record.begin();
      await new Promise<void>((resolve, reject) => {
        this.end = { resolve, reject };
        this.workSoon();
      });
    } finally {
      clearInterval(timer);
      this.end = undefined;
    }
  }

  /** Everything that the pass is about was looked at. */
  get isThrough(): boolean {
    const left = this.waiting.length + this.later.length + this.inHand.size;
    return this.feedAt === undefined && left === 0 && !this.hasLeft;
  }

  /** Raw paths of the files that lanes read now, the largest first. */
  get active(): string[] {
    const rows = [...this.crew.files()].flatMap(({ id }) => this.inHand.get(id)?.row ?? []);
    return rows.sort((a, b) => b.meta.size - a.meta.size).map(pathOf);
  }

  /** Tells the session to drain or to stop now. */
  tell(command: Command): void {
    if (command === Command.drain && this.stopping === 'no') this.stopping = 'drain';
    if (command === Command.stop) this.stopping = 'stop';
    this.crew.pacer.resume();
    this.crew.tell(command);
    this.guarded(() => this.settle());
  }

  fail(error: unknown): void {
    this.end?.reject(error);
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private tick(): void {
    const { crew, watch, stalls, patience } = this;
    const { settings } = this.deps;
    crew.pacer.tick(new Date());
    watch.tick();
    if (this.stopping === 'no') crew.adapt();
    stalls.tick((nowMs) => crew.hanging(settings.stallTimeoutMs, nowMs));
    if (patience.isOver(this.stopping === 'drain')) this.tell(Command.stop);
    const { broken } = patience;
    if (broken) this.fail(broken);
    this.count();
    this.feed();
  }

  private workSoon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.guarded(() => this.feed());
    });
  }

  /** Takes rows, hands them out, and writes down what was found. */
  private feed(): void {
    const until = performance.now() + STRETCH_MS;
    if (this.stopping === 'no') {
      while (this.feedAt && this.waiting.length < LOW && performance.now() < until) this.takePage(this.feedAt);
      if (this.feedAt && this.waiting.length < LOW) this.workSoon();
      if (!this.watch.isHolding) this.handOut();
    }
    if (this.record.isDue) this.checkpoint();
    this.settle();
  }

  private takePage(after: RowKey): void {
    const { pass } = this.record;
    const { rows, next } = dueAfter(this.deps.ledger, scopeOf(pass), after);
    this.feedAt = next;
    for (const row of rows) {
      // What was found and is not written down yet is behind `after`: rows are taken once.
      if (pass.sample && !isInSample(pathOf(row), pass.sample)) continue;
      this.waiting.push({ row, attempts: 0, deaths: 0, notBefore: 0 });
    }
  }

  private count(): void {
    const { pass } = this.record;
    const until = performance.now() + STRETCH_MS;
    const part = pass.sample?.part ?? 1;
    while (this.countAt && performance.now() < until) {
      const { all, next } = countAfter(this.deps.ledger, scopeOf(pass), this.countAt);
      this.all.files += all.files * part;
      this.all.bytes += all.bytes * part;
      this.countAt = next;
    }
    this.isCounted = this.countAt === undefined;
  }

  private handOut(): void {
    const now = performance.now();
    const isDue = ({ notBefore }: InHand) => notBefore <= now;
    if (this.later.length > 0) {
      this.waiting.unshift(...this.later.filter(isDue));
      this.later = this.later.filter((item) => !isDue(item));
    }
    if (this.waiting.length === 0) return;
    this.crew.start(Math.min(this.deps.firstLanes, this.waiting.length));
    for (let round = 0; round < AHEAD; round++)
      for (const { number, outbox } of this.crew.lanes) {
        if (this.waiting.length === 0) return;
        this.leases[number] ??= [];
        if (this.leases[number].length > round) continue;
        const lease = this.lease();
        outbox.send(lease);
        this.leases[number].push(lease.map(({ id }) => id));
      }
  }

  private lease(): VerifyItem[] {
    const items: VerifyItem[] = [];
    let bytes = 0;
    // Not all to the first lane where there are few.
    const most = Math.min(LEASE_ITEMS, Math.ceil(this.waiting.length / (this.crew.lanes.length * AHEAD)));
    while (items.length < most && bytes < LEASE_BYTES) {
      const item = this.waiting.shift();
      if (!item) break;
      const { row } = item;
      const id = this.nextId++;
      this.inHand.set(id, item);
      const { size, mtimeNs, mode } = row.meta;
      const kind = verifiedKindOf(mode);
      items.push({
        id,
        dir: row.path,
        name: row.name,
        expected: { kind, size, mtimeNs, hash: row.hash },
        algorithm: this.record.codeOf(row),
      });
      bytes += size;
    }
    return items;
  }

  // ---- what lanes report

  private receive(lane: number, { judged, failed, returned, cache }: VerifyAnswer): void {
    this.leases[lane]!.shift();
    for (const judgement of judged) this.found(judgement.id, judgement);
    for (const { id, failure, side } of failed) this.failed(id, failure, side);
    for (const id of returned) this.leave(id);
    this.record.addCache(cache);
    this.feed();
  }

  private failed(id: number, failure: Failure, side: Side): void {
    const item = this.inHand.get(id)!;
    if (failure.class === 'fatal') throw new SessionBroken(`${failure.message} at ${pathOf(item.row)}`, 'bug');
    if (failure.class === 'stop') {
      item.stuckAt = side;
      this.watch.report(side, failure.code, 0);
    } else {
      this.watch.hurry(side);
      if (!this.watch.isHolding) item.attempts++;
    }
    if (this.stopping !== 'no') {
      this.leave(id);
      return;
    }
    if (item.attempts >= ATTEMPTS) {
      if (side === 'dest') this.unreadable(id, failure);
      else this.found(id, { verdict: Verdict.sourceDiffers, difference: `source: unreadable: ${failure.message}` });
      return;
    }
    this.inHand.delete(id);
    item.notBefore = performance.now() + (item.attempts > 0 ? backoffMs(item.attempts + 1, Math.random()) : 0);
    this.later.push(item);
  }

  /** A thread died: another takes its place, and what it had at hand waits again, or is left where the run drains. */
  private replaceLane(lane: number, cause: Error, blamed: number): void {
    if (!this.end || this.stopping === 'stop') return;
    const message = `a verifier thread died: ${cause.message}`;
    if (++this.deaths > MOST_DEATHS) throw new SessionBroken(`${message}, after ${MOST_DEATHS} others`, 'bug');
    const isDraining = this.stopping === 'drain';
    this.deps.note(`${message}; its work is ${isDraining ? 'left to the next run' : 'done again'}`);
    for (const id of this.leases[lane]?.splice(0).flat() ?? []) {
      const item = this.inHand.get(id)!;
      if (id === blamed && ++item.deaths >= ITEM_DEATHS) this.unreadable(id, failure('DIED', 'read', pathOf(item.row)));
      else if (isDraining) this.leave(id);
      else {
        this.inHand.delete(id);
        this.later.push(item);
      }
    }
    this.crew.replace(lane);
    this.feed();
  }

  private unreadable(id: number, { message }: Failure): void {
    this.found(id, { verdict: Verdict.unreadable, difference: `unreadable: ${message}` });
  }

  private found(id: number, judgement: Omit<Judged, 'id'>): void {
    this.record.add(this.inHand.get(id)!.row, judgement);
    this.inHand.delete(id);
  }

  /** For another run. */
  private leave(id: number): void {
    this.inHand.delete(id);
    this.hasLeft = true;
  }

  checkpoint(): void {
    this.record.checkpoint(this.isThrough);
  }

  /** Ends the run where nothing is left, or it was told to. */
  private settle(): void {
    const isOver = this.stopping === 'no' ? this.isThrough : this.stopping === 'stop' || this.inHand.size === 0;
    if (isOver) this.end?.resolve();
  }

  /** See ShareGuardDeps. */
  private get limits() {
    const { source, dest } = this.deps.crew.roots;
    const roots = { dest: dest.path, ...(source && { source: source.path }) };
    return { roots, timeoutMs: this.deps.settings.shareTimeoutMs };
  }

  private watchShares(): ShareWatch {
    const { note, look, crew } = this.deps;
    return guardShares({
      ...this.limits,
      look: (side) => (crew.roots[side] ? look(side) : NOTHING_TO_SEE),
      note,
      lost: () => {},
      cleared: (side) => {
        for (const item of this.later.filter(({ stuckAt }) => stuckAt === side)) {
          item.attempts++;
          item.stuckAt = undefined;
        }
        this.crew.renewRoot(side);
      },
      back: (side) => {
        for (const item of this.later) item.stuckAt = undefined;
        this.crew.renewRoot(side);
      },
      gaveUp: (broken) => this.fail(broken),
    });
  }
}
