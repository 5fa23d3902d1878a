import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCount, parseDeleteLimit, parseDuration, parseRate, parseRates, parseSize } from '../../src/cli/units.js';
import { UsageError } from '../../src/exit.js';
import { usageMessage } from './helpers.js';

describe('sizes', () => {
  test.each([
    ['1', 1],
    ['512', 512],
    ['512b', 512],
    ['64K', 65_536],
    ['64k', 65_536],
    ['64KiB', 65_536],
    ['64kib', 65_536],
    ['64KB', 64_000],
    ['64kb', 64_000],
    ['5M', 5 * 1024 ** 2],
    ['5MiB', 5 * 1024 ** 2],
    ['5MB', 5_000_000],
    ['1.5G', 1.5 * 1024 ** 3],
    ['.5G', 0.5 * 1024 ** 3],
    ['2GB', 2e9],
    ['1T', 1024 ** 4],
    ['1TiB', 1024 ** 4],
    ['1TB', 1e12],
    ['1.1K', 1126],
    ['+5M', 5 * 1024 ** 2],
    [' 5 M ', 5 * 1024 ** 2],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['8191T', 8191 * 1024 ** 4],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    ['5X', "unknown unit 'X'"],
    ['5iB', "unknown unit 'iB'"],
    ['5P', "unknown unit 'P'"],
    ['5Mbit', "unknown unit 'Mbit'"],
    ['1e6', 'not a size'],
    ['', 'not a size'],
    [' ', 'not a size'],
    ['M', 'not a size'],
    ['NaN', 'not a size'],
    ['Infinity', 'not a size'],
    ['1,5G', 'not a size'],
    ['1_000', 'not a size'],
    ['0x10', 'not a size'],
    ['1.', 'not a size'],
    ['1.2.3M', 'not a size'],
    ['5M 5M', 'not a size'],
    ['five', 'not a size'],
    ['٣', 'not a size'],
    ['0', 'more than zero'],
    ['0K', 'more than zero'],
    ['0.1', 'more than zero'],
    ['-5M', 'more than zero'],
    ['-0', 'more than zero'],
    ['9007199254740992', 'too large'],
    ['8192T', 'too large'],
    [`1${'0'.repeat(400)}`, 'too large'],
  ])('%j is refused: %s', (text, reason) => {
    const message = usageMessage(() => parseSize(text));
    expect(message).toMatch(/write for example 64K, 5M or 1\.5G$/);
    expect(message).toContain(reason);
  });

  test('every multiple of K, M, G and T reads back as written', () => {
    const factors = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
    const unit = fc.constantFrom(...(Object.keys(factors) as (keyof typeof factors)[]));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8191 }), unit, (count, letter) => {
        const bytes = count * factors[letter];
        expect(parseSize(`${count}${letter}`)).toBe(bytes);
        expect(parseSize(`${count}${letter.toLowerCase()}`)).toBe(bytes);
        expect(parseSize(String(bytes))).toBe(bytes);
      }),
    );
  });

  test('a decimal of a unit is exact to half a byte', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.constantFrom(1, 2, 3), (bytes, power) => {
        const text = `${(bytes / 1024 ** power).toFixed(14)}${' KMG'[power]}`;
        fc.pre(!text.includes('e'));
        expect(parseSize(text)).toBe(bytes);
      }),
    );
  });

  test('any text is a safe whole number of bytes or a usage error', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[-+]?[0-9.]{0,20} ?[kKmMgGtTpib]{0,3}$/));
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(parseSize(text)).toSatisfy((bytes: number) => Number.isSafeInteger(bytes) && bytes >= 1);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});

describe('rates', () => {
  test.each([
    ['off', 0],
    ['OFF', 0],
    ['1K', 1024],
    ['1024', 1024],
    ['20M', 20 * 1024 ** 2],
    ['20MB/s', 20_000_000],
    ['20M/S', 20 * 1024 ** 2],
  ])('%j is %d bytes/s', (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });

  test.each([
    ['1023', 'slowest rate is 1K'],
    ['20', 'slowest rate is 1K'],
    ['0', 'more than zero'],
    ['-20M', 'more than zero'],
    ['', 'not a rate'],
    ['none', 'not a rate'],
    ['20M/h', 'not a rate'],
    ['off/s', 'not a rate'],
    ['20Q', "unknown unit 'Q'"],
  ])('%j is refused: %s', (text, reason) => {
    const message = usageMessage(() => parseRate(text));
    expect(message).toContain(reason);
    expect(message).toContain('or off');
  });

  test.each([
    ['20M', 20 * 1024 ** 2, 20 * 1024 ** 2],
    ['off', 0, 0],
    ['50MB:20MB', 50e6, 20e6],
    ['off:1K', 0, 1024],
    ['1K:off', 1024, 0],
  ])('%j limits reading to %d and writing to %d', (text, read, write) => {
    expect(parseRates(text)).toEqual({ read, write });
  });

  test.each([':', '20M:', ':20M', '1M:2M:3M', '20M:x', '20:20M'])('%j is refused', (text) => {
    expect(usageMessage(() => parseRates(text))).toMatch(/rate/);
  });
});

describe('counts', () => {
  test.each([
    ['2', 2],
    ['1000', 1000],
    ['0020', 20],
  ])('%j is %d', (text, count) => {
    expect(parseCount(text, { min: 2, max: 1000 })).toBe(count);
  });

  test.each([
    '1',
    '1001',
    '',
    ' ',
    '-5',
    '+5',
    '2.0',
    '2.5',
    '1e2',
    '0x10',
    'NaN',
    'Infinity',
    '5K',
    'ten',
    '9'.repeat(30),
  ])('%j is refused', (text) => {
    const message = usageMessage(() => parseCount(text, { min: 2, max: 1000 }));
    expect(message).toBe('must be a whole number from 2 to 1000');
  });
});

describe('times', () => {
  test.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    [' 1.5 H ', 5_400_000],
    ['2d', 172_800_000],
    ['365d', 31_536_000_000],
  ])('%j is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '5', '0s', '0.5s', '366d', '-1h', '1w', '1h30m', 'NaN', 'off'])('%j is refused', (text) => {
    expect(usageMessage(() => parseDuration(text))).toMatch(/^(not a time|must be from)/);
  });
});

describe('limits of what is deleted', () => {
  test.each([
    ['5000', { count: 5000, part: undefined }],
    ['0', { count: 0, part: undefined }],
    ['10%', { count: undefined, part: 0.1 }],
    ['0.5 %', { count: undefined, part: 0.005 }],
    ['100%', { count: undefined, part: 1 }],
    ['Unlimited', { count: undefined, part: undefined }],
  ])('%j is %j', (text, limit) => {
    expect(parseDeleteLimit(text)).toEqual(limit);
  });

  test.each(['', '-1', '101%', '%', '1e3', '10K', 'all', 'off'])('%j is refused', (text) => {
    expect(usageMessage(() => parseDeleteLimit(text))).toMatch(/^not a limit; write /);
  });
});
