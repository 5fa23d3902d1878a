import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { decodeName, nameBytes } from '../../src/posix/names.js';
import { isPartName, isPartOf, partName, probeName } from '../../src/share/partname.js';

/** Any name that Linux takes: 1 to 255 bytes, neither NUL nor slash. */
const anyName = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 255 }),
    fc.uint8Array({ minLength: 230, maxLength: 255, min: 0x61, max: 0x63 }),
    fc.integer({ min: 60, max: 85 }).map((count) => Buffer.from('中'.repeat(count))),
  )
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x7e : byte))))
  .map((bytes) => decodeName(bytes, 0, bytes.length));

describe('partName', () => {
  it('is a name that Linux takes, and is known as that of a part', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const part = partName(name);
        expect(nameBytes(part).length).toBeLessThanOrEqual(255);
        expect(part).not.toMatch(/[/\0]/);
        expect(isPartName(part)).toBe(true);
        expect(part).not.toBe(name);
      }),
    );
  });

  it('is the same for the same name, so that a leftover is found again', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(partName(name)).toBe(partName(name));
      }),
    );
  });

  it('is valid UTF-8 also for a name that is not', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(partName(name).isWellFormed()).toBe(true);
      }),
    );
  });

  it('is another for another name', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { minLength: 2, maxLength: 8 }), (names) => {
        expect(new Set(names.map((name) => partName(name))).size).toBe(names.length);
      }),
    );
  });

  it.each([
    ['in their last byte, without room for a prefix', `${'n'.repeat(254)}a`, `${'n'.repeat(254)}b`],
    ['in invalid bytes', 'a\udcfe', 'a\udcff'],
    ['as an invalid byte does from U+FFFD', 'a\udcff', 'a\ufffd'],
    ['by the prefix', 'a', partName('a')],
  ])('is another for names that differ only %s', (_, one, other) => {
    expect(partName(one)).not.toBe(partName(other));
  });

  it('is not that of a long name for a file that was named to match it', () => {
    const long = 'n'.repeat(255);
    const digest = createHash('sha256').update(long).digest('hex').slice(0, 40);
    expect(partName(`~${digest}`)).not.toBe(partName(long));
  });

  it.each([240, 241, 255])('fits for a name of %i bytes', (length) => {
    expect(nameBytes(partName('n'.repeat(length))).length).toBeLessThanOrEqual(255);
  });
});

describe('isPartName', () => {
  it.each(['file', '.hidden', 'x.millrace-part.x', '.millrace', '.Millrace-part.x'])('is false for %j', (name) => {
    expect(isPartName(name)).toBe(false);
  });
});

test('parts and probes of a ledger are told from those of others, whatever the file is called', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      expect(isPartOf(partName(name, 'tagtag'), 'tagtag')).toBe(true);
      expect(isPartOf(partName(name, 'others'), 'tagtag')).toBe(false);
      expect(isPartOf(probeName(name, 'others'), 'tagtag')).toBe(false);
    }),
  );
  expect(isPartOf(probeName('probe', 'tagtag'), 'tagtag')).toBe(true);
});
