import { expect, test } from 'vitest';
import { progressOf } from '../../src/stats/progress.js';
import { EMPTY, snapshot } from './snapshots.js';

const total = { ...EMPTY.total, synced: { files: 1, bytes: 100 }, pending: { files: 2, bytes: 250 } };
const large = { path: 'large', size: 300, done: 50, startedMs: 0 };

test('what is read of files in flight is done, and what failed is not', () => {
  const part = snapshot({ total: { ...total, failed: { files: 1, bytes: 50 } }, active: [large] });
  expect(progressOf(part)).toEqual({ done: { files: 1, bytes: 150 }, all: { files: 4, bytes: 400 }, part: 0.375 });
});

test('no more is done than there is', () => {
  expect(progressOf(snapshot({ total, active: [{ ...large, done: 300 }] }))).toMatchObject({
    done: { bytes: 350 },
    part: 1,
  });
});

test('empty files are counted by their number, and of nothing nothing is done', () => {
  const empty = { ...EMPTY.total, synced: { files: 1, bytes: 0 }, pending: { files: 3, bytes: 0 } };
  expect(progressOf(snapshot({ total: empty })).part).toBe(0.25);
  expect(progressOf(EMPTY).part).toBe(0);
});
