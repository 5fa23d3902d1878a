/** One entry of the source in the march through its folder: what is made of it. */
import type { Ledger } from '../ledger/ledger.js';
import { contentOf } from '../ledger/pendinghash.js';
import type { Dir, Entry, KeyedEntry, Stamp } from '../ledger/rows.js';
import { DirStatus, EntryStatus } from '../ledger/schema.js';
import { errnoName } from '../posix/errno.js';
import { join as joinPath } from '../posix/names.js';
import { isClamped, kindOfMode, specialKindOf } from '../posix/stat.js';
import { carriesXattrs, NO_ATTRIBUTES } from '../share/attributes.js';
import type { Inode, Meta } from '../share/entries.js';
import { isPartName } from '../share/partname.js';
import { kept, sameTime, type TimeRange } from '../share/timerange.js';
import { compare, isLeft, type Left, leave, type Seen, type Verdict } from './compare.js';
import { changesOf } from './itemize.js';
import type { Found } from './listing.js';
import type { JoinInput, JoinSink } from './march.js';

/** An entry of the source, beside what the destination and the ledger have of it. */
interface Joined {
  readonly name: string;
  readonly at: Found;
  readonly meta: Meta;
  /** As far as it could be looked at. */
  readonly dest: Seen | undefined;
  readonly row: Stamp | undefined;
  /** The ledger calls it synced as it is now. */
  readonly isRecorded: boolean;
  /** It is to be copied whatever the destination looks like. */
  readonly isToMend: boolean;
}

export class EntryJoin {
  constructor(
    private readonly input: JoinInput,
    /** What the ledger knows of the folder: those within by their paths, and inodes of its files by their names. */
    private readonly folders: ReadonlyMap<string, Dir>,
    private readonly inodes: ReadonlyMap<string, Inode>,
    private readonly ledger: Ledger,
    private readonly sink: JoinSink,
  ) {}

  join(name: string, at: Found, there: Found | undefined, row: Stamp | undefined): void {
    const { choice } = this.input;
    const errno = there ? there.entries.errno(there.index) : 0;
    if (choice.comparing && errno !== 0) {
      // What is there may have to be left, and nothing is known of it.
      this.sink.unreadable(name, errnoName(errno), this.knownOf(name, row));
      return;
    }
    const meta = at.entries.meta(at.index);
    const dest = there && errno === 0 ? seenOf(there, this.input.range) : undefined;
    // A row of what the source had before says nothing of what has been published since.
    const isRecorded = row?.status === EntryStatus.synced && at.entries.is(at.index, row);
    const isToMend = this.isToMend(name, meta, there, row, isRecorded);
    const joined = { name, at, meta, dest, row, isRecorded, isToMend };
    if (kindOfMode(meta.mode) === 'dir') this.folder(joined);
    else if (isPassedOver(meta, choice)) this.sink.passedOver(this.knownOf(name, row));
    else this.entry(joined);
  }

  /** Few entries come to this in a scan that finds little to do: the rest of a row is read only then. */
  private knownOf(name: string, row: Stamp | undefined): KeyedEntry | undefined {
    return row && this.ledger.entry(this.input.dir.id, name);
  }

  /** Size and mtime may look right at the destination, so only copying it again mends it. */
  private isToMend(
    name: string,
    meta: Meta,
    there: Found | undefined,
    row: Stamp | undefined,
    isRecorded: boolean,
  ): boolean {
    if (kindOfMode(meta.mode) === 'dir') return false;
    const { dir, distrustNs, damaged, attributes } = this.input;
    const isDoubtful =
      distrustNs !== undefined &&
      !isRecorded &&
      !(attributes.hardLinks && isOfContent(row, meta)) &&
      there !== undefined &&
      there.entries.meta(there.index).ctimeNs >= distrustNs;
    const isSynced = row?.status === EntryStatus.synced;
    const isDamaged =
      row?.isDamaged === true || (damaged.size > 0 && !isSynced && damaged.has(joinPath(dir.path, name)));
    // Two times that 64 bits do not hold are one here, however far apart.
    const isBeyond = isSynced && !isRecorded && isClamped(meta.mtimeNs);
    return isDoubtful || isDamaged || isBeyond;
  }

  private folder({ name, at, meta, dest, row }: Joined): void {
    const { dir, attributes, areNew, grainNs, range } = this.input;
    const path = joinPath(dir.path, name);
    const known = this.folders.get(path);
    const isUpToDate = known?.status === DirStatus.synced && known.meta?.ctimeNs === meta.ctimeNs;
    // What the destination did not take is not tried again until something changes.
    const wanted = isUpToDate && !areNew && known.error !== undefined ? NO_ATTRIBUTES : attributes;
    const found = compare(seenOf(at, range), dest, grainNs, wanted);
    const verdict = this.chosen(found === 'same' && this.mayBeNew(isUpToDate) ? 'stampDir' : found, at, dest, false);
    if (isLeft(verdict)) {
      this.sink.left(name, undefined, undefined);
      if (known) this.sink.goneFolder(known);
      return;
    }
    const replaces = dest && dest.kind !== 'dir' ? 'dest' : row && 'ledger';
    this.sink.folder(path, meta, verdict, known, replaces, this.changes(verdict, at, dest));
  }

  private entry({ name, at, meta, dest, row, isRecorded, isToMend }: Joined): void {
    const { attributes, areNew, grainNs, range, choice } = this.input;
    const { sink } = this;
    const { specials, devices } = attributes;
    const isWarned = isRecorded && !areNew && row!.isWarned;
    const wanted = isWarned ? { ...NO_ATTRIBUTES, specials, devices } : attributes;
    const source = seenOf(at, range);
    const present = isToMend ? undefined : dest;
    const found = isPartName(name) ? 'skip' : compare(source, present, grainNs, wanted, choice.comparing);
    const isToStamp = found === 'same' && source.kind === 'file' && this.mayBeNew(isRecorded);
    const verdict = this.chosen(isToStamp ? 'stamp' : found, at, dest, isToMend);
    const inode = at.entries.inode(at.index);
    if (found !== 'skip' && !isSameInode(inode, this.inodes.get(name))) sink.inode(name, inode);
    if (isLeft(verdict)) {
      const known = this.knownOf(name, row);
      const error = LEFT[verdict];
      const isKnown = known?.status === EntryStatus.skipped && known.error === error && at.entries.is(at.index, row!);
      const entry = { status: EntryStatus.skipped, meta, algorithm: undefined, hash: undefined, error };
      sink.left(name, isKnown ? undefined : entry, known);
      return;
    }
    const status = verdict === 'skip' ? EntryStatus.skipped : EntryStatus.synced;
    if (inode && verdict === 'same' && sink.apart(name, meta, inode, this.knownOf(name, row))) return;
    if (verdict === 'copy' || verdict === 'link' || verdict === 'special' || verdict === 'stamp')
      sink.copy(name, meta, verdict, this.knownOf(name, row), this.changes(verdict, at, dest), inode);
    else if (row?.status !== status || !at.entries.is(at.index, row))
      recordKept(name, meta, status, this.knownOf(name, row), sink);
    else if (status === EntryStatus.skipped) sink.stillSkipped(meta);
    else sink.unchanged(meta);
  }

  /** What an option makes of a verdict. */
  private chosen(verdict: Verdict, at: Found, dest: Seen | undefined, isToMend: boolean): Verdict | Left {
    const { choice, range, grainNs } = this.input;
    if (at.entries.leadsOut(at.index)) return 'outside';
    if (!choice.comparing) return verdict;
    const source = seenOf(at, range);
    // With the source's time it is most likely what this ledger's runs have published, and not good.
    const isOurs = isToMend && dest && sameTime(source.mtimeNs, dest.mtimeNs, grainNs);
    return isOurs ? verdict : leave(verdict, source, dest, grainNs, choice.comparing);
  }

  /** Attributes that no listing shows may be others than the destination's. */
  private mayBeNew(isUpToDate: boolean): boolean {
    return carriesXattrs(this.input.attributes) && (this.input.areNew || !isUpToDate);
  }

  /** What differs, where lines tell it. */
  private changes(verdict: Verdict, at: Found, dest: Seen | undefined): string | undefined {
    const { itemizes, range, grainNs, attributes, choice } = this.input;
    if (!itemizes || verdict === 'same' || verdict === 'skip') return undefined;
    return changesOf(verdict, seenOf(at, range), dest, grainNs, attributes, choice.comparing?.content);
  }
}

/** A file that is left out for its size. */
export function isPassedOver({ mode, size }: Meta, { minSize, maxSize }: JoinInput['choice']): boolean {
  return kindOfMode(mode) === 'file' && (size < minSize || size > maxSize);
}

/** As a share with these times has it, also what the destination says: see sameKept. */
function seenOf({ entries, index }: Found, range: TimeRange | undefined): Seen {
  const { size, mtimeNs, mode, uid, gid } = entries.meta(index);
  return { kind: kindOfMode(mode), size, mtimeNs: kept(mtimeNs, range), target: entries.target(index), mode, uid, gid };
}

/** An entry that stays as it is at the destination: a hash made of the same size and mtime is kept. */
function recordKept(name: string, meta: Meta, status: EntryStatus, known: Entry | undefined, sink: JoinSink): void {
  const content = contentOf(known, meta);
  const warning = content && known?.status === EntryStatus.synced ? known.error : undefined;
  const error = status === EntryStatus.skipped ? skipReason(name, meta) : warning;
  sink.record(name, { status, meta, algorithm: content?.algorithm, hash: content?.hash, error }, known);
}

const LEFT: Record<Left, string> = {
  newer: 'left: it is newer at the destination (--update)',
  exists: 'left: the destination has one (--ignore-existing)',
  absent: 'left: the destination has none (--existing)',
  outside: 'left: leads out of the source (--safe-links)',
};

const SPECIALS = { fifo: 'FIFO', char: 'character device', block: 'block device', socket: 'socket' } as const;

function skipReason(name: string, meta: Meta): string {
  if (isPartName(name)) return 'unfinished file of a millrace run';
  const kind = specialKindOf(meta.mode);
  return `${kind ? SPECIALS[kind] : 'special file'}: not copied`;
}

/**
 * The row is of a file with this size and mtime that was recorded as copied. Names that it gets or loses give it another
 * ctime at the destination; what is published in its place is recorded as pending before.
 */
function isOfContent(row: Stamp | undefined, { size, mtimeNs }: Meta): boolean {
  if (row?.status !== EntryStatus.synced || row.size !== size) return false;
  return BigInt(row.mtimeSeconds) * 1_000_000_000n + BigInt(row.mtimeRest) === mtimeNs;
}

function isSameInode(a: Inode | undefined, b: Inode | undefined): boolean {
  return a?.device === b?.device && a?.number === b?.number;
}
