import { describe, expect, test } from 'vitest';
import { fromEnvironment, variableOf } from '../../src/cli/environment.js';
import { OPTION_NAMES, optionOf } from '../../src/cli/options.js';
import { always } from '../../src/pace/timetable.js';
import { usageMessage } from './helpers.js';

test('names follow the options', () => {
  expect(variableOf('block-size')).toBe('MILLRACE_BLOCK_SIZE');
  expect(variableOf('db')).toBe('MILLRACE_DB');
});

test('reads what is set and leaves the rest alone', () => {
  const env = {
    PATH: '/bin',
    BLOCK_SIZE: 'x',
    MILLRACE_BLOCK_SIZE: '1M',
    MILLRACE_BWLIMIT: '2K:off',
    MILLRACE_DB: 'rel.db',
    MILLRACE_READERS: undefined,
    MILLRACE_INTERNAL_ANYTHING: 'x',
  };
  expect(fromEnvironment(env)).toEqual({
    'block-size': 1024 ** 2,
    bwlimit: always({ read: 2048, write: 0 }),
    db: 'rel.db',
  });
});

describe('toggles', () => {
  test.each(['1', 'true', 'yes', 'on', 'TRUE', 'On'])('%s is on', (text) => {
    expect(fromEnvironment({ MILLRACE_DELETE_EXTRAS: text })).toEqual({ 'delete-extras': true });
  });
  test.each(['0', 'false', 'no', 'off', 'Off'])('%s is off', (text) => {
    expect(fromEnvironment({ MILLRACE_DELETE_EXTRAS: text })).toEqual({ 'delete-extras': false });
  });
  test.each(['2', 'y', 'enabled', ' '])('%j is refused', (text) => {
    expect(usageMessage(() => fromEnvironment({ MILLRACE_DELETE_EXTRAS: text }))).toBe(
      `MILLRACE_DELETE_EXTRAS=${text}: must be 1, true, yes or on, or 0, false, no or off`,
    );
  });
});

test('every option but the ones for one answer has a variable', () => {
  expect(OPTION_NAMES.filter((name) => !optionOf(name).env)).toEqual([
    'final',
    'exclude',
    'include',
    'filter',
    'exclude-from',
    'include-from',
    'files-from',
    'from0',
    'scan',
    'all',
    'since',
    'sample',
    'read',
    'detach',
    'watch',
    'json',
    'output',
    'format',
    'certificate',
    'sign',
    'help',
    'version',
  ]);
});

test.each([
  [{ MILLRACE_BLOCK_SIZE: '5X' }, /^MILLRACE_BLOCK_SIZE=5X: unknown unit 'X'/],
  [{ MILLRACE_READERS: '99' }, /^MILLRACE_READERS=99: must be a whole number from 1 to 64$/],
  [{ MILLRACE_DB: '' }, /^MILLRACE_DB in the environment: is empty/],
  [
    { MILLRACE_BLOCKSIZE: '5M' },
    /^MILLRACE_BLOCKSIZE in the environment: unknown \(did you mean MILLRACE_BLOCK_SIZE\?\)$/,
  ],
  [{ MILLRACE_BWLIMT: '5M' }, /did you mean MILLRACE_BWLIMIT\?/],
  [{ MILLRACE_block_size: '5M' }, /did you mean MILLRACE_BLOCK_SIZE\?/],
  [{ MILLRACE_JSON: '1' }, /^MILLRACE_JSON in the environment: unknown/],
  [{ MILLRACE_: '1' }, /^MILLRACE_ in the environment: unknown$/],
])('%j is refused', (env, message) => {
  expect(usageMessage(() => fromEnvironment(env))).toMatch(message);
});
