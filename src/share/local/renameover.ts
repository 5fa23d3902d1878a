/** Giving a file its name, in the place of another that somebody may have open. */
import { pause } from '../../pause.js';
import { renameAt, statAt } from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import { Stat } from '../../posix/stat.js';

const EBUSY = 16;
/** 3 s in all, the pause before each attempt being twice the last. */
const ATTEMPTS = 7;
const FIRST_PAUSE_MS = 50;
const stat = new Stat();

/**
 * renameat(2), but for SMB: where its server refuses to replace a file that is open, Linux removes that, which lasts until it is
 * closed, and fails (cifs_rename2 in fs/smb/client/inode.c). The name would be lost then, so it is tried again for 3 s. Throws
 * EBUSY where it is open still.
 */
export function renameOver(folder: number, part: string, name: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      renameAt(folder, part, folder, name);
      return;
    } catch (error) {
      if (!(error instanceof SysError) || error.code !== 'EACCES' || !isRemoved(folder, name)) throw error;
      if (attempt === ATTEMPTS) throw new SysError(EBUSY, 'rename', name);
    }
    pause(FIRST_PAUSE_MS * 2 ** (attempt - 1));
  }
}

/** There, and removed: it goes when the last that has it open closes it. */
function isRemoved(folder: number, name: string): boolean {
  try {
    statAt(folder, name, stat);
    return stat.links === 0;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return false;
  }
}
