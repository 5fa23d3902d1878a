import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Packer, SlotRecords } from '../../src/pipeline/packer.js';
import { HEADER, recordLength } from '../../src/pipeline/record.js';
import { Command, Ring } from '../../src/pipeline/ring.js';
import { nameBytes } from '../../src/posix/names.js';
import { anyFolder, anyName, FIELDS } from './arbitrary.js';

const PACK = 8192;

afterEach(() => {
  vi.restoreAllMocks();
});

/** A ring whose writers starve when told so. */
class StarvingRing extends Ring {
  starve = false;
  override get writersStarve(): boolean {
    return this.starve;
  }
}

function setUp(packSlots = 64) {
  const { shape } = Ring.create({ blockSlots: 1, packSlots, blockBytes: 4096, packBytes: PACK, readers: 1 });
  const ring = new StarvingRing(shape);
  const records = new SlotRecords(ring);
  const packer = new Packer(ring, records);
  const add = (dir: string, name: string, data: Uint8Array) => {
    const place = packer.reserve(dir, name, data.length)!;
    place.data.set(data);
    place.commit({ ...FIELDS, id: data.length }, data.length);
  };
  return { ring, records, packer, add };
}

interface Packed {
  dir: string;
  name: string;
  data: Uint8Array;
}

/** What is in the packs that were handed over, pack by pack. */
function packs({ ring, records }: { ring: Ring; records: SlotRecords }): Packed[][] {
  ring.close();
  const all: Packed[][] = [];
  for (let taken = ring.take(0); taken; taken = ring.take(0)) {
    const view = records.of(taken.slot);
    const pack: Packed[] = [];
    for (let at = 0; at < taken.used; at = view.next(at))
      pack.push({ dir: view.dir(at), name: view.name(at), data: view.data(at).slice() });
    all.push(pack);
    ring.release(taken.slot);
  }
  return all;
}

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);

test('many entries travel in one pack, in order, and not before they are told to go', () => {
  const rig = setUp();
  for (let index = 0; index < 10; index++) rig.add('dir', `name ${index}`, bytes(index, index));
  expect(rig.ring.occupied).toBe(1);
  rig.packer.handOver();
  expect(packs(rig)).toEqual([
    Array.from({ length: 10 }, (_, index) => ({ dir: 'dir', name: `name ${index}`, data: bytes(index, index) })),
  ]);
});

test('a pack is handed over when the next entry has no room, and not while it just fits', () => {
  const rig = setUp();
  // Two records of a header, a name with its padding (8 bytes), and data.
  rig.add('', 'a', bytes(1000, 1));
  rig.add('', 'b', bytes(PACK - 2 * (HEADER + 8) - 1000, 2));
  rig.add('', 'c', bytes(1, 3));
  rig.packer.handOver();
  expect(packs(rig).map((pack) => pack.map(({ name }) => name))).toEqual([['a', 'b'], ['c']]);
});

test('whatever comes, all of it arrives, in order, in packs that are as full as can be', () => {
  const entry = fc.record({
    dir: anyFolder,
    name: anyName,
    data: fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc.nat(4000).map((length) => bytes(length, length)),
    ),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
      const rig = setUp();
      for (const { dir, name, data } of entries) rig.add(dir, name, data);
      rig.packer.handOver();
      const all = packs(rig);
      const text = (list: Packed[]) =>
        list.map(({ dir, name, data }) => [dir, name, Buffer.from(data).toString('latin1')]);
      expect(text(all.flat())).toEqual(text(entries));
      const length = ({ dir, name, data }: Packed) =>
        recordLength(nameBytes(dir).length + nameBytes(name).length, data.length);
      const sums = all.map((pack) => pack.reduce((sum, packed) => sum + length(packed), 0));
      for (const [index, sum] of sums.entries()) {
        expect(sum).toBeLessThanOrEqual(PACK);
        const next = all[index + 1]?.[0];
        if (next) expect(sum + length(next)).toBeGreaterThan(PACK);
      }
    }),
    { numRuns: 60 },
  );
});

describe('while a writer has nothing to do', () => {
  test('a pack goes early, but not a very young one', () => {
    const now = vi.spyOn(performance, 'now');
    const rig = setUp();
    rig.ring.starve = true;
    now.mockReturnValue(100);
    rig.add('', 'a', bytes(1, 1));
    now.mockReturnValue(100.5);
    rig.add('', 'b', bytes(1, 2));
    now.mockReturnValue(101.5);
    rig.add('', 'c', bytes(1, 3));
    rig.add('', 'd', bytes(1, 4));
    rig.packer.handOver();
    expect(packs(rig).map((pack) => pack.map(({ name }) => name))).toEqual([['a', 'b', 'c'], ['d']]);
  });

  test('an old pack stays while all writers are busy', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const rig = setUp();
    rig.add('', 'a', bytes(1, 1));
    now.mockReturnValue(10_000);
    rig.add('', 'b', bytes(1, 2));
    rig.packer.handOver();
    expect(packs(rig)).toHaveLength(1);
  });
});

test('what was reserved and not committed is forgotten, and leaves no empty pack behind', () => {
  const rig = setUp();
  rig.packer.reserve('dir', 'gone', 100)!.data.fill(1);
  rig.packer.handOver();
  expect(rig.ring.occupied).toBe(0);
  rig.add('dir', 'a', bytes(3, 3));
  rig.packer.reserve('other', 'gone too', 100)!.data.fill(2);
  rig.add('dir', 'b', bytes(4, 4));
  rig.packer.handOver();
  expect(packs(rig)).toEqual([
    [
      { dir: 'dir', name: 'a', data: bytes(3, 3) },
      { dir: 'dir', name: 'b', data: bytes(4, 4) },
    ],
  ]);
});

test('less may be committed than was reserved', () => {
  const rig = setUp();
  const place = rig.packer.reserve('', 'a', 1000)!;
  place.data.fill(9);
  place.commit(FIELDS, 2);
  rig.add('', 'b', bytes(1, 1));
  rig.packer.handOver();
  expect(packs(rig)).toEqual([
    [
      { dir: '', name: 'a', data: bytes(2, 9) },
      { dir: '', name: 'b', data: bytes(1, 1) },
    ],
  ]);
});

test('handing over nothing takes no slot', () => {
  const rig = setUp();
  rig.packer.handOver();
  expect(rig.ring.occupied).toBe(0);
  expect(packs(rig)).toEqual([]);
});

test('there is no room once the run is to stop', () => {
  const rig = setUp();
  rig.ring.tell(Command.stop);
  expect(rig.packer.reserve('', 'a', 1)).toBeUndefined();
});
