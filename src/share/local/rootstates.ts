/** Both roots as they are now, for a look after the first. Runs in a thread of its own, as roots.ts. */
import { dropFd, statFd } from '../../posix/calls.js';
import { asSysError } from '../../posix/errno.js';
import { Stat } from '../../posix/stat.js';
import { type Meta, metaOf } from '../entries.js';
import type { RootIdentity } from '../identity.js';
import type { Side } from '../share.js';
import { openPinned } from './pin.js';

export type RootStates = Readonly<Record<Side, Meta>>;

/** An error code where a root cannot be looked at, or is not the one that it was. */
export function rootStates(paths: Record<Side, string>, expected: Record<Side, RootIdentity>): RootStates | string {
  try {
    return { source: stateOf(paths.source, expected.source), dest: stateOf(paths.dest, expected.dest) };
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
