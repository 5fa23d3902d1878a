import { describe, expect, it } from 'vitest';
import { filesystemFacts } from '../../src/posix/filesystems.js';

/** Numbers from linux/magic.h and statfs(2). */
describe('filesystemFacts', () => {
  it.each([
    [0x6969, 'nfs', true, 1n],
    [0xff534d42, 'cifs', true, 100n],
    [0xfe534d42, 'smb2', true, 100n],
    [0x517b, 'smb', true, 100n],
    [0x65735546, 'fuse', true, 1n],
    [0x01021997, '9p', true, 1n],
    [0x00c36400, 'ceph', true, 1n],
    [0xef53, 'ext4', false, 1n],
    [0x58465342, 'xfs', false, 1n],
    [0x9123683e, 'btrfs', false, 1n],
    [0x01021994, 'tmpfs', false, 1n],
    [0x794c7630, 'overlay', false, 1n],
    [0x2fc12fc1, 'zfs', false, 1n],
    [0x4d44, 'vfat', false, 2_000_000_000n],
    [0x2011bab0, 'exfat', false, 10_000_000n],
    [0x7366746e, 'ntfs3', false, 100n],
  ])('%i is %s', (type, name, network, grainNs) => {
    expect(filesystemFacts(type)).toMatchObject({ name, network, grainNs });
  });

  it('knows that SMB clients keep creation times in an attribute, and nobody else does', () => {
    expect(filesystemFacts(0xff534d42).cifsTimes).toBe(true);
    expect(filesystemFacts(0xfe534d42).cifsTimes).toBe(true);
    expect(filesystemFacts(0xff534d42).ownNames).toBe(true);
    expect(filesystemFacts(0x6969).ownNames).toBe(false);
    for (const type of [0x6969, 0xef53, 0x65735546]) expect(filesystemFacts(type).cifsTimes).toBe(false);
  });

  it('takes an unknown type for a local disk with exact times, and names it by its number', () => {
    expect(filesystemFacts(0xabcdef)).toEqual({
      name: '0xabcdef',
      network: false,
      cifsTimes: false,
      ownNames: false,
      numbersNames: false,
      listsOneLink: false,
      fillsHoles: false,
      knownBy: 'birth',
      grainNs: 1n,
    });
  });

  it('knows what tells one filesystem from another of its kind', () => {
    const known = (type: number) => filesystemFacts(type).knownBy;
    expect([0xef53, 0x9123683e, 0x2fc12fc1].map(known)).toEqual(['id', 'id', 'id']);
    expect([0xff534d42, 0xfe534d42].map(known)).toEqual(['serial', 'serial']);
    expect([0x6969, 0x65735546, 0x01021997].map(known)).toEqual(['server', 'source', 'source']);
    expect([0x58465342, 0x01021994, 0x2011bab0].map(known)).toEqual(['birth', 'birth', 'birth']);
  });
});
