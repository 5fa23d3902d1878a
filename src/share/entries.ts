/**
 * A batch of directory entries as one array of names and one buffer of numbers, so that a listing crosses threads
 * in two objects and not in one for each entry.
 */
import {
  BTIME,
  CTIME,
  GID,
  INODE,
  type Kind,
  kindOfMode,
  MTIME,
  mayBeClamped,
  SIZE,
  type Stat,
  sizeFrom,
  timeNs,
  UID,
} from '../posix/stat.js';

/**
 * Fields of one entry in `data`, in words of 32 bits from the entry's start: as statx(2) gives them, since few are
 * looked at, and then mostly to see whether they are the same. A time: seconds in two words, nanoseconds in one.
 */
export const Word = {
  size: 0,
  mtime: 2,
  ctime: 5,
  btime: 8, // all 0: unknown
  mode: 11, // with the file type bits
  uid: 12,
  gid: 13,
  errno: 14, // not 0: the entry was listed but could not be looked at
  target: 15, // of a symbolic link: what tells its target from others of the same length; of a device: its number
  links: 16, // of a file with several names, where those are told apart; or else 0, as the two after it
  inode: 17,
  device: 19, // 0: that of the root, whatever its number is today
  leadsOut: 20, // of a symbolic link, where that matters: 1
} as const;
export const WORDS = 21;
export const STRIDE = WORDS * 4;

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
 * Metadata without a bigint, which takes longer to make than to compare: times as SQLite divides them, seconds and
 * nanoseconds both rounded towards zero.
 */
export interface Parts {
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly mtimeRest: number;
  readonly ctimeSeconds: number;
  readonly ctimeRest: number;
  readonly btimeSeconds: number;
  readonly btimeRest: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What the names of one file have in common: hard links. */
export interface Inode {
  /** 0: the root's own; or else as the kernel numbers it now. */
  readonly device: number;
  /** As signed 64 bits, which is what SQLite has. */
  readonly number: bigint;
}

/** A copy of metadata as it is now: of a Stat, or of a look into other memory. */
export function metaOf(seen: Meta): Meta {
  const { size, mtimeNs, ctimeNs, btimeNs, mode, uid, gid } = seen;
  return { size, mtimeNs, ctimeNs, btimeNs, mode, uid, gid };
}

/** Most of what a scan finds is looked at once or twice: a look into the numbers is cheaper than a copy of them. */
class EntryMeta implements Meta {
  constructor(
    private readonly words: Int32Array,
    private readonly at: number,
  ) {}
  get size(): number {
    return sizeFrom(this.words, this.at + Word.size);
  }
  get mtimeNs(): bigint {
    return timeNs(this.words, this.at + Word.mtime);
  }
  get ctimeNs(): bigint {
    return timeNs(this.words, this.at + Word.ctime);
  }
  get btimeNs(): bigint {
    return timeNs(this.words, this.at + Word.btime);
  }
  get mode(): number {
    return this.words[this.at + Word.mode]!;
  }
  get uid(): number {
    return this.words[this.at + Word.uid]! >>> 0;
  }
  get gid(): number {
    return this.words[this.at + Word.gid]! >>> 0;
  }
}

export class Entries {
  readonly names: string[];
  private readonly words: Int32Array;

  constructor(raw: EntryData) {
    this.names = raw.names;
    this.words = new Int32Array(raw.data);
  }

  static withRoom(capacity: number): Entries {
    return new Entries({ names: [], data: new ArrayBuffer(capacity * STRIDE) });
  }

  get count(): number {
    return this.names.length;
  }

  get isFull(): boolean {
    return (this.count + 1) * WORDS > this.words.length;
  }

  /**
   * `target`: of a symbolic link, see targetSign. `rootDevice`: where names of one file are to be told, the number of the
   * root's device.
   */
  add(name: string, stat: Stat, target = 0, rootDevice?: number): void {
    const { words } = this;
    const from = stat.words;
    const at = this.count * WORDS;
    this.names.push(name);
    for (let word = 0; word < 2; word++) words[at + Word.size + word] = from[SIZE + word]!;
    for (let word = 0; word < 3; word++) words[at + Word.mtime + word] = from[MTIME + word]!;
    for (let word = 0; word < 3; word++) words[at + Word.ctime + word] = from[CTIME + word]!;
    const { hasBtime } = stat;
    for (let word = 0; word < 3; word++) words[at + Word.btime + word] = hasBtime ? from[BTIME + word]! : 0;
    words[at + Word.mode] = stat.mode;
    words[at + Word.uid] = from[UID]!;
    words[at + Word.gid] = from[GID]!;
    words[at + Word.errno] = 0;
    words[at + Word.target] = target;
    const isOneOfSeveral = rootDevice !== undefined && stat.links > 1 && stat.kind !== 'dir';
    words[at + Word.links] = isOneOfSeveral ? stat.links : 0;
    for (let word = 0; word < 2; word++) words[at + Word.inode + word] = isOneOfSeveral ? from[INODE + word]! : 0;
    words[at + Word.leadsOut] = 0;
    words[at + Word.device] = isOneOfSeveral && stat.deviceNumber !== rootDevice ? stat.deviceNumber : 0;
  }

  /** An entry whose stat failed: its kind is unknown. */
  addFailed(name: string, errno: number): void {
    const at = this.count * WORDS;
    this.words.fill(0, at, at + WORDS);
    this.words[at + Word.errno] = errno;
    this.names.push(name);
  }

  /** Nothing is known of the entry after all. */
  fail(index: number, errno: number): void {
    this.words.fill(0, index * WORDS, (index + 1) * WORDS);
    this.words[index * WORDS + Word.errno] = errno;
  }

  /** Of a link, as it was added. */
  target(index: number): number {
    return this.words[index * WORDS + Word.target]!;
  }

  /** Of an entry with other names beside this one; undefined where it has none, or nobody asked. */
  inode(index: number): Inode | undefined {
    const { words } = this;
    const at = index * WORDS;
    if (words[at + Word.links] === 0) return undefined;
    const [low, high] = [words[at + Word.inode]! >>> 0, words[at + Word.inode + 1]!];
    return { device: words[at + Word.device]!, number: (BigInt(high) << 32n) | BigInt(low) };
  }

  /** The entry that was added last is a link that leads out of the tree. */
  markLeadsOut(): void {
    this.words[(this.count - 1) * WORDS + Word.leadsOut] = 1;
  }
  leadsOut(index: number): boolean {
    return this.words[index * WORDS + Word.leadsOut] === 1;
  }

  kind(index: number): Kind {
    return kindOfMode(this.words[index * WORDS + Word.mode]!);
  }
  errno(index: number): number {
    return this.words[index * WORDS + Word.errno]!;
  }
  /** Whether the entry's metadata is this. */
  is(index: number, seen: Parts): boolean {
    const at = index * WORDS;
    const { words } = this;
    return (
      sizeFrom(words, at + Word.size) === seen.size &&
      isTime(words, at + Word.mtime, seen.mtimeSeconds, seen.mtimeRest) &&
      isTime(words, at + Word.ctime, seen.ctimeSeconds, seen.ctimeRest) &&
      isTime(words, at + Word.btime, seen.btimeSeconds, seen.btimeRest) &&
      words[at + Word.mode] === seen.mode &&
      words[at + Word.uid]! >>> 0 === seen.uid &&
      words[at + Word.gid]! >>> 0 === seen.gid
    );
  }
  /** The numbers of one entry, as they are. */
  bytesOf(index: number): Uint8Array {
    return new Uint8Array(this.words.buffer, index * STRIDE, STRIDE);
  }
  /** The entry's metadata, read from these entries whenever a field is asked for. */
  meta(index: number): Meta {
    return new EntryMeta(this.words, index * WORDS);
  }

  /**
   * Takes the entries out and leaves room for others, for postMessage: cut to what is used and sorted by name. The
   * ledger's table is ordered by name, and rows that arrive in order fill its pages.
   */
  take(): EntryData {
    const { names } = this;
    const taken = sorted(names, this.words);
    names.length = 0;
    return taken;
  }
}

/** 32 bits of a link's target (FNV-1a over its characters): two that differ have the same once in four billion. */
export function targetSign(target: string): number {
  let sign = 0x811c9dc5;
  for (let at = 0; at < target.length; at++) sign = Math.imul(sign ^ target.charCodeAt(at), 0x01000193);
  return sign | 0;
}

/** The entries by name. */
export function sorted(names: readonly string[], words: Int32Array): EntryData {
  const order = Array.from(names.keys());
  order.sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
  return chosen(order, names, words);
}

/** The entries at these places, in this order. */
export function chosen(places: readonly number[], names: readonly string[], words: Int32Array): EntryData {
  const data = new Int32Array(places.length * WORDS);
  let to = 0;
  for (const place of places) {
    const from = place * WORDS;
    for (let word = 0; word < WORDS; word++) data[to++] = words[from + word]!;
  }
  return { names: places.map((place) => names[place]!), data: data.buffer };
}

/** `rest` is negative before 1970, where the words mostly have nanoseconds of 0 and more. */
function isTime(words: Int32Array, at: number, seconds: number, rest: number): boolean {
  // Rows have the nearest time that they can; and the kernel's SMB client has nanoseconds below 0 before 1970.
  if (mayBeClamped(words, at) || words[at + 2]! < 0)
    return timeNs(words, at) === BigInt(seconds) * 1_000_000_000n + BigInt(rest);
  const borrow = rest < 0 ? 1 : 0;
  return words[at + 2] === rest + borrow * 1_000_000_000 && sizeFrom(words, at) === seconds - borrow;
}
