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

/** A copy of what a Stat holds now. */
export function metaOf(stat: Stat): Meta {
  const { size, mtimeNs, ctimeNs, btimeNs, mode, uid, gid } = stat;
  return { size, mtimeNs, ctimeNs, btimeNs, mode, uid, gid };
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
  }

  /** An entry whose stat failed: its kind is unknown. */
  addFailed(name: string, errno: number): void {
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
  /** The numbers of one entry, as they are. */
  bytesOf(index: number): Uint8Array {
    return new Uint8Array(this.raw.data, index * STRIDE, STRIDE);
  }
  meta(index: number): Meta {
    const at = index * STRIDE;
    return {
      size: this.size(index),
      mtimeNs: this.mtimeNs(index),
      ctimeNs: this.view.getBigInt64(at + CTIME, true),
      btimeNs: this.view.getBigInt64(at + BTIME, true),
      mode: this.mode(index),
      uid: this.view.getUint32(at + UID, true),
      gid: this.view.getUint32(at + GID, true),
    };
  }

  /**
   * For postMessage, cut to what is used and sorted by name: the ledger's table is ordered by name, and rows that
   * arrive in order fill its pages.
   */
  take(): EntryData {
    const order = Array.from(this.names.keys());
    order.sort((a, b) => (this.names[a]! < this.names[b]! ? -1 : 1));
    const from = new Uint8Array(this.raw.data);
    const data = new Uint8Array(this.count * STRIDE);
    for (const [to, at] of order.entries()) data.set(from.subarray(at * STRIDE, (at + 1) * STRIDE), to * STRIDE);
    return { names: order.map((at) => this.names[at]!), data: data.buffer };
  }
}
