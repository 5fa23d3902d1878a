import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumCode, checksumName, createHasher, digestLength } from '../../src/hash/registry.js';
import { CHECKSUMS, type Checksum } from '../../src/settings.js';

/** The input pattern of the official BLAKE3 vectors; long enough for every algorithm's many-block path. */
const long = Uint8Array.from({ length: 102_400 }, (_, i) => i % 251);
const abc = new TextEncoder().encode('abc');
const empty = new Uint8Array(0);

/** As printed by md5sum, sha1sum, sha256sum, sha512sum, b2sum, b3sum and xxhsum -H2. */
const VECTORS: Record<Checksum, { empty: string; abc: string; long: string }> = {
  md5: {
    empty: 'd41d8cd98f00b204e9800998ecf8427e',
    abc: '900150983cd24fb0d6963f7d28e17f72',
    long: '1a0f81547e5ba2e9c4a4b94a74731993',
  },
  sha1: {
    empty: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    abc: 'a9993e364706816aba3e25717850c26c9cd0d89d',
    long: 'f18b928d893ae172a000efa19b80e1c04fb36414',
  },
  sha256: {
    empty: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    abc: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    long: '74588b7f0bcc354ac14d9cf199fa3a20c05f0c7293b9075b2f2e146e718de800',
  },
  sha512: {
    empty:
      'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce' +
      '47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
    abc:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
      '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    long:
      '2acda2d1386c8cd9ef01c797cfd154b073e7ea26e4c5741e9f2aee089dc8106c' +
      'b887526d5bbb04920c2b742b2dab945e2a8db4cd31f58ac945aec9df89b1f18d',
  },
  blake2b: {
    empty:
      '786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419' +
      'd25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce',
    abc:
      'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1' +
      '7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
    long:
      'cbd9d7d77a4d66c0a2ddea931b1e7d91271005545f56f444decea823f7adc9bb' +
      '0791bead840bdd341f04bc1baf1847248aa536baeafa40bda3a06229ae62ffd5',
  },
  blake3: {
    empty: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
    abc: '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85',
    long: 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085',
  },
  xxh128: {
    empty: '99aa06d3014798d86001c324468d497f',
    abc: '06b05ab6733a618578af5f94892f3950',
    long: 'ecd387d36185351b1428e17f1cac2837',
  },
};

const hex = (digest: Uint8Array) => Buffer.from(digest).toString('hex');

function shared(bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3);
  view.set(bytes);
  return view;
}

describe.each(CHECKSUMS)('%s', (name) => {
  it.each([
    ['nothing', empty, VECTORS[name].empty],
    ['"abc"', abc, VECTORS[name].abc],
    ['100 KiB', long, VECTORS[name].long],
  ])('digests %s as the reference tools do', async (_, input, expected) => {
    const hasher = await createHasher(name);
    expect(hex(hasher.of(input))).toBe(expected);
    hasher.update(input);
    expect(hex(hasher.digest())).toBe(expected);
  });

  it('gives the same digest however the stream is cut', async () => {
    const hasher = await createHasher(name);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: long.length }),
        fc.array(fc.nat({ max: long.length }), { maxLength: 8 }),
        (length, cuts) => {
          const input = long.subarray(0, length);
          const ends = [...cuts.filter((cut) => cut < length), length].sort((a, b) => a - b);
          let from = 0;
          for (const to of ends) {
            hasher.update(input.subarray(from, to));
            from = to;
          }
          expect(hex(hasher.digest())).toBe(hex(hasher.of(input)));
        },
      ),
    );
  });

  it('reads views on shared memory', async () => {
    const hasher = await createHasher(name);
    const view = shared(long);
    hasher.update(view.subarray(0, 50_001));
    hasher.update(view.subarray(50_001));
    expect(hex(hasher.digest())).toBe(VECTORS[name].long);
    expect(hex(hasher.of(view))).toBe(VECTORS[name].long);
  });

  it('forgets the stream on reset', async () => {
    const hasher = await createHasher(name);
    hasher.update(long);
    hasher.reset();
    hasher.update(abc);
    expect(hex(hasher.digest())).toBe(VECTORS[name].abc);
  });

  it('starts a new stream after a digest', async () => {
    const hasher = await createHasher(name);
    hasher.update(long);
    hasher.digest();
    expect(hex(hasher.digest())).toBe(VECTORS[name].empty);
    hasher.update(abc);
    expect(hex(hasher.digest())).toBe(VECTORS[name].abc);
  });

  it('digests a single view in the middle of a stream without disturbing it', async () => {
    const hasher = await createHasher(name);
    hasher.update(long.subarray(0, 70_001));
    expect(hex(hasher.of(abc))).toBe(VECTORS[name].abc);
    hasher.update(long.subarray(70_001));
    expect(hex(hasher.digest())).toBe(VECTORS[name].long);
  });

  it('keeps two streams apart', async () => {
    const [one, two] = await Promise.all([createHasher(name), createHasher(name)]);
    one.update(long);
    two.update(abc);
    expect(hex(one.digest())).toBe(VECTORS[name].long);
    expect(hex(two.digest())).toBe(VECTORS[name].abc);
  });

  it('returns fresh plain digests of the announced length on memory of their own', async () => {
    const hasher = await createHasher(name);
    const digests = [hasher.of(shared(abc)), hasher.of(shared(abc)), hasher.digest(), hasher.digest()];
    for (const digest of digests) {
      expect(Object.getPrototypeOf(digest)).toBe(Uint8Array.prototype);
      expect(digest.length).toBe(digestLength(name));
      expect(digest.buffer).toBeInstanceOf(ArrayBuffer);
    }
    expect(new Set(digests.map((digest) => digest.buffer)).size).toBe(digests.length);
  });

  it('has a code that leads back to it', () => {
    expect(checksumName(checksumCode(name))).toBe(name);
  });
});

it('keeps the codes that ledgers already hold', () => {
  expect(CHECKSUMS.map((name) => [name, checksumCode(name)])).toEqual([
    ['md5', 1],
    ['sha1', 2],
    ['sha256', 3],
    ['sha512', 4],
    ['blake2b', 5],
    ['blake3', 6],
    ['xxh128', 7],
  ]);
});

it.each([0, 8, -1, 1.5, Number.NaN])('refuses the code %d', (code) => {
  expect(() => checksumName(code)).toThrow(RangeError);
});
