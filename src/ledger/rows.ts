/** The rows of the ledger as the engine sees them. Times in ns since the Unix epoch, sizes in bytes. */
import type { Meta, Parts } from '../share/entries.js';
import type { DirSide, DirStatus, EntryStatus, Listed } from './schema.js';

/** A folder. Its metadata is undefined for the root of a first scan and for extras. */
export interface Dir {
  readonly id: number;
  readonly parent: number | undefined;
  /** Beneath the root; '' is the root. */
  readonly path: string;
  readonly depth: number;
  readonly side: DirSide;
  listed: Listed;
  status: DirStatus;
  /**
   * Number of the scan that last joined it; 0: none yet, so the ledger knows no entries of it; below 0: that scan was cut
   * off meanwhile, and joins it again.
   */
  scan: number;
  meta: Meta | undefined;
  /** Likewise. */
  error: string | undefined;
  /** What the last scan's listing gave (scan/seal.ts). Counts only while nothing of the folder is pending or failed. */
  seal: string | undefined;
}

/** What is stored of a file, symbolic link or other non-folder. */
export interface Entry {
  status: EntryStatus;
  meta: Meta;
  /** Code of the hash's algorithm (hash/registry.ts); undefined: no hash. */
  algorithm: number | undefined;
  hash: Uint8Array | undefined;
  /** Why it failed or is skipped; of a synced entry, which of its attributes the destination did not take. */
  error: string | undefined;
}

export interface KeyedEntry extends Entry {
  readonly dir: number;
  readonly name: string;
}

/** What a scan needs to see that an entry is as the ledger has it. */
export interface Stamp extends Parts {
  readonly name: string;
  readonly status: EntryStatus;
  /** It has an error, or, when it is synced, a warning: of attributes that the destination did not take. */
  readonly isWarned: boolean;
  /**
   * What the destination has is not what is to be there, however right it looks: a verification found so, or a copy was
   * owed and not made (see pendinghash.ts).
   */
  readonly isDamaged: boolean;
}

/** The kind of what stays in a folder that is an extra. */
export const PROTECTED = -1;

/** An extra found by a scan: `kind` is the Action that removes it, or PROTECTED. */
export interface Extra {
  readonly dir: number;
  readonly name: string;
  readonly kind: number;
}

/** Where the present scan stands; kept in the ledger, so that another session goes on with it. */
export interface ScanState {
  readonly number: number;
  readonly running: boolean;
  /** Folders or entries that could not be looked at: with any, nothing is deleted. */
  readonly errors: number;
  /** Whether the scan looks for extras (--delete-extras). */
  readonly extras: boolean;
  /** Letters of the attributes that it keeps (share/attributes.ts); undefined in ledgers from before there were any. */
  readonly attributes?: string;
  /** Attributes that the scans before did not keep are among them. */
  readonly areNew?: boolean;
}

export interface Totals {
  pendingFiles: number;
  pendingBytes: number;
  syncedFiles: number;
  syncedBytes: number;
  failedFiles: number;
  failedBytes: number;
  skippedFiles: number;
}

export const NO_TOTALS: Totals = {
  pendingFiles: 0,
  pendingBytes: 0,
  syncedFiles: 0,
  syncedBytes: 0,
  failedFiles: 0,
  failedBytes: 0,
  skippedFiles: 0,
};
