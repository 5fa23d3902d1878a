/** Looks at roots, and at one entry, while a run goes on. Runs in a thread of its own, as roots.ts. */
import { dropFd, O_PATH, openDirBeneath, statAt, statFd } from '../../posix/calls.js';
import { asSysError } from '../../posix/errno.js';
import { baseName, dirName } from '../../posix/names.js';
import { Stat } from '../../posix/stat.js';
import { type Meta, metaOf } from '../entries.js';
import type { RootIdentity } from '../identity.js';
import { openPinned } from './pin.js';

/** A root as it is now; an error code where it cannot be looked at, or is not the one that it was. */
export function rootState(path: string, expected: RootIdentity): Meta | string {
  try {
    return stateOf(path, expected);
  } catch (error) {
    return asSysError(error, 'stat', '').code;
  }
}

function stateOf(path: string, expected: RootIdentity): Meta {
  const root = openPinned(path, expected);
  try {
    const stat = new Stat();
    statFd(root, stat);
    return metaOf(stat);
  } finally {
    dropFd(root);
  }
}

/** Bytes of the disk that the file takes, or that its link leads to; undefined where it cannot be looked at. */
export function allocatedBytes(root: string, expected: RootIdentity, path: string): number | undefined {
  const open: number[] = [];
  try {
    open.push(openPinned(root, expected));
    open.push(openDirBeneath(open[0]!, dirName(path), O_PATH, true));
    const stat = new Stat();
    statAt(open[1]!, baseName(path), stat, true);
    return stat.allocated;
  } catch (error) {
    asSysError(error, 'stat', path);
    return undefined;
  } finally {
    for (const fd of open) dropFd(fd);
  }
}
