import { expect, test } from 'vitest';
import { EXIT_MEANINGS, Exit, ExitError, exitMeaning, UsageError } from '../src/exit.js';

test('the exit codes are 0 to 5, each with one line of meaning', () => {
  expect(Object.values(Exit)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(Object.keys(EXIT_MEANINGS)).toEqual(['0', '1', '2', '3', '4', '5']);
  for (const meaning of Object.values(EXIT_MEANINGS)) expect(meaning).toMatch(/^[^\n]{5,70}$/);
});

test('a code that this version does not have is told as a number', () => {
  expect([exitMeaning(0), exitMeaning(99)]).toEqual(['all synced', 'exit code 99']);
});

test('an exit error carries its code, a usage error is one with code 2', () => {
  const cause = new Error('EACCES');
  const error = new ExitError('the share is gone', Exit.share, { cause });
  expect(error).toMatchObject({ name: 'ExitError', message: 'the share is gone', exitCode: 4, cause });
  const usage = new UsageError('wrong');
  expect(usage).toBeInstanceOf(ExitError);
  expect(usage).toMatchObject({ name: 'UsageError', message: 'wrong', exitCode: 2 });
});
