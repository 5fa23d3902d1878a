import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SealedListing, Sealer } from '../../src/scan/seal.js';
import { type Attributes, NO_ATTRIBUTES } from '../../src/share/attributes.js';
import { Entries, type Meta } from '../../src/share/entries.js';
import { DIR, entriesWith, FIFO, FILE, LINK, type Made, metaWith } from '../helpers/entries.js';

const GRAIN = 1;

function listingOf(...batches: readonly (readonly Made[])[]): SealedListing | undefined {
  return listingKeeping(NO_ATTRIBUTES, ...batches);
}

function listingKeeping(attributes: Attributes, ...batches: readonly (readonly Made[])[]): SealedListing | undefined {
  const sealer = new Sealer(attributes);
  for (const batch of batches) sealer.add(entriesWith(batch).take());
  return sealer.listing();
}

function sealOf(made: readonly Made[], grainNs = GRAIN): string {
  return listingOf(made)!.seal('source', grainNs);
}

/** Whether the listing of a side gives the seal of `sealed`. */
function gives(side: 'source' | 'dest', sealed: readonly Made[], now: readonly Made[], grainNs = GRAIN): boolean {
  return listingOf(now)!.gives(sealOf(sealed, grainNs), side, grainNs);
}

const anyMade = fc.uniqueArray(
  fc.record({
    name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }).filter((name) => !/[/\0]/.test(name)),
    meta: fc.record({
      size: fc.nat(3),
      mtimeNs: fc.bigInt(-2n, 2n),
      ctimeNs: fc.bigInt(0n, 1n),
      mode: fc.constantFrom(FILE, FILE | 0o111, DIR, LINK, FIFO),
      uid: fc.nat(1),
    }),
  }),
  { selector: ({ name }) => name, maxLength: 4 },
);

/** What the source's part of a seal is about: of folders name and kind only. */
const byAll = (made: readonly Made[]) =>
  sorted(made).map(({ name, meta }) => (meta!.mode === DIR ? [name] : [name, ...Object.values(metaWith(meta))]));
/** What a copy shares with its source. */
const byCommon = (made: readonly Made[]) =>
  sorted(made).map(({ name, meta }) => {
    const kind = meta!.mode! & 0o170000;
    return meta!.mode === DIR ? [name, kind] : [name, kind, meta!.size, meta!.mtimeNs];
  });
const sorted = (made: readonly Made[]) => [...made].sort((a, b) => (a.name < b.name ? -1 : 1));
const asText = (value: unknown) => JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part));

describe('a seal', () => {
  it('is given by a listing of the source just when nothing but the insides of folders is different', () => {
    fc.assert(
      fc.property(anyMade, anyMade, (then, now) => {
        expect(gives('source', then, now)).toBe(asText(byAll(then)) === asText(byAll(now)));
        expect(gives('source', then, [...then].reverse())).toBe(true);
      }),
    );
  });

  it('is given by a listing of the destination just when every entry is as at the source', () => {
    fc.assert(
      fc.property(anyMade, anyMade, (then, now) => {
        expect(gives('dest', then, now)).toBe(asText(byCommon(then)) === asText(byCommon(now)));
      }),
    );
  });

  it.each<[string, Partial<Meta>]>([
    ['size', { size: 2 }],
    ['size beyond 32 bits', { size: 2 ** 32 + 1 }],
    ['mtime', { mtimeNs: 1_001n }],
    ['ctime', { ctimeNs: 2_001n }],
    ['creation time', { btimeNs: 501n }],
    ['permissions', { mode: FILE | 0o111 }],
    ['owner', { uid: 11 }],
    ['group', { gid: 21 }],
  ])('of the source is broken by another %s of one file', (_, meta) => {
    const then: Made[] = [{ name: 'a' }, { name: 'b' }];
    expect(gives('source', then, [{ name: 'a' }, { name: 'b', meta }])).toBe(false);
  });

  it.each<[string, Partial<Attributes>, Partial<Meta>]>([
    ['permissions', { perms: true }, { mode: FILE | 0o111 }],
    ['owner', { owner: true }, { uid: 11 }],
    ['group', { group: true }, { gid: 21 }],
  ])('of the destination is broken by another %s where that is kept, and not where it is not', (_, kept, meta) => {
    const there = listingKeeping({ ...NO_ATTRIBUTES, ...kept }, [{ name: 'a', meta }])!;
    const seal = listingKeeping({ ...NO_ATTRIBUTES, ...kept }, [{ name: 'a' }])!.seal('source', GRAIN);
    expect(there.gives(seal, 'dest', GRAIN)).toBe(false);
    expect(gives('dest', [{ name: 'a' }], [{ name: 'a', meta }])).toBe(true);
  });

  it('does not take names that run into each other for one', () => {
    expect(gives('dest', [{ name: 'ab' }, { name: 'c' }], [{ name: 'a' }, { name: 'bc' }])).toBe(false);
  });

  it.each([
    [100, 1_099n, 1_000n],
    [1_000_000_000, 5_999_999_999n, 5_000_000_000n],
    [2_000_000_000, 5_999_999_999n, 4_000_000_000n],
    [2_000_000_000, -1n, -2_000_000_000n],
  ])('holds where the destination keeps times in steps of %d ns', (grainNs, there, kept) => {
    const file = (mtimeNs: bigint): Made[] => [{ name: 'f', meta: { mtimeNs } }];
    expect(gives('dest', file(there), file(kept), grainNs)).toBe(true);
    expect(gives('dest', file(there), file(kept + BigInt(grainNs)), grainNs)).toBe(false);
    expect(gives('dest', file(there), file(kept), 1)).toBe(false);
  });

  it('is the same however the listing was cut into batches', () => {
    const made: Made[] = ['d', 'b', 'c', 'a'].map((name, size) => ({ name, meta: { size } }));
    expect(listingOf(made.slice(0, 1), made.slice(1, 3), made.slice(3))!.seal('source', GRAIN)).toBe(sealOf(made));
  });

  it.each<[string, Made]>([
    ['an entry that could not be looked at', { name: 'a', errno: 13 }],
    ['a name that is not UTF-8', { name: 'a\udcff' }],
    ['an unfinished file of a run', { name: '.millrace-part.a' }],
  ])('is not to be had with %s', (_, made) => {
    expect(listingOf([made, { name: 'b' }])).toBeUndefined();
  });

  it('is not to be had of very many entries', () => {
    const many = Array.from({ length: 32_769 }, (_, at) => ({ name: String(at) }));
    expect(listingOf(many.slice(1))).toBeDefined();
    expect(listingOf(many)).toBeUndefined();
  });
});

describe('the summary of a listing', () => {
  it('has its folders, and counts the rest', () => {
    const { folders, same } = listingOf([
      { name: 'z', meta: { mode: DIR, size: 4096, mtimeNs: 7n } },
      { name: 'b', meta: { size: 2 ** 33 } },
      { name: 'a', meta: { size: 2 } },
      { name: 'p', meta: { mode: 0o010600 } },
    ])!.summary();
    expect(same).toEqual({ files: 2, bytes: 2 ** 33 + 2, skipped: 1 });
    expect(folders.names).toEqual(['z']);
    expect(new Entries(folders).meta(0).mtimeNs).toBe(7n);
  });
});
