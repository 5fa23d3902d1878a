import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksumCode } from '../../src/hash/registry.js';
import { Ledger } from '../../src/ledger/ledger.js';
import { openLedgerFile, openLedgerForReading } from '../../src/ledger/open.js';
import { DirSide, DirStatus, EntryStatus } from '../../src/ledger/schema.js';
import { type SyncedEntry, syncedEntries } from '../../src/ledger/synced.js';
import { decodeName } from '../../src/posix/names.js';
import { DIR, FILE, LINK, metaWith } from '../helpers/entries.js';
import { temporaryFolder } from '../helpers/tree.js';
import { dirWith, entryWith, PAIR, scratch } from './rows.js';

const synced = (mode = FILE) =>
  entryWith({ status: EntryStatus.synced, meta: metaWith({ mode, size: 7, mtimeNs: -1n }) });
const pathsOf = (ledger: Ledger) => [...syncedEntries(ledger)].map(({ path }) => path.toString('latin1'));
const decoded = (raw: string) => decodeName(Buffer.from(raw, 'latin1'), 0, raw.length);

function put(ledger: Ledger, work: () => void): Ledger {
  ledger.commit(work);
  return ledger;
}

test('an entry is told with all that a manifest says of it', () => {
  const ledger = scratch();
  put(ledger, () => {
    ledger.putDir(dirWith(1, { meta: metaWith({ mode: DIR, mtimeNs: 2n ** 63n - 1n }) }));
    const hash = { algorithm: checksumCode('md5'), hash: Buffer.of(0xab, 1) };
    ledger.putEntry(1, 'a', { ...synced(), ...hash }, undefined);
    ledger.putEntry(1, 'b', synced(LINK), undefined);
    ledger.putEntry(1, 'c', synced(), undefined);
  });
  const common = { size: 7, mtimeNs: -1n, hash: undefined };
  expect([...syncedEntries(ledger)]).toEqual<SyncedEntry[]>([
    { path: Buffer.from('.'), kind: 'folder', size: 0, mtimeNs: 2n ** 63n - 1n, hash: undefined },
    { ...common, path: Buffer.from('./a'), kind: 'file', hash: { algorithm: 'md5', hex: 'ab01' } },
    { ...common, path: Buffer.from('./b'), kind: 'link' },
    { ...common, path: Buffer.from('./c'), kind: 'file' },
  ]);
});

test('only what is synced at the destination', () => {
  const ledger = scratch();
  put(ledger, () => {
    ledger.putDir(dirWith(1, { meta: undefined }));
    for (const [id, status] of Object.values(DirStatus).entries())
      ledger.putDir(dirWith(id + 2, { path: `d${status}`, status }));
    ledger.putDir(dirWith(9, { path: 'extra', side: DirSide.extra, meta: undefined }));
    for (const status of Object.values(EntryStatus))
      ledger.putEntry(3, `e${status}`, { ...synced(), status }, undefined);
  });
  // The folder of what is synced is there, but is not as it shall be.
  expect(pathsOf(ledger)).toEqual(['./d1/e1', './d2']);
});

/** In latin1, one character for a byte. */
const name = fc
  .uint8Array({ minLength: 1, maxLength: 3 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))
  .filter((text) => !/[\0/]/.test(text));

test('a folder, then its own by their bytes, then its subfolders, whatever order they came in', () => {
  const tree = fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 4 }), {
    selector: (parts) => parts.join('/'),
    maxLength: 30,
  });
  fc.assert(
    fc.property(tree, fc.infiniteStream(fc.boolean()), (paths, flips) => {
      const ledger = new Ledger(scratch().db);
      const ids = new Map<string, number>();
      const folderOf = (parts: readonly string[]): number => {
        const path = parts.join('/');
        const known = ids.get(path);
        if (known !== undefined) return known;
        if (parts.length > 0) folderOf(parts.slice(0, -1));
        ids.set(path, ids.size + 1);
        ledger.putDir(dirWith(ids.size, { path: decoded(path) }));
        return ids.size;
      };
      const expected: string[][] = [];
      put(ledger, () => {
        ledger.db.exec('DELETE FROM dirs; DELETE FROM entries');
        folderOf([]);
        for (const parts of paths) {
          if (flips.next().value) folderOf(parts);
          else {
            const last = parts.at(-1)!;
            ledger.putEntry(folderOf(parts.slice(0, -1)), decoded(last), synced(), undefined);
            expected.push([parts.slice(0, -1).join('/'), last]);
          }
        }
        for (const path of ids.keys()) expected.push([path, '']);
      });
      // A folder's key is its parts; slashes are lower than any byte of a name.
      const keyOf = ([folder, entry]: string[]) => [folder!.replaceAll('/', '\0'), entry!] as const;
      expected.sort((left, right) => {
        const [one, other] = [keyOf(left), keyOf(right)];
        const at = one[0] === other[0] ? 1 : 0;
        return one[at] < other[at] ? -1 : 1;
      });
      const expectedPaths = expected.map(([folder, entry]) =>
        ['.', folder, entry].filter((part) => part !== '').join('/'),
      );
      expect(pathsOf(ledger)).toEqual(expectedPaths);
    }),
    { numRuns: 200 },
  );
});

test('folders of more than a page, with names that are UTF-8 and others', () => {
  const ledger = scratch();
  const names = Array.from(
    { length: 4500 },
    (_, index) => `${String(index).padStart(4, '0')}${index % 2 ? '\xff' : ''}`,
  );
  put(ledger, () => {
    ledger.putDir(dirWith(1));
    for (const raw of names) ledger.putEntry(1, decoded(raw), synced(), undefined);
    for (let id = 2; id < 2100; id++) ledger.putDir(dirWith(id, { path: `${id}` }));
  });
  expect(pathsOf(ledger).slice(1, 4501)).toEqual(names.map((raw) => `./${raw}`));
  expect(pathsOf(ledger)).toHaveLength(1 + 4500 + 2098);
});

test('is as it was at one moment, whatever a run writes meanwhile; and can be read again', () => {
  const file = join(temporaryFolder(), 'l.db');
  const writer = new Ledger(openLedgerFile(file, PAIR));
  put(writer, () => {
    writer.putDir(dirWith(1));
    writer.putDir(dirWith(2, { path: 'z' }));
    writer.putEntry(2, 'a', synced(), undefined);
  });
  const reader = new Ledger(openLedgerForReading(file));
  const entries = syncedEntries(reader);
  expect(entries.next().value!.path.toString()).toBe('.');
  put(writer, () => writer.putEntry(2, 'b', synced(), undefined));
  expect([...entries].map(({ path }) => path.toString())).toEqual(['./z', './z/a']);
  expect(pathsOf(reader)).toEqual(['.', './z', './z/a', './z/b']);
  reader.close();
  writer.close();
});
