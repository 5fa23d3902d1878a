/** What the scan knows of one folder between asking for its listings and having joined them. */
import type { Dir } from '../ledger/rows.js';
import type { Wanted } from '../scan/filter/scope.js';
import { Listing } from '../scan/listing.js';
import type { Contents } from '../scan/seal.js';
import type { Failure } from '../share/failure.js';
import type { Side } from '../share/share.js';

/** A folder that scanner lanes are listing, or that is being joined. */
export interface InHand {
  readonly dir: Dir;
  readonly listings: Record<Side, Listing>;
  waiting: number;
  failures: Partial<Record<Side, Failure>>;
  /** The seal that the source is asked about; the destination comes after it. */
  asked: string | undefined;
  /** The sides whose listing gave the seal; only the folders of it are in `listings`. */
  same: Partial<Record<Side, Contents>>;
  /** What the listings give. */
  seals: Partial<Record<Side, string>>;
  /** The destination is to be changed so that it lists the folder as the source does. */
  isToChange: boolean;
  /** The two sides stay unlike: the destination keeps what the source has not, or does not get what that has. */
  staysUnlike: boolean;
  /** What alone is to be listed of the source; undefined: all. */
  readonly wanted: Wanted | undefined;
  /** Entries of the source that were left out. */
  excluded: number;
  /** On which sides it is on another filesystem than the root, where that matters. */
  readonly isElsewhere: Partial<Record<Side, boolean>>;
}

/** A folder to be listed on `sides`; `seal`: what the sides are asked whether it is still true. */
export function takeInHand(dir: Dir, sides: readonly Side[], seal: string | undefined, wanted?: Wanted): InHand {
  return {
    dir,
    listings: { source: new Listing(), dest: new Listing() },
    waiting: 0,
    failures: {},
    asked: seal,
    same: {},
    seals: {},
    isToChange: sides.length === 1,
    // What is not listed does not seal.
    staysUnlike: wanted !== undefined,
    wanted,
    excluded: 0,
    isElsewhere: {},
  };
}

/** What a joined folder is sealed with. A seal that the destination would not give costs a second listing each time. */
export function sealFor({ seals, isToChange, staysUnlike }: InHand): string | undefined {
  const { source, dest } = seals;
  const isAlike = isToChange || (source !== undefined && dest !== undefined && source.endsWith(dest));
  return isAlike && !staysUnlike ? source : undefined;
}
