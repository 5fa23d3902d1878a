import type { EntryData } from '../share/entries.js';
import type { Failure } from '../share/failure.js';

export type Side = 'source' | 'dest';

export interface ListRequest {
  readonly dir: number;
  readonly path: string;
}

/** A batch of one folder's entries, sorted by name within the batch; the last one tells how the listing ended. */
export interface ListAnswer {
  readonly dir: number;
  readonly entries: EntryData;
  readonly last: boolean;
  /** With `last`: the listing is not complete. ENOENT says that the folder itself is missing. */
  readonly failure?: Failure;
}
