/** Large files: block by block through block slots, hashed on the way, all blocks to one writer. */

import { SysError } from '../posix/errno.js';
import { join, nameBytes } from '../posix/names.js';
import { roomForXattrs } from '../share/attributes.js';
import { type Failure, failure, failureOf } from '../share/failure.js';
import { Holes } from '../share/holes.js';
import type { SourceFile } from '../share/share.js';
import { PacedRead } from './pacedread.js';
import type { SlotRecords } from './packer.js';
import { fieldsOf, type LeaseItem, openTimed, READ_ATTEMPTS, type ReaderDeps, xattrsIn } from './reader.js';
import { ABORT, FIRST, HOLE, LAST, type RecordFields } from './record.js';
import { ANY_WRITER, Command, PATH_ROOM, type Slot } from './ring.js';

/**
 * Streams one file. A file that changes while it is read (size, mtime or ctime before and after) is given up and
 * begun anew; when it never holds still, the entry is reported as failed with CHANGED.
 * Returns false when the run is to stop now.
 */
export function streamFile(item: LeaseItem, deps: ReaderDeps, records: SlotRecords): boolean {
  let writer = ANY_WRITER;
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
    const file = openTimed(item, deps);
    try {
      // A second attempt goes to the writer of the first, behind its abort: two would meet in one part file.
      const stream = new FileStream(item, deps, records, file, writer);
      const outcome = stream.run();
      writer = stream.writer;
      if (outcome !== 'changed') return outcome !== 'stopped';
    } finally {
      file.close();
    }
  }
  const path = join(item.dir, item.name);
  deps.report({ type: 'failed', items: [{ id: item.id, failure: failure('CHANGED', 'read', path), side: 'source' }] });
  return true;
}

const ZEROS = new Uint8Array(256 * 1024);

class FileStream {
  private readonly fields: RecordFields;
  private readonly dir: Buffer;
  private readonly name: Buffer;
  private readonly reading: PacedRead;
  private readonly xattrs: Uint8Array;
  private readonly holes: Holes | undefined;
  private handedOver = false;

  constructor(
    private readonly item: LeaseItem,
    private readonly deps: ReaderDeps,
    private readonly records: SlotRecords,
    private readonly file: SourceFile,
    /** The writer that has the file open; known once the first block was taken. */
    public writer: number,
  ) {
    this.dir = nameBytes(item.dir);
    this.name = nameBytes(item.name);
    const stat = file.stat(true);
    // ENXIO is what opening a socket gives; a FIFO or device that took the file's place is treated alike.
    if (stat.kind !== 'file') throw new SysError(6, 'open', join(item.dir, item.name));
    this.fields = { ...fieldsOf(item, stat, Date.now()), reader: deps.lane };
    if (deps.sparse && stat.allocated < stat.size) this.holes = new Holes(file, stat.size);
    this.xattrs = xattrsIn(file, deps.attributes);
    this.reading = new PacedRead(deps, file, stat.size);
    deps.counters.begin(item.id, this.fields.startedMs);
    deps.hasher.reset();
    deps.ring.unbind(deps.lane);
  }

  /** failed: the writer was told why, and reports it once it has dropped the file. */
  run(): 'done' | 'changed' | 'failed' | 'stopped' {
    const { size } = this.fields;
    let at = 0;
    let isFirst = true;
    do {
      const slot = this.deps.ring.acquire('block');
      if (!slot) return this.giveUp('stopped');
      const records = this.records.of(slot);
      const room = this.deps.ring.shape.blockBytes - PATH_ROOM - roomForXattrs(this.deps.attributes);
      const { hole, data } = this.holes?.next(at, room) ?? { hole: 0, data: size - at };
      if (!this.passOver(hole)) {
        this.deps.ring.discard(slot);
        return this.giveUp('stopped');
      }
      at += hole;
      this.reading.skipTo(at);
      const length = Math.min(data, room);
      const last = at + length === size;
      const dataAt = records.putPath(0, this.dir, this.name, last ? this.xattrs : undefined);
      let complete: boolean;
      try {
        complete = this.reading.fill(records.bytes.subarray(dataAt, dataAt + length), at, (piece) =>
          this.deps.hasher.update(piece),
        );
      } catch (error) {
        this.deps.ring.discard(slot);
        if (!this.handedOver) throw error;
        return this.giveUp('failed', failureOf(error, 'read', join(this.item.dir, this.item.name)));
      }
      if (!complete || (last && this.changed())) {
        this.deps.ring.discard(slot);
        return this.giveUp(this.deps.ring.command === Command.stop ? 'stopped' : 'changed');
      }
      this.fields.flags = (isFirst ? FIRST : 0) | (last ? LAST : 0) | (hole > 0 ? HOLE : 0);
      isFirst = false;
      this.fields.offset = at;
      if (last) this.fields.hash = this.deps.hasher.digest();
      records.putFields(0, this.fields, length);
      if (!this.pass(slot, dataAt + length)) {
        this.deps.ring.discard(slot);
        return 'stopped';
      }
      at += length;
    } while (at < size);
    return 'done';
  }

  /** Zeros that are not read, but hashed; false when the run is to stop. */
  private passOver(bytes: number): boolean {
    for (let left = bytes; left > 0; left -= ZEROS.length) {
      if (this.deps.ring.command === Command.stop) return false;
      this.deps.hasher.update(ZEROS.subarray(0, Math.min(left, ZEROS.length)));
    }
    return true;
  }

  private changed(): boolean {
    const { size, mtimeNs, ctimeNs } = this.fields;
    const now = this.file.stat(true);
    return now.size !== size || now.mtimeNs !== mtimeNs || now.ctimeNs !== ctimeNs;
  }

  /** Hands a block over to the file's writer; false when the run is to stop before the writer is known. */
  private pass(slot: Slot, used: number): boolean {
    if (this.handedOver && this.writer === ANY_WRITER) {
      const bound = this.deps.ring.boundWriter(this.deps.lane);
      if (bound === undefined) return false;
      this.writer = bound;
    }
    this.deps.ring.handOver(slot, used, this.writer);
    this.handedOver = true;
    return true;
  }

  /** Tells the writer, if it has begun, to drop the file. */
  private giveUp<T>(outcome: T, cause?: Failure): T {
    if (!this.handedOver) return outcome;
    const slot = this.deps.ring.acquire('block');
    if (!slot) return outcome; // stopping now: every writer drops what it has open
    const records = this.records.of(slot);
    const dataAt = records.putPath(0, this.dir, this.name);
    const data = Buffer.from(cause ? JSON.stringify(cause) : '');
    records.bytes.set(data, dataAt);
    const used = records.putFields(0, { ...this.fields, flags: LAST | ABORT, hash: undefined }, data.length);
    if (!this.pass(slot, used)) this.deps.ring.discard(slot);
    return outcome;
  }
}
