/** A random sample that anybody can draw again. Pure. */
import { createHash } from 'node:crypto';
import { nameBytes } from '../posix/names.js';

export interface Sample {
  /** How many of all, 0 to 1. */
  readonly part: number;
  readonly seed: string;
}

/**
 * Whether the entry of this path (raw, beneath the root) is in the sample: the first 4 bytes of the SHA-256 of the
 * seed, a slash and the path's bytes, as a fraction of 2^32, are below its part. So a larger part with the same seed has
 * all of a smaller one.
 */
export function isInSample(path: string, { part, seed }: Sample): boolean {
  const digest = createHash('sha256').update(`${seed}/`).update(nameBytes(path)).digest();
  return digest.readUInt32BE(0) < part * 2 ** 32;
}
