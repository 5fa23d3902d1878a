import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Feed, leaseSize } from '../../src/engine/feed.js';
import type { Item } from '../../src/engine/item.js';
import { dirRef, itemIn } from './items.js';

/** A feed with `count` items in each of `dirs` folders, added folder by folder. */
function feedWith(dirs: number, count: number): Feed {
  const feed = new Feed();
  for (let dir = 1; dir <= dirs; dir++)
    for (let item = 0; item < count; item++) feed.add(itemIn(dirRef(dir), `${dir}/${item}`));
  return feed;
}

const dirsOf = (items: readonly Item[]) => [...new Set(items.map(({ dir }) => dir.id))];

describe('every item that is added', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('add' as const), dir: fc.integer({ min: 1, max: 6 }), n: fc.nat(6) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('take' as const),
        limit: fc.nat(8),
        bytes: fc.nat(40),
        spread: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), at: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('evict' as const), n: fc.nat(10) }) },
  );

  test('is taken or evicted once, in the order of its folder, whatever comes in between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const feed = new Feed();
        const added: Item[] = [];
        const out: Item[] = [];
        const leases: Item[][] = [];
        for (const move of steps) {
          switch (move.do) {
            case 'add':
              for (let count = 0; count < move.n; count++) {
                const item = itemIn(dirRef(move.dir), `${added.length}`, { meta: { size: added.length % 17 } });
                added.push(item);
                feed.add(item);
              }
              break;
            case 'take': {
              const lease = feed.take(move.limit, move.bytes, move.spread);
              const sizes = lease.map(({ meta }) => meta.size);
              expect(lease.length).toBeLessThanOrEqual(move.limit);
              // The last item may exceed the bytes, those before it may not.
              expect(sizes.slice(0, -1).reduce((sum, size) => sum + size, 0)).toBeLessThan(Math.max(1, move.bytes));
              if (feed.count > 0 && move.limit > 0 && move.bytes > 0) expect(lease.length).toBeGreaterThan(0);
              // Folder by folder: none comes a second time.
              if (move.spread === 1)
                expect(dirsOf(lease).length).toBe(
                  lease.filter(({ dir }, at) => dir.id !== lease[at - 1]?.dir.id).length,
                );
              expect(feed.bytes).toBe(
                added.reduce((sum, { meta }) => sum + meta.size, 0) -
                  [...out, ...lease].reduce((sum, { meta }) => sum + meta.size, 0),
              );
              leases.push(lease);
              out.push(...lease);
              break;
            }
            case 'release':
              if (leases.length > 0) feed.release(leases.splice(move.at % leases.length, 1)[0]!);
              break;
            case 'evict':
              out.push(...feed.evict(move.n));
          }
          expect(feed.count).toBe(added.length - out.length);
        }
        while (feed.count > 0) out.push(...feed.take(5, 1e9));
        expect(feed.take(5, 1e9)).toEqual([]);
        expect(new Set(out).size).toBe(out.length);
        expect(new Set(out)).toEqual(new Set(added));
      }),
    );
  });

  test('of one folder is taken in the order in which it was added', () => {
    const feed = feedWith(3, 10);
    const taken: Item[] = [];
    while (feed.count > 0) taken.push(...feed.take(4, 1e9));
    for (const dir of [1, 2, 3])
      expect(taken.filter((item) => item.dir.id === dir).map(({ name }) => name)).toEqual(
        Array.from({ length: 10 }, (_, item) => `${dir}/${item}`),
      );
  });
});

describe('concurrent leases', () => {
  test('are all of different folders while there are folders enough', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(20), fc.integer({ min: 1, max: 8 }), (lanes, more, limit) => {
        const feed = feedWith(lanes + more, limit + 3);
        const leases = Array.from({ length: lanes }, () => feed.take(limit, 1e9));
        const dirs = leases.map(dirsOf);
        expect(dirs.map((list) => list.length)).toEqual(leases.map(() => 1));
        expect(new Set(dirs.flat()).size).toBe(lanes);
      }),
    );
  });

  test('stay apart as lanes come back for more, again and again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), fc.array(fc.nat(1000), { maxLength: 100 }), (lanes, order) => {
        const feed = feedWith(lanes * 2, 60);
        const leases = Array.from({ length: lanes }, () => feed.take(3, 1e9));
        for (const at of order) {
          feed.release(leases[at % lanes]!);
          const busy = new Set(leases.filter((_, lane) => lane !== at % lanes).flatMap(dirsOf));
          const lease = feed.take(3, 1e9);
          // Some folder was free: 2 lanes' worth of folders, and only `lanes - 1` of them busy.
          if (feed.count > 0) expect(dirsOf(lease).filter((dir) => busy.has(dir))).toEqual([]);
          leases[at % lanes] = lease;
        }
      }),
      { numRuns: 50 },
    );
  });

  test('share a folder when there is only one', () => {
    const feed = feedWith(1, 10);
    expect([feed.take(4, 1e9), feed.take(4, 1e9)].map(dirsOf)).toEqual([[1], [1]]);
  });

  test('share the folder with the fewest lanes in it', () => {
    const feed = feedWith(2, 100);
    const leases = [1, 2, 3].map(() => feed.take(1, 1e9));
    const crowded = dirsOf(leases.flat()).filter(
      (dir) => leases.filter((lease) => dirsOf(lease)[0] === dir).length === 2,
    );
    expect(dirsOf(feed.take(1, 1e9))).not.toEqual(crowded);
  });
});

test('a lease ends with the item that reaches its bytes, and has one item at least', () => {
  const feed = new Feed();
  for (const [index, size] of [100, 30, 30, 30, 500].entries())
    feed.add(itemIn(dirRef(1), `${index}`, { meta: { size } }));
  const sizes = () => feed.take(10, 60).map(({ meta }) => meta.size);
  expect([sizes(), sizes(), sizes(), sizes()]).toEqual([[100], [30, 30], [30, 500], []]);
});

test('eviction starts with the newest folders and leaves the oldest', () => {
  const feed = feedWith(10, 10);
  const evicted = feed.evict(30);
  expect(dirsOf(evicted).sort((a, b) => a - b)).toEqual([8, 9, 10]);
  expect(feed.count).toBe(70);
});

test('more than there is cannot be evicted', () => {
  const feed = feedWith(2, 3);
  expect(feed.evict(100)).toHaveLength(6);
  expect([feed.count, feed.evict(1), feed.take(1, 1)]).toEqual([0, [], []]);
});

test('a folder with very many items can be evicted', () => {
  const feed = new Feed();
  for (let count = 0; count < 200_000; count++) feed.add(itemIn(dirRef(1), 'x'));
  expect(feed.evict(200_000)).toHaveLength(200_000);
});

describe('the size of a lease', () => {
  test.each([
    [0, 2, 4],
    [1, 2, 4],
    [24, 2, 4],
    [25, 2, 5],
    [600, 2, 100],
    [768, 2, 128],
    [1_000_000, 2, 128],
    [1_000_000, 64, 128],
    [4096, 32, 43],
  ])('with %i items waiting for %i readers is %i', (waiting, readers, size) => {
    expect(leaseSize(waiting, readers)).toBe(size);
  });

  test('lies between 4 and 128, and leaves enough for all readers', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 64 }), (waiting, readers) => {
        const size = leaseSize(waiting, readers);
        expect(size).toBeGreaterThanOrEqual(4);
        expect(size).toBeLessThanOrEqual(128);
        if (size > 4) expect((size - 1) * readers).toBeLessThan(waiting);
      }),
    );
  });
});

describe('a lease of several folders', () => {
  test('takes from each in turns', () => {
    expect(dirsOf(feedWith(8, 10).take(6, 1e9, 3))).toHaveLength(3);
    expect(
      feedWith(8, 10)
        .take(6, 1e9, 3)
        .map(({ name }) => name),
    ).toEqual(['1/0', '2/0', '3/0', '1/1', '2/1', '3/1']);
  });

  test('goes on with others when one is used up, and with fewer when there are no others', () => {
    const feed = feedWith(3, 2);
    expect(feed.take(4, 1e9, 2).map(({ name }) => name)).toEqual(['1/0', '2/0', '1/1', '2/1']);
    expect(feed.take(9, 1e9, 2).map(({ name }) => name)).toEqual(['3/0', '3/1']);
  });

  test('keeps other lanes away from its folders until it is released', () => {
    const feed = feedWith(4, 10);
    const first = feed.take(4, 1e9, 2);
    expect(dirsOf(feed.take(4, 1e9, 2))).toEqual([3, 4]);
    feed.release(first);
    expect(dirsOf(feed.take(4, 1e9, 2))).toEqual([1, 2]);
  });
});

describe('a folder that is never used up', () => {
  /** Adds and takes in turn, a few hundred always waiting; gives what was taken. */
  function work(feed: Feed, rounds: number): Item[] {
    const dir = dirRef(1);
    const taken: Item[] = [];
    let count = 0;
    for (let round = 0; round < rounds; round++) {
      for (let item = 0; item < 300; item++) feed.add(itemIn(dir, `${count++}`));
      taken.push(...feed.take(round < 3 ? 100 : 300, Number.POSITIVE_INFINITY));
    }
    return taken;
  }

  test('gives its items in their order', () => {
    const feed = new Feed();
    expect(work(feed, 40).map(({ name }) => Number(name))).toEqual(Array.from({ length: 11_400 }, (_, n) => n));
    expect(feed.count).toBe(600);
    expect(feed.evict(1).map(({ name }) => Number(name))).toEqual(Array.from({ length: 600 }, (_, n) => 11_400 + n));
  });

  test('does not keep what was taken', async () => {
    const feed = new Feed();
    const first = work(feed, 40).map((item) => new WeakRef(item));
    // What a WeakRef was made of lives to the end of the job.
    await setImmediate();
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    expect(first.filter((item) => item.deref()).length).toBeLessThan(2048);
    expect(feed.count).toBe(600);
  });
});
