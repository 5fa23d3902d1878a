/** Which filesystem of its kind a root is on: roots of two disks or exports often have the same inode number. */
import { readFileSync } from 'node:fs';
import type { FilesystemFacts } from '../../posix/filesystems.js';
import { fatVolumeId, filesystemId } from '../../posix/statfs.js';
import type { Volume } from '../identity.js';
import { sourceOf } from '../mounts.js';
import { mountinfo } from './mountinfo.js';

/** NFS servers and the filesystems on them, as the kernel's client knows them (nfs_volume_list_show in fs/nfs/client.c). */
const NFS_VOLUMES = '/proc/fs/nfsfs/volumes';

/** Undefined: nothing tells. `device` is major:minor. */
export function volumeOf(fd: number, { knownBy }: FilesystemFacts, device: string): Volume | undefined {
  switch (knownBy) {
    case 'id':
      return known('id', filesystemId(fd));
    case 'serial':
      // The second half is of a creation time, which servers make up of other times of the share's root.
      return known('serial', filesystemId(fd).slice(0, 8)) ?? bySource(mountedAs(device));
    case 'label':
      return known('label', fatVolumeId(fd));
    case 'server': {
      const source = mountedAs(device);
      return nfsVolume(nfsVolumes(), device, source) ?? bySource(source);
    }
    case 'source':
      return bySource(mountedAs(device));
    case 'birth':
      return undefined;
  }
}

function known(by: string, id: string): Volume | undefined {
  return /^0*$/.test(id) ? undefined : { by, id };
}

function mountedAs(device: string): string {
  return sourceOf(device, mountinfo());
}

/** What is mounted, by its name; a local device is another each time. */
function bySource(source: string): Volume | undefined {
  return source === '' || source.startsWith('/dev/') ? undefined : { by: 'source', id: source };
}

/** Empty: not told, as where the mount was made in another network namespace. */
function nfsVolumes(): string {
  try {
    return readFileSync(NFS_VOLUMES, 'latin1');
  } catch {
    return '';
  }
}

/**
 * The server's own number for the filesystem: of two halves, each in hexadecimal. One that somebody chose (`fsid=0` in
 * exports(5)) is small, and other servers have it too: the server's name counts there. Pure; exported for its test.
 */
export function nfsVolume(volumes: string, device: string, source: string): Volume | undefined {
  for (const line of volumes.split('\n')) {
    const [version, , , itsDevice, id] = line.split(/ +/);
    if (itsDevice !== device || !id) continue;
    const isChosen = id.split(':').every((half) => half.length <= 8);
    return { by: `nfs ${version}`, id: isChosen ? `${id} of ${source.slice(0, source.lastIndexOf(':/'))}` : id };
  }
  return undefined;
}
