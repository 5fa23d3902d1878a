import { describe, expect, test } from 'vitest';
import { putExtra } from '../../src/ledger/extras.js';
import { DirSide, DirStatus, EntryStatus, Listed } from '../../src/ledger/schema.js';
import { prepare } from '../../src/ledger/sqlite.js';
import { metaWith } from '../helpers/entries.js';
import { dirWith, entryWith, scratch } from './rows.js';

const ids = (dirs: readonly { id: number }[]) => dirs.map(({ id }) => id);

describe('a folder', () => {
  test.each([
    ['of everything', { error: 'EIO: input/output error', status: DirStatus.failed, listed: Listed.failed }],
    ['without metadata', { meta: undefined }],
    ['with times of 64 bits', { meta: metaWith({ size: 0, mtimeNs: -(2n ** 63n), ctimeNs: 2n ** 63n - 1n }) }],
    ['whose path is not UTF-8', { path: 'a\udcff/b' }],
    ['with a newline in its path', { path: 'a\n/\u001b[31m' }],
    ['of the destination only', { side: DirSide.extra }],
  ])('comes back as it was put: %s', (_, part) => {
    const ledger = scratch();
    const dir = dirWith(7, part);
    ledger.commit(() => ledger.putDir(dir));
    expect(ledger.dir(7)).toEqual(dir);
    expect(ledger.lastDirId).toBe(7);
  });

  test('that is put again is updated and keeps its count of pending entries', () => {
    const ledger = scratch();
    ledger.commit(() => {
      ledger.putDir(dirWith(1));
      ledger.putEntry(1, 'a', entryWith(), undefined);
    });
    const again = dirWith(1, {
      listed: Listed.failed,
      status: DirStatus.failed,
      scan: 5,
      error: 'x',
      meta: metaWith(),
    });
    ledger.commit(() => ledger.putDir(again));
    expect(ledger.dir(1)).toEqual({ ...again, meta: { ...again.meta, size: 0 } });
    expect(ids(ledger.dirsWithPending(5, 0, 10))).toEqual([1]);
  });
});

test('folders to list come lowest ids first, as many as asked for', () => {
  const ledger = scratch();
  const listed = [Listed.no, Listed.yes, Listed.no, Listed.failed, Listed.no];
  ledger.commit(() => {
    for (const [index, state] of listed.entries()) ledger.putDir(dirWith(index + 1, { listed: state }));
  });
  expect(ids(ledger.dirsToList(10))).toEqual([1, 3, 5]);
  expect(ids(ledger.dirsToList(2))).toEqual([1, 3]);
});

test('children are the folders of the source beneath one folder', () => {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putDir(dirWith(2));
    ledger.putDir(dirWith(3, { parent: 2 }));
    ledger.putDir(dirWith(4, { side: DirSide.extra }));
  });
  expect(ids(ledger.childDirs(1))).toEqual([2]);
  expect(ids(ledger.childDirs(2))).toEqual([3]);
});

test('folders of one status are paged by id, extras left out', () => {
  const ledger = scratch();
  ledger.commit(() => {
    for (let id = 1; id <= 9; id++) ledger.putDir(dirWith(id, { status: (id % 3) as DirStatus }));
    ledger.putDir(dirWith(10, { status: DirStatus.toStamp, side: DirSide.extra }));
  });
  expect(ids(ledger.dirsByStatus(DirStatus.toStamp, 0, 2))).toEqual([1, 4]);
  expect(ids(ledger.dirsByStatus(DirStatus.toStamp, 4, 2))).toEqual([7]);
  expect(ids(ledger.dirsByStatus(DirStatus.toMake, 0, 10))).toEqual([3, 6, 9]);
});

test('a folder in which something was changed is to be stamped again, whatever its status', () => {
  const ledger = scratch();
  const before = Object.values(DirStatus);
  ledger.commit(() => {
    for (const status of before) ledger.putDir(dirWith(status + 1, { status }));
    for (const status of before) ledger.touchDir(status + 1);
  });
  expect(ids(ledger.dirsByStatus(DirStatus.toStamp, 0, 10))).toEqual([1, 2, 3, 4]);
});

test('a status comes with its error and goes without', () => {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.setDirStatus(1, DirStatus.failed, 'EACCES');
  });
  expect(ledger.dir(1)).toMatchObject({ status: DirStatus.failed, error: 'EACCES' });
  ledger.commit(() => ledger.setDirStatus(1, DirStatus.synced));
  expect(ledger.dir(1)).toMatchObject({ status: DirStatus.synced, error: undefined });
});

test('folders with pending entries are those that the scan has joined, paged by id', () => {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putDir(dirWith(2, { path: 'odd\udcfe' }));
    ledger.putDir(dirWith(3, { scan: 2 }));
    ledger.putDir(dirWith(4, { listed: Listed.no }));
    ledger.putDir(dirWith(5, { listed: Listed.failed }));
    ledger.putDir(dirWith(6));
    for (const id of [2, 3, 4, 5, 6]) ledger.putEntry(id, 'a', entryWith(), undefined);
    ledger.putEntry(1, 'a', entryWith({ status: 1 }), undefined);
  });
  expect(ledger.dirsWithPending(1, 0, 10)).toEqual([
    { id: 2, path: 'odd\udcfe' },
    { id: 5, path: 'dir 5' },
    { id: 6, path: 'dir 6' },
  ]);
  expect(ids(ledger.dirsWithPending(1, 0, 1))).toEqual([2]);
  expect(ids(ledger.dirsWithPending(1, 2, 1))).toEqual([5]);
  expect(ids(ledger.dirsWithPending(2, 0, 9))).toEqual([3]);
});

test('a folder that goes takes with it what lies beneath: folders, entries, extras, however deep', () => {
  const ledger = scratch();
  const depth = 60;
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    for (let id = 2; id <= depth; id++) {
      ledger.putDir(dirWith(id, { parent: id - 1, depth: id - 1 }));
      ledger.putEntry(id, 'a', entryWith(), undefined);
      putExtra(ledger, { dir: id, name: 'x', kind: 4 });
    }
    ledger.putDir(dirWith(depth + 1, { parent: 1 }));
    ledger.putEntry(depth + 1, 'stays', entryWith(), undefined);
  });
  ledger.commit(() => ledger.removeDir(2));
  const count = (table: string) => prepare(ledger.db, `SELECT count(*) FROM ${table}`).pluck().get();
  expect([count('dirs'), count('entries'), count('extras')]).toEqual([2, 1, 0]);
  expect(ids(ledger.dirsWithPending(1, 0, 10))).toEqual([depth + 1]);
});

test('a folder with more entries than fit a page goes whole', () => {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    for (let entry = 0; entry < 2500; entry++) ledger.putEntry(1, `${entry}`, entryWith(), undefined);
  });
  ledger.commit(() => ledger.removeDir(1));
  expect(ledger.totals).toMatchObject({ pendingFiles: 0, pendingBytes: 0 });
  expect(ledger.entriesAfter(1, '', 999)).toEqual([]);
});

test('a folder is settled while nothing of it is pending or failed', () => {
  const ledger = scratch();
  const put = (status: EntryStatus, saved?: EntryStatus) =>
    ledger.commit(() =>
      ledger.putEntry(1, 'f', entryWith({ status }), saved === undefined ? undefined : { status: saved, size: 1 }),
    );
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putDir(dirWith(2));
  });
  expect(ledger.isSettled(1)).toBe(true);
  put(EntryStatus.pending);
  expect(ledger.isSettled(1)).toBe(false);
  put(EntryStatus.failed, EntryStatus.pending);
  expect([ledger.isSettled(1), ledger.isSettled(2)]).toEqual([false, true]);
  put(EntryStatus.synced, EntryStatus.failed);
  expect(ledger.isSettled(1)).toBe(true);
  expect(ledger.isSettled(3)).toBe(false);
});
