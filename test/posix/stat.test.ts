import { constants } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kindOfMode, Stat } from '../../src/posix/stat.js';
import { metaWith, statWith } from '../helpers/entries.js';

describe('kindOfMode', () => {
  it.each([
    [constants.S_IFREG, 'file'],
    [constants.S_IFDIR, 'dir'],
    [constants.S_IFLNK, 'link'],
    [constants.S_IFIFO, 'other'],
    [constants.S_IFSOCK, 'other'],
    [constants.S_IFCHR, 'other'],
    [constants.S_IFBLK, 'other'],
    [0, 'other'],
  ])('%o is %s, whatever the permissions', (type, kind) => {
    for (const permissions of [0, 0o644, 0o7777]) expect(kindOfMode(type | permissions)).toBe(kind);
  });
});

describe('Stat', () => {
  it('reads sizes beyond 4 GiB and beyond 1 PiB', () => {
    for (const size of [2 ** 32 - 1, 2 ** 32, 5 * 2 ** 32 + 7, 2 ** 50 + 1, Number.MAX_SAFE_INTEGER])
      expect(statWith(metaWith({ size })).size).toBe(size);
  });

  it('reads times before 1970 and after 2038', () => {
    for (const mtimeNs of [-1n, -315_619_200_123_456_789n, 2_208_988_800_987_654_321n])
      expect(statWith(metaWith({ mtimeNs })).mtimeNs).toBe(mtimeNs);
  });

  it('holds times that nanoseconds in 64 bits cannot reach at the first or last they can', () => {
    const [first, last] = [-(2n ** 63n), 2n ** 63n - 1n];
    const cases = [
      [first, first],
      [first - 1n, first],
      [last, last],
      [last + 1n, last],
      [2n ** 62n * 5n, last], // an era whose nanoseconds would be a good time again when cut to 64 bits
      [-(2n ** 66n), first],
    ] as const;
    for (const [mtimeNs, expected] of cases) expect(statWith(metaWith({ mtimeNs })).mtimeNs).toBe(expected);
  });

  it('has no creation time where the kernel gives none', () => {
    const stat = statWith(metaWith({ btimeNs: 77n }));
    expect(stat.btimeNs).toBe(77n);
    stat.bytes.writeUInt32LE(0x7ff, 0);
    expect(stat.btimeNs).toBe(0n);
  });

  it('tells two inodes of one device apart, and two devices', () => {
    const [one, other, elsewhere] = [new Stat(), new Stat(), new Stat()];
    one.bytes.writeBigUInt64LE(2n ** 63n, 32);
    other.bytes.writeBigUInt64LE(2n ** 63n + 1n, 32);
    elsewhere.bytes.writeBigUInt64LE(2n ** 63n, 32);
    elsewhere.bytes.writeUInt32LE(1, 140);
    expect(new Set([one, other, elsewhere].map((stat) => stat.identity)).size).toBe(3);
    expect(one.device).toBe(other.device);
  });
});
