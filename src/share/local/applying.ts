/** Gives an open file or folder the attributes that are kept of its source. */
import {
  chmodFd,
  chownAt,
  chownFd,
  getXattrFd,
  listXattrsFd,
  removeXattrFd,
  setXattrFd,
  statFd,
} from '../../posix/calls.js';
import { SysError } from '../../posix/errno.js';
import { Stat } from '../../posix/stat.js';
import { type Attributes, type Carried, isKept, type Xattr } from '../attributes.js';

export const isRoot = process.geteuid!() === 0;

/** Errors that say that the filesystem, or the user, cannot: ext4 tells ENOSPC of an attribute that is too long. */
const CANNOT: ReadonlySet<string> = new Set([
  'EPERM',
  'EACCES',
  'EOPNOTSUPP',
  'EINVAL',
  'ENOSPC',
  'E2BIG',
  'ERANGE',
  'ENOSYS',
]);

const stat = new Stat();

/** All attributes of the kinds that are kept. Throws SysError when they cannot be read. */
export function xattrsOf(fd: number, attributes: Attributes): Xattr[] {
  if (!attributes.acls && !attributes.xattrs) return [];
  const xattrs: Xattr[] = [];
  for (const name of namesOf(fd)) {
    if (!isKept(name, attributes, isRoot)) continue;
    const value = getXattrFd(fd, name);
    if (value) xattrs.push({ name, value });
  }
  return xattrs;
}

/** None where the filesystem has none. */
function namesOf(fd: number): string[] {
  try {
    return listXattrsFd(fd);
  } catch (error) {
    if (error instanceof SysError && error.code === 'EOPNOTSUPP') return [];
    throw error;
  }
}

/**
 * Applies what is carried, in an order in which no step undoes another: a change of owner clears the set-id bits and
 * capabilities (chown(2)), one of the mode sets the mask of an ACL (acl(5)). Returns what the destination did not
 * take, each as a line with an error code; throws SysError when the share is in trouble.
 */
export function apply(fd: number, carried: Carried, attributes: Attributes): string[] {
  const warnings: string[] = [];
  const attempt = (what: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof SysError) || !CANNOT.has(error.code)) throw error;
      warnings.push(`${error.code}: ${what}`);
    }
  };
  const { mode, uid, gid, xattrs } = carried;
  statFd(fd, stat);
  const isOwned = (uid ?? stat.uid) === stat.uid && (gid ?? stat.gid) === stat.gid;
  if (!isOwned) attempt(`owner ${uid ?? '-'}:${gid ?? '-'}`, () => chownFd(fd, uid, gid));
  if (mode !== undefined) attempt(`mode ${octal(mode)}`, () => chmodFd(fd, mode));
  if (xattrs !== undefined) applyXattrs(fd, xattrs, attributes, attempt);
  if (warnings.length === 0) warnings.push(...notKept(fd, carried));
  return warnings;
}

/** The same for a symbolic link itself, which has an owner only: its mode means nothing (symlink(7)). */
export function applyToLink(dir: number, name: string, { uid, gid }: Carried): string[] {
  if (uid === undefined && gid === undefined) return [];
  try {
    chownAt(dir, name, uid, gid);
    return [];
  } catch (error) {
    if (!(error instanceof SysError) || !CANNOT.has(error.code)) throw error;
    return [`${error.code}: owner ${uid ?? '-'}:${gid ?? '-'}`];
  }
}

function applyXattrs(
  fd: number,
  xattrs: readonly Xattr[],
  attributes: Attributes,
  attempt: (what: string, work: () => void) => void,
): void {
  const wanted = new Set(xattrs.map(({ name }) => name));
  for (const name of namesOf(fd))
    if (isKept(name, attributes, isRoot) && !wanted.has(name)) attempt(name, () => removeXattrFd(fd, name));
  for (const { name, value } of xattrs) attempt(name, () => setXattrFd(fd, name, Buffer.from(value), ''));
}

/** What a filesystem said yes to and did not do: SMB shows all files with the owner and mode that it was mounted with. */
function notKept(fd: number, { mode, uid, gid, xattrs }: Carried): string[] {
  statFd(fd, stat);
  const seen = stat.mode & 0o7777;
  // An ACL has the last word on the group's bits.
  const isAclSet = xattrs?.some(({ name }) => name.startsWith('system.')) ?? false;
  const differs: string[] = [];
  if (mode !== undefined && seen !== mode && !isAclSet) differs.push(`mode stays ${octal(seen)}, not ${octal(mode)}`);
  if (uid !== undefined && stat.uid !== uid) differs.push(`owner stays ${stat.uid}, not ${uid}`);
  if (gid !== undefined && stat.gid !== gid) differs.push(`group stays ${stat.gid}, not ${gid}`);
  return differs.map((what) => `EOPNOTSUPP: ${what}`);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
