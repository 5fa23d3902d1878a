/** Looks at roots, and at one entry, while a run goes on. Runs in a thread of its own, as roots.ts. */
import { dropFd, O_PATH, openDirBeneath, openForReading, statFd } from '../../posix/calls.js';
import { asSysError } from '../../posix/errno.js';
import { baseName, dirName } from '../../posix/names.js';
import { Stat } from '../../posix/stat.js';
import { NO_ATTRIBUTES } from '../attributes.js';
import { type Meta, metaOf } from '../entries.js';
import { Holes } from '../holes.js';
import type { RootIdentity } from '../identity.js';
import { LocalSourceFile } from './files.js';
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

/** Where a file has more stretches of data, each of which may be a question to the server, they are not counted. */
const MOST_STRETCHES = 1000;

/**
 * Bytes that a copy of the file, or of what its link leads to, writes: its holes are left out as far as its filesystem tells
 * where they are. Undefined where that cannot be told.
 */
export function dataBytes(root: string, expected: RootIdentity, path: string): number | undefined {
  const open: number[] = [];
  try {
    open.push(openPinned(root, expected));
    open.push(openDirBeneath(open[0]!, dirName(path), O_PATH, true));
    open.push(openForReading(open[1]!, baseName(path), true, true));
    const file = new LocalSourceFile(open[2]!, new Stat(), NO_ATTRIBUTES);
    const { allocated, size } = file.stat(false);
    return allocated < size ? new Holes(file, size).total(MOST_STRETCHES) : size;
  } catch (error) {
    asSysError(error, 'open', path);
    return undefined;
  } finally {
    for (const fd of open) dropFd(fd);
  }
}
