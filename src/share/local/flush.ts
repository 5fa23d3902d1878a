/** Flushing what was published. Runs in a thread of its own, as roots.ts. */
import { dropFd, openRoot } from '../../posix/calls.js';
import { asSysError, SysError } from '../../posix/errno.js';
import { syncFilesystem } from '../../posix/statfs.js';
import type { RootIdentity } from '../identity.js';
import { openPinned } from './pin.js';

/**
 * Flushes the destination's whole filesystem: what was published before is durable afterwards. Gives an error code where
 * the `expected` one cannot be reached, and nothing was tried; throws SysError when flushing itself failed.
 */
export function syncRoot(dest: string, expected?: RootIdentity): string | undefined {
  let root: number;
  try {
    root = openPinned(dest, expected);
  } catch (error) {
    return asSysError(error, 'open', dest).code;
  }
  flush(root);
  return undefined;
}

/**
 * The same for what is mounted at these places, where something was published. Throws SysError, whose operation has the
 * place, also where it cannot be opened: a filesystem that has died has not got what was not flushed before.
 */
export function syncMounts(points: readonly string[]): void {
  for (const point of points) {
    try {
      flush(openRoot(point));
    } catch (error) {
      const { errno, op, path } = asSysError(error, 'syncfs', point);
      throw new SysError(errno, `${op} of ${point}`, path);
    }
  }
}

/** Closes the descriptor, too. */
function flush(root: number): void {
  try {
    syncFilesystem(root);
  } finally {
    dropFd(root);
  }
}
