import { expect, test } from 'vitest';
import type { Item } from '../../src/engine/item.js';
import { Queue } from '../../src/engine/queue.js';
import { DirStatus, EntryStatus, Listed } from '../../src/ledger/schema.js';
import type { TransferOrder } from '../../src/settings.js';
import { metaWith } from '../helpers/entries.js';
import { dirWith, entryWith, scratch } from '../ledger/rows.js';

const SCAN = 1;

/** Two folders: `b` with 30 to 50 bytes, `a` with 10 to 60; one entry is synced, one in a folder that was not reached. */
function setUp(order: TransferOrder) {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putDir(dirWith(2, { path: 'b' }));
    ledger.putDir(dirWith(3, { path: 'a' }));
    ledger.putDir(dirWith(4, { path: 'c', listed: Listed.no, status: DirStatus.toMake }));
    const put = (dir: number, name: string, size: number, status: EntryStatus = EntryStatus.pending) =>
      ledger.putEntry(dir, name, entryWith({ status, meta: metaWith({ size }) }), undefined);
    put(2, 'x', 30);
    put(2, 'y', 50);
    put(3, 'x', 10);
    put(3, 'y', 60);
    put(3, 'z', 40, EntryStatus.synced);
    put(4, 'x', 1);
  });
  const queue = new Queue(ledger, () => SCAN, order);
  const taken: Item[] = [];
  const take = (room: number) => {
    const before = taken.length;
    queue.take(room, (item) => taken.push(item));
    return taken.slice(before).map(({ dir, name }) => `${dir.path}/${name}`);
  };
  return { ledger, queue, take, taken };
}

test.each([
  ['size', ['a/x', 'b/x', 'b/y', 'a/y']],
  ['-size', ['a/y', 'b/y', 'b/x', 'a/x']],
  ['name', ['a/x', 'a/y', 'b/x', 'b/y']],
  ['-name', ['b/y', 'b/x', 'a/y', 'a/x']],
] as const)('%s: all that is pending where the scan has been', (order, paths) => {
  const { queue, take } = setUp(order);
  queue.mayHave = true;
  expect(take(100)).toEqual(paths);
  expect(queue.mayHave).toBe(false);
});

test('put in order anew, what is in the window is not given again, but what has left it is', () => {
  const { queue, take, taken } = setUp('size');
  queue.mayHave = true;
  take(100);
  queue.mayHave = true;
  expect(take(100)).toEqual([]);
  queue.letGo(taken[1]!);
  queue.mayHave = true;
  expect(take(100)).toEqual(['b/x']);
});

test('what is done meanwhile is passed over', () => {
  const { ledger, queue, take } = setUp('size');
  queue.mayHave = true;
  take(0);
  const done = entryWith({ status: EntryStatus.synced, meta: metaWith({ size: 30 }) });
  ledger.commit(() => ledger.putEntry(2, 'x', done, { status: EntryStatus.pending, size: 30 }));
  expect(take(100)).toEqual(['a/x', 'b/y', 'a/y']);
});
