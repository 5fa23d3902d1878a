/** Secrets in files. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { UsageError } from './exit.js';

/** Bytes; a token file has one line, a key a few. */
const LARGEST = 4096;

/**
 * What is in a small file that only its owner can read; `option` is the one that named it. Throws a UsageError that says
 * what is wrong with the file.
 */
export function readPrivateFile(option: string, file: string): Buffer {
  const refuse = (why: string): never => {
    throw new UsageError(`${option} ${file}: ${why}`);
  };
  const buffer = Buffer.alloc(LARGEST);
  try {
    // A FIFO would be waited for.
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) refuse('not a file');
      if (stat.uid !== process.geteuid!()) refuse('belongs to another user; make it your own');
      if ((stat.mode & 0o077) !== 0) refuse('others can read or change it; chmod 600 it');
      if (stat.size >= LARGEST) refuse('too large');
      return buffer.subarray(0, readSync(fd, buffer, 0, LARGEST, 0));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return refuse(`cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
