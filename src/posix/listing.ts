import { SysError } from './errno.js';
import { lastErrno, libc } from './libc.js';
import { decodeName } from './names.js';
import type { Kind } from './stat.js';

/** d_type values of getdents64(2); DT_UNKNOWN (0) and the rest need a stat. */
const KINDS: Record<number, Kind> = {
  4: 'dir',
  8: 'file',
  10: 'link',
  1: 'other',
  2: 'other',
  6: 'other',
  12: 'other',
};

/** Where struct linux_dirent64 keeps its fields. */
const RECORD_LENGTH = 16;
const TYPE = 18;
const NAME = 19;

/**
 * Lists an open folder, streaming: memory does not depend on the number of entries. `each` gets every name but `.`
 * and `..`, in the folder's own order, with its kind where the filesystem tells it without a stat.
 * Throws a SysError when the listing fails, also midway: what was seen until then is not a complete listing.
 */
export function listFd(fd: number, path: string, each: (name: string, kind: Kind | undefined) => void): void {
  const buffer = Buffer.allocUnsafe(65_536);
  for (;;) {
    const length = libc.getdents64(fd, buffer, buffer.length);
    if (length < 0) throw new SysError(lastErrno(), 'readdir', path);
    if (length === 0) return;
    for (let at = 0; at < length; at += buffer.readUInt16LE(at + RECORD_LENGTH)) {
      const start = at + NAME;
      let end = start;
      while (buffer[end] !== 0) end++;
      if (buffer[start] === 0x2e && (end === start + 1 || (end === start + 2 && buffer[start + 1] === 0x2e))) continue;
      each(decodeName(buffer, start, end), KINDS[buffer[at + TYPE]!]);
    }
  }
}
