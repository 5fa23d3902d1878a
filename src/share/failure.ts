/**
 * Errors as data. What an error means for the run is decided here, once; across threads it travels as a Failure,
 * because postMessage drops an Error's code, errno and path.
 */
import { asSysError, SysError } from '../posix/errno.js';
import type { Side } from './share.js';

/**
 * retry: may pass by itself; skip: this entry only; stop: the share as a whole cannot go on; fatal: millrace cannot.
 */
export type FailureClass = 'retry' | 'skip' | 'stop' | 'fatal';

export interface Failure {
  /** Symbolic errno such as EACCES, or millrace's own CHANGED. */
  readonly code: string;
  readonly op: string;
  /** Beneath the share's root. */
  readonly path: string;
  readonly class: FailureClass;
  /** One line for people, without the path. */
  readonly message: string;
}

const RETRY = [
  ['EIO', 'ESTALE', 'ETIMEDOUT', 'EAGAIN', 'EINTR', 'EBUSY', 'EPIPE', 'EREMOTEIO', 'ENOMEM', 'ENFILE', 'EMFILE'],
  ['ENOLCK', 'ETXTBSY'],
].flat();
const STOP = [
  ['ENOSPC', 'EDQUOT', 'EROFS', 'ENODEV', 'ESHUTDOWN', 'ENOTCONN', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETDOWN'],
  ['ENETUNREACH', 'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED'],
].flat();

const CLASSES = new Map<string, FailureClass>([
  ...RETRY.map((code) => [code, 'retry'] as const),
  ...STOP.map((code) => [code, 'stop'] as const),
  ['EBADF', 'fatal'],
  ['EFAULT', 'fatal'],
]);

/** Everything not listed concerns one entry: EACCES, ENAMETOOLONG, ENOENT, EFBIG, ELOOP ... */
export function classOf(code: string): FailureClass {
  return CLASSES.get(code) ?? 'skip';
}

/** Our own: another entry has, at the destination, what counts there as the same name. */
export const COLLIDES = 'COLLIDES';

/** Our own: the destination lists this name as another, by which the entry would be taken for missing, and for an extra. */
export const MANGLED = 'MANGLED';

/** Failures that no other try can mend: what the destination is like decides. */
export const LASTING: readonly string[] = [COLLIDES, MANGLED];

/** Our own: what should be another name of a file that was copied is not, or that is not there. */
export const UNLIKE = 'UNLIKE';

/** Our own: an entry of the source that is found by its name, and that its folder does not list. */
export const UNLISTED = 'UNLISTED';

/** What the filesystem of a destination says where it has no hard links, or no more of this file. */
export const UNLINKABLE: readonly string[] = ['EPERM', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'];

/** Of codes, in words. */
export const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'vanished',
  ENOTDIR: 'a folder on the way is not a folder',
  EISDIR: 'a folder is in the way',
  EEXIST: 'something is in the way',
  ENOTEMPTY: 'the folder is not empty',
  ELOOP: 'a symbolic link is in the way, or leads in a circle',
  ENOLINK: 'the link leads nowhere',
  EXDEV: 'leads outside the root, or to another filesystem',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'input/output error',
  ENOSPC: 'no space left',
  EDQUOT: 'quota exceeded',
  EROFS: 'read-only filesystem',
  EBUSY: 'in use',
  ESTALE: 'stale file handle',
  EFBIG: 'the file is too large',
  ESPIPE: 'no file any more',
  ENXIO: 'no file any more',
  EINVAL: 'not accepted by the filesystem',
  EOPNOTSUPP: 'not supported by the filesystem',
  CHANGED: 'changed while it was read',
  COLLIDES: 'the destination takes this name for that of another entry',
  UNLISTED: 'the source has it, though its folder does not list it',
  TRASH: 'has the name of the --trash folder',
  DIED: 'threads died while they had it in hand',
  ENODEV: 'not the share that it was',
  ENOTCONN: 'not connected',
  EHOSTDOWN: 'the server is down',
  EHOSTUNREACH: 'the server cannot be reached',
};

/** A code as people read it: "no space left (ENOSPC)"; what is no code stays as it is. */
export function meaningOf(code: string): string {
  const meaning = MEANINGS[code];
  return meaning ? `${meaning} (${code})` : code;
}

export function failure(code: string, op: string, path: string, side?: Side): Failure {
  const meaning = (side === 'dest' && AT_DEST[code]) || MEANINGS[code];
  return { code, op, path, class: classOf(code), message: meaning ? `${code}: ${meaning} (${op})` : `${code} (${op})` };
}

/** The same of what the destination says, where it means something else there. */
const AT_DEST: Readonly<Record<string, string>> = {
  ENOENT: 'the name is not accepted there, or its folder is gone',
};

/** The Failure for an error from a share; anything that is not a system error is a bug of ours and thrown on. */
export function failureOf(error: unknown, op: string, path: string, side?: Side): Failure {
  const system = asSysError(error, op, path);
  return failure(system.code, system.op, path, side);
}

/** True when the error says that the named thing does not exist; every other error says nothing about existence. */
export function saysAbsent(error: unknown): boolean {
  return error instanceof SysError && error.code === 'ENOENT';
}
