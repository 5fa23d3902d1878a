/** Made-up names and records. */
import fc from 'fast-check';
import { Action, type RecordFields } from '../../src/pipeline/record.js';
import { decodeName } from '../../src/posix/names.js';

/** One component of a path: any bytes but NUL and slash, so mostly not UTF-8. */
export const anyName: fc.Arbitrary<string> = fc
  .oneof(
    fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .map((bytes) => Buffer.from(bytes).filter((b) => b !== 0 && b !== 0x2f)),
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .map((text) => Buffer.from(text.replace(/[\0/]/g, '_'))),
  )
  .map((bytes) => decodeName(Buffer.from(bytes), 0, bytes.length) || 'x');

export const anyFolder: fc.Arbitrary<string> = fc.array(anyName, { maxLength: 3 }).map((parts) => parts.join('/'));

const ns = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

export const anyFields: fc.Arbitrary<RecordFields> = fc.record({
  action: fc.constantFrom(...Object.values(Action)),
  flags: fc.nat(7),
  reader: fc.nat(63),
  id: fc.maxSafeNat(),
  offset: fc.maxSafeNat(),
  size: fc.maxSafeNat(),
  startedMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
  endedMs: fc.constant(0),
  atimeNs: ns,
  mtimeNs: ns,
  ctimeNs: ns,
  btimeNs: ns,
  mode: u32,
  uid: u32,
  gid: u32,
  hash: fc.option(fc.uint8Array({ minLength: 1, maxLength: 64 }), { nil: undefined }),
});

/** A record about which nothing matters. */
export const FIELDS: RecordFields = {
  action: Action.copy,
  flags: 3,
  reader: 0,
  id: 1,
  offset: 0,
  size: 0,
  startedMs: 0,
  endedMs: 0,
  atimeNs: 0n,
  mtimeNs: 0n,
  ctimeNs: 0n,
  btimeNs: 0n,
  mode: 0,
  uid: 0,
  gid: 0,
  hash: undefined,
};

/** A copy of the fields that a record's memory holds now. */
export function fieldsIn(record: Readonly<RecordFields>): RecordFields {
  const copy = Object.fromEntries(Object.keys(FIELDS).map((key) => [key, record[key as keyof RecordFields]]));
  return { ...copy, hash: record.hash && Uint8Array.from(record.hash) } as RecordFields;
}
