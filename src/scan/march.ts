/** What the march through one folder is given (see join.ts), and what it ends in. */
import type { Dir, Entry, KeyedEntry } from '../ledger/rows.js';
import type { Attributes } from '../share/attributes.js';
import type { Inode, Meta } from '../share/entries.js';
import type { Folding } from '../share/folding.js';
import type { RenamedSort } from '../share/renaming.js';
import type { TimeRange } from '../share/timerange.js';
import type { Verdict } from './compare.js';
import type { Choice } from './filter/choice.js';
import type { Wanted } from './filter/scope.js';
import type { Listing } from './listing.js';

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
  /** An entry that the destination would list as another. */
  mangled(name: string, meta: Meta, known: Entry | undefined): void;
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
  /** Sorts of names that the destination lists as others. */
  readonly mangled: readonly RenamedSort[];
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
