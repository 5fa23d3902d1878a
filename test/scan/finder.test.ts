import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Finder } from '../../src/scan/finder.js';

describe('a name', () => {
  test('is found wherever it is, and no other, in whatever order names are asked for', () => {
    const names = fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 12 });
    fc.assert(
      fc.property(names, fc.array(fc.string({ maxLength: 3 })), fc.array(fc.nat(11)), (list, others, order) => {
        const finder = new Finder(list);
        for (const at of order) if (at < list.length) expect(finder.find(list[at]!)).toBe(at);
        for (const name of others) expect(finder.find(name)).toBe(list.indexOf(name));
      }),
    );
  });

  test('is found each time a whole list is gone through', () => {
    const list = ['a', 'b', 'c'];
    const finder = new Finder(list);
    for (let round = 0; round < 3; round++) expect(list.map((name) => finder.find(name))).toEqual([0, 1, 2]);
  });

  test('is not in an empty list', () => {
    expect(new Finder([]).find('')).toBe(-1);
  });
});
