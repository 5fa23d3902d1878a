import { expect, test } from 'vitest';
import { didYouMean, nearest } from '../../src/cli/nearest.js';
import { OPTION_NAMES } from '../../src/cli/options.js';

test.each([
  ['blocksize', 'block-size'],
  ['block_size', 'block-size'],
  ['blockSize', 'block-size'],
  ['BLOCK-SIZE', 'block-size'],
  ['blck-size', 'block-size'],
  ['block-sise', 'block-size'],
  ['delete', 'delete-extras'],
  ['extras', 'delete-extras'],
  ['bw-limit', 'bwlimit'],
  ['bwlimt', 'bwlimit'],
  ['bwilmit', 'bwlimit'],
  ['size', 'size-only'],
  ['capacity', 'queue-capacity'],
  ['log', 'log-file'],
  ['dryrun', 'dry-run'],
  ['checksums', 'checksum'],
  ['reader', 'readers'],
  ['verison', 'version'],
  ['hlep', 'help'],
])('%s is meant to be %s', (typed, meant) => {
  expect(nearest(typed, OPTION_NAMES)).toBe(meant);
});

test.each(['', '-', 'x', 'partial-dir', 'zzzzzzzz', 'compress'])("'%s' is like no option", (typed) => {
  expect(nearest(typed, OPTION_NAMES)).toBeUndefined();
});

test('the hint dresses the name, and is empty where nothing is close', () => {
  expect(didYouMean('sizes', ['size'], (name) => `--${name}`)).toBe(' (did you mean --size?)');
  expect(didYouMean('other', ['size'])).toBe('');
});
