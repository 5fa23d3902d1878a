/** The lanes of a verification, the memory they share, and how many there are. */

import { readFileSync } from 'node:fs';
import { Pacer } from '../pace/pacer.js';
import { CommandWord } from '../pipeline/command.js';
import { Command } from '../pipeline/ring.js';
import { MOST_LANES, type VerifySettings } from '../settings.js';
import type { RootIdentity } from '../share/identity.js';
import type { Pin } from '../share/local/pin.js';
import type { RenamedSort } from '../share/renaming.js';
import type { Side } from '../share/share.js';
import { LaneCounters } from '../stats/shared.js';
import type { VerifierStart, VerifyAnswer, VerifyLease } from '../verify/messages.js';
import { busyBetween, processorTicks, wantedLanes } from './lanecount.js';
import type { Timekeeping } from './rootcheck.js';
import { callCounts, type HangingCall, hangingCalls, Section, within } from './section.js';
import type { Lane, Threads } from './threads.js';

const PROC_STAT = '/proc/stat';

export interface VerifyCrewDeps {
  readonly settings: Pick<VerifySettings, 'pace' | 'readers'>;
  readonly threads: Threads;
  /** Absolute paths of the roots that are read, and what they are known by. */
  readonly roots: Readonly<Partial<Record<Side, { readonly path: string; readonly identity: RootIdentity }>>> & {
    readonly dest: { readonly path: string; readonly identity: RootIdentity };
  };
  readonly times: Timekeeping;
  /** Links of the source stand for what they lead to. */
  readonly copyLinks: boolean;
  /** Sorts of names that the destination has under others. */
  readonly renamed: readonly RenamedSort[];
  answered(lane: number, answer: VerifyAnswer): void;
  /** A thread died, of a bug or of lack of memory, with this item in hand; 0: none. */
  died(lane: number, error: Error, item: number): void;
}

export class VerifyCrew {
  readonly pacer: Pacer;
  readonly lanes: Lane<VerifyLease>[] = [];
  /** What lanes do at the destination, and beside it what the same lanes do at the source. */
  private readonly atDest: Section;
  private readonly atSource = LaneCounters.memory(MOST_LANES * 2);
  private readonly sourceCells = new Float64Array(this.atSource);
  private readonly pins: Readonly<Record<Side, Pin | undefined>>;
  private readonly command = new CommandWord();
  private ticks = processorTicks(readFileSync(PROC_STAT, 'utf8'));

  constructor(private readonly deps: VerifyCrewDeps) {
    const { settings, roots } = deps;
    this.atDest = new Section(MOST_LANES * 2, settings.readers);
    const pin = (identity: RootIdentity | undefined): Pin | undefined =>
      identity && { identity, epoch: new Int32Array(new SharedArrayBuffer(4)) };
    this.pins = { source: pin(roots.source?.identity), dest: pin(roots.dest.identity) };
    this.pacer = new Pacer(
      settings.pace,
      (side) => callCounts(side === 'dest' ? this.atDest.lanes() : this.sourceLanes()),
      new Date(),
    );
  }

  get readBytes(): number {
    let bytes = this.atDest.bytes;
    for (const lane of this.sourceLanes()) bytes += lane.bytes;
    return bytes;
  }

  /** So many lanes, unless the operator said how many there shall be. */
  start(count: number): void {
    while (this.lanes.length < (this.deps.settings.readers || count)) this.startLane(this.lanes.length);
  }

  /** Starts more lanes where the measured latency asks for them; to be called a few times a second. */
  adapt(): void {
    const { atDest, pacer, deps } = this;
    if (deps.settings.readers > 0 || !atDest.isUp) return;
    const ticks = processorTicks(readFileSync(PROC_STAT, 'utf8'));
    const busy = busyBetween(this.ticks, ticks);
    this.ticks = ticks;
    const most = Math.min(MOST_LANES, pacer.mostLanes('dest'));
    const wanted = wantedLanes(this.lanes.length, atDest.operations, busy, most);
    if (wanted > this.lanes.length) atDest.forget();
    this.start(wanted);
  }

  /** A lane in the place of one that died: what that still says is not heard. */
  replace(number: number): void {
    this.lanes[number]!.cut();
    for (const cells of [this.atDest.cells, this.sourceCells]) new LaneCounters(cells, number).end();
    this.startLane(number);
  }

  private startLane(number: number): void {
    const { deps, pins } = this;
    const shared = (side: Side, counters: SharedArrayBuffer) => {
      const root = deps.roots[side];
      return root && { root: root.path, pin: pins[side]!, counters };
    };
    const source = shared('source', this.atSource);
    const lane = deps.threads.lane<VerifyLease, VerifyAnswer>(
      'verifier',
      number,
      (port, inbox): VerifierStart => ({
        lane: number,
        shares: {
          dest: { ...shared('dest', this.atDest.counters)!, renamed: deps.renamed },
          ...(source && { source: { ...source, copyLinks: deps.copyLinks } }),
        },
        port,
        inbox,
        pace: this.pacer.memory,
        command: this.command.memory,
        ...deps.times,
      }),
      (answer) => deps.answered(number, answer),
    );
    this.lanes[number] = lane;
    this.atDest.add(lane);
    lane.ended.catch((error: Error) => deps.died(number, error, this.atDest.fileOf(number)));
  }

  /** A share was away and is back: lanes open its root anew before their next call. */
  renewRoot(side: Side): void {
    const pin = this.pins[side];
    if (pin) Atomics.add(pin.epoch, 0, 1);
  }

  /** The item that each lane reads, and how far it is. */
  *files(): Generator<{ id: number; done: number }> {
    for (const { file } of this.atDest.lanes()) if (file.id !== 0) yield file;
  }

  /** Calls that are under way for longer than `ms`. */
  *hanging(ms: number, nowMs: number): Generator<HangingCall> {
    yield* hangingCalls({ side: 'dest', role: 'reader' }, this.atDest.lanes(), ms, nowMs);
    yield* hangingCalls({ side: 'source', role: 'reader' }, this.sourceLanes(), ms, nowMs);
  }

  private *sourceLanes(): Generator<LaneCounters> {
    for (const { number } of this.lanes) yield new LaneCounters(this.sourceCells, number);
  }

  /** Lanes take no more work (drain), or drop what they have in hand (stop). */
  tell(command: Command): void {
    this.command.tell(command);
    if (command === Command.stop) this.pacer.release();
  }

  /** Ends all lanes; false when some still hang after `patienceMs`. */
  finish(patienceMs: number): Promise<boolean> {
    this.atDest.close();
    return within(patienceMs, () => Promise.allSettled(this.atDest.ended));
  }
}
