/** The crew: all lanes of a run, the memory they share, and how many there are. */
import { readFileSync } from 'node:fs';
import { Pacer } from '../pace/pacer.js';
import type { ReaderStart, ScannerStart, WriterStart } from '../pipeline/lanes.js';
import type { LaneMessage, Lease } from '../pipeline/messages.js';
import { Command, PATH_ROOM, Ring } from '../pipeline/ring.js';
import { openFilesLimit } from '../posix/limits.js';
import { join } from '../posix/names.js';
import type { ListAnswer, ListRequest } from '../scan/messages.js';
import { MOST_LANES, type Settings } from '../settings.js';
import { roomForXattrs } from '../share/attributes.js';
import type { RootIdentity } from '../share/identity.js';
import type { Pin } from '../share/local/pin.js';
import type { RenamedSort } from '../share/renaming.js';
import { SIDES, type Side } from '../share/share.js';
import { FlowMeter } from '../stats/flow.js';
import type { Flow } from '../stats/snapshot.js';
import { affordableLanes } from './descriptors.js';
import { busyBetween, lanesBeside, processorTicks, wantedLanes } from './lanecount.js';
import { callCounts, type HangingCall, hangingCalls, Section, within } from './section.js';
import type { Lane, Threads } from './threads.js';

const PACK_BYTES = 512 * 1024;
const MAX_SCANNERS = 8;
const PROC_STAT = '/proc/stat';

export interface CrewEvents {
  readerStarted(lane: Lane<Lease>): void;
  scannerStarted(side: Side, lane: Lane<ListRequest>): void;
  message(message: LaneMessage, reader?: number): void;
  listed(side: Side, lane: number, answer: ListAnswer): void;
  /** A thread died of a bug or of lack of memory, with this item in hand; 0: none, or several. */
  died(role: string, error: Error, item: number): void;
}

export class Crew {
  private ring: Ring;
  readonly pacer: Pacer;
  /** This run's folder in the trash. */
  readonly trash: string | undefined;
  private readonly pins: Record<Side, Pin>;
  private readonly readers: Section;
  private readonly writers: Section;
  private readonly scanners: Record<Side, Section>;
  private readonly flowMeter = new FlowMeter();
  private readonly affordable = affordableLanes(openFilesLimit());
  private ticks = processorTicks(readFileSync(PROC_STAT, 'utf8'));

  constructor(
    private readonly settings: Settings,
    private readonly threads: Threads,
    private readonly ground: {
      readonly identities: Record<Side, RootIdentity>;
      readonly renamed: readonly RenamedSort[];
      readonly partTag: string;
    } & WriterStart['times'],
    private readonly events: CrewEvents,
  ) {
    const pin = (side: Side): Pin => ({
      identity: ground.identities[side],
      epoch: new Int32Array(new SharedArrayBuffer(4)),
    });
    this.pins = { source: pin('source'), dest: pin('dest') };
    const section = (wanted: number, most: number) => new Section(Math.max(wanted, most), wanted);
    this.readers = section(settings.readers, MOST_LANES);
    this.writers = section(settings.writers, MOST_LANES);
    this.scanners = {
      source: section(settings.scanners, MAX_SCANNERS),
      dest: section(settings.scanners, MAX_SCANNERS),
    };
    this.trash = settings.trash && join(settings.trash, folderOfTime(new Date()));
    this.ring = this.makeRing();
    this.pacer = new Pacer(settings.pace, (side) => this.callCounts(side), new Date());
  }

  private makeRing(): Ring {
    const { settings } = this;
    const ring = Ring.create({
      blockSlots: settings.queueCapacity,
      packSlots: this.readers.most + this.writers.most + 8,
      blockBytes: settings.blockSize + PATH_ROOM + roomForXattrs(settings.attributes),
      packBytes: PACK_BYTES,
      readers: this.readers.most,
    });
    ring.mostWriters = this.writers.wanted;
    return ring;
  }

  private get sections(): Section[] {
    return [this.readers, this.writers, this.scanners.source, this.scanners.dest];
  }

  get readBytes(): number {
    return this.readers.bytes;
  }
  get writtenBytes(): number {
    return this.writers.bytes;
  }
  get counts(): { readers: number; writers: number; scanners: number } {
    const scanners = this.scanners.source.count + this.scanners.dest.count;
    return { readers: this.readers.active, writers: this.writers.active, scanners };
  }
  /** The file that each reader and writer lane has in hand. */
  *files(): Generator<{ id: number; done: number; startedMs: number; isWriting: boolean }> {
    for (const section of [this.readers, this.writers])
      for (const { file } of section.lanes()) if (file.id !== 0) yield { ...file, isWriting: section === this.writers };
  }

  /** Tells the pacer the time, and looks who waits; to be called a few times a second. */
  tick(now: Date): void {
    const { ring, pacer, readers, writers } = this;
    pacer.tick(now);
    this.flowMeter.add({
      nowMs: now.getTime(),
      readersWait: ring.waitingReaders / Math.max(1, readers.active),
      writersWait: ring.idleWriters / Math.max(1, writers.active),
      limited: { source: pacer.isBinding('source'), dest: pacer.isBinding('dest') },
    });
  }

  get flow(): Flow {
    const { inUse, shape } = this.ring;
    return {
      blocks: { used: inUse.blocks, slots: shape.blockSlots },
      packs: { used: inUse.packs, slots: shape.packSlots },
      ...this.flowMeter.waits,
    };
  }

  /** Calls that are under way for longer than `ms`. */
  *hanging(ms: number, nowMs: number): Generator<HangingCall> {
    const roles = [
      ['source', 'reader', this.readers],
      ['dest', 'writer', this.writers],
      ['source', 'scanner', this.scanners.source],
      ['dest', 'scanner', this.scanners.dest],
    ] as const;
    for (const [side, role, section] of roles) yield* hangingCalls({ side, role }, section.lanes(), ms, nowMs);
  }

  /** How long calls of all lanes on a share took; see latency.ts. */
  callCounts(side: Side): Float64Array[] {
    const transfer = side === 'source' ? this.readers : this.writers;
    return callCounts([...transfer.lanes(), ...this.scanners[side].lanes()]);
  }

  startScanners(sides: readonly Side[]): void {
    for (const side of sides)
      this.growTo(this.scanners[side], this.settings.scanners || 1, () => this.startScanner(side));
  }

  /** Starts so many readers and writers, unless the operator said how many there shall be. */
  startTransfer({ readers, writers }: { readers: number; writers: number }): void {
    if (this.settings.dryRun) throw new Error('a dry run has work to hand out');
    this.growTo(this.readers, this.readers.wanted || readers, () => this.startReader());
    this.growTo(this.writers, this.writers.wanted || writers, () => this.startWriter());
  }

  /** So many readers and writers from now on, at most MOST_LANES of each; 0: automatic. Those beyond finish and rest; more come with the next work. */
  setLanes(readers: number, writers: number): void {
    this.readers.wanted = readers;
    this.writers.wanted = writers;
    this.ring.mostWriters = writers;
  }

  /** Starts more lanes where the measured latency asks for them; to be called a few times a second. */
  adapt(): void {
    if (this.sections.every(({ wanted }) => wanted > 0)) return;
    const ticks = processorTicks(readFileSync(PROC_STAT, 'utf8'));
    const busy = busyBetween(this.ticks, ticks);
    this.ticks = ticks;
    const grow = (side: Side, section: Section, most: number, start: () => void) => {
      if (section.wanted > 0 || !section.isUp) return;
      const affordable = Math.min(most, this.pacer.mostLanes(side), this.affordable);
      const wanted = wantedLanes(section.count, section.operations, busy, affordable);
      if (wanted > section.count) section.forget();
      this.growTo(section, wanted, start);
    };
    const [read, written] = [this.readers.allOperations, this.writers.allOperations];
    grow('source', this.readers, lanesBeside(read, written), () => this.startReader());
    grow('dest', this.writers, lanesBeside(written, read), () => this.startWriter());
    for (const side of SIDES) grow(side, this.scanners[side], MAX_SCANNERS, () => this.startScanner(side));
  }

  private growTo(section: Section, wanted: number, start: () => void): void {
    while (section.count < wanted) start();
  }

  private startReader(): void {
    const { settings, ring, pacer, readers } = this;
    const number = readers.count;
    const lane = this.threads.lane<Lease, LaneMessage>(
      'reader',
      number,
      (port, inbox): ReaderStart => ({
        lane: number,
        root: settings.source,
        pin: this.pins.source,
        port,
        inbox,
        ring: ring.shape,
        counters: readers.counters,
        pace: pacer.memory,
        attributes: settings.attributes,
        checksum: settings.checksum,
        sparse: settings.sparse,
        copyLinks: settings.choice.copyLinks === true,
        rules: settings.choice.rules,
      }),
      (message) => this.events.message(message, number),
    );
    this.watch('reader', readers, lane);
    this.events.readerStarted(lane);
  }

  private startWriter(): void {
    const { settings, ground, ring, pacer, writers } = this;
    const number = writers.count;
    ring.writerComes();
    const lane = this.threads.lane<never, LaneMessage>(
      'writer',
      number,
      (port): WriterStart => ({
        lane: number,
        root: settings.dest,
        pin: this.pins.dest,
        source: { root: settings.source, pin: this.pins.source, copyLinks: settings.choice.copyLinks === true },
        port,
        ring: ring.shape,
        counters: writers.counters,
        pace: pacer.memory,
        trash: this.trash,
        stampsMtime: settings.choice.comparing?.sizeOnly ?? false,
        partTag: ground.partTag,
        renamed: ground.renamed,
        comparesContent: settings.choice.comparing?.content ?? false,
        times: { grainNs: ground.grainNs, range: ground.range },
        attributes: settings.attributes,
      }),
      (message) => this.events.message(message),
    );
    this.watch('writer', writers, lane);
  }

  private startScanner(side: Side): void {
    const section = this.scanners[side];
    const number = section.count;
    const root = side === 'source' ? this.settings.source : this.settings.dest;
    const lane = this.threads.lane<ListRequest, ListAnswer>(
      'scanner',
      number,
      (port, inbox): ScannerStart => ({
        lane: number,
        side,
        root,
        pin: this.pins[side],
        port,
        inbox,
        counters: section.counters,
        // Which names the destination has of one file, nobody asks its listings.
        attributes: side === 'dest' ? { ...this.settings.attributes, hardLinks: false } : this.settings.attributes,
        pace: this.pacer.memory,
        rules: this.settings.choice.rules,
        oneFilesystem: this.settings.choice.oneFilesystem,
        safeLinks: side === 'source' && this.settings.choice.safeLinks === true,
        copyLinks: side === 'source' && this.settings.choice.copyLinks === true,
        notInto: this.settings.dest,
        ...(side === 'dest' && { renamed: this.ground.renamed }),
      }),
      (answer) => this.events.listed(side, number, answer),
    );
    this.watch('scanner', section, lane);
    this.events.scannerStarted(side, lane);
  }

  private watch(role: string, section: Section, lane: Lane<unknown>): void {
    section.add(lane);
    lane.ended.catch((error: Error) => this.events.died(role, error, section.fileOf(lane.number)));
  }

  /** A share was away and is back: lanes open its root anew before their next call. */
  renewRoot(side: Side): void {
    Atomics.add(this.pins[side].epoch, 0, 1);
  }

  /** Lanes take no more work (drain), or drop what they have in hand (stop). */
  tell(command: Command): void {
    this.ring.tell(command);
    if (command === Command.stop) this.pacer.release();
  }

  /** Ends all lanes; false when some still hang after `patienceMs`. Writers end last, once the ring is empty. */
  finish(patienceMs: number): Promise<boolean> {
    return within(patienceMs, async () => {
      this.readers.close();
      // A scan that goes on is not wanted: the session has ended.
      for (const section of Object.values(this.scanners)) section.abandon();
      await Promise.allSettled([this.readers, this.scanners.source, this.scanners.dest].flatMap(({ ended }) => ended));
      this.ring.close();
      await Promise.allSettled(this.writers.ended);
    });
  }

  /**
   * Ends all lanes at once, whatever they have in hand, and makes ready for others in their place: what a dead thread
   * leaves in the ring and at its writers is not worth telling apart. False when some still hang after `patienceMs`.
   */
  async renew(patienceMs: number): Promise<boolean> {
    for (const section of this.sections) section.cut();
    this.tell(Command.stop);
    this.ring.close();
    const ended = this.sections.flatMap((section) => section.ended);
    if (!(await within(patienceMs, () => Promise.allSettled(ended)))) return false;
    for (const section of this.sections) section.clear();
    this.ring = this.makeRing();
    this.pacer.restore();
    return true;
  }
}

/** `2026-11-21T16-30-05.123Z`: a name on every filesystem, in the order of time. */
function folderOfTime(now: Date): string {
  return now.toISOString().replaceAll(':', '-');
}
