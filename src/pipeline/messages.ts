/** What the main thread and the lanes of the pipeline tell each other. Failures travel as data (share/failure.ts). */
import type { Failure } from '../share/failure.js';
import type { Side } from '../share/share.js';

/** Entries as parallel arrays: work for one reader lane, to be done in order, folder by folder. */
export interface Lease {
  readonly dirs: readonly string[];
  /** Folder of each entry, as an index into `dirs`. */
  readonly dirOf: Uint32Array;
  readonly names: readonly string[];
  /** Action of each entry (record.ts). */
  readonly actions: Uint8Array;
  /** The main thread's numbers for the entries. */
  readonly ids: Float64Array;
  /** What the scan saw: bytes, ns since the Unix epoch. For a folder to be stamped: the mtime it shall have. */
  readonly sizes: Float64Array;
  readonly mtimes: BigInt64Array;
  readonly ctimes: BigInt64Array;
  /** Of hard links the paths of the files that they are names of; undefined: there is none among them. */
  readonly targets?: readonly (string | undefined)[];
}

export interface FailedItem {
  readonly id: number;
  readonly failure: Failure;
  /** The share that it failed on. */
  readonly side: Side;
}

export type LaneMessage =
  /** A reader is through with a lease. */
  | { readonly type: 'leaseDone' }
  /** Items of a lease that were not begun because the run drains or stops. */
  | { readonly type: 'returned'; readonly ids: readonly number[] }
  /** Extras that turned out to exist at the source: they stay. */
  | { readonly type: 'kept'; readonly ids: readonly number[] }
  | { readonly type: 'failed'; readonly items: readonly FailedItem[] }
  /** A writer's finished records: their headers end to end (record.ts). */
  | { readonly type: 'finished'; readonly headers: Uint8Array; readonly warnings?: readonly Warning[] };

/** What of an item the destination did not take: error codes, and what it was. */
export interface Warning {
  readonly id: number;
  readonly text: string;
}
