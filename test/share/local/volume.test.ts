import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dropFd, openRoot } from '../../../src/posix/calls.js';
import { isSameRoot, type RootIdentity } from '../../../src/share/identity.js';
import { identityOf } from '../../../src/share/local/pin.js';
import { nfsVolume } from '../../../src/share/local/volume.js';
import { canMountFuse, canMountImage, mountFuse, mountImage, temporaryFolder, unmount } from '../../helpers/tree.js';

function rootAt(path: string): RootIdentity {
  const fd = openRoot(path);
  try {
    return identityOf(fd);
  } finally {
    dropFd(fd);
  }
}

const VOLUMES = `NV SERVER   PORT DEV          FSID                              FSC
v4 7f000001  801 0:26         0:0                               no 
v4 7f000001  801 0:28         8235f745f9884fb2:8bd8dad9557514ce no 
v3 7f000001  801 0:29         db61218252ab27c7:0                no 
v3 7f000001  801 0:30         b:0                               no 
`;

describe('the number that a server has for an NFS filesystem', () => {
  test.each([
    ['of NFS 4', '0:28', { by: 'nfs v4', id: '8235f745f9884fb2:8bd8dad9557514ce' }],
    ['of NFS 3', '0:29', { by: 'nfs v3', id: 'db61218252ab27c7:0' }],
    ['that somebody chose, with the server', '0:30', { by: 'nfs v3', id: 'b:0 of [fe80::1]' }],
    ['of an export that is the root of all', '0:26', { by: 'nfs v4', id: '0:0 of [fe80::1]' }],
    ['that is not told', '0:2', undefined],
  ])('%s', (_, device, volume) => {
    expect(nfsVolume(VOLUMES, device, '[fe80::1]:/exports/a')).toEqual(volume);
  });

  test('is not known where nothing is told', () => expect(nfsVolume('', '0:28', 's:/')).toBeUndefined());
});

// Inodes of 128 bytes have no room for a creation time, and the root's number is the same on each.
test.skipIf(!canMountImage('ext4'))('disks without creation times are told apart, and known again', () => {
  const top = temporaryFolder();
  const rootOf = (name: string) => rootAt(join(top, name));
  for (const name of ['one', 'two']) mountImage(join(top, name), 'ext4', 16, '-I', '128');
  expect(rootOf('one')).toMatchObject({ ino: rootOf('two').ino, btimeNs: '0', volume: { by: 'id' } });
  expect(isSameRoot(rootOf('one'), rootOf('two'))).toBe(false);
  expect(isSameRoot(rootOf('one'), rootOf('one'))).toBe(true);
});

test.skipIf(!canMountFuse())('what FUSE servers show is known by its name', () => {
  const top = temporaryFolder();
  const at = join(top, 'at');
  for (const name of ['a', 'b']) mkdirSync(join(top, name));
  const rootOf = (shown: string) => {
    mountFuse(join(top, shown), at);
    const root = rootAt(at);
    unmount(at);
    return root;
  };
  const first = rootOf('a');
  expect(first.volume).toEqual({ by: 'source', id: join(top, 'a') });
  expect(isSameRoot(first, rootOf('a'))).toBe(true);
  expect(isSameRoot(first, { ...rootOf('b'), ino: first.ino })).toBe(false);
});
