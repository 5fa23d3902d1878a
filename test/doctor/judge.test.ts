/** Facts in, verdicts out. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Check } from '../../src/doctor/check.js';
import {
  judgeAttributes,
  judgeFolding,
  judgeGrain,
  judgeNameLength,
  judgeNames,
  judgePathLength,
  judgeRange,
  judgeSizes,
  rangeOf,
} from '../../src/doctor/judgedest.js';
import { judgeClock, judgeMount, judgeSnapshots, judgeSourceClock, judgeSpace } from '../../src/doctor/judgeplace.js';
import { judgeDestSpeed, judgeSourceSpeed } from '../../src/doctor/judgespeed.js';
import { checkLines } from '../../src/doctor/output.js';
import { judgeSurvey } from '../../src/doctor/round.js';
import type { PlaceFacts } from '../../src/share/local/canary/examine.js';
import { LANDMARKS } from '../../src/share/local/canary/times.js';
import { ODD_NAMES } from '../../src/share/oddnames.js';

const GIB = 1024 ** 3;

function place(type: string, options: string[], more: Partial<PlaceFacts> = {}): PlaceFacts {
  return {
    filesystem: type,
    network: true,
    mount: { device: '0:1', path: '/', mountPoint: '/mnt', type, source: 'server:/', options },
    isWholeMount: true,
    space: { usedBytes: 0, freeBytes: 0, totalInodes: 0, freeInodes: 0 },
    snapshots: [],
    changedNs: 0n,
    isEmpty: true,
    ...more,
  };
}

describe('mounts', () => {
  test.each([
    ['source', 'nfs4', ['rw', 'soft', 'vers=4.2'], 'warn', /a soft mount gives errors.*hard/s],
    ['dest', 'nfs', ['rw', 'softerr'], 'warn', /a softerr mount gives errors.*mount the destination hard/s],
    ['dest', 'nfs4', ['rw', 'hard', 'timeo=600', 'nconnect=4'], 'pass', /^nfs4 rw hard timeo=600 nconnect=4$/],
    // Its default, and errors of a server that is away are waited out.
    ['dest', 'cifs', ['rw', 'soft', 'nounix', 'mapposix', 'addr=1.2.3.4'], 'pass', /^cifs rw soft nounix mapposix$/],
    ['source', 'cifs', ['rw', 'noserverino'], 'warn', /inode numbers are made up.*serverino/s],
    ['dest', 'nfs4', ['rw', 'hard', 'noac', 'sync'], 'warn', /sync makes each write wait/],
    ['source', 'nfs4', ['rw', 'hard', 'noac'], 'pass', /./],
    ['source', 'ext4', ['ro', 'noatime'], 'pass', /^ext4 ro noatime$/],
  ] as const)('of the %s, %s %j: %s', (side, type, options, verdict, text) => {
    const check = judgeMount(side, place(type, [...options]));
    expect(check).toMatchObject({ name: `${side}-mount`, verdict });
    expect(`${check.says}${check.advice ?? ''}`).toMatch(text);
  });
});

test('snapshots are worth a warning only where a listing shows them', () => {
  const of = (listed: boolean) => judgeSnapshots(place('nfs', [], { snapshots: [{ name: '.snapshot', listed }] }));
  expect(of(true)).toMatchObject({ verdict: 'warn', says: expect.stringContaining('.snapshot') });
  expect(of(false)).toMatchObject({ verdict: 'pass', says: '.snapshot: there, and not listed' });
  expect(judgeSnapshots(place('nfs', []))).toMatchObject({ verdict: 'pass', says: 'none in the root of the source' });
});

test('clocks that are a minute apart for sure are worth a warning', () => {
  expect(judgeClock({ aheadMs: -200, plusMinusMs: 1 })).toMatchObject({ verdict: 'pass' });
  expect(judgeClock({ aheadMs: 61_000, plusMinusMs: 5000 })).toMatchObject({ verdict: 'pass' });
  const check = judgeClock({ aheadMs: -3_600_000, plusMinusMs: 10 });
  expect(check).toMatchObject({ verdict: 'warn', facts: { aheadMs: -3_600_000 } });
  expect(check.says).toContain("3,600 s behind this machine's");
  const changed = (ms: number) => place('nfs', [], { changedNs: BigInt(ms) * 1_000_000n });
  expect(judgeSourceClock(changed(1_000_000), 2_000_000)).toMatchObject({ verdict: 'pass', facts: { aheadMs: null } });
  expect(judgeSourceClock(changed(2_120_000), 2_000_000)).toMatchObject({
    verdict: 'warn',
    facts: { aheadMs: 120_000 },
  });
});

describe('room', () => {
  const space = (freeBytes: number, freeInodes = 10, totalInodes = 20) => ({
    usedBytes: 0,
    freeBytes,
    freeInodes,
    totalInodes,
  });
  test.each([
    [{ bytes: GIB, files: 10, from: 'ledger', isSure: true } as const, ['pass', 'pass']],
    [{ bytes: GIB + 1, files: 11, from: 'ledger', isSure: true } as const, ['fail', 'fail']],
    [{ bytes: GIB + 1, files: 11, from: 'scan', isSure: false } as const, ['warn', 'warn']],
  ])('for %j: %j', (need, verdicts) => {
    expect(judgeSpace(space(GIB), need).map(({ verdict }) => verdict)).toEqual(verdicts);
  });
  test('of inodes is unlimited where the filesystem counts none', () => {
    const need = { bytes: 1, files: 1_000_000, from: 'scan', isSure: true } as const;
    expect(judgeSpace(space(GIB, 0, 0), need)[1]).toMatchObject({ verdict: 'pass', facts: { free: null } });
  });
  test('is told where nobody counted what is needed', () => {
    expect(judgeSpace(space(GIB), undefined)).toMatchObject([{ verdict: 'pass', facts: { free: GIB, needed: null } }]);
  });
});

describe('times', () => {
  const clamped = (first: number, last: number) =>
    LANDMARKS.map((seconds) => ({ seconds, kept: Math.min(last, Math.max(first, seconds)) }));

  test('set to the nearest that there is tell the exact range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 31), max: 1_400_000_000 }),
        fc.integer({ min: 1_600_000_000, max: 2 ** 34 }),
        (first, last) => {
          const found = rangeOf(clamped(first, last), 1n);
          // Ends beyond the last landmark are none.
          const isEnd = { first: first > LANDMARKS[0]!, last: last < LANDMARKS.at(-1)! };
          // Between two landmarks that are kept, or lost, nothing is tried.
          expect(found.first).toBe(isEnd.first ? first : Number.NEGATIVE_INFINITY);
          expect(found.last).toBe(isEnd.last ? last : Number.POSITIVE_INFINITY);
        },
      ),
    );
  });

  test('that wrap around, or are refused, end before what was tried', () => {
    const wrapped = LANDMARKS.map((seconds) => ({ seconds, kept: seconds >= 2 ** 31 ? seconds - 2 ** 32 : seconds }));
    expect(rangeOf(wrapped, 1n)).toEqual({ first: Number.NEGATIVE_INFINITY, last: 2 ** 31 - 1 });
    const refused = LANDMARKS.map((seconds) => ({ seconds, kept: seconds < 0 ? undefined : seconds }));
    expect(rangeOf(refused, 1n)).toEqual({ first: -999_999, last: Number.POSITIVE_INFINITY });
  });

  test('within a coarse grain are kept', () => {
    const odd = LANDMARKS.map((seconds) => ({ seconds, kept: seconds - (Math.abs(seconds) % 2) }));
    expect(rangeOf(odd, 2_000_000_000n)).toEqual({ first: Number.NEGATIVE_INFINITY, last: Number.POSITIVE_INFINITY });
  });

  test('that end in 2038 are worth a warning, in 2446 not', () => {
    const check = judgeRange(clamped(-(2 ** 31), 2 ** 31 - 1), 1_000_000_000n);
    expect(check).toMatchObject({ verdict: 'warn', facts: { firstSeconds: null, lastSeconds: 2 ** 31 - 1 } });
    expect(check.says).toContain('only from 1901 or before to 2038-01-19');
    const ext4 = judgeRange(clamped(-(2 ** 31), 15_032_385_535), 1n);
    expect(ext4).toMatchObject({ verdict: 'pass', says: 'from 1901 or before to 2446-05-10' });
  });

  test('are kept to a grain', () => {
    expect(judgeGrain(100n)).toMatchObject({ verdict: 'pass', says: 'kept to 100 ns; a copy compares no finer' });
    expect(judgeGrain(2_000_000_000n)).toMatchObject({ verdict: 'warn', says: 'kept to 2 s' });
  });
});

describe('names', () => {
  test('that are one are told by which rule', () => {
    expect(judgeFolding({ case: false, form: false }).verdict).toBe('pass');
    expect(judgeFolding({ case: true, form: false }).says).toMatch(/^README and readme are one name: /);
    expect(judgeFolding({ case: true, form: true }).says).toMatch(/^README and readme, and é of one .* are one name: /);
  });

  test('that are lost are told, with those of one cause together', () => {
    expect(judgeNames([]).verdict).toBe('pass');
    const at = (what: string) => ODD_NAMES.findIndex((odd) => odd.what === what);
    const check = judgeNames([
      { odd: at('with :'), refused: 'EINVAL', became: undefined },
      { odd: at('with *'), refused: 'EINVAL', became: undefined },
      { odd: at('of DOS devices (CON, NUL, COM1)'), refused: undefined, became: 'C\x1b~1' },
      { odd: at('that end with a dot'), refused: undefined, became: undefined },
    ]);
    expect(check).toMatchObject({ verdict: 'warn' });
    expect(check.says).toBe(
      'not kept are names with :, with * (EINVAL), of DOS devices (CON, NUL, COM1) (become C\\x1b~1), that end with a dot (vanish)',
    );
  });

  test('and paths that are short are worth a warning', () => {
    expect(judgeNameLength({ most: 255, unit: 'UTF-16 units' }).verdict).toBe('pass');
    expect(judgeNameLength({ most: 143, unit: 'bytes' })).toMatchObject({ verdict: 'warn', facts: { most: 143 } });
    expect(judgePathLength(5100)).toMatchObject({ verdict: 'pass', facts: { most: null } });
    expect(judgePathLength(4094)).toMatchObject({ verdict: 'pass', facts: { most: 4094 } });
    expect(judgePathLength(260)).toMatchObject({ verdict: 'warn', facts: { most: 260 } });
  });
});

test('sizes: a largest file of less than 1 TiB, and holes that are filled, are worth a warning', () => {
  const verdicts = (checks: Check[]) => checks.map(({ name, verdict }) => `${name} ${verdict}`);
  const fat = { largest: 2 ** 32 - 1, sparse: false, seekHole: false, tried: false };
  expect(verdicts(judgeSizes(fat))).toEqual(['file-size warn', 'holes warn']);
  const ext4 = { largest: 2 ** 44 - 4096, sparse: true, seekHole: true, tried: true };
  expect(verdicts(judgeSizes(ext4))).toEqual(['file-size pass', 'holes pass']);
});

test('attributes that are not kept are worth a warning each', () => {
  const all = {
    symlinks: 'kept',
    hardLinks: 'EPERM',
    modes: 'ignored',
    owners: undefined,
    xattrs: 'ENOTSUP',
    posixAcls: 'ENOTSUP',
    nfs4Acls: true,
    smbAcls: false,
  };
  expect(judgeAttributes(all).map(({ name, verdict, says }) => `${name} ${verdict} ${says.split(':')[0]}`)).toEqual([
    'symbolic-links pass kept',
    'hard-links warn refused (EPERM)',
    'modes warn not kept',
    'owners pass not tried',
    'xattrs warn refused (ENOTSUP)',
    'acls warn refused (ENOTSUP)',
  ]);
  expect(judgeAttributes(all).at(-1)!.says).toContain('NFSv4 ACLs, no POSIX ones');
});

test('speed: calls that take half a second, and less than 4 MiB/s, are worth a warning', () => {
  const quick = { count: 9, p50Ms: 0.5, p99Ms: 2 };
  const slow = { count: 9, p50Ms: 0.5, p99Ms: 700 };
  const dest = { create: quick, stat: quick, open: quick, rename: quick, write: 5 * 1024 ** 2 };
  expect(judgeDestSpeed(dest).map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
  expect(judgeDestSpeed({ ...dest, rename: slow, write: 1e6 }).map(({ verdict }) => verdict)).toEqual(['warn', 'warn']);
  const nothing = judgeSourceSpeed({ list: 1234, open: undefined, read: undefined });
  expect(nothing).toMatchObject([
    { name: 'source-latency', verdict: 'pass' },
    { name: 'source-speed', verdict: 'pass', facts: { bytesPerSecond: null, entriesPerSecond: 1234 } },
  ]);
});

test('a scan fails where there is something that the destination cannot have, or that could not be read', () => {
  const counts = { folders: 1, files: 2, bytes: 3, largest: 3, misfits: 0, unread: 0 };
  expect(judgeSurvey(counts)).toMatchObject({ verdict: 'pass', facts: counts });
  expect(judgeSurvey({ ...counts, misfits: 1 }).verdict).toBe('fail');
  expect(judgeSurvey({ ...counts, unread: 1 }).verdict).toBe('fail');
});

test('a check is at most 80 columns wide, advice beneath', () => {
  const lines = checkLines('time-range', 'warn', 'some words '.repeat(20).trim(), 'do this '.repeat(20).trim());
  expect(lines[0]).toMatch(/^warn {2}time-range {6}some words/);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines.filter((line) => line.includes('-> ')).length).toBe(1);
});
