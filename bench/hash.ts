import * as crypto from 'node:crypto';
import {
  createBLAKE2b,
  createBLAKE3,
  createMD5,
  createSHA1,
  createSHA256,
  createSHA512,
  createXXHash128,
  type IHasher,
} from 'hash-wasm';
import { createHasher, type Hasher } from '../src/hash/registry.js';
import { CHECKSUMS, type Checksum } from '../src/settings.js';
import { bestMs } from './measure.js';

/** OpenSSL's name and hash-wasm's implementation of each algorithm. */
const LIBRARIES: Readonly<Record<Checksum, { openssl?: string; wasm: () => Promise<IHasher> }>> = {
  md5: { openssl: 'md5', wasm: createMD5 },
  sha1: { openssl: 'sha1', wasm: createSHA1 },
  sha256: { openssl: 'sha256', wasm: createSHA256 },
  sha512: { openssl: 'sha512', wasm: createSHA512 },
  blake2b: { openssl: 'blake2b512', wasm: () => createBLAKE2b() },
  blake3: { wasm: () => createBLAKE3() },
  xxh128: { wasm: () => createXXHash128() },
};

/** A block of a large file, and a small file, both on shared memory as in the ring. */
const BLOCK = new Uint8Array(new SharedArrayBuffer(5_000_000));
const SMALL = new Uint8Array(new SharedArrayBuffer(4096));

const COLUMNS = [
  '5 MB createHash',
  '5 MB hash-wasm',
  '5 MB millrace',
  '4 KiB createHash',
  '4 KiB crypto.hash',
  '4 KiB hash-wasm',
  '4 KiB millrace',
] as const;

interface Contender {
  readonly column: (typeof COLUMNS)[number];
  readonly view: Uint8Array;
  readonly run: () => void;
}

/** Every way to hash here, by algorithm, and what millrace takes; the table shows whether that is the fastest. */
async function contenders(name: Checksum): Promise<Contender[]> {
  const { openssl, wasm } = LIBRARIES[name];
  const state = await wasm();
  const chosen = await createHasher(name);
  const native: Contender[] =
    openssl === undefined
      ? []
      : [
          { column: '5 MB createHash', view: BLOCK, run: () => crypto.createHash(openssl).update(BLOCK).digest() },
          { column: '4 KiB createHash', view: SMALL, run: () => crypto.createHash(openssl).update(SMALL).digest() },
          { column: '4 KiB crypto.hash', view: SMALL, run: () => crypto.hash(openssl, SMALL, 'buffer') },
        ];
  return [
    ...native,
    { column: '5 MB hash-wasm', view: BLOCK, run: () => state.init().update(BLOCK).digest('binary') },
    { column: '4 KiB hash-wasm', view: SMALL, run: () => state.init().update(SMALL).digest('binary') },
    { column: '5 MB millrace', view: BLOCK, run: () => stream(chosen, BLOCK) },
    { column: '4 KiB millrace', view: SMALL, run: () => chosen.of(SMALL) },
  ];
}

function stream(hasher: Hasher, view: Uint8Array): void {
  hasher.reset();
  hasher.update(view);
  hasher.digest();
}

/** Prints MB/s (millions of bytes) of every algorithm and implementation. Takes 20 to 30 s. */
export async function hash(): Promise<void> {
  const table: Record<string, Record<string, number>> = {};
  for (const name of CHECKSUMS) {
    const row: Record<string, number> = {};
    const list = await contenders(name);
    const ms = await bestMs(list.map(({ run }) => run));
    for (const [at, { column, view }] of list.entries()) row[column] = Math.round(view.length / ms[at]! / 1000);
    table[name] = row;
  }
  console.log('hash: MB/s');
  console.table(table, COLUMNS);
}
