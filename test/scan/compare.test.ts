import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Comparing,
  compare as compareAll,
  isLeft,
  type Left,
  leave,
  type Seen,
  type Verdict,
} from '../../src/scan/compare.js';
import { type Attributes, NO_ATTRIBUTES } from '../../src/share/attributes.js';
import { sameTime } from '../../src/share/timerange.js';

const compare = (source: Seen, dest: Seen | undefined, grainNs: bigint) =>
  compareAll(source, dest, grainNs, NO_ATTRIBUTES);

const T = 1_700_000_000_123_456_789n;
const file: Seen = { kind: 'file', size: 10, mtimeNs: T, target: 0, mode: 0o100644, uid: 1000, gid: 1000 };
const dir: Seen = { kind: 'dir', size: 4096, mtimeNs: T, target: 0, mode: 0o40755, uid: 1000, gid: 1000 };
const link: Seen = { kind: 'link', size: 10, mtimeNs: T, target: 0, mode: 0o120777, uid: 1000, gid: 1000 };
const other: Seen = { kind: 'other', size: 0, mtimeNs: T, target: 0, mode: 0o10644, uid: 1000, gid: 1000 };

describe('compare', () => {
  it.each<[string, Seen, Seen | undefined, Verdict]>([
    ['a file that is missing', file, undefined, 'copy'],
    ['a file that is there', file, file, 'same'],
    ['a file of another size', file, { ...file, size: 11 }, 'copy'],
    ['a file that is newer at the source', file, { ...file, mtimeNs: T - 1n }, 'copy'],
    ['a file that is newer at the destination', file, { ...file, mtimeNs: T + 1n }, 'copy'],
    ['a file where a link is', file, link, 'copy'],
    ['a file where a folder is', file, { ...dir, size: 10 }, 'copy'],
    ['a file where a FIFO is', file, { ...other, size: 10 }, 'copy'],
    ['an empty file that is there', { ...file, size: 0 }, { ...file, size: 0 }, 'same'],
    ['a link that is missing', link, undefined, 'link'],
    ['a link that is there', link, link, 'same'],
    ['a link with a target of another length', link, { ...link, size: 9 }, 'link'],
    ['a link with another target of the same length', link, { ...link, target: 1 }, 'link'],
    ['a link that was made anew', link, { ...link, mtimeNs: T + 1n }, 'link'],
    ['a link where a file is', link, file, 'link'],
    ['a link where a folder is', link, dir, 'link'],
    ['a folder that is missing', dir, undefined, 'makeDir'],
    ['a folder that is there', dir, dir, 'same'],
    ['a folder of another size, which means nothing', dir, { ...dir, size: 8192 }, 'same'],
    ['a folder with another time', dir, { ...dir, mtimeNs: T + 5n }, 'stampDir'],
    ['a folder where a file is', dir, file, 'makeDir'],
    ['a folder where a link is', dir, link, 'makeDir'],
    ['a special file that is missing', other, undefined, 'skip'],
    ['a special file that is there', other, other, 'skip'],
    ['a special file where a file is', other, file, 'skip'],
  ])('%s', (_, source, dest, verdict) => {
    expect(compare(source, dest, 1n)).toBe(verdict);
  });

  it.each<[string, bigint, bigint, Verdict]>([
    ['100 ns, cut off', 100n, T - (T % 100n), 'same'],
    ['100 ns, a whole step away', 100n, T - 100n, 'copy'],
    ['a second, cut off', 1_000_000_000n, T - (T % 1_000_000_000n), 'same'],
    ['a second, rounded up', 1_000_000_000n, T - (T % 1_000_000_000n) + 1_000_000_000n, 'same'],
    ['two seconds, cut off', 2_000_000_000n, T - (T % 2_000_000_000n), 'same'],
    ['two seconds, the next step but one', 2_000_000_000n, T - (T % 2_000_000_000n) + 4_000_000_000n, 'copy'],
  ])('a time kept to %s', (_, grain, kept, verdict) => {
    expect(compare(file, { ...file, mtimeNs: kept }, grain)).toBe(verdict);
  });

  it('counts times before 1970 alike', () => {
    const old = { ...file, mtimeNs: -1n };
    expect(compare(old, { ...file, mtimeNs: 1n }, 2n)).toBe('copy');
    expect(compare(old, { ...file, mtimeNs: 1n }, 3n)).toBe('same');
    expect(compare(old, { ...file, mtimeNs: -2n }, 1n)).toBe('copy');
  });
});

describe('with attributes to keep', () => {
  const keeping = (part: Partial<Attributes>, dest: Partial<Seen>, source = file) =>
    compareAll(source, { ...source, ...dest }, 1n, { ...NO_ATTRIBUTES, ...part });

  it.each<[string, Partial<Attributes>, Partial<Seen>, Verdict, Seen?]>([
    ['a file with other permissions', { perms: true }, { mode: 0o100600 }, 'stamp'],
    ['a file with other permissions that are not kept', { owner: true }, { mode: 0o100600 }, 'same'],
    ['a file with another set-user-id bit', { perms: true }, { mode: 0o104644 }, 'stamp'],
    ['a file of another owner', { owner: true }, { uid: 0 }, 'stamp'],
    ['a file of another group', { group: true }, { gid: 0 }, 'stamp'],
    ['a file of another owner that is not kept', { group: true, perms: true }, { uid: 0 }, 'same'],
    ['a file of another size and owner', { owner: true }, { uid: 0, size: 11 }, 'copy'],
    ['a folder with other permissions', { perms: true }, { mode: 0o40700 }, 'stampDir', dir],
    ['a folder of another group', { group: true }, { gid: 0 }, 'stampDir', dir],
    ['a link of another owner', { owner: true }, { uid: 0 }, 'link', link],
    ['a link with other permissions, which mean nothing', { perms: true }, { mode: 0o120755 }, 'same', link],
  ])('%s', (_, part, dest, verdict, source) => {
    expect(keeping(part, dest, source)).toBe(verdict);
  });
});

const NO_OPTION: Comparing = {
  sizeOnly: false,
  update: false,
  ignoreExisting: false,
  existing: false,
  windowSeconds: 0,
};
const decide = (source: Seen, dest: Seen | undefined, option: Partial<Comparing>, attributes = NO_ATTRIBUTES) => {
  const verdict = compareAll(source, dest, 10n, attributes, { ...NO_OPTION, ...option });
  return leave(verdict, source, dest, 10n, { ...NO_OPTION, ...option });
};

describe('with an option on what is left', () => {
  const newer = { ...file, size: 3, mtimeNs: T + 10n };
  const perms = { ...NO_ATTRIBUTES, perms: true };
  it.each<[string, Partial<Comparing>, Seen, Seen | undefined, Verdict | Left, Attributes?]>([
    ['--update: newer at the destination', { update: true }, file, newer, 'newer'],
    ['--update: newer by less than the grain', { update: true }, file, { ...newer, mtimeNs: T + 9n }, 'copy'],
    ['--update: older at the destination', { update: true }, file, { ...file, mtimeNs: T - 10n }, 'copy'],
    ['--update: missing', { update: true }, file, undefined, 'copy'],
    ['--update: a newer link in the place of a file', { update: true }, file, { ...link, mtimeNs: T + 99n }, 'copy'],
    ['--update: a newer link', { update: true }, link, { ...link, mtimeNs: T + 99n }, 'link'],
    ['--update: a newer folder', { update: true }, dir, { ...dir, mtimeNs: T + 99n }, 'stampDir'],
    ['--update: other permissions', { update: true }, file, { ...file, mode: 0o100600 }, 'stamp', perms],
    ['--ignore-existing: another size', { ignoreExisting: true }, file, { ...file, size: 3 }, 'exists'],
    ['--ignore-existing: the same', { ignoreExisting: true }, file, file, 'same'],
    [
      '--ignore-existing: other permissions',
      { ignoreExisting: true },
      file,
      { ...file, mode: 0o100600 },
      'same',
      perms,
    ],
    ['--ignore-existing: a folder where a file is', { ignoreExisting: true }, dir, file, 'exists'],
    ['--ignore-existing: a file where a folder is', { ignoreExisting: true }, file, dir, 'exists'],
    ['--ignore-existing: another link', { ignoreExisting: true }, link, { ...link, target: 1 }, 'exists'],
    [
      '--ignore-existing: a folder with another time',
      { ignoreExisting: true },
      dir,
      { ...dir, mtimeNs: 0n },
      'stampDir',
    ],
    ['--ignore-existing: missing', { ignoreExisting: true }, file, undefined, 'copy'],
    ['--existing: a file that is missing', { existing: true }, file, undefined, 'absent'],
    ['--existing: a link that is missing', { existing: true }, link, undefined, 'absent'],
    ['--existing: a folder that is missing', { existing: true }, dir, undefined, 'absent'],
    ['--existing: another size', { existing: true }, file, { ...file, size: 3 }, 'copy'],
    ['--existing: a folder where a file is', { existing: true }, dir, file, 'makeDir'],
    ['--existing: a special file', { existing: true }, other, undefined, 'skip'],
    ['--size-only: another time', { sizeOnly: true }, file, { ...file, mtimeNs: 0n }, 'stamp'],
    ['--size-only: the same', { sizeOnly: true }, file, file, 'same'],
    ['--size-only: another size', { sizeOnly: true }, file, { ...file, size: 3 }, 'copy'],
    ['--size-only: a link of another time', { sizeOnly: true }, link, { ...link, mtimeNs: 0n }, 'link'],
    ['-c: all the same', { content: true }, file, file, 'copy'],
    ['-c: empty', { content: true }, { ...file, size: 0 }, { ...file, size: 0 }, 'same'],
    ['-c: wins over --size-only', { content: true, sizeOnly: true }, file, { ...file, mtimeNs: 0n }, 'copy'],
    ['-c: a link', { content: true }, link, link, 'same'],
    ['-c: newer at the destination', { content: true, update: true }, file, newer, 'newer'],
    ['--size-only: other permissions', { sizeOnly: true }, file, { ...file, mode: 0o100600 }, 'stamp', perms],
  ])('%s', (_, option, source, dest, verdict, attributes) => {
    expect(decide(source, dest, option, attributes)).toBe(verdict);
  });
});

describe('for any two entries', () => {
  const time = fc.bigInt({ min: -(10n ** 10n), max: 10n ** 10n });
  const grain = fc.constantFrom(1n, 100n, 1_000n, 10_000_000n, 1_000_000_000n, 2_000_000_000n);
  const seen = fc.record({
    kind: fc.constantFrom('file', 'dir', 'link', 'other') as fc.Arbitrary<Seen['kind']>,
    size: fc.nat(3),
    mtimeNs: time,
    target: fc.nat(1),
    mode: fc.nat(0o7777),
    uid: fc.nat(2),
    gid: fc.nat(2),
  });

  it('"same" does not depend on which is the source', () => {
    fc.assert(
      fc.property(seen, seen, grain, (a, b, grainNs) => {
        expect(compare(a, b, grainNs) === 'same').toBe(compare(b, a, grainNs) === 'same');
      }),
      { numRuns: 500 },
    );
  });

  it('an entry is the same as itself, a special file apart', () => {
    fc.assert(
      fc.property(seen, grain, (a, grainNs) => {
        expect(compare(a, a, grainNs)).toBe(a.kind === 'other' ? 'skip' : 'same');
      }),
    );
  });

  it('what a share rounds to its grain, down or up, is the same afterwards', () => {
    fc.assert(
      fc.property(seen, grain, fc.boolean(), (a, grainNs, up) => {
        const rest = ((a.mtimeNs % grainNs) + grainNs) % grainNs;
        const mtimeNs = up && rest > 0n ? a.mtimeNs - rest + grainNs : a.mtimeNs - rest;
        expect(compare(a, { ...a, mtimeNs }, grainNs)).toBe(a.kind === 'other' ? 'skip' : 'same');
      }),
    );
  });

  it('a file a grain or more apart, or of another size, is copied', () => {
    fc.assert(
      fc.property(seen, grain, time, fc.boolean(), (a, grainNs, apart, later) => {
        const by = grainNs + (apart < 0n ? -apart : apart);
        const mtimeNs = later ? a.mtimeNs + by : a.mtimeNs - by;
        const source: Seen = { ...a, kind: 'file' };
        expect(compare(source, { ...source, mtimeNs }, grainNs)).toBe('copy');
        expect(compare(source, { ...source, size: a.size + 1 }, grainNs)).toBe('copy');
      }),
    );
  });

  const options = fc.record({
    sizeOnly: fc.boolean(),
    update: fc.boolean(),
    ignoreExisting: fc.boolean(),
    existing: fc.boolean(),
    windowSeconds: fc.constant(0),
  });

  it('what exists stays with --ignore-existing, what does not is not made with --existing, and no option makes work', () => {
    fc.assert(
      fc.property(seen, fc.option(seen, { nil: undefined }), options, (a, b, option) => {
        const verdict = decide(a, b, option);
        const plain = decide(a, b, { sizeOnly: option.sizeOnly });
        if (b && option.ignoreExisting) expect(['same', 'skip', 'stampDir', 'exists']).toContain(verdict);
        if (!b && option.existing) expect(['skip', 'absent']).toContain(verdict);
        if (!isLeft(verdict) && verdict !== 'same') expect(verdict).toBe(plain);
        if (plain === 'same') expect(verdict).toBe('same');
        if (verdict === 'newer') expect(b!.mtimeNs).toBeGreaterThan(a.mtimeNs);
      }),
      { numRuns: 1000 },
    );
  });

  it('what is missing is never the same, and the verdict fits the kind', () => {
    const fitting = {
      file: ['copy', 'same'],
      link: ['link', 'same'],
      dir: ['makeDir', 'stampDir', 'same'],
      other: ['skip'],
    };
    fc.assert(
      fc.property(seen, fc.option(seen, { nil: undefined }), grain, (a, b, grainNs) => {
        const verdict = compare(a, b, grainNs);
        expect(fitting[a.kind]).toContain(verdict);
        if (!b) expect(verdict).not.toBe('same');
      }),
    );
  });
});

describe('sameTime', () => {
  it('is true less than a grain apart, in either direction', () => {
    expect(sameTime(5n, 5n, 1n)).toBe(true);
    expect(sameTime(5n, 6n, 1n)).toBe(false);
    expect(sameTime(6n, 5n, 2n)).toBe(true);
    expect(sameTime(5n, 7n, 2n)).toBe(false);
  });
});
