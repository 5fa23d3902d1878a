/** Gives an open file or folder the attributes that are kept of its source. */
import { constants } from 'node:os';
import {
  chmodAt,
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
import { filesystemFacts } from '../../posix/filesystems.js';
import { Stat } from '../../posix/stat.js';
import { filesystemType, freeBytes } from '../../posix/statfs.js';
import {
  type Attributes,
  type Carried,
  carriesXattrs,
  DOS_ATTRIBUTES,
  isKept,
  UNLISTED,
  XATTRS_MOST,
  type Xattr,
} from '../attributes.js';

const { EOPNOTSUPP } = constants.errno;
export const isRoot = process.geteuid!() === 0;

/** Errors that say that the filesystem, or the user, cannot: ext4 tells ENOSPC also of an attribute that is too long. */
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
  if (!carriesXattrs(attributes)) return [];
  const xattrs: Xattr[] = [];
  const unlisted = isOnSmb(fd) ? UNLISTED : [];
  for (const name of [...namesOf(fd), ...unlisted]) {
    if (!isKept(name, attributes, isRoot)) continue;
    const value = xattrValue(fd, name);
    if (value) xattrs.push({ name, value });
  }
  return xattrs;
}

function isOnSmb(fd: number): boolean {
  return filesystemFacts(filesystemType(fd)).cifsTimes;
}

function xattrValue(fd: number, name: string): Uint8Array | undefined {
  try {
    return getXattrFd(fd, name);
  } catch (error) {
    // Asked for without being listed, so that it may be something that this share has not.
    if (UNLISTED.includes(name) && error instanceof SysError && error.code === 'EOPNOTSUPP') return undefined;
    throw error;
  }
}

/** FILE_ATTRIBUTE_* of [MS-FSCC] 2.6 that are for users to set, and those that matter where they cannot be. */
const SETTABLE = 0x3127;
const TELLING = 0x0007;
const HIDDEN = 0x0002;
const NORMAL = 0x0080;

/** DOS attributes as a share takes them: the others are the filesystem's own, and none at all is said by one of its own. */
export function settable(value: Uint8Array): Buffer {
  const wanted = Buffer.from(value).readUInt32LE() & SETTABLE;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(wanted === 0 ? NORMAL : wanted);
  return bytes;
}

/**
 * Takes back that a file is hidden, after its creation time was set: Samba (set_create_timespec_ea in its dosmode.c) then
 * writes down what it shows of names that begin with a dot, as that of a part file does, and the file would stay hidden.
 */
export function unhide(fd: number, name: string): void {
  const value = xattrValue(fd, DOS_ATTRIBUTES);
  if (!value || name.startsWith('.')) return;
  const seen = Buffer.from(value).readUInt32LE();
  if ((seen & HIDDEN) === 0) return;
  const shown = Buffer.alloc(4);
  shown.writeUInt32LE((seen & ~HIDDEN) >>> 0);
  attempted(fd, (attempt) => attempt('', () => setXattrFd(fd, DOS_ATTRIBUTES, settable(shown), '')));
}

function setDosAttributes(fd: number, value: Uint8Array): void {
  if (isOnSmb(fd)) setXattrFd(fd, DOS_ATTRIBUTES, settable(value), '');
  else if (Buffer.from(value).readUInt32LE() & TELLING) throw new SysError(EOPNOTSUPP, 'setxattr', '');
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
  const { mode, uid, gid, xattrs } = carried;
  statFd(fd, stat);
  const isOwned = (uid ?? stat.uid) === stat.uid && (gid ?? stat.gid) === stat.gid;
  const warnings = attempted(fd, (attempt) => {
    if (!isOwned) attempt(ownerWords(carried), () => chownFd(fd, uid, gid));
    if (mode !== undefined) attempt(`mode ${octal(mode)}`, () => chmodFd(fd, mode));
    if (xattrs !== undefined) applyXattrs(fd, xattrs, attributes, attempt);
  });
  return warnings.length === 0 ? notKept(fd, carried) : warnings;
}

/** The same for a symbolic link itself, which has an owner only: its mode means nothing (symlink(7)). */
export function applyToLink(dir: number, name: string, { uid, gid }: Carried): string[] {
  if (uid === undefined && gid === undefined) return [];
  return attempted(dir, (attempt) => attempt(ownerWords({ uid, gid }), () => chownAt(dir, name, uid, gid)));
}

/** The same for a FIFO, socket or device, which is not opened: that would be something to its driver. */
export function applyToSpecial(dir: number, name: string, { mode, uid, gid }: Carried): string[] {
  return attempted(dir, (attempt) => {
    if (uid !== undefined || gid !== undefined) attempt(ownerWords({ uid, gid }), () => chownAt(dir, name, uid, gid));
    if (mode !== undefined) attempt(`mode ${octal(mode)}`, () => chmodAt(dir, name, mode));
  });
}

type Attempt = (what: string, work: () => void) => void;

/** Warnings of what was attempted on the filesystem of `fd`; throws SysError when the share is in trouble. */
function attempted(fd: number, all: (attempt: Attempt) => void): string[] {
  const warnings: string[] = [];
  const attempt = (what: string, work: () => void, isLast: boolean): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof SysError) || !CANNOT.has(error.code)) throw error;
      const isOutOfRoom = error.code === 'ENOSPC';
      if (isOutOfRoom && freeBytes(fd) < XATTRS_MOST) throw error;
      // There may be room since a moment ago.
      if (isOutOfRoom && !isLast) attempt(what, work, true);
      else warnings.push(`${error.code}: ${what}`);
    }
  };
  all((what, work) => attempt(what, work, false));
  return warnings;
}

function ownerWords({ uid, gid }: Pick<Carried, 'uid' | 'gid'>): string {
  return `owner ${uid ?? '-'}:${gid ?? '-'}`;
}

function applyXattrs(fd: number, xattrs: readonly Xattr[], attributes: Attributes, attempt: Attempt): void {
  const wanted = new Set(xattrs.map(({ name }) => name));
  for (const name of namesOf(fd))
    if (isKept(name, attributes, isRoot) && !wanted.has(name)) attempt(name, () => removeXattrFd(fd, name));
  for (const { name, value } of xattrs)
    if (name === DOS_ATTRIBUTES) attempt('DOS attributes', () => setDosAttributes(fd, value));
    else attempt(name, () => setXattrFd(fd, name, Buffer.from(value), ''));
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
