import { expect, test } from 'vitest';
import { deletable } from '../../src/engine/deletelimit.js';

test.each([
  ['a tenth by default', undefined, 50_000, 5000],
  ['or a thousand, where that is more', undefined, 20, 1000],
  ['a number', { count: 7, part: undefined }, 50_000, 7],
  ['none at all', { count: 0, part: undefined }, 50_000, 0],
  ['a part', { count: undefined, part: 0.25 }, 10, 2],
  ['no limit', { count: undefined, part: undefined }, 10, Number.POSITIVE_INFINITY],
])('%s', (_, limit, entries, most) => {
  expect(deletable(limit, entries)).toBe(most);
});
