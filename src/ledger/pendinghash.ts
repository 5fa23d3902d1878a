/**
 * What stands in the hash of a pending file's row: of one that is to be copied, zeros, as room for the hash to come; of one
 * whose content is there and whose attributes are to be set, the content's hash, or nothing where none was made.
 */
import type { Meta } from '../share/entries.js';
import type { Entry } from './rows.js';
import { EntryStatus } from './schema.js';

type Hashed = Pick<Entry, 'algorithm' | 'hash'>;

const UNKNOWN: Hashed = { algorithm: undefined, hash: new Uint8Array(0) };

/** For the row of a file that waits for its attributes. */
export function keptWhilePending(kept: Hashed): Hashed {
  return kept.hash ? kept : UNKNOWN;
}

/** The hash that such a row keeps; undefined for one of a file that is to be copied. */
export function keptOf({ algorithm, hash }: Hashed): Hashed | undefined {
  if (!hash) return undefined;
  if (hash.length === 0) return { algorithm: undefined, hash: undefined };
  return hash.every((byte) => byte === 0) ? undefined : { algorithm, hash };
}

/** The hash that the ledger has of just this content; of an entry that waits for its attributes, the one it keeps. */
export function contentOf(
  known: Entry | undefined,
  { size, mtimeNs }: Pick<Meta, 'size' | 'mtimeNs'>,
): Hashed | undefined {
  if (known?.meta.size !== size || known.meta.mtimeNs !== mtimeNs) return undefined;
  return known.status === EntryStatus.synced ? { algorithm: known.algorithm, hash: known.hash } : keptOf(known);
}
