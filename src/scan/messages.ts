import type { EntryData } from '../share/entries.js';
import type { Failure } from '../share/failure.js';
import type { Wanted } from './filter/scope.js';
import type { Contents } from './seal.js';

export interface ListRequest {
  readonly dir: number;
  readonly path: string;
  /** How finely both shares keep times, ns. */
  readonly grainNs: number;
  /** What the ledger has of the folder: if the listing gives just this, its entries are not asked for. */
  readonly seal: string | undefined;
  /** What alone is wanted of it; undefined: all. */
  readonly wanted: Wanted | undefined;
}

/** A batch of one folder's entries, sorted by name within the batch; the last one tells how the listing ended. */
export interface ListAnswer {
  readonly dir: number;
  readonly entries: EntryData;
  readonly last: boolean;
  /** With `last`: the listing is not complete. ENOENT says that the folder itself is missing. */
  readonly failure?: Failure;
  /** With `last`: the whole listing gives the seal that was asked about. `entries` are the folders in it. */
  readonly same?: Contents;
  /** With `last`: what the listing gives. From the source, what to ask about once all of the folder is synced. */
  readonly seal?: string;
  /**
   * With `last`: another filesystem is mounted here, and only that of the root is wanted. Of the source, nothing is
   * listed then.
   */
  readonly isElsewhere?: boolean;
  /** With `last`, where there are any: entries that were left out. */
  readonly excluded?: number;
}
