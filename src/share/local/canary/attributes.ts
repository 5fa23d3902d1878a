/** Which kinds of entries and which attributes a folder's filesystem keeps. */
import { fchmodSync, fchownSync } from 'node:fs';
import {
  dropFd,
  getXattrFd,
  linkAt,
  readLinkAt,
  setXattrFd,
  statAt,
  statFd,
  symlinkAt,
  unlinkAt,
} from '../../../posix/calls.js';
import { Stat } from '../../../posix/stat.js';
import type { Pulse } from './pulse.js';
import { newFile, refusal } from './scratch.js';

/** `kept`: it is there as it was set; else the code of an error, or `ignored`: no error, and no effect. */
export type Kept = 'kept' | 'ignored' | (string & {});

export interface AttributeFacts {
  readonly symlinks: Kept;
  readonly hardLinks: Kept;
  /** Permission bits. */
  readonly modes: Kept;
  /** Owner and group; undefined: only root may try. */
  readonly owners: Kept | undefined;
  /** Attributes named user.*. */
  readonly xattrs: Kept;
  readonly posixAcls: Kept;
  /** Lists of the server's own kind. */
  readonly nfs4Acls: boolean;
  readonly smbAcls: boolean;
}

/** Tried, then looked at. */
function trial(act: () => void, isKept: () => boolean): Kept {
  let kept = false;
  const refused = refusal(() => {
    act();
    kept = isKept();
  });
  return refused ?? (kept ? 'kept' : 'ignored');
}

const TARGET = 'no/where';
const ODD_MODES = [0o751, 0o604];
/** Not anybody's, most probably. */
const STRANGER = 54_321;
const XATTR = 'user.millrace';

export function tryAttributes(folder: number, pulse: Pulse): AttributeFacts {
  const stat = new Stat();
  const look = (name: string) => {
    statAt(folder, name, stat);
    return stat;
  };
  pulse.beat();
  const symlinks = trial(
    () => symlinkAt(TARGET, folder, 'symlink'),
    () => look('symlink').kind === 'link' && readLinkAt(folder, 'symlink') === TARGET,
  );
  const fd = newFile(folder, 'file');
  try {
    pulse.beat();
    const hardLinks = trial(
      () => linkAt(folder, 'file', folder, 'hardlink'),
      () => look('hardlink').links === 2,
    );
    pulse.beat();
    const modes = trial(
      () => {},
      () =>
        ODD_MODES.every((mode) => {
          fchmodSync(fd, mode);
          statFd(fd, stat, '', true);
          return (stat.mode & 0o7777) === mode;
        }),
    );
    pulse.beat();
    const xattrs = trial(
      () => setXattrFd(fd, XATTR, Buffer.from('kept'), ''),
      () => getXattrFd(fd, XATTR, '')?.toString() === 'kept',
    );
    pulse.beat();
    const acl = posixAcl();
    const posixAcls = trial(
      () => setXattrFd(fd, 'system.posix_acl_access', acl, ''),
      () => getXattrFd(fd, 'system.posix_acl_access', '')?.equals(acl) === true,
    );
    const has = (name: string) => {
      let value: Buffer | undefined;
      refusal(() => {
        value = getXattrFd(fd, name, '');
      });
      return value !== undefined;
    };
    const [nfs4Acls, smbAcls] = [has('system.nfs4_acl'), has('system.cifs_acl')];
    pulse.beat();
    // Last: who is not root could do nothing more to the file.
    const owners =
      process.getuid!() !== 0
        ? undefined
        : trial(
            () => fchownSync(fd, STRANGER, STRANGER),
            () => {
              statFd(fd, stat, '', true);
              return stat.uid === STRANGER && stat.gid === STRANGER;
            },
          );
    return { symlinks, hardLinks, modes, owners, xattrs, posixAcls, nfs4Acls, smbAcls };
  } finally {
    dropFd(fd);
    for (const name of ['symlink', 'hardlink', 'file']) refusal(() => unlinkAt(folder, name));
  }
}

/**
 * user::rw- user:54321:r-- group::r-- mask::r-- other::---, as the kernel's xattr has it (posix_acl_xattr.h): version 2,
 * then tag, permissions and id of each entry.
 */
function posixAcl(): Buffer {
  const [USER_OBJ, USER, GROUP_OBJ, MASK, OTHER, NO_ID] = [0x01, 0x02, 0x04, 0x10, 0x20, 0xffffffff];
  const entries = [
    [USER_OBJ, 6, NO_ID],
    [USER, 4, STRANGER],
    [GROUP_OBJ, 4, NO_ID],
    [MASK, 4, NO_ID],
    [OTHER, 0, NO_ID],
  ] as const;
  const value = Buffer.alloc(4 + entries.length * 8);
  value.writeUInt32LE(2);
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    const at = 4 + index * 8;
    value.writeUInt16LE(tag, at);
    value.writeUInt16LE(permissions, at + 2);
    value.writeUInt32LE(id, at + 4);
  }
  return value;
}
