import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  baseName,
  decodeName,
  dirName,
  fromColumn,
  isPlain,
  join,
  nameBytes,
  toColumn,
} from '../../src/posix/names.js';

const decode = (bytes: Uint8Array) => decodeName(Buffer.from(bytes), 0, bytes.length);

const text = (value: string) => [...Buffer.from(value)];
/** Bytes that go wrong in decoders: overlong, truncated and surrogate forms, stray and valid neighbours. */
const PIECES = [
  text('a'),
  text('é'),
  text('中'),
  text('👍'),
  text('\ufffd'),
  text('\ufeff'),
  text('\uffff'),
  text('\u{10ffff}'),
  [0x80],
  [0xbf],
  [0xc0, 0xaf],
  [0xc3],
  [0xe4, 0xb8],
  [0xe0, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xed, 0xb2, 0x80],
  [0xf0, 0x9f, 0x91],
  [0xf0, 0x80, 0x80, 0xaf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8],
  [0xfe],
  [0xff],
];

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => Uint8Array.from(pieces.flat())),
);

const anyText = fc
  .array(
    fc.integer({ min: 1, max: 0x10ffff }).filter((code) => code < 0xd800 || code > 0xdfff),
    { maxLength: 40 },
  )
  .map((codes) => String.fromCodePoint(...codes));

describe('a name', () => {
  it('comes back as the same bytes, whatever they are', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect([...nameBytes(decode(bytes))]).toEqual([...bytes]);
      }),
      { numRuns: 1000 },
    );
  });

  it('is the string that everybody expects when it is valid UTF-8', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        expect(decode(Buffer.from(name))).toBe(name);
        expect(isPlain(name)).toBe(true);
      }),
    );
  });

  it('is plain exactly when its bytes are valid UTF-8', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(isPlain(decode(bytes))).toBe(isUtf8(bytes));
      }),
    );
  });

  it('is read between the given bounds only', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, anyBytes, (before, bytes, after) => {
        const all = Buffer.concat([before, bytes, after]);
        expect(decodeName(all, before.length, before.length + bytes.length)).toBe(decode(bytes));
      }),
    );
  });

  it.each([
    ['invalid bytes', [0x61, 0xff], [0x61, 0xfe]],
    ['an invalid byte and U+FFFD', [0x61, 0xff], [0x61, ...text('\ufffd')]],
    ['how much of a character is cut off', [0xf0, 0x9f], [0xf0, 0x9f, 0x91]],
    ['the bytes of a surrogate and the byte it stands for', [0xed, 0xb2, 0x80], [0x80]],
  ])('stays different from one that differs only in %s', (_, one, other) => {
    expect(decode(Uint8Array.from(one))).not.toBe(decode(Uint8Array.from(other)));
  });

  it('keeps U+FFFD where it is a character of the name, also beside a broken byte', () => {
    expect(decode(Buffer.from('a\ufffdb'))).toBe('a\ufffdb');
    const mixed = decode(Uint8Array.from([...text('\ufffd'), 0xff]));
    expect(mixed).toBe('\ufffd\udcff');
  });

  it('keeps a byte order mark', () => {
    expect(decode(Buffer.from('\ufeffa'))).toBe('\ufeffa');
  });
});

describe('a column', () => {
  it('holds text for valid UTF-8 and the bytes otherwise', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const column = toColumn(decode(bytes));
        if (isUtf8(bytes)) expect(column).toBe(Buffer.from(bytes).toString());
        else expect(column).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('leads back to the name', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const name = decode(bytes);
        expect(fromColumn(toColumn(name))).toBe(name);
      }),
    );
  });
});

describe('a path', () => {
  it.each([
    ['', 'f', 'f'],
    ['a', 'f', 'a/f'],
    ['a/b', 'f', 'a/b/f'],
    ['a', '', 'a'],
    ['', '', ''],
  ])('of folder %j and name %j is %j', (dir, name, path) => {
    expect(join(dir, name)).toBe(path);
  });

  it.each([
    ['f', '', 'f'],
    ['a/f', 'a', 'f'],
    ['a/b/f', 'a/b', 'f'],
    ['', '', ''],
  ])('%j is in folder %j by the name %j', (path, dir, name) => {
    expect([dirName(path), baseName(path)]).toEqual([dir, name]);
  });

  it('splits into what it was joined from', () => {
    const name = anyBytes.filter((bytes) => bytes.length > 0 && !bytes.includes(0x2f)).map((bytes) => decode(bytes));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
        const path = names.reduce(join, '');
        expect(baseName(path)).toBe(names.at(-1));
        expect(dirName(path)).toBe(names.slice(0, -1).join('/'));
      }),
    );
  });
});
