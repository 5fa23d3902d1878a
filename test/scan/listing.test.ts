import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Listing } from '../../src/scan/listing.js';
import { Entries, type Meta, metaOf } from '../../src/share/entries.js';
import { DIR, entriesWith, FILE, type Made, metaWith, statWith } from '../helpers/entries.js';

/** One more than a listing holds in memory. */
const MANY = 40_001;

const open: Listing[] = [];
afterEach(() => {
  for (const listing of open.splice(0)) listing.close();
});

function listingOf(...batches: Entries[]): Listing {
  const listing = new Listing();
  open.push(listing);
  for (const batch of batches) listing.add(batch);
  return listing;
}

/** Entries that make a listing spool, without names of their own kind in them. */
function padding(): Entries {
  const entries = Entries.withRoom(MANY);
  const stat = statWith(metaWith({ size: 0 }));
  for (let number = 0; number < MANY; number++) entries.add(`pad ${number}`, stat);
  return entries;
}

function contents(listing: Listing): Map<string, [number, Meta]> {
  const all = new Map<string, [number, Meta]>();
  for (const entries of listing.each())
    for (const [index, name] of entries.names.entries()) {
      if (all.has(name)) throw new Error(`twice: ${name}`);
      all.set(name, [entries.errno(index), metaOf(entries.meta(index))]);
    }
  return all;
}

const MADE: Made[] = [
  { name: 'file', meta: { size: 5, mtimeNs: -1n } },
  { name: 'dir', meta: { mode: DIR, size: 2 ** 40 } },
  { name: 'broken', errno: 13 },
  { name: 'invalid \udcfe', meta: { size: 1 } },
  { name: 'invalid \udcff', meta: { size: 2 } },
  { name: '\udc80', meta: { size: 3 } },
  { name: 'replacement \ufffd', meta: { size: 4 } },
  { name: '\u{10ffff}', meta: { size: 6 } },
  { name: '1', meta: { size: 7 } },
  { name: '1.0', meta: { size: 8 } },
  { name: "'quoted'", meta: { size: 9 } },
  { name: 'e\u0301', meta: { size: 10 } },
  { name: 'é', meta: { size: 11 } },
  { name: 'Case', meta: { size: 12 } },
  { name: 'case', meta: { size: 13 } },
];

describe.each([
  ['in memory', 0],
  ['spooled', MANY],
])('a listing %s', (_, more) => {
  const listing = new Listing();
  beforeAll(() => {
    if (more > 0) listing.add(padding());
    listing.add(entriesWith(MADE.slice(0, 4)));
    listing.add(Entries.withRoom(0));
    listing.add(entriesWith(MADE.slice(4)));
  });
  afterAll(() => listing.close());

  it('finds each entry by its name, with its own numbers', () => {
    for (const { name, meta, errno } of MADE) {
      const { entries, index } = listing.find(name)!;
      expect(entries.names[index]).toBe(name);
      expect(entries.errno(index)).toBe(errno ?? 0);
      if (!errno) expect(metaOf(entries.meta(index))).toEqual(metaWith(meta));
    }
  });

  it.each(['none', 'fil', 'FILE', 'invalid \udcfd', 'invalid \ufffd', '', 'file '])('does not find %j', (name) => {
    expect(listing.find(name)).toBeUndefined();
  });

  it('gives every entry once', () => {
    expect(listing.count).toBe(more + MADE.length);
    const all = contents(listing);
    expect(all.size).toBe(more + MADE.length);
    for (const { name, meta, errno } of MADE) {
      expect(all.get(name)![0]).toBe(errno ?? 0);
      if (!errno) expect(all.get(name)![1]).toEqual(metaWith(meta));
    }
  });

  it('gives every entry to whoever looks up names at the same time', () => {
    let count = 0;
    for (const entries of listing.each()) {
      count += entries.count;
      expect(listing.find('file')).toBeDefined();
    }
    expect(count).toBe(more + MADE.length);
  });
});

describe('a listing', () => {
  it('is empty before anything is added', () => {
    const listing = listingOf();
    expect([...listing.each()]).toEqual([]);
    expect(listing.find('')).toBeUndefined();
    expect(listing.count).toBe(0);
  });

  it('keeps what it had in memory when it begins to spool in the middle', () => {
    const half = Math.ceil(MANY / 2);
    const batch = (from: number, to: number) =>
      entriesWith(Array.from({ length: to - from }, (_, at) => ({ name: `n${from + at}`, meta: { size: from + at } })));
    const listing = listingOf(batch(0, half), batch(half, MANY - 1));
    expect(Array.isArray(listing.each())).toBe(true);
    listing.add(batch(MANY - 1, MANY + 10));
    expect(Array.isArray(listing.each())).toBe(false);
    const all = contents(listing);
    expect(all.size).toBe(MANY + 10);
    for (const number of [0, 1, half - 1, half, MANY - 1, MANY + 9]) {
      expect(all.get(`n${number}`)![1].size).toBe(number);
      const { entries, index } = listing.find(`n${number}`)!;
      expect(entries.meta(index).size).toBe(number);
    }
  });

  it('gives any names and numbers back, spooled or not', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
      fc
        .array(fc.constantFrom('a', '\udc80', '\udcff', '\ufffd', 'é'), { minLength: 1, maxLength: 4 })
        .map((parts) => parts.join('')),
    );
    const meta = fc.record({
      size: fc.maxSafeNat(),
      mtimeNs: fc.bigInt({ min: -(1n << 61n), max: 1n << 61n }),
      mode: fc.constantFrom(FILE, DIR),
    });
    const made = fc.uniqueArray(fc.record({ name, meta }), { selector: (one) => one.name, maxLength: 30 });
    const spooled = listingOf(padding());
    fc.assert(
      fc.property(made, (batch) => {
        const held = listingOf(entriesWith(batch));
        spooled.add(entriesWith(batch));
        for (const { name: wanted, meta: expected } of batch)
          for (const listing of [held, spooled]) {
            const { entries, index } = listing.find(wanted)!;
            expect(metaOf(entries.meta(index))).toEqual(metaWith(expected));
          }
      }),
    );
  });
});
