/**
 * The writer's role: takes filled slots and does the destination's part of each record. Every file that becomes
 * visible at a destination goes through DestFile.publish, called from here and nowhere else.
 */
import type { Bucket } from '../pace/bucket.js';
import { Call } from '../pace/latency.js';
import type { Window } from '../pace/window.js';
import { SysError } from '../posix/errno.js';
import { join } from '../posix/names.js';
import { type Attributes, type Carried, carriedOf, decodeXattrs } from '../share/attributes.js';
import { type Failure, failure, failureOf, UNLIKE } from '../share/failure.js';
import type { DestFile, DestShare, Times } from '../share/share.js';
import { AT_SOURCE, type LaneCounters } from '../stats/shared.js';
import { isStillMissing, type LastAsked } from './absence.js';
import type { FailedItem, LaneMessage, Warning } from './messages.js';
import { SlotRecords } from './packer.js';
import {
  ABORT,
  Action,
  AS_IT_WAS,
  FIRST,
  HEADER,
  HOLE,
  isDeletion,
  LAST,
  MISSING,
  type RecordFields,
  type Records,
  STAMPED,
} from './record.js';
import { Command, type Ring } from './ring.js';
import { moveOf, timedCall } from './timedcall.js';

const EIO = 5;
const EAGAIN = 11;
/** How long the source's word that it does not have an entry is good for, where a last look could not tell. */
const PROOF_MS = 30_000;
/** Operations on the share that a limit counts for each file beside its data: create, set times, close, rename. */
const FILE_OPERATIONS = 4;
/** What was done is told after so long, ms, also within a slot, which may hold thousands of small entries. */
const REPORT_MS = 5;
/** Of a removal: the last look at the source, and the removal itself. */
const REMOVAL_OPERATIONS = 2;

export interface WriterDeps {
  readonly lane: number;
  readonly dest: DestShare;
  /** Asked once more before an extra is removed. */
  readonly source: LastAsked;
  readonly ring: Ring;
  readonly pace: Bucket;
  readonly window: Window;
  readonly counters: LaneCounters;
  /** The folder, beneath the destination's root, to which extras are moved; undefined: they are removed. */
  readonly trash: string | undefined;
  readonly attributes: Attributes;
  report(message: LaneMessage): void;
}

/** A large file that this writer has begun: open, or failed with the blocks to come thrown away. */
type Begun =
  | { file: DestFile /** Up to here. */; written: number; failure?: undefined }
  | { file?: undefined; failure: Failure };

export function runWriter(deps: WriterDeps): void {
  new Writer(deps).run();
}

class Writer {
  private readonly records: SlotRecords;
  /** By reader lane: a reader streams one file at a time. */
  private readonly begun = new Map<number, Begun>();
  private finished = new Uint8Array(64 * HEADER);
  private finishedCount = 0;
  private failed: FailedItem[] = [];
  /** Of the finished ones. */
  private warnings: Warning[] = [];
  /** By performance.now(). */
  private reportedMs = 0;

  constructor(private readonly deps: WriterDeps) {
    this.records = new SlotRecords(deps.ring);
  }

  run(): void {
    const { ring } = this.deps;
    ring.writerCame();
    const take = () => ring.take(this.deps.lane, this.begun.size > 0);
    for (let taken = take(); taken; taken = take()) {
      const records = this.records.of(taken.slot);
      for (let at = 0; at < taken.used && ring.command !== Command.stop; at = records.next(at)) this.work(records, at);
      ring.release(taken.slot);
      this.report();
    }
    for (const { file } of this.begun.values()) file?.abandon();
  }

  private work(records: Records, at: number): void {
    const fields = records.get(at);
    // A share that hangs from here on takes nothing with it of what was done before.
    if (performance.now() - this.reportedMs >= REPORT_MS) this.report();
    this.deps.counters.workOn(fields.id);
    try {
      if (this.apply(fields, records, at)) this.finish(records, at);
    } catch (error) {
      const path = join(records.dir(at), records.name(at));
      this.failed.push({ id: fields.id, failure: failureOf(error, 'write', path, 'dest'), side: 'dest' });
    }
  }

  /** True when the entry is finished with this record. */
  private apply(fields: Readonly<RecordFields>, records: Records, at: number): boolean {
    const dir = records.dir(at);
    const name = records.name(at);
    const { pace, counters } = this.deps;
    const carried = () => carriedOf(fields, () => decodeXattrs(records.xattrs(at)), this.deps.attributes);
    // Few of them, and none with data: one operation counts for all that they are made of.
    if (fields.action !== Action.copy) {
      const needsProof = isDeletion(fields);
      pace.take(0, needsProof ? REMOVAL_OPERATIONS : 1);
      // Not before what a limit or a pause has made it wait.
      if (needsProof && !this.isStillProven(fields, dir, name)) return false;
      return counters.during(() => this.applyOther(fields, records, at, carried));
    }
    return fields.flags === (FIRST | LAST)
      ? this.writeWhole(this.create(dir, name, fields), records, at, carried())
      : this.writeBlock(dir, name, records, at, carried);
  }

  /** Asks the source a last time: an extra may have come back to it, or it may have gone, while the removal had to wait. */
  private isStillProven({ id, startedMs, flags }: Readonly<RecordFields>, dir: string, name: string): boolean {
    const { source, counters } = this.deps;
    try {
      counters.during(() => {
        source.checkPlace();
        if (!(flags & MISSING)) checkProof(startedMs, Date.now());
        else if (!isStillMissing(source, dir, name)) throw new SysError(EAGAIN, 'removal of what came back', '');
      }, AT_SOURCE);
      return true;
    } catch (error) {
      this.failed.push({ id, failure: failureOf(error, 'live check', join(dir, name)), side: 'source' });
      return false;
    }
  }

  /** What is no copying of a file. */
  private applyOther(
    fields: Readonly<RecordFields>,
    records: Records,
    at: number,
    carried: () => Carried | undefined,
  ): boolean {
    const dir = records.dir(at);
    const name = records.name(at);
    const { dest, trash } = this.deps;
    switch (fields.action) {
      case Action.link:
        this.warn(fields, dest.link(dir, name, Buffer.from(records.data(at)).toString('utf16le'), fields, carried()));
        return true;
      case Action.special: {
        const device = Buffer.from(records.data(at)).readUInt32LE();
        this.warn(fields, dest.makeSpecial(dir, name, { mode: fields.mode, device }, fields, carried()));
        return true;
      }
      case Action.hardLink: {
        const target = Buffer.from(records.data(at)).toString('utf16le');
        const became = dest.hardLink(dir, name, target, fields);
        if (became === 'was') records.addFlag(at, AS_IT_WAS);
        if (became !== 'unlike') return true;
        this.failed.push({ id: fields.id, failure: failure(UNLIKE, 'link', join(dir, name)), side: 'dest' });
        return false;
      }
      case Action.stamp:
        this.warn(fields, dest.stamp(dir, name, fields, carried()));
        return true;
      case Action.makeDir:
        dest.makeDir(join(dir, name));
        return true;
      case Action.stampDir:
        this.warn(fields, dest.stampDir(join(dir, name), fields, fields.mode, carried()));
        return true;
      case Action.remove:
        this.took(
          records,
          at,
          trash === undefined ? dest.remove(dir, name, 'file') : dest.moveTo(join(trash, dir), dir, name),
        );
        return true;
      case Action.removePart:
        dest.remove(dir, name, 'file');
        return true;
      case Action.removeDir:
        // What was in it is there already, unless it was empty.
        if (trash !== undefined) dest.makeDir(join(trash, join(dir, name)));
        this.took(records, at, dest.remove(dir, name, 'dir'));
        return true;
      default:
        fields.action satisfies typeof Action.copy; // see `apply`
        throw new Error(`unknown action ${fields.action}`);
    }
  }

  /** Whether an extra was there to be taken away: somebody else may have done it. */
  private took(records: Records, at: number, wasThere: boolean): void {
    if (!wasThere) records.addFlag(at, AS_IT_WAS);
  }

  private writeWhole(file: DestFile, records: Records, at: number, carried: Carried | undefined): boolean {
    const data = records.data(at);
    try {
      if (data.length > 0) this.move(file, data, 0);
      checkLength(data.length, records.get(at));
    } catch (error) {
      file.abandon();
      throw error;
    }
    this.publish(file, records, at, carried);
    return true;
  }

  /** One block of a larger file. The first failure is reported once; the blocks after it are thrown away. */
  private writeBlock(
    dir: string,
    name: string,
    records: Records,
    at: number,
    carried: () => Carried | undefined,
  ): boolean {
    const fields = records.get(at);
    const { reader, flags } = fields;
    const data = records.data(at);
    const last = (flags & LAST) !== 0;
    if (flags & FIRST) {
      // A file of one record: its reader is with the next file by now, and would take this for that one's writer.
      if (!last) this.deps.ring.bind(reader, this.deps.lane);
      this.begin(reader, dir, name, fields);
    }
    let begun = this.begun.get(reader)!;
    if (flags & ABORT) {
      begun.file?.abandon();
      // The reader's own failure travels with the abort, and is told only now that the part file is gone.
      if (data.length > 0) {
        const failure = JSON.parse(Buffer.from(data).toString()) as Failure;
        this.failed.push({ id: fields.id, failure, side: 'source' });
      }
    } else if (begun.file) {
      try {
        this.deps.counters.begin(fields.id, fields.startedMs, begun.written);
        checkPlace(begun.written, fields);
        this.move(begun.file, data, fields.offset);
        begun.written = fields.offset + data.length;
        const { file } = begun;
        if (last && data.length === 0) this.deps.counters.during(() => file.extend(fields.size));
        if (last) {
          checkLength(begun.written, fields);
          this.publish(begun.file, records, at, carried());
        }
      } catch (error) {
        begun.file.abandon();
        begun = { failure: failureOf(error, 'write', join(dir, name), 'dest') };
        this.begun.set(reader, begun);
      }
    }
    if (!last) return false;
    this.begun.delete(reader);
    this.deps.counters.end();
    if (flags & ABORT) return false;
    // Told with the last block, so that the file is not begun again while its blocks still come.
    if (begun.failure) this.failed.push({ id: fields.id, failure: begun.failure, side: 'dest' });
    return begun.failure === undefined;
  }

  private begin(reader: number, dir: string, name: string, fields: Readonly<RecordFields>): void {
    try {
      this.begun.set(reader, { file: this.create(dir, name, fields), written: 0 });
    } catch (error) {
      this.begun.set(reader, { failure: failureOf(error, 'create', join(dir, name), 'dest') });
    }
  }

  private create(dir: string, name: string, { mode, size }: Readonly<RecordFields>): DestFile {
    this.deps.pace.take(0, FILE_OPERATIONS);
    return timedCall(this.deps, Call.open, 1, () => this.deps.dest.create(dir, name, mode, size));
  }

  /** Times, close and rename: at least three operations. */
  private publish(file: DestFile, records: Records, at: number, carried: Carried | undefined): void {
    const fields = records.get(at);
    const warnings = timedCall(this.deps, Call.publish, 3, () => file.publish(fields as Times, carried));
    if (file.became !== 'new') records.addFlag(at, file.became === 'was' ? AS_IT_WAS : STAMPED);
    this.warn(fields, warnings);
  }

  private warn({ id }: Readonly<RecordFields>, warnings: readonly string[]): void {
    if (warnings.length > 0) this.warnings.push({ id, text: warnings.join('; ') });
  }

  private move(file: DestFile, data: Uint8Array, offset: number): void {
    const { pace, counters } = this.deps;
    for (let done = 0; done < data.length; ) {
      const quantum = pace.quantum();
      const part = quantum < data.length - done ? data.subarray(done, done + quantum) : data.subarray(done);
      pace.take(part.length);
      timedCall(this.deps, moveOf(part.length, quantum), 0, () => {
        file.write(part, offset + done);
        if (quantum !== Number.POSITIVE_INFINITY) file.push(offset + done, part.length);
      });
      counters.moved(part.length);
      done += part.length;
    }
  }

  private finish(records: Records, at: number): void {
    const to = this.finishedCount++ * HEADER;
    if (to === this.finished.length) {
      const larger = new Uint8Array(this.finished.length * 2);
      larger.set(this.finished);
      this.finished = larger;
    }
    records.copyResult(at, this.finished, to, Date.now());
  }

  private report(): void {
    if (this.finishedCount > 0) {
      const headers = this.finished.slice(0, this.finishedCount * HEADER);
      const { warnings } = this;
      this.deps.report({ type: 'finished', headers, ...(warnings.length > 0 && { warnings }) });
    }
    if (this.failed.length > 0) this.deps.report({ type: 'failed', items: this.failed });
    this.finishedCount = 0;
    this.failed = [];
    this.warnings = [];
    this.reportedMs = performance.now();
  }
}

/** Nothing is removed by an old proof, such as one from before a pause: the reader is to give another. Throws SysError. */
function checkProof(provedMs: number, nowMs: number): void {
  if (nowMs - provedMs > PROOF_MS) throw new SysError(EAGAIN, 'removal with an old proof', '');
}

/** No block is missing, unless it is a hole. Throws SysError. */
function checkPlace(written: number, { offset, flags }: Readonly<RecordFields>): void {
  if (offset !== written && !(flags & HOLE && offset > written)) throw new SysError(EIO, 'block order', '');
}

/** Nothing is published that lacks a block. Throws SysError. */
function checkLength(written: number, { size }: Readonly<RecordFields>): void {
  if (written !== size) throw new SysError(EIO, 'length check', '');
}
