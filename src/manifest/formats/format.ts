/** What a format is; each has a file beside this one, and formats.ts has them by their names. */
import type { SyncedEntry } from '../../ledger/synced.js';
import type { Checksum } from '../../settings.js';

/** Of one manifest: it may remember what it wrote. */
export interface Format {
  /** The algorithms whose hashes it can hold. */
  readonly algorithms: readonly Checksum[];
  /** Also has entries without such a hash: links, folders, files that were never hashed. */
  readonly listsAll: boolean;
  readonly head?: string;
  /** The lines of an entry; undefined: none, since the tools could not read its name, or open it. Text stands for UTF-8. */
  lines(entry: SyncedEntry): string | Uint8Array | undefined;
  /** After the last entry, with the Merkle root in hex and the number of its leaves. */
  tail?(root: string, entries: number): string;
}

const SECOND = 1_000_000_000n;

/** A time as seconds, rounded down, and nine digits of nanoseconds. */
export function timeParts(ns: bigint): { readonly seconds: bigint; readonly digits: string } {
  const rest = ((ns % SECOND) + SECOND) % SECOND;
  return { seconds: (ns - rest) / SECOND, digits: String(rest).padStart(9, '0') };
}

/** Bytes as text with one character for each, and back: to escape some of them. */
export function rawText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

export function rawBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
