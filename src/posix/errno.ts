import { constants } from 'node:os';

const NAMES = new Map<number, string>();
// Some numbers have two names (EAGAIN and EWOULDBLOCK); Node lists the usual one first, but for this one. It lacks the others.
const MORE = { EOPNOTSUPP: 95, ESHUTDOWN: 108, EHOSTDOWN: 112, EREMOTEIO: 121, ENOMEDIUM: 123 };
for (const [name, number] of [...Object.entries(MORE), ...Object.entries(constants.errno)])
  if (!NAMES.has(number)) NAMES.set(number, name);

/** The symbolic name of an errno number; node:fs calls several of them "Unknown system error -122". */
export function errnoName(errno: number): string {
  return NAMES.get(Math.abs(errno)) ?? `errno ${Math.abs(errno)}`;
}

/** A failed system call. `path` is beneath the share's root where the caller knows it. */
export class SysError extends Error {
  override readonly name = 'SysError';
  constructor(
    readonly errno: number,
    readonly op: string,
    readonly path: string,
    /** The number's name, or a code of our own that says more. */
    readonly code = errnoName(errno),
  ) {
    super(`${code} (${op})`);
  }
}

/** A SysError for any error that node:fs or this folder throws; other values are thrown on as they are. */
export function asSysError(error: unknown, op: string, path: string): SysError {
  if (error instanceof SysError) return error;
  const errno = (error as { errno?: unknown } | null)?.errno;
  if (typeof errno === 'number') return new SysError(Math.abs(errno), op, path);
  throw error;
}
