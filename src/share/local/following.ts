/** Symbolic links that stand for what they lead to (-L). */
import { constants } from 'node:os';
import { dropFd, O_PATH, openDirBeneath, openRoot, statAt, statFd } from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import { dirName } from '../../posix/names.js';
import { Stat } from '../../posix/stat.js';
import { saysAbsent } from '../failure.js';

const { ELOOP, ENOLINK } = constants.errno;

export class Following {
  private readonly stat = new Stat();
  /** Of `notInto`; undefined where it is not there. */
  private readonly barred: string | undefined;

  /** `notInto`, an absolute path, is never gone into: the other root, which would be copied into itself for ever. */
  constructor(notInto: string | undefined) {
    this.barred = notInto === undefined ? undefined : this.identityOf(() => openRoot(notInto));
  }

  /**
   * Puts what the link `name` in the open folder `fd`, which is `dir` beneath `root`, leads to into `out`. Throws ENOLINK when
   * it leads nowhere, and ELOOP when it leads to a folder that it is in: there would be no end to that.
   */
  look(root: number, fd: number, dir: string, name: string, out: Stat): void {
    try {
      statAt(fd, name, out, true);
    } catch (error) {
      throw saysAbsent(error) ? new SysError(ENOLINK, 'stat', name) : error;
    }
    if (out.kind !== 'dir') return;
    for (let above = dir; ; above = dirName(above)) {
      if (this.identityOf(() => openDirBeneath(root, above, O_PATH, true)) === out.identity)
        throw new SysError(ELOOP, 'stat', name);
      if (above === '') return;
    }
  }

  /** Throws ELOOP for the folder that is never gone into, by whatever way it was come to. */
  check(folder: Stat, name: string): void {
    if (this.barred === folder.identity) throw new SysError(ELOOP, 'stat', name);
  }

  private identityOf(open: () => number): string | undefined {
    let fd: number;
    try {
      fd = open();
    } catch (error) {
      if (saysAbsent(error)) return undefined;
      throw error;
    }
    try {
      statFd(fd, this.stat);
      return this.stat.identity;
    } finally {
      dropFd(fd);
    }
  }
}
