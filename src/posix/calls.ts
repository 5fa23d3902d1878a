/**
 * Thin, typed wrappers: names in and out as described in names.ts, failures as SysError. `dir` is always an open
 * folder descriptor and `name` one component beneath it; nothing here follows a symbolic link in the last component, but
 * for what is told to follow.
 */
import { constants } from 'node:fs';
import { SysError } from './errno.js';
import { lastErrno, libc, SYS_MKNODAT, SYS_OPENAT2, SYS_RENAMEAT2 } from './libc.js';
import { decodeName, nameBytes } from './names.js';
import type { Stat } from './stat.js';

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_NO_AUTOMOUNT = 0x800;
const AT_EMPTY_PATH = 0x1000;
const AT_STATX_FORCE_SYNC = 0x2000;
const EINVAL = 22;
const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** A path as C takes it; koffi turns strings into UTF-8, other names go as their bytes. */
function arg(name: string): string | Buffer {
  return name.isWellFormed() ? name : Buffer.concat([nameBytes(name), Buffer.of(0)]);
}

/** Throws a SysError where a call of the C library says that it failed. */
export function check(result: number, op: string, path: string): number {
  if (result < 0) throw new SysError(lastErrno(), op, path);
  return result;
}

export function openAt(dir: number, name: string, flags: number, mode = 0, follow = false): number {
  const all = flags | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
  return check(libc.openat(dir, arg(name), all, mode), 'open', name);
}

/** Opens an absolute path, following links: for the two roots, which the operator named. */
export function openRoot(path: string): number {
  return check(libc.openat(-100, arg(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), 'open', path);
}

const how = Buffer.alloc(24);
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_NO_SYMLINKS = 0x04n;
const RESOLVE_BENEATH = 0x08n;
const RESOLVE = {
  inside: RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
  anywhere: RESOLVE_NO_MAGICLINKS,
};
let haveOpenat2 = true;

/**
 * Opens the folder `path` beneath `root` with openat2(2), so that neither `..` nor a symbolic link on the way, even
 * one swapped in a moment ago, leads outside. Kernels before 5.6 and some sandboxes lack the call; there the path is
 * walked one component at a time with O_NOFOLLOW, which gives the same guarantee. `follow`: links on the way, and at the
 * end, are followed wherever they lead.
 */
export function openDirBeneath(root: number, path: string, flags = O_RDONLY, follow = false): number {
  const wanted = flags | O_DIRECTORY | O_CLOEXEC;
  if (!haveOpenat2) return walkBeneath(root, path, wanted, follow);
  how.writeBigUInt64LE(BigInt(wanted), 0);
  how.writeBigUInt64LE(follow ? RESOLVE.anywhere : RESOLVE.inside, 16);
  for (let attempt = 0; ; attempt++) {
    const fd = libc.openat2(SYS_OPENAT2, root, path === '' ? '.' : arg(path), how, how.length);
    if (fd >= 0) return fd;
    const code = new SysError(lastErrno(), 'open', path);
    if (code.code === 'EAGAIN' && attempt < 8) continue; // a rename raced with the resolution
    // Beyond PATH_MAX a path can only be walked.
    if (code.code === 'ENAMETOOLONG') return walkBeneath(root, path, wanted, follow);
    if (code.code === 'ENOSYS' || (code.code === 'EPERM' && attempt === 0)) {
      haveOpenat2 = false;
      return walkBeneath(root, path, wanted, follow);
    }
    throw code;
  }
}

function walkBeneath(root: number, path: string, flags: number, follow: boolean): number {
  const steps = path === '' ? ['.'] : path.split('/');
  let at = root;
  for (const [index, step] of steps.entries()) {
    if (step === '..' || step === '') throw new SysError(EINVAL, 'open', path);
    const last = index === steps.length - 1;
    const how = (last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC) | (follow ? 0 : O_NOFOLLOW);
    const fd = libc.openat(at, arg(step), how, 0);
    const errno = fd < 0 ? lastErrno() : 0;
    if (at !== root) libc.close(at);
    if (fd < 0) throw new SysError(errno, 'open', path);
    at = fd;
  }
  return at;
}

const O_NOATIME = 0o1000000;
/**
 * Opens a file for reading; O_NONBLOCK so that a FIFO swapped in for it cannot hang the lane. `unseen`: reading it leaves
 * the access time alone, which only its owner and root may ask for (open(2)).
 */
export function openForReading(dir: number, name: string, unseen = false, follow = false): number {
  const flags = O_RDONLY | O_NONBLOCK;
  if (!unseen) return openAt(dir, name, flags, 0, follow);
  try {
    return openAt(dir, name, flags | O_NOATIME, 0, follow);
  } catch (error) {
    if (!(error instanceof SysError) || error.code !== 'EPERM') throw error;
    return openAt(dir, name, flags, 0, follow);
  }
}

/** Closes and reports: on NFS and with quotas the error of a late write arrives here (close(2)). Never retried. */
export function closeFd(fd: number, path = ''): void {
  check(libc.close(fd), 'close', path);
}

/** Closes a descriptor whose late errors do not matter (opened for reading, or given up already). */
export function dropFd(fd: number): void {
  libc.close(fd);
}

/** `follow`: of what a link leads to. `fresh`: asks the server, whatever the kernel remembers (statx(2)). */
export function statAt(dir: number, name: string, out: Stat, follow = false, fresh = false): void {
  const flags = AT_NO_AUTOMOUNT | (follow ? 0 : AT_SYMLINK_NOFOLLOW) | (fresh ? AT_STATX_FORCE_SYNC : 0);
  check(libc.statx(dir, arg(name), flags, out.wanted, out.bytes), 'stat', name);
}

/** `fresh`: see statAt. */
export function statFd(fd: number, out: Stat, path = '', fresh = false): void {
  const flags = fresh ? AT_EMPTY_PATH | AT_STATX_FORCE_SYNC : AT_EMPTY_PATH;
  check(libc.statx(fd, '', flags, out.wanted, out.bytes), 'stat', path);
}

export function renameAt(fromDir: number, from: string, toDir: number, to: string): void {
  check(libc.renameat(fromDir, arg(from), toDir, arg(to)), 'rename', to);
}

const RENAME_NOREPLACE = 1;

/** As renameAt, but throws EEXIST where something is there (renameat2(2)); EINVAL where the filesystem cannot tell. */
export function renameNewAt(fromDir: number, from: string, toDir: number, to: string): void {
  const result = libc.renameat2(SYS_RENAMEAT2, fromDir, arg(from), toDir, arg(to), RENAME_NOREPLACE);
  check(Number(result), 'rename', to);
}

export function unlinkAt(dir: number, name: string): void {
  check(libc.unlinkat(dir, arg(name), 0), 'unlink', name);
}

export function removeDirAt(dir: number, name: string): void {
  check(libc.unlinkat(dir, arg(name), AT_REMOVEDIR), 'rmdir', name);
}

export function makeDirAt(dir: number, name: string, mode: number): void {
  check(libc.mkdirat(dir, arg(name), mode), 'mkdir', name);
}

/** `mode` with the type's bits; `device` as Stat has it. */
export function makeSpecialAt(dir: number, name: string, mode: number, device: number): void {
  check(Number(libc.mknodat(SYS_MKNODAT, dir, arg(name), mode, device)), 'mknod', name);
}

export function symlinkAt(target: string, dir: number, name: string): void {
  check(libc.symlinkat(arg(target), dir, arg(name)), 'symlink', name);
}

const linkBuffer = Buffer.alloc(65_536);
export function readLinkAt(dir: number, name: string): string {
  const length = check(libc.readlinkat(dir, arg(name), linkBuffer, linkBuffer.length), 'readlink', name);
  return decodeName(linkBuffer, 0, length);
}

const UTIME_OMIT = 2 ** 30 - 2;
const times = Buffer.alloc(32);
const timesView = new DataView(times.buffer, times.byteOffset, times.length);
/** What is undefined stays as it is. */
function setTimes(atimeNs: bigint, mtimeNs: bigint | undefined): Buffer {
  setTime(0, atimeNs);
  if (mtimeNs === undefined) timesView.setUint32(24, UTIME_OMIT, true);
  else setTime(16, mtimeNs);
  return times;
}

/** Writes a struct timespec. tv_nsec is 0..999,999,999 also for times before 1970: seconds are rounded down. */
function setTime(at: number, ns: bigint): void {
  let seconds = ns / 1_000_000_000n;
  let rest = Number(ns - seconds * 1_000_000_000n);
  if (rest < 0) {
    rest += 1_000_000_000;
    seconds -= 1n;
  }
  timesView.setBigInt64(at, seconds, true);
  timesView.setUint32(at + 8, rest, true);
}

/** Sets times in ns since the epoch (futimens(3)); fs.futimes takes doubles and loses digits. */
export function setTimesFd(fd: number, atimeNs: bigint, mtimeNs: bigint | undefined, path = ''): void {
  check(libc.futimens(fd, setTimes(atimeNs, mtimeNs)), 'utimes', path);
}

export function setTimesAt(dir: number, name: string, atimeNs: bigint, mtimeNs: bigint): void {
  check(libc.utimensat(dir, arg(name), setTimes(atimeNs, mtimeNs), AT_SYMLINK_NOFOLLOW), 'utimes', name);
}

/** Flushes a file's data and the metadata needed to read it back; its error is reported once by Linux, then lost. */
export function flushFd(fd: number, path = ''): void {
  check(libc.fdatasync(fd), 'fdatasync', path);
}

const LOCK_EX_NB = 2 | 4;
/** Takes an exclusive lock that ends with the process, however it ends (flock(2)); false when someone has it. */
export function tryLock(fd: number, path: string): boolean {
  if (libc.flock(fd, LOCK_EX_NB) === 0) return true;
  const error = new SysError(lastErrno(), 'flock', path);
  if (error.code === 'EAGAIN') return false;
  throw error;
}

/** Names of extended attributes and their values may be so long (limits.h of Linux), bytes. */
const XATTR_LIST_MAX = 65_536;
const XATTR_SIZE_MAX = 65_536;
const xattrList = Buffer.alloc(XATTR_LIST_MAX);
const xattrValue = Buffer.alloc(XATTR_SIZE_MAX);

/** The names of an open file's or folder's extended attributes, one character for each byte (latin1). */
export function listXattrsFd(fd: number, path = ''): string[] {
  const length = check(libc.flistxattr(fd, xattrList, xattrList.length), 'listxattr', path);
  return xattrList.toString('latin1', 0, length).split('\0').slice(0, -1);
}

/** A copy of the attribute's value; undefined when it is not there (any more). */
export function getXattrFd(fd: number, name: string, path = ''): Buffer | undefined {
  const length = libc.fgetxattr(fd, xattrName(name), xattrValue, xattrValue.length);
  if (length >= 0) return Buffer.from(xattrValue.subarray(0, length));
  const error = new SysError(lastErrno(), 'getxattr', path);
  if (error.code === 'ENODATA') return undefined;
  throw error;
}

export function removeXattrFd(fd: number, name: string, path = ''): void {
  check(libc.fremovexattr(fd, xattrName(name)), 'removexattr', path);
}

export function setXattrFd(fd: number, name: string, value: Buffer, path: string): void {
  check(libc.fsetxattr(fd, xattrName(name), value, value.length, 0), 'setxattr', path);
}

/** One character for each byte; koffi would turn those beyond ASCII into two. */
function xattrName(name: string): string | Buffer {
  return Buffer.byteLength(name) === name.length ? name : Buffer.from(`${name}\0`, 'latin1');
}

export function chmodFd(fd: number, mode: number, path = ''): void {
  check(libc.fchmod(fd, mode), 'chmod', path);
}

/** Of an entry that is no link, whatever it is: through a descriptor that only stands for it (open(2), O_PATH). */
export function chmodAt(dir: number, name: string, mode: number): void {
  const fd = openAt(dir, name, O_PATH);
  try {
    check(libc.fchmodat(-100, `/proc/self/fd/${fd}`, mode, 0), 'chmod', name);
  } finally {
    dropFd(fd);
  }
}

/** Leaves what is undefined as it is (chown(2)). */
export function chownFd(fd: number, uid: number | undefined, gid: number | undefined, path = ''): void {
  check(libc.fchown(fd, uid ?? KEEP, gid ?? KEEP), 'chown', path);
}

/** The same for an entry, also a symbolic link itself. */
export function chownAt(dir: number, name: string, uid: number | undefined, gid: number | undefined): void {
  check(libc.fchownat(dir, arg(name), uid ?? KEEP, gid ?? KEEP, AT_SYMLINK_NOFOLLOW), 'chown', name);
}

const KEEP = 0xffffffff;
/** A further name for a file; a symbolic link itself gets it, not what it leads to (linkat(2)). */
export function linkAt(fromDir: number, from: string, toDir: number, to: string): void {
  check(libc.linkat(fromDir, arg(from), toDir, arg(to), 0), 'link', to);
}

/** Cuts a file off, or lengthens it by a hole where the filesystem has holes. Bytes beyond 2^53 need a bigint. */
export function truncateFd(fd: number, length: bigint, path = ''): void {
  check(libc.ftruncate(fd, length), 'truncate', path);
}

const WHENCE = { start: 0, data: 3, hole: 4 } as const;

/** Moves to a place from the start, or to the next data or hole from there on (lseek(2)); the place in bytes. */
export function seekFd(fd: number, offset: bigint, to: keyof typeof WHENCE, path = ''): number {
  return check(Number(libc.lseek(fd, offset, WHENCE[to])), 'seek', path);
}

/**
 * Ends the process at once, also where a thread hangs in a call: process.exit() would wait for it. What was not yet
 * written to a stream is lost.
 */
export function exitNow(code: number): never {
  libc._exit(code);
  throw new Error('unreachable');
}
