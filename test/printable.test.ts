import { expect, test } from 'vitest';
import { printable, quoted } from '../src/printable.js';

test.each([
  ['plain text, ä 漢 🙂', 'plain text, ä 漢 🙂'],
  ['\u001b[2J', '\\u{1b}[2J'],
  ['two\nlines\r\t', 'two\\u{a}lines\\u{d}\\u{9}'],
  ['\u009b\u007f', '\\u{9b}\\u{7f}'],
  ['a\u202eb\u2028', 'a\\u{202e}b\\u{2028}'],
  ['\udcff', '\\u{dcff}'],
])('%j is shown as %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('a long value is cut, without halving a character', () => {
  expect(quoted('x'.repeat(60))).toBe('x'.repeat(60));
  expect(quoted('🙂'.repeat(1000))).toBe(`${'🙂'.repeat(60)}...`);
});
