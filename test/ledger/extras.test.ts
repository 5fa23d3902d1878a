import { expect, test } from 'vitest';
import { extraDepths, extrasAfter, putExtra, removeExtra } from '../../src/ledger/extras.js';
import { DirSide, Listed } from '../../src/ledger/schema.js';
import { Action } from '../../src/pipeline/record.js';
import { dirWith, entryWith, scratch } from './rows.js';

function ledgerWithExtras() {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putDir(dirWith(2, { depth: 1 }));
    ledger.putDir(dirWith(3, { depth: 2, parent: 2, path: 'deep\udcff', side: DirSide.extra }));
    for (const dir of [1, 2, 3]) {
      putExtra(ledger, { dir, name: 'file', kind: Action.remove });
      putExtra(ledger, { dir, name: 'odd\udcfe', kind: Action.remove });
    }
    putExtra(ledger, { dir: 1, name: 'folder', kind: Action.removeDir });
    putExtra(ledger, { dir: 3, name: 'folder', kind: Action.removeDir });
    putExtra(ledger, { dir: 2, name: '.millrace-part.x', kind: Action.removePart });
  });
  return ledger;
}

const keys = (extras: readonly { dir: number; name: string }[]) => extras.map(({ dir, name }) => `${dir} ${name}`);

test('extras of one kind are paged in order of folder and name, with the path of their folder', () => {
  const ledger = ledgerWithExtras();
  expect(keys(extrasAfter(ledger, Action.remove, undefined, 0, '', 3))).toEqual(['1 file', '1 odd\udcfe', '2 file']);
  expect(extrasAfter(ledger, Action.remove, undefined, 2, 'odd\udcfe', 9)).toEqual([
    { dir: 3, name: 'file', kind: Action.remove, path: 'deep\udcff' },
    { dir: 3, name: 'odd\udcfe', kind: Action.remove, path: 'deep\udcff' },
  ]);
  expect(keys(extrasAfter(ledger, Action.removePart, undefined, 0, '', 9))).toEqual(['2 .millrace-part.x']);
});

test('folders are found deepest first, and the extras of one depth apart from the others', () => {
  const ledger = ledgerWithExtras();
  expect(extraDepths(ledger, Action.removeDir)).toEqual([2, 0]);
  expect(keys(extrasAfter(ledger, Action.removeDir, 2, 0, '', 9))).toEqual(['3 folder']);
  expect(keys(extrasAfter(ledger, Action.removeDir, 0, 0, '', 9))).toEqual(['1 folder']);
  expect(keys(extrasAfter(ledger, Action.removeDir, 1, 0, '', 9))).toEqual([]);
});

test('an extra that is found again with another kind has the new one', () => {
  const ledger = ledgerWithExtras();
  ledger.commit(() => putExtra(ledger, { dir: 1, name: 'file', kind: Action.removeDir }));
  expect(keys(extrasAfter(ledger, Action.removeDir, 0, 0, '', 9))).toEqual(['1 file', '1 folder']);
});

test('an extra that was removed is gone, its namesakes are not', () => {
  const ledger = ledgerWithExtras();
  ledger.commit(() => removeExtra(ledger, 2, 'odd\udcfe'));
  expect(keys(extrasAfter(ledger, Action.remove, undefined, 1, 'z', 9))).toEqual([
    '1 odd\udcfe',
    '2 file',
    '3 file',
    '3 odd\udcfe',
  ]);
});

test('a new scan forgets all extras and the folders of the destination only', () => {
  const ledger = ledgerWithExtras();
  ledger.commit(() => ledger.putEntry(2, 'stays', entryWith(), undefined));
  ledger.commit(() => ledger.beginScan());
  expect(extrasAfter(ledger, Action.remove, undefined, 0, '', 9)).toEqual([]);
  expect([1, 2, 3].map((id) => ledger.dir(id)?.id)).toEqual([1, 2, undefined]);
  expect(ledger.totals.pendingFiles).toBe(1);
});

test('a scan that goes on lists folders again with their parents only, and finds extras anew', () => {
  const ledger = scratch();
  ledger.commit(() => {
    // 1 was being joined; 2 was found in it, and being joined; 3 was found in 2; 4 is done.
    ledger.putDir(dirWith(1, { listed: Listed.no }));
    ledger.putDir(dirWith(2, { listed: Listed.no }));
    ledger.putDir(dirWith(3, { parent: 2, listed: Listed.no, scan: 0 }));
    ledger.putDir(dirWith(4));
    ledger.putDir(dirWith(5, { parent: 4, listed: Listed.no }));
    // Extras found in 1, and a folder in such a one; and one of a folder that is done.
    ledger.putDir(dirWith(6, { side: DirSide.extra }));
    ledger.putDir(dirWith(7, { parent: 6, side: DirSide.extra, listed: Listed.no }));
    ledger.putDir(dirWith(8, { parent: 4, side: DirSide.extra, listed: Listed.no }));
    for (const dir of [4, 7, 8]) putExtra(ledger, { dir, name: 'x', kind: Action.remove });
  });
  ledger.commit(() => ledger.resumeScan());
  expect(ledger.dirsToList(9).map(({ id }) => id)).toEqual([1, 5, 8]);
  expect([2, 3, 4].map((id) => ledger.dir(id)?.scan)).toEqual([-1, 0, 1]);
  expect(keys(extrasAfter(ledger, Action.remove, undefined, 0, '', 9))).toEqual(['4 x', '8 x']);
  expect([6, 7].map((id) => ledger.dir(id))).toEqual([undefined, undefined]);
});
