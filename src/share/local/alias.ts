/**
 * Names that an entry has beside its own: FAT, NTFS and their servers find `Longer name.txt` by `LONGER~1.TXT` too, and list
 * it by the first alone. An entry of the source that is called so must not take the other's place.
 */
import { dropFd, openDirBeneath, renameNewAt } from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import { listFd } from '../../posix/listing.js';
import { COLLIDES } from '../failure.js';
import { foldName } from '../folding.js';
import { renameOver } from './renameover.js';
import { isThere } from './there.js';

const EEXIST = 17;
const FOLDING = { case: true, form: false };

/** Whether a name is of the kind that is given beside a long one: eight characters with `~` and a number, and three. */
export function mayBeAlias(name: string): boolean {
  return /^(?=[^.]{2,8}(\.|$))[^.]*~\d+(\.[^.]{0,3})?$/.test(name);
}

/** Throws COLLIDES where the name leads to an entry of another name. To be asked where the filesystem has aliases. */
export function refuseAlias(folder: number, name: string): void {
  if (mayBeAlias(name) && isThere(folder, name) && !isListed(folder, name))
    throw new SysError(EEXIST, 'rename', name, COLLIDES);
}

/** Gives what has a temporary name in `folder` its own, in the place of what is there by it, and of nothing else. */
export function moveToName(folder: number, part: string, name: string, hasAliases: boolean): void {
  if (hasAliases && mayBeAlias(name)) {
    try {
      // Another lane may give the long name at this moment.
      renameNewAt(folder, part, folder, name);
      return;
    } catch (error) {
      if (!(error instanceof SysError) || !['EEXIST', 'EINVAL', 'ENOSYS'].includes(error.code)) throw error;
      refuseAlias(folder, name);
    }
  }
  renameOver(folder, part, name);
}

function isListed(folder: number, name: string): boolean {
  const wanted = foldName(name, FOLDING);
  let found = false;
  // A listing goes on where the one before on the same descriptor ended.
  const fd = openDirBeneath(folder, '');
  try {
    listFd(fd, '', (listed) => {
      found ||= foldName(listed, FOLDING) === wanted;
    });
  } finally {
    dropFd(fd);
  }
  return found;
}
