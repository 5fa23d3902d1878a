import { expect, test } from 'vitest';
import { Frontier } from '../../src/engine/frontier.js';
import type { Dir } from '../../src/ledger/rows.js';
import { dirWith } from '../ledger/rows.js';

const NONE: ReadonlySet<number> = new Set();

function numbered(first: number, last: number): Dir[] {
  return Array.from({ length: last - first + 1 }, (_, i) => dirWith(first + i));
}

function takeAll(frontier: Frontier): number[] {
  const taken: number[] = [];
  for (let dir = frontier.take(); dir; dir = frontier.take()) taken.push(dir.id);
  return taken;
}

function ids(dirs: readonly Dir[]): number[] {
  return dirs.map(({ id }) => id);
}

test('gives each folder once, in the order in which they came', () => {
  const frontier = new Frontier(false);
  const dirs = numbered(1, 5000);
  const taken: number[] = [];
  for (const dir of dirs) {
    frontier.push(dir);
    if (dir.id % 3 !== 0) taken.push(frontier.take()!.id);
  }
  expect([...taken, ...takeAll(frontier)]).toEqual(ids(dirs));
  expect(frontier.isEmpty).toBe(true);
});

test('of very many keeps the nearest, and takes the others from the ledger, page after page', () => {
  const frontier = new Frontier(false);
  const rows = numbered(1, 45_000);
  for (const dir of rows) frontier.push(dir);
  const taken = new Set<number>();
  const order: number[] = [];
  let pages = 0;
  for (; !frontier.isEmpty; pages++) {
    expect(frontier.wantsMore).toBe(pages > 0);
    if (frontier.wantsMore)
      frontier.fill((count) => rows.filter(({ id }) => !taken.has(id)).slice(0, count), NONE, NONE);
    for (const id of takeAll(frontier)) {
      taken.add(id);
      order.push(id);
    }
  }
  expect(order).toEqual(ids(rows));
  expect(pages).toBe(4);
});

test('takes no folder from the ledger that is at hand, waits, or has a row that is out of date', () => {
  const frontier = new Frontier(true);
  const rows = numbered(1, 6);
  frontier.putBackLater(rows[1]!, 1000);
  frontier.fill((count) => rows.slice(0, count), new Set([1]), new Set([3]));
  expect(takeAll(frontier)).toEqual([4, 5, 6]);
  // Of the one whose row was out of date nothing can be said yet.
  expect(frontier.wantsMore).toBe(true);
  frontier.fill(() => [], NONE, NONE);
  expect(frontier.wantsMore).toBe(false);
});

test('a folder that is to be listed later comes when its time has come, and keeps the scan from its end', () => {
  const frontier = new Frontier(false);
  frontier.putBackLater(dirWith(1), 1000);
  frontier.putBackLater(dirWith(2), 2000);
  frontier.takeDue(999);
  expect(frontier.take()).toBeUndefined();
  expect(frontier.isEmpty).toBe(false);
  frontier.takeDue(1000);
  expect(takeAll(frontier)).toEqual([1]);
  frontier.takeDue(2000);
  expect(takeAll(frontier)).toEqual([2]);
  expect(frontier.isEmpty).toBe(true);
});

test('after a folder that must be written down first, all come from the ledger', () => {
  const frontier = new Frontier(false);
  frontier.push(dirWith(1));
  frontier.passOver();
  frontier.push(dirWith(2));
  expect(takeAll(frontier)).toEqual([1]);
  expect(frontier.wantsMore).toBe(true);
  frontier.fill((count) => numbered(2, 3).slice(0, count), NONE, NONE);
  expect(takeAll(frontier)).toEqual([2, 3]);
});
