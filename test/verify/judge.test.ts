import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Verdict } from '../../src/ledger/schema.js';
import { type Expected, isWorthReading, judge, type Seen } from '../../src/verify/judge.js';

const HASH = Buffer.from('0102', 'hex');
const OTHER = Buffer.from('0103', 'hex');
const FILE: Expected = { kind: 'file', size: 5, mtimeNs: 1_000n, hash: HASH };
const LINK: Expected = { kind: 'link', size: 5, mtimeNs: 1_000n, hash: undefined };

function there(part: Partial<Seen & { is: 'there' }> = {}): Seen & { is: 'there' } {
  return { is: 'there', kind: 'file', size: 5, mtimeNs: 1_000n, hash: HASH, ...part };
}

const linkTo = (target: string) => there({ kind: 'link', hash: undefined, target });
const missing: Seen = { is: 'missing' };
const unreadable: Seen = { is: 'unreadable', why: 'EIO' };
const unhashed = { ...FILE, hash: undefined };

describe('judge', () => {
  test.each<[string, Expected, Seen, Seen | undefined, Verdict, string | undefined]>([
    ['all as it was', FILE, there(), undefined, Verdict.equal, undefined],
    ['both as they were', FILE, there(), there(), Verdict.equal, undefined],
    ['another hash', FILE, there({ hash: OTHER }), undefined, Verdict.differs, 'content'],
    ['contents that were not read', FILE, there({ hash: undefined }), undefined, Verdict.differs, 'content'],
    ['another size', FILE, there({ size: 6 }), undefined, Verdict.differs, 'size: 6 in the place of 5'],
    ['another time', FILE, there({ mtimeNs: 2_000n }), undefined, Verdict.differs, 'mtime'],
    ['a time within the grain', FILE, there({ mtimeNs: 1_099n }), undefined, Verdict.equal, undefined],
    ['a folder', FILE, there({ kind: 'dir' }), undefined, Verdict.differs, 'kind: a folder in the place of a file'],
    ['nothing', FILE, missing, undefined, Verdict.missing, 'missing'],
    ['what cannot be read', FILE, unreadable, undefined, Verdict.unreadable, 'unreadable: EIO'],
    ['a changed source', FILE, there(), there({ hash: OTHER }), Verdict.sourceDiffers, 'source: content'],
    ['a source that is gone', FILE, there(), missing, Verdict.sourceDiffers, 'source: missing'],
    ['both changed', FILE, missing, there({ size: 6 }), Verdict.missing, 'missing; source: size: 6 in the place of 5'],
    ['no hash', unhashed, there({ hash: undefined }), undefined, Verdict.unhashed, undefined],
    ['no hash, but an empty file', { ...unhashed, size: 0 }, there({ size: 0 }), undefined, Verdict.equal, undefined],
    [
      'no hash, unlike the source',
      unhashed,
      there(),
      there({ hash: OTHER }),
      Verdict.differs,
      'content, compared with the source',
    ],
    ['no hash, and no source', unhashed, there(), missing, Verdict.sourceDiffers, 'source: missing'],
    ['a link', LINK, linkTo('abcde'), undefined, Verdict.equal, undefined],
    ['a link to elsewhere', LINK, linkTo('abcde'), linkTo('abcdf'), Verdict.differs, 'target'],
  ])('%s', (_, expected, dest, source, verdict, difference) => {
    expect(judge(expected, dest, source, 100n)).toMatchObject({ verdict, difference });
  });

  test('the hash that both shares agree on is told, and only where none was recorded', () => {
    expect(judge(unhashed, there(), there(), 1n)).toEqual({
      verdict: Verdict.equal,
      difference: undefined,
      agreed: HASH,
    });
    expect(judge(FILE, there(), there(), 1n).agreed).toBeUndefined();
  });

  const seen = fc.oneof(
    fc.constant<Seen>(missing),
    fc.constant<Seen>(unreadable),
    fc
      .record({
        kind: fc.constantFrom('file', 'dir', 'link', 'other'),
        size: fc.constantFrom(5, 6),
        mtimeNs: fc.constantFrom(1_000n, 2_000n),
        hash: fc.constantFrom(HASH, OTHER, undefined),
      })
      .map((part) => there(part as Partial<Seen & { is: 'there' }>)),
  );

  test('equal means that each thing that the ledger knows is there, and only that', () => {
    fc.assert(
      fc.property(seen, fc.option(seen, { nil: undefined }), (dest, source) => {
        const isSame = (side: Seen) =>
          side.is === 'there' &&
          side.kind === 'file' &&
          side.size === 5 &&
          side.mtimeNs === 1_000n &&
          side.hash === HASH;
        const { verdict, difference } = judge(FILE, dest, source, 1n);
        expect(verdict === Verdict.equal).toBe(isSame(dest) && (!source || isSame(source)));
        // What is to be copied again is what is wrong at the destination.
        expect([Verdict.differs, Verdict.missing, Verdict.unreadable].includes(verdict as 1)).toBe(!isSame(dest));
        expect(difference === undefined).toBe(verdict === Verdict.equal);
      }),
    );
  });
});

test('contents are read where size and kind do not tell already', () => {
  expect(isWorthReading(FILE, there())).toBe(true);
  expect(isWorthReading(FILE, there({ mtimeNs: 5n }))).toBe(true);
  for (const other of [there({ size: 4 }), there({ kind: 'link' }), missing, unreadable])
    expect(isWorthReading(FILE, other)).toBe(false);
});
