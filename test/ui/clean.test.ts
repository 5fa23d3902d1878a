import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanName, cleanText, harmlessLines, truncateMiddle } from '../../src/ui/clean.js';
import { columnsOf } from '../../src/ui/width.js';
import { anyName } from '../stats/snapshots.js';

// Spelled out by hand, apart from the properties that the code itself relies on.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Undoes cleanName by the rule in its description. */
function uncleaned(shown: string): string {
  if (!/\\[\\ntrxu]/.test(shown)) return shown;
  return shown.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))/g, (_, byte, unit, short) => {
    if (short !== undefined) return { n: '\n', t: '\t', r: '\r', '\\': '\\' }[short as string]!;
    const code = Number.parseInt(byte ?? unit, 16);
    return String.fromCharCode(byte !== undefined && code >= 0x80 ? 0xdc00 + code : code);
  });
}

describe('cleanName', () => {
  it.each([
    ['plain name.txt', 'plain name.txt'],
    ['', ''],
    ['é 中文 👨‍👩‍👧 e\u0301', 'é 中文 👨‍👩‍👧 e\u0301'],
    ['a\nb', 'a\\nb'],
    ['a\tb\r', 'a\\tb\\r'],
    ['\u001b[2J', '\\x1b[2J'],
    ['\u0000\u007f', '\\x00\\x7f'],
    ['\u009b1m', '\\u009b1m'],
    ['\udc9b1m', '\\x9b1m'],
    ['caf\udce9', 'caf\\xe9'],
    ['\ud83d', '\\ud83d'],
    ['\udc7f', '\\udc7f'],
    ['gpj.\u202eexe', 'gpj.\\u202eexe'],
    ['\u2066\u2069\u200f\u061c', '\\u2066\\u2069\\u200f\\u061c'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['a\\b', 'a\\b'],
    ['a\\', 'a\\'],
    ['a\\b\n', 'a\\\\b\\n'],
    ['a\\nb', 'a\\\\nb'],
    ['\\x1b', '\\\\x1b'],
    ['a\\\\b', 'a\\\\\\\\b'],
  ])('shows %j as %j', (name, shown) => {
    expect(cleanName(name)).toBe(shown);
  });

  it('never lets through a control, a direction override or a lone surrogate', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const shown = cleanName(name);
        expect(shown).not.toMatch(FORBIDDEN);
        expect(shown.isWellFormed()).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('can be undone, so two names never look the same', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(uncleaned(cleanName(name))).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });

  it('tells apart names that are close to its own escapes', () => {
    const close = fc.string({
      unit: fc.constantFrom('\\', 'n', 'x', '8', '0', '\n', '\udc80', '\u0080'),
      maxLength: 6,
    });
    fc.assert(
      fc.property(close, close, (one, other) => {
        fc.pre(one !== other);
        expect(cleanName(one)).not.toBe(cleanName(other));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('cleanText', () => {
  it('leaves cleaned names as they are', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const shown = cleanName(name);
        expect(cleanText(shown)).toBe(shown);
      }),
    );
  });

  it('escapes what is unsafe and nothing else', () => {
    expect(cleanText('a\\b \u001b[1m\n')).toBe('a\\b \\x1b[1m\\n');
  });
});

describe('harmlessLines', () => {
  it('shows whole lines, whose bytes a terminal would obey or cannot show', () => {
    const lines = Buffer.from('ab  ./a\u001b[31m\u0007\nab  ./plain\tb\r\nab  ./\u009b\rx\n', 'utf8');
    expect(harmlessLines(Buffer.concat([lines, Buffer.of(0x9b, 0x0a)]))).toBe(
      'ab  ./a\\x1b[31m\\x07\nab  ./plain\\tb\r\nab  ./\\u009b\\rx\n\\x9b\n',
    );
  });
});

describe('truncateMiddle', () => {
  it.each([
    ['short', 5, 'short'],
    ['abcdefghij', 9, 'abc...hij'],
    ['abcdefghij', 8, 'ab...hij'],
    ['abcdefghij', 5, 'a...j'],
    ['abcdefghij', 4, 'abcd'],
    ['abcdefghij', 0, ''],
    ['中文文件名.txt', 10, '中...txt'],
    ['e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301', 5, 'e\u0301...e\u0301'],
    ['👨‍👩‍👧abcdefgh', 8, '...fgh'],
  ])('cuts %j to %i columns as %j', (text, columns, cut) => {
    const result = truncateMiddle(text, columns);
    expect(columnsOf(result)).toBeLessThanOrEqual(columns);
    if (!cut.startsWith('...') && !cut.includes('中')) expect(result).toBe(cut);
  });

  it('never exceeds the columns', () => {
    fc.assert(
      fc.property(anyName, fc.integer({ min: 0, max: 30 }), (name, columns) => {
        expect(columnsOf(truncateMiddle(cleanName(name), columns))).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps both ends of a path', () => {
    expect(truncateMiddle('projects/2019/photos/raw/IMG_0001.CR2', 24)).toBe('projects/2...MG_0001.CR2');
  });
});
