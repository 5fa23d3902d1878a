import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { charactersOf, columnsOf, fitStart } from '../../src/ui/width.js';
import { anyName } from '../stats/snapshots.js';

describe('columnsOf', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['中文', 4],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['ﾊﾝ', 2],
    ['👍', 2],
    ['✅', 2],
    ['❤', 1],
    ['❤️', 2],
    ['\u{20000}', 2],
    ['Привет', 6],
    ['a\u200db', 2],
  ])('of %j is %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('is never more than the sum of the parts', () => {
    fc.assert(
      fc.property(anyName, anyName, (one, other) => {
        expect(columnsOf(one + other)).toBeLessThanOrEqual(columnsOf(one) + columnsOf(other));
      }),
    );
  });
});

describe('fitStart', () => {
  it('keeps letters and their accents together', () => {
    expect(fitStart('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301e\u0301');
    expect(fitStart('中文', 3)).toBe('中');
    expect(fitStart('abc', 3)).toBe('abc');
  });
});

describe('charactersOf', () => {
  it('loses nothing', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(charactersOf(name).join('')).toBe(name);
      }),
    );
  });
});
