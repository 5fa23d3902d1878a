/**
 * A record: one entry, or one block of a large file, on its way from reader to writer inside a slot, and, without
 * path and data, from writer to the main thread as its result. Little endian, 8-byte aligned:
 *
 *     header (HEADER bytes) | folder | name | extended attributes | padding to 8 | data | padding to 8
 *
 * Data is aligned because V8 copies out of shared memory a byte at a time when it is not: 0.8 GB/s instead of 4.
 *
 * Times are ns since the Unix epoch, sizes and offsets bytes (as doubles, exact to 2^53).
 */
import { decodeName } from '../posix/names.js';

/** What is to be done with an entry. Numbers, because they live in shared memory. */
export const Action = {
  copy: 0,
  link: 1,
  makeDir: 2,
  stampDir: 3,
  remove: 4,
  removeDir: 5,
  removePart: 6,
  /** Attributes and times of a file or link whose content is there. */
  stamp: 7,
  /** Another name of a file that is there; its data is that file's path, UTF-16. */
  hardLink: 8,
  /** A FIFO, socket or device; its data is the device's number, 4 bytes, little endian. */
  special: 9,
} as const;
export type Action = (typeof Action)[keyof typeof Action];

/** Whether an extra is to be taken away; unfinished files of runs are none. */
export function isDeletion({ action }: { readonly action: Action }): boolean {
  return action === Action.remove || action === Action.removeDir;
}

/** Flags of a block: a small file is one record with both `first` and `last`. */
export const FIRST = 1;
export const LAST = 2;
/** What is between the block before and this one is a hole. */
export const HOLE = 8;
/** The reader gave the file up; the writer drops what it has. Carries no data. */
export const ABORT = 4;

/** Of a result: nothing was to be done. */
export const AS_IT_WAS = 16;
/** Of the result of a copy: the content was there, and time or attributes alone were set. */
export const STAMPED = 32;
/** Of the removal of an extra: by its name nothing was found at the source. */
export const MISSING = 64;

const LENGTH = 0; // u32, whole record with padding
const ACTION = 4; // u8
const FLAGS = 5; // u8
const HASH_LENGTH = 6; // u8
const READER = 7; // u8, the lane that reads the file
const DIR_LENGTH = 8; // u32, bytes
const NAME_LENGTH = 12; // u32
const DATA_LENGTH = 16; // u32
const MODE = 20; // u32
const UID = 24; // u32
const GID = 28; // u32
const ID = 32; // f64, the main thread's number for the item
const OFFSET = 40; // f64
const SIZE = 48; // f64, of the whole file
const STARTED = 56; // f64, ms since the epoch
const ATIME = 64; // i64
const MTIME = 72; // i64
const CTIME = 80; // i64
const BTIME = 88; // i64
const ENDED = 96; // f64, ms since the epoch; set by the writer
const XATTRS_LENGTH = 104; // u32, of the extended attributes (share/attributes.ts)
const HASH = 112;
export const HEADER = HASH + 64;

export interface RecordFields {
  action: Action;
  flags: number;
  reader: number;
  id: number;
  offset: number;
  size: number;
  startedMs: number;
  endedMs: number;
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  btimeNs: bigint;
  mode: number;
  uid: number;
  gid: number;
  hash: Uint8Array | undefined;
}

export const NOTHING = new Uint8Array(0);

function aligned(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** Bytes a record takes in a slot; `pathBytes` is an upper bound or the exact length of folder, name and attributes. */
export function recordLength(pathBytes: number, dataBytes: number): number {
  return aligned(aligned(HEADER + pathBytes) + dataBytes);
}

/** Reads and writes records in one stretch of (shared) memory. */
export class Records {
  private readonly view: DataView;
  readonly bytes: Uint8Array;
  private lastDirBytes = Buffer.alloc(0);
  private lastDir = '';

  constructor(memory: ArrayBuffer | SharedArrayBuffer, byteOffset: number, length: number) {
    this.view = new DataView(memory, byteOffset, length);
    this.bytes = new Uint8Array(memory, byteOffset, length);
  }

  /** Writes folder, name and attributes of a record at `at`; returns where its data begins. */
  putPath(at: number, dir: Uint8Array, name: Uint8Array, xattrs: Uint8Array = NOTHING): number {
    this.view.setUint32(at + DIR_LENGTH, dir.length, true);
    this.view.setUint32(at + NAME_LENGTH, name.length, true);
    this.view.setUint32(at + XATTRS_LENGTH, xattrs.length, true);
    this.bytes.set(dir, at + HEADER);
    this.bytes.set(name, at + HEADER + dir.length);
    this.bytes.set(xattrs, at + HEADER + dir.length + name.length);
    return at + aligned(HEADER + dir.length + name.length + xattrs.length);
  }

  private pathLength(at: number): number {
    const { view } = this;
    return (
      view.getUint32(at + DIR_LENGTH, true) +
      view.getUint32(at + NAME_LENGTH, true) +
      view.getUint32(at + XATTRS_LENGTH, true)
    );
  }

  /** Completes the record at `at` after its path and data are in place; returns where the next one begins. */
  putFields(at: number, fields: RecordFields, dataLength: number): number {
    const view = this.view;
    const length = recordLength(this.pathLength(at), dataLength);
    view.setUint32(at + LENGTH, length, true);
    view.setUint8(at + ACTION, fields.action);
    view.setUint8(at + FLAGS, fields.flags);
    view.setUint8(at + READER, fields.reader);
    view.setUint32(at + DATA_LENGTH, dataLength, true);
    view.setUint32(at + MODE, fields.mode, true);
    view.setUint32(at + UID, fields.uid, true);
    view.setUint32(at + GID, fields.gid, true);
    view.setFloat64(at + ID, fields.id, true);
    view.setFloat64(at + OFFSET, fields.offset, true);
    view.setFloat64(at + SIZE, fields.size, true);
    view.setFloat64(at + STARTED, fields.startedMs, true);
    view.setBigInt64(at + ATIME, fields.atimeNs, true);
    view.setBigInt64(at + MTIME, fields.mtimeNs, true);
    view.setBigInt64(at + CTIME, fields.ctimeNs, true);
    view.setBigInt64(at + BTIME, fields.btimeNs, true);
    view.setUint8(at + HASH_LENGTH, fields.hash?.length ?? 0);
    if (fields.hash) this.bytes.set(fields.hash, at + HASH);
    return at + length;
  }

  /** The fields of the record at `at`, read from its memory whenever one is asked for. */
  get(at: number): Readonly<RecordFields> {
    return new RecordView(this.view, at);
  }

  next(at: number): number {
    return at + this.view.getUint32(at + LENGTH, true);
  }

  /** The folder; neighbours in a pack mostly share it, so the last one decoded is kept. */
  dir(at: number): string {
    const start = at + HEADER;
    const bytes = this.bytes.subarray(start, start + this.view.getUint32(at + DIR_LENGTH, true));
    if (this.lastDirBytes.compare(bytes) !== 0) {
      this.lastDirBytes = Buffer.from(bytes);
      this.lastDir = decodeName(this.lastDirBytes, 0, bytes.length);
    }
    return this.lastDir;
  }

  name(at: number): string {
    const start = at + HEADER + this.view.getUint32(at + DIR_LENGTH, true);
    const bytes = Buffer.from(
      this.bytes.buffer,
      this.bytes.byteOffset + start,
      this.view.getUint32(at + NAME_LENGTH, true),
    );
    return decodeName(bytes, 0, bytes.length);
  }

  /** As encodeXattrs() made them. */
  xattrs(at: number): Uint8Array {
    const length = this.view.getUint32(at + XATTRS_LENGTH, true);
    const end = at + HEADER + this.pathLength(at);
    return this.bytes.subarray(end - length, end);
  }

  data(at: number): Uint8Array {
    const start = at + aligned(HEADER + this.pathLength(at));
    return this.bytes.subarray(start, start + this.view.getUint32(at + DATA_LENGTH, true));
  }

  addFlag(at: number, flag: number): void {
    this.view.setUint8(at + FLAGS, this.view.getUint8(at + FLAGS) | flag);
  }

  /** Copies the header of a finished record to `out` at `to`, stamped with when it was finished. */
  copyResult(at: number, out: Uint8Array, to: number, endedMs: number): void {
    this.view.setFloat64(at + ENDED, endedMs, true);
    out.set(this.bytes.subarray(at, at + HEADER), to);
  }
}

/** Most fields of a record are looked at once or never: a look into the memory is cheaper than a copy of them all. */
class RecordView implements Readonly<RecordFields> {
  constructor(
    private readonly view: DataView,
    private readonly at: number,
  ) {}
  get action(): Action {
    return this.view.getUint8(this.at + ACTION) as Action;
  }
  get flags(): number {
    return this.view.getUint8(this.at + FLAGS);
  }
  get reader(): number {
    return this.view.getUint8(this.at + READER);
  }
  get id(): number {
    return this.view.getFloat64(this.at + ID, true);
  }
  get offset(): number {
    return this.view.getFloat64(this.at + OFFSET, true);
  }
  get size(): number {
    return this.view.getFloat64(this.at + SIZE, true);
  }
  get startedMs(): number {
    return this.view.getFloat64(this.at + STARTED, true);
  }
  get endedMs(): number {
    return this.view.getFloat64(this.at + ENDED, true);
  }
  get atimeNs(): bigint {
    return this.view.getBigInt64(this.at + ATIME, true);
  }
  get mtimeNs(): bigint {
    return this.view.getBigInt64(this.at + MTIME, true);
  }
  get ctimeNs(): bigint {
    return this.view.getBigInt64(this.at + CTIME, true);
  }
  get btimeNs(): bigint {
    return this.view.getBigInt64(this.at + BTIME, true);
  }
  get mode(): number {
    return this.view.getUint32(this.at + MODE, true);
  }
  get uid(): number {
    return this.view.getUint32(this.at + UID, true);
  }
  get gid(): number {
    return this.view.getUint32(this.at + GID, true);
  }
  get hash(): Uint8Array | undefined {
    const length = this.view.getUint8(this.at + HASH_LENGTH);
    return length === 0 ? undefined : Buffer.from(this.view.buffer, this.view.byteOffset + this.at + HASH, length);
  }
}

/** What became of the records whose headers a writer sent end to end. */
export function* results(headers: Uint8Array): Generator<Readonly<RecordFields>> {
  const view = new DataView(headers.buffer, headers.byteOffset, headers.length);
  for (let at = 0; at < headers.length; at += HEADER) yield new RecordView(view, at);
}
