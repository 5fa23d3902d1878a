import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, type Limits, misfits } from '../../src/doctor/fitting.js';
import { fitsLimit, limitOf, ODD_NAMES } from '../../src/share/oddnames.js';

const NONE: Limits = {
  lost: [],
  name: { most: 255, unit: 'bytes' },
  path: 5000,
  size: 2 ** 40,
  times: { first: 0, last: 2 ** 31 - 1 },
  symlinks: 'kept',
};
const ALL_LOST: Limits = { ...NONE, lost: ODD_NAMES.map((_, odd) => ({ odd, refused: 'EINVAL', became: undefined })) };

function entry(more: Partial<Candidate> = {}): Candidate {
  const name = more.name ?? 'name';
  return { name, path: `folder/${name}`, kind: 'file', size: 1, mtimeNs: 10n ** 18n, ...more };
}

describe('misfits', () => {
  test.each([
    ['a:b', 'with :'],
    ['a\\b', 'with \\'],
    ['new\nline', 'with a newline'],
    ['bell\x07', 'with control characters'],
    ['dot.', 'that end with a dot'],
    ['blank ', 'that end with a space'],
    [' blank', 'that begin with a space'],
    ['nul', 'of DOS devices (CON, NUL, COM1)'],
    ['Com1.tar.gz', 'of DOS devices with an ending (aux.txt)'],
    ['bad\udcff', 'with bytes that are not UTF-8'],
    ['smile\u{1f600}', 'with characters beyond 16 bits (emoji)'],
    ['caf\u00e9', 'with composed accents (NFC)'],
    ['cafe\u0301', 'with accents of their own (NFD)'],
  ])('tells %j where such names are not kept, and no other', (name, what) => {
    expect(misfits(entry({ name }), ALL_LOST)).toEqual([`names ${what} are not kept`]);
    expect(misfits(entry({ name }), NONE)).toEqual([]);
  });

  test.each(['plain', 'dot.in', '.hidden', 'console', 'a b', 'com10', 'nulls.txt'])(
    'lets %j pass everywhere',
    (name) => {
      expect(misfits(entry({ name }), ALL_LOST)).toEqual([]);
    },
  );

  test.each<[Partial<Candidate>, string]>([
    [{ path: 'p'.repeat(300) }, 'the path is too long (260 bytes)'],
    [{ size: 4 * 1024 ** 3 }, 'the file is too large (4.0 GiB)'],
    [{ mtimeNs: -1n }, 'its time is not kept'],
    [{ mtimeNs: BigInt(2 ** 31) * 10n ** 9n }, 'its time is not kept'],
    [{ kind: 'link' }, 'symbolic links are not possible'],
  ])('tells %o', (more, why) => {
    expect(misfits(entry(more), { ...NONE, path: 260, size: 2 ** 32 - 1, symlinks: 'EPERM' })).toEqual([why]);
  });

  test('knows limits exactly', () => {
    const limits = { ...NONE, path: 260, size: 2 ** 32 - 1 };
    expect(misfits(entry({ path: 'p'.repeat(260), size: 2 ** 32 - 1 }), limits)).toEqual([]);
    expect(misfits(entry({ mtimeNs: BigInt(2 ** 31) * 10n ** 9n - 1n }), limits)).toEqual([]);
  });

  test('asks nothing of what is not copied', () => {
    expect(misfits(entry({ kind: 'other', size: 2 ** 50, mtimeNs: -1n }), NONE)).toEqual([]);
  });
});

test('each sample is of its own sort, so that a scan finds what was tried', () => {
  for (const { sample, isSuch } of ODD_NAMES) expect(isSuch(sample), sample).toBe(true);
  const samples = ODD_NAMES.map(({ sample }) =>
    sample
      .normalize('NFC')
      .toLowerCase()
      .replace(/[. ]+$/, ''),
  );
  expect(new Set(samples).size).toBe(ODD_NAMES.length);
});

describe('the unit of the longest name', () => {
  test.each([
    ['ext4, xfs', [255, 127, 63], { most: 255, unit: 'bytes' }],
    ['eCryptfs', [143, 71, 35], { most: 143, unit: 'bytes' }],
    ['NTFS, exFAT', [255, 255, 127], { most: 255, unit: 'UTF-16 units' }],
    ['HFS+ of a kind', [255, 255, 255], { most: 255, unit: 'characters' }],
  ] as const)('of %s', (_, [ascii, two, four], limit) => {
    expect(limitOf(ascii, two, four)).toEqual(limit);
  });

  test('is what names are measured in', () => {
    expect(fitsLimit('\u00e9'.repeat(127), { most: 255, unit: 'bytes' })).toBe(true);
    expect(fitsLimit('\u00e9'.repeat(128), { most: 255, unit: 'bytes' })).toBe(false);
    expect(fitsLimit('\u{1f600}'.repeat(127), { most: 255, unit: 'UTF-16 units' })).toBe(true);
    expect(fitsLimit('\u{1f600}'.repeat(128), { most: 255, unit: 'UTF-16 units' })).toBe(false);
    expect(fitsLimit('\udcff'.repeat(255), { most: 255, unit: 'bytes' })).toBe(true);
  });

  test('holds for the name of an unfinished file as well', () => {
    expect(fitsLimit('n'.repeat(121), { most: 143, unit: 'bytes' })).toBe(true);
    expect(fitsLimit('n'.repeat(122), { most: 143, unit: 'bytes' })).toBe(false);
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (name) => {
        fc.pre(Buffer.byteLength(name) <= 255 && name.isWellFormed());
        expect(fitsLimit(name, { most: 255, unit: 'bytes' })).toBe(true);
      }),
    );
  });
});
