import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Entries, type Meta, metaOf, type Parts, STRIDE } from '../../src/share/entries.js';
import { DIR, entriesWith, FIFO, FILE, LINK, metaWith, statWith } from '../helpers/entries.js';

const anyTime = fc.bigInt({ min: -(1n << 62n), max: 1n << 62n });
const anyMeta: fc.Arbitrary<Meta> = fc.record({
  size: fc.maxSafeNat(),
  mtimeNs: anyTime,
  ctimeNs: anyTime,
  btimeNs: anyTime,
  mode: fc.constantFrom(FILE, DIR, LINK, FIFO, 0o107777),
  uid: fc.nat(0xffffffff),
  gid: fc.nat(0xffffffff),
});
const anyBatch = fc.uniqueArray(fc.record({ name: fc.string({ unit: 'binary', maxLength: 8 }), meta: anyMeta }), {
  selector: ({ name }) => name,
  maxLength: 20,
});

const contents = (entries: Entries) =>
  entries.names.map((name, index) => [name, entries.errno(index), metaOf(entries.meta(index))]);

describe('Entries', () => {
  it('gives back what was added', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const entries = entriesWith(batch);
        expect(entries.count).toBe(batch.length);
        for (const [index, { name, meta }] of batch.entries()) {
          expect(entries.names[index]).toBe(name);
          expect(metaOf(entries.meta(index))).toEqual(meta);
          expect(entries.errno(index)).toBe(0);
        }
      }),
    );
  });

  const second = 1_000_000_000n;
  // A bigint is divided as SQLite divides: towards zero.
  const parts = (meta: Meta): Parts => ({
    size: meta.size,
    mtimeSeconds: Number(meta.mtimeNs / second),
    mtimeRest: Number(meta.mtimeNs % second),
    ctimeSeconds: Number(meta.ctimeNs / second),
    ctimeRest: Number(meta.ctimeNs % second),
    btimeSeconds: Number(meta.btimeNs / second),
    btimeRest: Number(meta.btimeNs % second),
    mode: meta.mode,
    uid: meta.uid,
    gid: meta.gid,
  });

  it('tells whether an entry has just this metadata', () => {
    fc.assert(
      fc.property(anyMeta, anyMeta, (meta, other) => {
        const entries = entriesWith([{ name: 'a' }, { name: 'b', meta }]);
        expect(entries.is(1, parts(meta))).toBe(true);
        for (const key of Object.keys(meta) as (keyof Meta)[])
          expect(entries.is(1, parts({ ...meta, [key]: other[key] }))).toBe(meta[key] === other[key]);
      }),
    );
  });

  it('tells the same of a time before 1970 as the SMB client of Linux gives it: seconds of 0, nanoseconds below', () => {
    const meta = metaWith({ mtimeNs: -100n });
    const stat = statWith(meta);
    const view = new DataView(stat.bytes.buffer, stat.bytes.byteOffset);
    view.setBigInt64(112, 0n, true);
    view.setInt32(120, -100, true);
    const entries = Entries.withRoom(1);
    entries.add('a', stat);
    expect(entries.is(0, parts(meta))).toBe(true);
    expect(entries.is(0, parts({ ...meta, mtimeNs: -101n }))).toBe(false);
  });

  it('tells the kind of each entry', () => {
    const entries = entriesWith([FILE, DIR, LINK, FIFO].map((mode, at) => ({ name: String(at), meta: { mode } })));
    expect(entries.names.map((_, index) => entries.kind(index))).toEqual(['file', 'dir', 'link', 'other']);
  });

  it('keeps the errno of an entry that could not be looked at, and of no other', () => {
    const entries = entriesWith([{ name: 'a' }, { name: 'b', errno: 13 }, { name: 'c' }]);
    expect([0, 1, 2].map((index) => entries.errno(index))).toEqual([0, 13, 0]);
    expect(entries.kind(1)).toBe('other');
    expect(metaOf(entries.meta(2))).toEqual(metaWith());
  });

  it('is full when its room is used', () => {
    const entries = Entries.withRoom(2);
    expect(entries.isFull).toBe(false);
    entries.add('a', statWith(metaWith()));
    expect(entries.isFull).toBe(false);
    entries.addFailed('b', 5);
    expect(entries.isFull).toBe(true);
    expect(Entries.withRoom(0).isFull).toBe(true);
  });

  it('gives the numbers of one entry as they are', () => {
    const entries = entriesWith([
      { name: 'a', meta: { size: 1 } },
      { name: 'b', meta: { size: 2 } },
    ]);
    const copy = new Entries({ names: ['b'], data: Uint8Array.from(entries.bytesOf(1)).buffer });
    expect(metaOf(copy.meta(0))).toEqual(metaOf(entries.meta(1)));
  });
});

describe('take', () => {
  it('sorts by name and keeps each name with its own numbers', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const sorted = [...batch].sort((a, b) => (a.name < b.name ? -1 : 1));
        expect(contents(new Entries(entriesWith(batch).take()))).toEqual(
          sorted.map(({ name, meta }) => [name, 0, meta]),
        );
      }),
    );
  });

  it('keeps an errno with its name', () => {
    const taken = new Entries(entriesWith([{ name: 'b', errno: 5 }, { name: 'a' }]).take());
    expect(contents(taken).map(([name, errno]) => [name, errno])).toEqual([
      ['a', 0],
      ['b', 5],
    ]);
  });

  it('has room again once taken, and nothing of what was there before', () => {
    const entries = Entries.withRoom(2);
    entries.add('a', statWith(metaWith({ size: 9 })));
    entries.addFailed('b', 5);
    entries.take();
    expect([entries.count, entries.isFull]).toEqual([0, false]);
    entries.addFailed('c', 13);
    entries.add('d', statWith(metaWith()));
    const second = new Entries(entries.take());
    expect(second.names.map((name, index) => [name, second.errno(index), second.kind(index)])).toEqual([
      ['c', 13, 'other'],
      ['d', 0, 'file'],
    ]);
  });

  it('cuts to what is used', () => {
    const entries = Entries.withRoom(4096);
    entries.add('a', statWith(metaWith()));
    expect(entries.take().data.byteLength).toBe(STRIDE);
    expect(Entries.withRoom(4096).take()).toEqual({ names: [], data: new ArrayBuffer(0) });
  });

  it('can be moved to another thread without a copy', () => {
    const data = entriesWith([{ name: 'a', meta: { size: 7 } }]).take();
    const moved = structuredClone(data, { transfer: [data.data] });
    expect(new Entries(moved).meta(0).size).toBe(7);
  });
});

describe('metaOf', () => {
  it('stays as it was when the Stat is used again', () => {
    const stat = statWith(metaWith({ size: 5 }));
    const meta = metaOf(stat);
    statWith(metaWith({ size: 9 })).bytes.copy(stat.bytes);
    expect(meta).toEqual(metaWith({ size: 5 }));
  });
});
