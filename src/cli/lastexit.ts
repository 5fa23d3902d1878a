/**
 * koffi, which calls the C library for us, flushes standard output and error at the end of the process (FlushFile in its
 * base.cc), and hangs there for ever where that fails, because the disk beneath a redirected output is full or failing.
 */
import { fsyncSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What fsync(2) says of pipes, terminals and the like, which have nothing to flush. */
const NOT_FILES = ['EINVAL', 'EROFS', 'ENOTSUP', 'EBADF'];

/** To be called last of all at the end of the process: where it would hang, ends it at once. */
export function leaveBeforeFlushing(): void {
  if ([1, 2].every(canFlush)) return;
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  koffi.load(null).func('void _exit(int code)')(process.exitCode ?? 0);
}

function canFlush(fd: number): boolean {
  try {
    fsyncSync(fd);
    return true;
  } catch (error) {
    return NOT_FILES.includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
