/**
 * A folder of our own in the destination's root in which things are tried. Its name has the prefix of unfinished files,
 * so that one that a kill leaves is known as ours; the next doctor removes it.
 */
import { constants, mkdirSync } from 'node:fs';
import { dropFd, makeDirAt, openAt, openRoot, removeDirAt, statAt, unlinkAt } from '../../../posix/calls.js';
import { asSysError } from '../../../posix/errno.js';
import { listFd } from '../../../posix/listing.js';
import { Stat } from '../../../posix/stat.js';
import { saysAbsent } from '../../failure.js';
import type { RootIdentity } from '../../identity.js';
import { PART_PREFIX } from '../../partname.js';
import { identityOf, openPinned } from '../pin.js';
import { keepingTimes, removeIfEmpty } from '../trial.js';
import type { Pulse } from './pulse.js';

/** Known by its prefix, and not the temporary name of any file. */
export const SCRATCH = `${PART_PREFIX}~doctor`;

/** Makes the destination where it is missing, and a new scratch folder in it. */
export function makeScratch(dest: string, pulse: Pulse): { madeDest: boolean; identity: RootIdentity } {
  let made = false;
  try {
    mkdirSync(dest);
    made = true;
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  }
  try {
    const root = openRoot(dest);
    try {
      keepingTimes(root, () => {
        removeTree(root, SCRATCH, pulse);
        makeDirAt(root, SCRATCH, 0o700);
      });
      return { madeDest: made, identity: identityOf(root) };
    } finally {
      dropFd(root);
    }
  } catch (error) {
    if (made) removeIfEmpty(dest);
    throw error;
  }
}

/** Runs `work` with the scratch folder's descriptor. */
export function inScratch<T>(dest: string, expected: RootIdentity, work: (folder: number, root: number) => T): T {
  const root = openPinned(dest, expected);
  try {
    const folder = openFolder(root, SCRATCH);
    try {
      return work(folder, root);
    } finally {
      dropFd(folder);
    }
  } finally {
    dropFd(root);
  }
}

/** Removes the scratch folder, and with `madeDest` the destination as well, if there is nothing else in it. */
export function removeScratch(dest: string, expected: RootIdentity, madeDest: boolean, pulse: Pulse): void {
  const root = openPinned(dest, expected);
  try {
    keepingTimes(root, () => removeTree(root, SCRATCH, pulse));
  } finally {
    dropFd(root);
  }
  if (madeDest) removeIfEmpty(dest);
}

export function openFolder(parent: number, name: string): number {
  return openAt(parent, name, constants.O_RDONLY | constants.O_DIRECTORY);
}

/** A new empty file, open for reading and writing. */
export function newFile(folder: number, name: string): number {
  return openAt(folder, name, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600);
}

export function namesIn(folder: number, name = '.'): string[] {
  const fd = openFolder(folder, name);
  const names: string[] = [];
  try {
    listFd(fd, name, (found) => names.push(found));
  } finally {
    dropFd(fd);
  }
  return names;
}

/** Removes what has this name, and all that is in it, and leads to by no link; none there is fine. */
export function removeTree(parent: number, name: string, pulse: Pulse): void {
  pulse.beat();
  try {
    const stat = new Stat();
    statAt(parent, name, stat);
    if (stat.kind !== 'dir') {
      unlinkAt(parent, name);
      return;
    }
    const folder = openFolder(parent, name);
    try {
      for (const inside of namesIn(folder)) removeTree(folder, inside, pulse);
    } finally {
      dropFd(folder);
    }
    removeDirAt(parent, name);
  } catch (error) {
    if (!saysAbsent(error)) throw asSysError(error, 'unlink', name);
  }
}

/** The code of the error that `work` ends with; undefined: it went well. */
export function refusal(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return asSysError(error, 'try', '').code;
  }
}
