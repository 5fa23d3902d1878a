import { describe, expect, test } from 'vitest';
import { COMMAND_NAMES, commandRow } from '../../src/cli/commands.js';
import { helpText } from '../../src/cli/help.js';
import { OPTION_NAMES, optionOf } from '../../src/cli/options.js';
import { EXIT_MEANINGS } from '../../src/exit.js';

const overview = helpText().split('\n');

/** The names of the options that a text explains. */
function optionsIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^ {2}(?: {3}|-\w,) --([a-z0-9-]+)/.exec(line)?.[1] ?? []);
}

test.each([undefined, ...COMMAND_NAMES])('fits a small terminal: %s', (command) => {
  const lines = helpText(command).split('\n');
  expect(lines.at(-1)).toBe('');
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
});

describe('the overview', () => {
  test('fits one screen', () => {
    expect(overview.length - 1).toBeLessThanOrEqual(45);
  });

  test('has every command on a line of its own', () => {
    for (const name of COMMAND_NAMES) expect(overview).toContain(`  ${name}`.padEnd(28) + commandRow(name).summary);
  });

  test('has some options, two examples at least, and every exit code', () => {
    const options = optionsIn(overview);
    expect(options.length).toBeGreaterThan(5);
    expect(options.length).toBeLessThan(OPTION_NAMES.length / 2);
    expect(overview.filter((line) => line.startsWith('  millrace ')).length).toBeGreaterThanOrEqual(2);
    for (const [code, meaning] of Object.entries(EXIT_MEANINGS)) expect(overview).toContain(`  ${code}  ${meaning}`);
  });
});

describe.each(COMMAND_NAMES)('the help of %s', (command) => {
  const lines = helpText(command).split('\n');

  test('has the options of the command, each once, and no others', () => {
    const own = OPTION_NAMES.filter((name) => optionOf(name).commands.includes(command));
    expect(optionsIn(lines).sort()).toEqual([...own].sort());
  });

  test('begins with the usage and ends with the examples', () => {
    const { usage, examples } = commandRow(command);
    expect(lines[0]).toBe(`Usage: millrace ${usage}`);
    expect(lines.slice(-2 - examples.length)).toEqual(['Examples:', ...examples.map((line) => `  ${line}`), '']);
  });

  test('has the exit codes: its own, or those of a copy only where it ends as one', () => {
    const { endsAsCopy, exitCodes } = commandRow(command);
    const codes = Object.entries(exitCodes ?? EXIT_MEANINGS).map(([code, meaning]) => `  ${code}  ${meaning}`);
    if (endsAsCopy || exitCodes) expect(lines).toEqual(expect.arrayContaining(codes));
    else expect(lines).toContain('  0  done');
  });
});
