import { expect, test } from 'vitest';
import { helpText } from '../../src/cli/help.js';
import { OPTION_NAMES } from '../../src/cli/options.js';
import { EXIT_MEANINGS } from '../../src/exit.js';

const lines = helpText().split('\n');

test('fits a small terminal', () => {
  expect(lines.at(-1)).toBe('');
  expect(lines.length - 1).toBeLessThanOrEqual(60);
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
});

test('has every option and every exit code, and ends with two examples', () => {
  for (const name of OPTION_NAMES) expect(lines.filter((line) => line.includes(` --${name} `))).not.toEqual([]);
  for (const [code, meaning] of Object.entries(EXIT_MEANINGS)) expect(lines).toContain(`  ${code}  ${meaning}`);
  expect(lines.slice(-4)).toEqual(['Examples:', expect.stringMatching(/^ {2}m/), expect.stringMatching(/^ {2}m/), '']);
});
