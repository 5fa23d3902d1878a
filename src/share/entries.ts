/**
 * A batch of directory entries as one array of names and one buffer of numbers, so that a listing crosses threads
 * in two objects and not in one for each entry.
 */
import { type Kind, kindOfMode, type Stat } from '../posix/stat.js';

/** Fields of one entry in `data`, in bytes from the entry's start. */
const SIZE = 0; // f64, bytes
const MTIME = 8; // i64, ns since the Unix epoch
const CTIME = 16;
const BTIME = 24; // 0: unknown
const MODE = 32; // u32, with the file type bits
const UID = 36;
const GID = 40;
const ERRNO = 44; // u32; not 0: the entry was listed but could not be looked at
export const STRIDE = 48;
const WORDS = STRIDE / 4;

/** What travels between threads. */
export interface EntryData {
  readonly names: string[];
  readonly data: ArrayBuffer;
}

/** What is known of one entry: sizes in bytes, times in ns since the Unix epoch. */
export interface Meta {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly btimeNs: bigint;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Metadata without a bigint, which takes longer to make than to compare: of each time the 32 upper bits (signed) and the
 * 32 lower ones.
 */
export interface Halves {
  readonly size: number;
  readonly mtimeUpper: number;
  readonly mtimeLower: number;
  readonly ctimeUpper: number;
  readonly ctimeLower: number;
  readonly btimeUpper: number;
  readonly btimeLower: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A copy of metadata as it is now: of a Stat, or of a look into other memory. */
export function metaOf(seen: Meta): Meta {
  const { size, mtimeNs, ctimeNs, btimeNs, mode, uid, gid } = seen;
  return { size, mtimeNs, ctimeNs, btimeNs, mode, uid, gid };
}

/** Most of what a scan finds is looked at once or twice: a look into the numbers is cheaper than a copy of them. */
class EntryMeta implements Meta {
  constructor(
    private readonly view: DataView,
    private readonly at: number,
  ) {}
  get size(): number {
    return this.view.getFloat64(this.at + SIZE, true);
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
}

export class Entries {
  readonly names: string[];
  private readonly view: DataView;

  constructor(private readonly raw: EntryData) {
    this.names = raw.names;
    this.view = new DataView(raw.data);
  }

  static withRoom(capacity: number): Entries {
    return new Entries({ names: [], data: new ArrayBuffer(capacity * STRIDE) });
  }

  get count(): number {
    return this.names.length;
  }

  get isFull(): boolean {
    return (this.count + 1) * STRIDE > this.view.byteLength;
  }

  add(name: string, stat: Stat): void {
    const at = this.count * STRIDE;
    this.names.push(name);
    this.view.setFloat64(at + SIZE, stat.size, true);
    this.view.setBigInt64(at + MTIME, stat.mtimeNs, true);
    this.view.setBigInt64(at + CTIME, stat.ctimeNs, true);
    this.view.setBigInt64(at + BTIME, stat.btimeNs, true);
    this.view.setUint32(at + MODE, stat.mode, true);
    this.view.setUint32(at + UID, stat.uid, true);
    this.view.setUint32(at + GID, stat.gid, true);
    this.view.setUint32(at + ERRNO, 0, true);
  }

  /** An entry whose stat failed: its kind is unknown. */
  addFailed(name: string, errno: number): void {
    new Uint8Array(this.raw.data, this.count * STRIDE, STRIDE).fill(0);
    this.view.setUint32(this.count * STRIDE + ERRNO, errno, true);
    this.names.push(name);
  }

  kind(index: number): Kind {
    return kindOfMode(this.mode(index));
  }
  mode(index: number): number {
    return this.view.getUint32(index * STRIDE + MODE, true);
  }
  size(index: number): number {
    return this.view.getFloat64(index * STRIDE + SIZE, true);
  }
  mtimeNs(index: number): bigint {
    return this.view.getBigInt64(index * STRIDE + MTIME, true);
  }
  ctimeNs(index: number): bigint {
    return this.view.getBigInt64(index * STRIDE + CTIME, true);
  }
  errno(index: number): number {
    return this.view.getUint32(index * STRIDE + ERRNO, true);
  }
  /** Whether the entry's metadata is this. */
  is(index: number, seen: Halves): boolean {
    const at = index * STRIDE;
    const { view } = this;
    return (
      view.getFloat64(at + SIZE, true) === seen.size &&
      view.getUint32(at + MTIME, true) === seen.mtimeLower &&
      view.getInt32(at + MTIME + 4, true) === seen.mtimeUpper &&
      view.getUint32(at + CTIME, true) === seen.ctimeLower &&
      view.getInt32(at + CTIME + 4, true) === seen.ctimeUpper &&
      view.getUint32(at + BTIME, true) === seen.btimeLower &&
      view.getInt32(at + BTIME + 4, true) === seen.btimeUpper &&
      view.getUint32(at + MODE, true) === seen.mode &&
      view.getUint32(at + UID, true) === seen.uid &&
      view.getUint32(at + GID, true) === seen.gid
    );
  }
  /** The numbers of one entry, as they are. */
  bytesOf(index: number): Uint8Array {
    return new Uint8Array(this.raw.data, index * STRIDE, STRIDE);
  }
  /** The entry's metadata, read from these entries whenever a field is asked for. */
  meta(index: number): Meta {
    return new EntryMeta(this.view, index * STRIDE);
  }

  /**
   * Takes the entries out and leaves room for others, for postMessage: cut to what is used and sorted by name. The ledger's table is ordered by
   * name, and rows that arrive in order fill its pages.
   */
  take(): EntryData {
    const { names } = this;
    const order = Array.from(names.keys());
    order.sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
    const from = new Int32Array(this.raw.data, 0, names.length * WORDS);
    const data = new Int32Array(names.length * WORDS);
    for (const [to, at] of order.entries())
      for (let word = 0; word < WORDS; word++) data[to * WORDS + word] = from[at * WORDS + word]!;
    const taken = { names: order.map((at) => names[at]!), data: data.buffer };
    names.length = 0;
    return taken;
  }
}
