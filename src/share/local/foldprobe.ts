/** Finds out, with a file of our own, which names a folder's filesystem takes for one. */
import { constants } from 'node:fs';
import { dropFd, openAt, unlinkAt } from '../../posix/calls.js';
import { asSysError } from '../../posix/errno.js';
import type { Folding } from '../folding.js';
import { probeName } from '../partname.js';
import { isThere } from './there.js';

/** Makes two files in the folder, and removes them. A filesystem that refuses such a name takes no other for it. */
export function probeFolding(folder: number, tag: string): Folding {
  // Has letters of both kinds in its prefix already.
  const [name, accented] = [probeName('case', tag), probeName('\u00e9', tag)];
  return {
    case: isTakenFor(folder, name, name.toUpperCase()),
    form: isTakenFor(folder, accented, accented.normalize('NFD')),
  };
}

function isTakenFor(folder: number, name: string, other: string): boolean {
  try {
    dropFd(openAt(folder, name, constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600));
  } catch (error) {
    asSysError(error, 'open', name);
    return false;
  }
  try {
    return isThere(folder, other);
  } finally {
    unlinkAt(folder, name);
  }
}
