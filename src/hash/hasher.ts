/**
 * One checksum algorithm at work on one stream of bytes. It belongs to the thread that made it.
 *
 * Views may lie on a SharedArrayBuffer; their bytes are consumed before the call returns, and nobody may write them
 * meanwhile. Every digest is a fresh Uint8Array on memory of its own, safe to keep and to post to another thread.
 */
export interface Hasher {
  /** Forgets everything given so far and starts anew. */
  reset(): void;
  /** Appends bytes to the stream. */
  update(view: Uint8Array): void;
  /** The digest of the stream. It ends the stream: the next update begins a new one. */
  digest(): Uint8Array;
  /** The digest of one view, for a small file already in memory. Leaves a stream that is under way untouched. */
  of(view: Uint8Array): Uint8Array;
}
