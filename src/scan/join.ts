/**
 * The march: one folder's listings of both sides, and what the ledger knows of it, joined by name. Each entry ends
 * in exactly one call of the sink. A generator that yields now and then, so that a huge folder does not keep the
 * main thread from everything else.
 */

import { inodesIn } from '../ledger/hardlinks.js';
import type { Ledger } from '../ledger/ledger.js';
import { contentOf } from '../ledger/pendinghash.js';
import type { Dir, Entry, KeyedEntry, Stamp } from '../ledger/rows.js';
import { DirStatus, EntryStatus } from '../ledger/schema.js';
import { errnoName } from '../posix/errno.js';
import { join as joinPath } from '../posix/names.js';
import { isClamped, kindOfMode, specialKindOf } from '../posix/stat.js';
import { type Attributes, carriesXattrs, NO_ATTRIBUTES, takesSpecial } from '../share/attributes.js';
import type { Inode, Meta } from '../share/entries.js';
import { type Folding, folds } from '../share/folding.js';
import { isPartName, isPartOf } from '../share/partname.js';
import { kept, sameTime, type TimeRange } from '../share/timerange.js';
import { compare, isLeft, type Left, leave, type Seen, type Verdict } from './compare.js';
import type { Choice } from './filter/choice.js';
import type { Wanted } from './filter/scope.js';
import { Finder } from './finder.js';
import { changesOf } from './itemize.js';
import { IN_MEMORY, YIELD_EVERY } from './largest.js';
import type { Found, Listing } from './listing.js';
import { Twins } from './twins.js';

/**
 * `in the way`: a folder where the source has something else that is copied, and as such an extra. `other part`: an unfinished
 * file of another ledger, which may go on with it.
 */
export type ExtraSort = 'folder' | 'in the way' | 'no folder' | 'part' | 'other part';

export interface JoinSink {
  /** A file, link or special file to be copied, or a file whose attributes are. `changes`: what differs, where lines tell it. */
  copy(
    name: string,
    meta: Meta,
    verdict: 'copy' | 'link' | 'special' | 'stamp',
    known: Entry | undefined,
    changes: string | undefined,
    inode: Inode | undefined,
  ): void;
  /** Of an entry with other names (-H), another than the ledger has; undefined: it has none any more. */
  inode(name: string, inode: Inode | undefined): void;
  /**
   * An entry that needs no copying, but may be no name of the file that its other names are names of; false: it is none of
   * those, and not done with.
   */
  apart(name: string, meta: Meta, inode: Inode, known: Entry | undefined): boolean;
  /** An entry that needs no copying, as the ledger shall have it. */
  record(name: string, entry: Entry, known: Entry | undefined): void;
  /** The ledger has the entry just as it is. */
  unchanged(meta: Meta): void;
  /** The same of one that is not copied. */
  stillSkipped(meta: Meta): void;
  /** A folder at the source; `other` says what else had its name: an entry of the ledger, or one of the destination. */
  folder(
    path: string,
    meta: Meta,
    verdict: Verdict,
    known: Dir | undefined,
    other: 'ledger' | 'dest' | undefined,
    changes?: string,
  ): void;
  /** An entry at the source that could not be looked at: nothing is known of it. */
  unreadable(name: string, code: string, known: Entry | undefined): void;
  /** An entry that cannot be at the destination, which takes its name for that of `other`. */
  collides(name: string, other: string, meta: Meta, known: Entry | undefined): void;
  /** A file that is not copied because of its size; the ledger shall have nothing of it. */
  passedOver(known: KeyedEntry | undefined): void;
  /**
   * An entry that stays unlike the source's because an option says so, as the ledger shall have it; undefined: it has just
   * that, or shall have nothing of a folder.
   */
  left(name: string, entry: Entry | undefined, known: Entry | undefined): void;
  /** Wanted, and not at the source. */
  missing(name: string): void;
  /** At the destination only. */
  extra(name: string, what: ExtraSort): void;
  /** The same, and it could not be looked at. */
  unseen(name: string, code: string): void;
  /** In the ledger, but no longer at the source. */
  goneEntry(entry: KeyedEntry): void;
  goneFolder(dir: Dir): void;
}

/** An unfinished file of another ledger that nothing was written to for so long, ns, was left for good: a week. */
const LEFT_NS = 604_800_000_000_000n;

export interface JoinInput {
  readonly dir: Dir;
  /** Whether the ledger may have entries of this folder. */
  readonly known: boolean;
  /** The listings have the folders within only: all else is as it was when the folder was sealed (seal.ts). */
  readonly sealed: boolean;
  readonly source: Listing;
  readonly dest: Listing;
  /** False when the source's listing is not complete: then absence means nothing. */
  readonly complete: boolean;
  /** What alone was to be listed of the source; undefined: all. */
  readonly wanted: Wanted | undefined;
  /** Which files are copied by their size, and what is left or is the same by an option. */
  readonly choice: Pick<Choice, 'minSize' | 'maxSize' | 'comparing'>;
  readonly grainNs: bigint;
  /** The times that the destination keeps; undefined: all. */
  readonly range: TimeRange | undefined;
  /** When the session began, by the destination's clock, ns: an unfinished file that changed since is in work. */
  readonly beganNs: bigint | undefined;
  /** See partName. */
  readonly partTag: string;
  /** Which names the destination takes for one. */
  readonly folding: Folding;
  /** A folder of the destination's root that is none of the copy's business. */
  readonly trash: string | undefined;
  /**
   * Set when a session was cut off: what it published and did not record may not have reached the disk, though size
   * and mtime look right. Entries that the destination changed at or after this time (ns, by the destination's own
   * clock) and that the ledger does not call synced, as they are now at the source, are copied again.
   */
  readonly distrustNs: bigint | undefined;
  /** Paths that are copied whatever they look like at the destination, but those that the ledger calls synced. */
  readonly damaged: ReadonlySet<string>;
  readonly attributes: Attributes;
  /** Lines tell of each entry what differs. */
  readonly itemizes: boolean;
  /** Attributes are wanted now that the ledger's rows were not written with: those that no listing shows are set anew. */
  readonly areNew: boolean;
}

export function* joinFolder(input: JoinInput, ledger: Ledger, sink: JoinSink): Generator<void> {
  const { folding, sealed, source, dest } = input;
  if (sealed && source.count === 0) return;
  const twins = folds(folding) ? yield* Twins.of(folding, source, dest) : undefined;
  try {
    yield* joinNames(input, twins, ledger, sink);
  } finally {
    twins?.close();
  }
}

function* joinNames(input: JoinInput, twins: Twins | undefined, ledger: Ledger, sink: JoinSink): Generator<void> {
  const { dir, known, sealed, source, dest, complete, beganNs } = input;
  const trash = dir.path === '' ? input.trash : undefined;
  const rows = known && !sealed ? knownRows(dir, source.count, ledger) : NO_ROWS;
  const folders = new Map((known ? ledger.childDirs(dir.id) : []).map((child) => [child.path, child]));
  const inodes = known && input.attributes.hardLinks ? inodesIn(ledger, dir.id) : NO_INODES;
  const context = { ...input, folders, inodes, ledger };
  let steps = 0;

  for (const entries of source.each()) {
    for (let index = 0; index < entries.count; index++) {
      if (++steps % YIELD_EVERY === 0) yield;
      const name = entries.names[index]!;
      const row = rows.find(name);
      if (name === trash) {
        sink.unreadable(name, 'TRASH', row && ledger.entry(dir.id, name));
        continue;
      }
      const errno = entries.errno(index);
      const other = twins?.collision(name);
      const there = twins ? twins.counterpart(name) : dest.find(name);
      if (other !== undefined) sink.collides(name, other, entries.meta(index), row && ledger.entry(dir.id, name));
      else if (errno === 0) joinEntry(name, { entries, index }, there, row, context, sink);
      else sink.unreadable(name, errnoName(errno), row && ledger.entry(dir.id, name));
    }
  }

  for (const entries of dest.each()) {
    for (let index = 0; index < entries.count; index++) {
      if (++steps % YIELD_EVERY === 0) yield;
      const name = entries.names[index]!;
      if (name === trash) continue;
      const isFolder = entries.kind(index) === 'dir';
      if (isPartName(name) && !isFolder) {
        const changedNs = entries.errno(index) === 0 ? entries.meta(index).ctimeNs : 0n;
        // Another run may be writing it, from another source.
        const isInWork = beganNs !== undefined && changedNs >= beganNs;
        const isLeft = beganNs === undefined || changedNs < beganNs - LEFT_NS;
        if (!isInWork) sink.extra(name, isLeft || isPartOf(name, input.partTag) ? 'part' : 'other part');
        continue;
      }
      if (!complete) continue;
      const counterpart = source.find(twins?.original(name) ?? name);
      const errno = entries.errno(index);
      if (errno !== 0) {
        // What no name of the source becomes (see RenamedSource) is let be.
        if (!counterpart && !name.startsWith('/')) sink.unseen(name, errnoName(errno));
        continue;
      }
      const mayGiveWay = isFolder && !input.choice.comparing?.ignoreExisting;
      if (!counterpart) sink.extra(name, isFolder ? 'folder' : 'no folder');
      else if (mayGiveWay && isToBeThere(name, counterpart, input)) sink.extra(name, 'in the way');
    }
  }

  if (!complete) return;
  for (const name of input.wanted?.keys() ?? []) if (!source.find(name)) sink.missing(name);
  for (const page of rows.pages()) {
    for (const { name } of page) {
      const found = source.find(name);
      // What collides, or has the name of the trash, has its row by now, of whatever kind it is.
      if (found && (name === trash || twins?.collision(name) !== undefined)) continue;
      if (!found || isKnownFolder(found)) sink.goneEntry(ledger.entry(dir.id, name)!);
    }
    yield;
  }
  for (const [path, child] of folders) {
    const found = source.find(path.slice(path.lastIndexOf('/') + 1));
    if (!found || isKnownNoFolder(found)) sink.goneFolder(child);
  }
}

function isKnownNoFolder({ entries, index }: Found): boolean {
  return entries.errno(index) === 0 && entries.kind(index) !== 'dir';
}

/** Something that is copied, and no folder. */
function isToBeThere(name: string, found: Found, { attributes, choice }: JoinInput): boolean {
  if (!isKnownNoFolder(found) || isPartName(name) || found.entries.leadsOut(found.index)) return false;
  const meta = found.entries.meta(found.index);
  if (kindOfMode(meta.mode) === 'other') return takesSpecial(meta.mode, attributes);
  return !isPassedOver(meta, choice);
}

/** A file that is left out for its size. */
function isPassedOver({ mode, size }: Meta, { minSize, maxSize }: JoinInput['choice']): boolean {
  return kindOfMode(mode) === 'file' && (size < minSize || size > maxSize);
}

function isKnownFolder({ entries, index }: Found): boolean {
  return entries.errno(index) === 0 && entries.kind(index) === 'dir';
}

function joinEntry(
  name: string,
  at: Found,
  there: Found | undefined,
  row: Stamp | undefined,
  {
    dir,
    folders,
    inodes,
    ledger,
    grainNs,
    range,
    distrustNs,
    damaged,
    attributes,
    areNew,
    choice,
    itemizes,
  }: JoinInput & { folders: Map<string, Dir>; inodes: Map<string, Inode>; ledger: Ledger },
  sink: JoinSink,
): void {
  const meta = at.entries.meta(at.index);
  const kind = kindOfMode(meta.mode);
  const dest = there && there.entries.errno(there.index) === 0 && seenOf(there);
  const inode = at.entries.inode(at.index);
  // A row of what the source had before says nothing of what has been published since.
  const isRecorded = row?.status === EntryStatus.synced && at.entries.is(at.index, row);
  const doubtful =
    distrustNs !== undefined &&
    !isRecorded &&
    !(attributes.hardLinks && isOfContent(row, meta)) &&
    there &&
    there.entries.meta(there.index).ctimeNs >= distrustNs;
  // Size and mtime may look right there, so only copying it again mends it.
  const isDamaged =
    row?.isDamaged === true ||
    (damaged.size > 0 && row?.status !== EntryStatus.synced && damaged.has(joinPath(dir.path, name)));
  // Two times that 64 bits do not hold are one here, however far apart.
  const isBeyond = isClamped(meta.mtimeNs) && row?.status === EntryStatus.synced && !isRecorded;
  const isToMend = (doubtful || isDamaged || isBeyond) && kind !== 'dir';
  const present = isToMend ? undefined : dest || undefined;
  const { comparing } = choice;
  if (comparing && there && !dest) {
    // What is there may have to be left, and nothing is known of it.
    sink.unreadable(name, errnoName(there.entries.errno(there.index)), row && ledger.entry(dir.id, name));
    return;
  }
  const chosen = (verdict: Verdict): Verdict | Left => {
    if (at.entries.leadsOut(at.index)) return 'outside';
    if (!comparing) return verdict;
    const source = seenOf(at, range);
    // With the source's time it is most likely what this ledger's runs have published, and not good.
    const isOurs = isToMend && dest && sameTime(source.mtimeNs, dest.mtimeNs, grainNs);
    return isOurs ? verdict : leave(verdict, source, dest || undefined, grainNs, comparing);
  };
  const mayBeNew = (isUpToDate: boolean) => carriesXattrs(attributes) && (areNew || !isUpToDate);
  const changes = (verdict: Verdict) =>
    itemizes && verdict !== 'same' && verdict !== 'skip'
      ? changesOf(verdict, seenOf(at, range), dest || undefined, grainNs, attributes, comparing?.content)
      : undefined;
  if (kind === 'dir') {
    const path = joinPath(dir.path, name);
    const folder = folders.get(path);
    const isUpToDate = folder?.status === DirStatus.synced && folder.meta?.ctimeNs === meta.ctimeNs;
    // What the destination did not take is not tried again until something changes.
    const wanted = isUpToDate && !areNew && folder.error !== undefined ? NO_ATTRIBUTES : attributes;
    const found = compare(seenOf(at, range), present, grainNs, wanted);
    const verdict = chosen(found === 'same' && mayBeNew(isUpToDate) ? 'stampDir' : found);
    if (isLeft(verdict)) {
      sink.left(name, undefined, undefined);
      if (folder) sink.goneFolder(folder);
      return;
    }
    const isReplacing = dest && dest.kind !== 'dir';
    sink.folder(path, meta, verdict, folder, isReplacing ? 'dest' : row && 'ledger', changes(verdict));
    return;
  }
  if (isPassedOver(meta, choice)) {
    sink.passedOver(row && ledger.entry(dir.id, name));
    return;
  }
  const { specials, devices } = attributes;
  const wanted = isRecorded && !areNew && row.isWarned ? { ...NO_ATTRIBUTES, specials, devices } : attributes;
  const found = isPartName(name) ? 'skip' : compare(seenOf(at, range), present, grainNs, wanted, comparing);
  const verdict = chosen(found === 'same' && kind === 'file' && mayBeNew(isRecorded) ? 'stamp' : found);
  if (found !== 'skip' && !isSameInode(inode, inodes.get(name))) sink.inode(name, inode);
  if (isLeft(verdict)) {
    const known = row && ledger.entry(dir.id, name);
    const error = LEFT[verdict];
    const isKnown = known?.status === EntryStatus.skipped && known.error === error && at.entries.is(at.index, row!);
    const entry = { status: EntryStatus.skipped, meta, algorithm: undefined, hash: undefined, error };
    sink.left(name, isKnown ? undefined : entry, known);
    return;
  }
  const status = verdict === 'skip' ? EntryStatus.skipped : EntryStatus.synced;
  if (inode && verdict === 'same' && sink.apart(name, meta, inode, row && ledger.entry(dir.id, name))) return;
  const copying = verdict === 'copy' || verdict === 'link' || verdict === 'special' || verdict === 'stamp';
  if (!copying && row?.status === status && at.entries.is(at.index, row)) {
    if (status === EntryStatus.skipped) sink.stillSkipped(meta);
    else sink.unchanged(meta);
    return;
  }
  // Few entries get here in a scan that finds little to do, so the rest of a row is read only now.
  const known = row && ledger.entry(dir.id, name);
  if (copying) sink.copy(name, meta, verdict, known, changes(verdict), inode);
  else recordKept(name, meta, status, known, sink);
}

/** `range`: as a share with these times has it. */
function seenOf({ entries, index }: Found, range?: TimeRange): Seen {
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

const NO_INODES = new Map<string, Inode>();

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

interface KnownRows {
  find(name: string): Stamp | undefined;
  pages(): Iterable<readonly Stamp[]>;
}

const NO_ROWS: KnownRows = { find: () => undefined, pages: () => [] };

function knownRows(dir: Dir, count: number, ledger: Ledger): KnownRows {
  // Of a larger folder, row by row.
  if (count <= IN_MEMORY) {
    const rows = ledger.stampsAfter(dir.id, '', IN_MEMORY + 1);
    if (rows.length <= IN_MEMORY) {
      const finder = new Finder(rows.map(({ name }) => name));
      return { find: (name) => rows[finder.find(name)], pages: () => [rows] };
    }
  }
  return {
    find: (name) => ledger.stamp(dir.id, name),
    *pages() {
      let page = ledger.stampsAfter(dir.id, '', 1000);
      while (page.length > 0) {
        yield page;
        page = ledger.stampsAfter(dir.id, page[page.length - 1]!.name, 1000);
      }
    },
  };
}
