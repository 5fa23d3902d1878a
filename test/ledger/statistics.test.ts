import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksumCode } from '../../src/hash/registry.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import type { Entry } from '../../src/ledger/rows.js';
import { DirSide, DirStatus, EntryStatus, Listed } from '../../src/ledger/schema.js';
import {
  AGE_BOUNDS_DAYS,
  distributionOf,
  entryPages,
  failuresOf,
  SIZE_BOUNDS,
  slowestFolders,
} from '../../src/ledger/statistics.js';
import { FIFO, LINK, metaWith } from '../helpers/entries.js';
import { dirWith, entryWith, scratch } from './rows.js';

const NOW = Date.UTC(2026, 10, 21);
const DAY = 86_400_000;

/** A ledger with these entries in folders of a few. */
function filled(entries: readonly Partial<Entry>[], inFolder = 3): Ledger {
  const ledger = scratch();
  ledger.commit(() => {
    entries.forEach((entry, index) => {
      const dir = 1 + Math.floor(index / inFolder);
      if (index % inFolder === 0) ledger.putDir(dirWith(dir));
      ledger.putEntry(dir, `file ${String(index).padStart(6, '0')}`, entryWith(entry), undefined);
    });
  });
  return ledger;
}

const sized = (size: number, part: Partial<Entry> = {}): Partial<Entry> => ({ meta: metaWith({ size }), ...part });
const aged = (ms: number): Partial<Entry> => ({ meta: metaWith({ mtimeNs: BigInt(NOW - ms) * 1_000_000n }) });

describe('distribution', () => {
  test('each bound of the sizes belongs to the step above it', () => {
    const { sizes } = distributionOf(filled(SIZE_BOUNDS.flatMap((bound) => [sized(bound - 1), sized(bound)])), NOW);
    expect(sizes.map(({ files }) => files)).toEqual([1, 2, 2, 2, 2, 2, 2, 2, 1]);
    expect(sizes[2]).toEqual({ files: 2, bytes: 1024 + 32 * 1024 - 1 });
  });

  test('each bound of the ages belongs to the older step; what is younger than now lies in the future', () => {
    const { ages } = distributionOf(
      filled(AGE_BOUNDS_DAYS.flatMap((days) => [aged(days * DAY - 1), aged(days * DAY)])),
      NOW,
    );
    expect(ages.map(({ files }) => files)).toEqual([1, 2, 2, 2, 2, 2, 2, 1]);
  });

  test('times before 1970 and at the end of what a ledger holds are counted', () => {
    const meta = (mtimeNs: bigint) => ({ meta: metaWith({ mtimeNs }) });
    const { ages } = distributionOf(filled([meta(-(10n ** 18n)), meta(2n ** 63n - 1n)]), NOW);
    expect([ages[0]!.files, ages.at(-1)!.files]).toEqual([1, 1]);
  });

  test('hashes are counted by algorithm, of synced entries alone', () => {
    const hashed = (status: EntryStatus, name: 'sha256' | 'blake3') => ({
      status,
      algorithm: checksumCode(name),
      hash: Buffer.alloc(32),
    });
    const { hashed: found } = distributionOf(
      filled([
        hashed(EntryStatus.synced, 'blake3'),
        hashed(EntryStatus.synced, 'sha256'),
        hashed(EntryStatus.synced, 'sha256'),
        hashed(EntryStatus.pending, 'sha256'),
        { status: EntryStatus.synced },
      ]),
      NOW,
    );
    expect(found).toEqual([
      { algorithm: 'sha256', entries: 2 },
      { algorithm: 'blake3', entries: 1 },
    ]);
  });

  test('any entries add up to the totals, what was skipped aside', () => {
    const entry = fc.record({
      status: fc.constantFrom(...Object.values(EntryStatus)),
      meta: fc
        .record({ size: fc.nat({ max: 2 ** 44 }), mtimeNs: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }) })
        .map(metaWith),
    });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const ledger = filled(entries);
        const { pendingFiles, pendingBytes, syncedFiles, syncedBytes, failedFiles, failedBytes } = ledger.totals;
        const all = {
          files: pendingFiles + syncedFiles + failedFiles,
          bytes: pendingBytes + syncedBytes + failedBytes,
        };
        const { sizes, ages, all: counted } = distributionOf(ledger, NOW);
        expect(counted).toEqual(all);
        for (const steps of [sizes, ages]) {
          expect(steps.reduce((sum, { files }) => sum + files, 0)).toBe(all.files);
          expect(steps.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(all.bytes);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('more rows than one query goes through are counted once, those of one folder together', () => {
    const ledger = filled([sized(1)]);
    // As quick as it can be; the totals play no part.
    ledger.db.exec(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 449999)
      INSERT INTO entries (dir, name, status, size, mtime, mode)
      SELECT CASE WHEN i < 250000 THEN 2 ELSE 3 + i / 7 END, 'x' || (1000000 + i), 1, 1, 0, 33188 FROM n`);
    expect(distributionOf(ledger, NOW).all).toEqual({ files: 450_001, bytes: 450_001 });
  });
});

test('the slowest folders come first, with what is in them now', () => {
  const ledger = filled([sized(5), sized(6), sized(7, { status: EntryStatus.skipped }), sized(8), sized(9)]);
  ledger.commit(() => {
    ledger.putDir(dirWith(3, { path: 'never worked on' }));
    ledger.addWork(1, 100);
    ledger.addWork(2, 1000);
    ledger.addWork(2, 500);
  });
  expect(slowestFolders(ledger, 20)).toEqual([
    { path: 'dir 2', workMs: 1500, files: 2, bytes: 17 },
    { path: '', workMs: 100, files: 2, bytes: 11 },
  ]);
  expect(slowestFolders(ledger, 1)).toHaveLength(1);
});

test('failures are the folders that failed at the source, then entries, over several pages', () => {
  const failed = { status: EntryStatus.failed, error: 'EIO: input/output error (read)' };
  const ledger = filled(Array.from({ length: 5000 }, (_, index) => (index === 2 ? {} : failed)));
  const unlisted = { listed: Listed.failed, status: DirStatus.failed, error: 'EACCES: permission denied (open)' };
  ledger.putDir(dirWith(9001, { ...unlisted, path: 'private\udcff' }));
  ledger.putDir(dirWith(9002, { ...unlisted, side: DirSide.extra }));
  const all = [...failuresOf(ledger)];
  expect(all).toHaveLength(5000);
  expect(all[0]).toEqual({ path: 'private\udcff', kind: 'folder', error: 'EACCES: permission denied (open)' });
  expect(all[1]).toEqual({ path: 'file 000000', kind: 'entry', error: failed.error });
  expect(all.at(-1)!.path).toBe('dir 1667/file 004999');
  expect(new Set(all.map(({ path }) => path)).size).toBe(5000);
});

test('all entries are listed in pages, in every kind and status, and no name is lost', () => {
  const hash = Buffer.alloc(32, 0xab);
  const ledger = scratch();
  const algorithm = checksumCode('sha256');
  const meta = metaWith({ size: 7, mtimeNs: -1n });
  ledger.commit(() => {
    ledger.putDir(dirWith(1));
    ledger.putDir(dirWith(2, { path: 'd\udcff' }));
    ledger.putDir(dirWith(3, { path: 'bad', status: DirStatus.failed, error: 'EIO: x' }));
    ledger.putEntry(1, 'synced', entryWith({ status: EntryStatus.synced, meta, algorithm, hash }), undefined);
    ledger.putEntry(2, '\udcfe', entryWith({ status: EntryStatus.pending, algorithm, hash }), undefined);
    ledger.putEntry(
      2,
      'link',
      entryWith({ meta: metaWith({ mode: LINK }), status: EntryStatus.failed, error: 'E: y' }),
      undefined,
    );
    ledger.putEntry(2, 'pipe', entryWith({ meta: metaWith({ mode: FIFO }), status: EntryStatus.skipped }), undefined);
  });
  const none = { hash: undefined, error: '', size: 1, mtime: { seconds: 0, rest: 1000 } };
  expect([...entryPages(ledger)].flat()).toEqual([
    {
      ...none,
      path: 'synced',
      kind: 'file',
      size: 7,
      mtime: { seconds: 0, rest: -1 },
      status: 'synced',
      hash: { algorithm: 'sha256', hex: 'ab'.repeat(32) },
    },
    { ...none, path: 'd\udcff/link', kind: 'link', status: 'failed', error: 'E: y' },
    { ...none, path: 'd\udcff/pipe', kind: 'other', status: 'skipped' },
    { ...none, path: 'd\udcff/\udcfe', kind: 'file', status: 'pending' },
    { ...none, path: 'bad', kind: 'folder', size: 0, status: 'failed', error: 'EIO: x' },
  ]);
});

test('pages of entries go on where the one before ended', () => {
  const pages = [
    ...entryPages(
      filled(
        Array.from({ length: 4500 }, () => ({})),
        1000,
      ),
    ),
  ];
  expect(pages.length).toBeGreaterThan(2);
  const paths = pages.flat().map(({ path }) => path);
  expect(new Set(paths).size).toBe(4500);
  expect(paths).toEqual([...paths].sort((a, b) => (a.slice(-6) < b.slice(-6) ? -1 : 1)));
});
