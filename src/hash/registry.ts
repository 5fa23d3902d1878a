import type { Checksum } from '../settings.js';
import type { Hasher } from './hasher.js';
import { createNativeHasher } from './native.js';
import { createWasmHasher } from './wasm.js';

export type { Hasher } from './hasher.js';

interface Algorithm {
  /** Stands for the name in ledgers and shared memory: never changed, never given to another algorithm. */
  readonly code: number;
  /** Bytes of a digest. */
  readonly length: number;
  readonly create: () => Hasher | Promise<Hasher>;
}

/**
 * Name -> the fastest implementation. OpenSSL wins wherever it has the algorithm (assembly, and SHA extensions where
 * the processor has them); `npm run bench -- hash` shows both for every name.
 *
 * The digests are those of the usual tools: md5sum, sha1sum, sha256sum, sha512sum, b2sum (BLAKE2b-512), b3sum
 * (BLAKE3-256) and xxhsum -H2 (XXH3 128 bits, seed 0, in canonical big-endian order).
 */
const ALGORITHMS: Readonly<Record<Checksum, Algorithm>> = {
  md5: { code: 1, length: 16, create: () => createNativeHasher('md5') },
  sha1: { code: 2, length: 20, create: () => createNativeHasher('sha1') },
  sha256: { code: 3, length: 32, create: () => createNativeHasher('sha256') },
  sha512: { code: 4, length: 64, create: () => createNativeHasher('sha512') },
  blake2b: { code: 5, length: 64, create: () => createNativeHasher('blake2b512') },
  blake3: { code: 6, length: 32, create: () => createWasmHasher((library) => library.createBLAKE3()) },
  xxh128: { code: 7, length: 16, create: () => createWasmHasher((library) => library.createXXHash128()) },
};

const NAMES: ReadonlyMap<number, Checksum> = new Map(
  Object.entries(ALGORITHMS).map(([name, { code }]) => [code, name as Checksum]),
);

/** A hasher for the calling thread. Rejects when the platform refuses the algorithm. */
export async function createHasher(name: Checksum): Promise<Hasher> {
  return ALGORITHMS[name].create();
}

/** Bytes of a digest. */
export function digestLength(name: Checksum): number {
  return ALGORITHMS[name].length;
}

/** The number, 1 to 7, that stands for the algorithm in ledgers and shared memory. */
export function checksumCode(name: Checksum): number {
  return ALGORITHMS[name].code;
}

/** The algorithm of a code. Throws a RangeError for a code that none has: a newer or damaged ledger. */
export function checksumName(code: number): Checksum {
  const name = NAMES.get(code);
  if (name === undefined) throw new RangeError(`unknown checksum code ${code}`);
  return name;
}
