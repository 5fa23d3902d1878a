/** Roots by descriptor: opened, and made sure to be those that the run began with. */
import { dropFd, openRoot, statFd } from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import { filesystemFacts } from '../../posix/filesystems.js';
import { Stat } from '../../posix/stat.js';
import { filesystemType } from '../../posix/statfs.js';
import { isSameRoot, type RootIdentity } from '../identity.js';
import { volumeOf } from './volume.js';

const ENODEV = 19;
/** Inode number of the root of FAT and exFAT, which has no creation time: exFAT says when it was mounted. */
const FAT_ROOT = 1n;

export function identityOf(fd: number): RootIdentity {
  const stat = new Stat();
  statFd(fd, stat);
  const type = filesystemType(fd);
  const facts = filesystemFacts(type);
  const isRoot = stat.ino === FAT_ROOT;
  // A server may make creation times up: Samba takes the oldest of the other times, which changes.
  const hasBtime = stat.hasBtime && !facts.network && !(facts.numbersNames && isRoot);
  return {
    type,
    ino: facts.numbersNames && !isRoot ? 'beneath the root' : String(stat.ino),
    btimeNs: String(hasBtime ? stat.btimeNs : 0n),
    volume: volumeOf(fd, facts, stat.device),
  };
}

/** What a lane is given to be sure of its root, and to be told that it is to open it anew. */
export interface Pin {
  readonly identity: RootIdentity;
  /** One Int32 word, which changes when the share was away: descriptors from before may be dead. */
  readonly epoch: Int32Array;
}

/** Opens a root; throws ENODEV when it is not the one that is `expected`. */
export function openPinned(path: string, expected: RootIdentity | undefined): number {
  const fd = openRoot(path);
  try {
    if (expected && !isSameRoot(identityOf(fd), expected)) throw new SysError(ENODEV, 'look at the root', '');
    return fd;
  } catch (error) {
    dropFd(fd);
    throw error;
  }
}
