/** A file that a command was told to write: all of it, private to its owner, or what was there before. */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Exit, ExitError, UsageError } from './exit.js';

const PRIVATE = 0o600;
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Writes `pieces` under a temporary name beside `file`, which then takes its place; the bytes that were written. Throws an
 * ExitError when that cannot be done, the disk is full or a signal stops it; the temporary file is gone then.
 */
export async function writeOutput(file: string, pieces: Iterable<string | Uint8Array>): Promise<number> {
  const temporary = join(dirname(file), `.millrace-output.${process.pid}.${randomBytes(4).toString('hex')}`);
  const fd = guarded(file, () => openSync(temporary, 'wx', PRIVATE));
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  for (const signal of STOPPING) process.on(signal, stop);
  let bytes = 0;
  try {
    for (const piece of pieces) {
      bytes += guarded(file, () => writeAll(fd, piece));
      // Lets a signal be heard.
      await setImmediate();
      if (stopped) throw new ExitError(`${file}: stopped; nothing was written`, Exit.stopped);
    }
    guarded(file, () => {
      fsyncSync(fd);
      renameSync(temporary, file);
    });
    return bytes;
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(fd);
    for (const signal of STOPPING) process.off(signal, stop);
  }
}

/**
 * Throws a UsageError where `file` cannot be written, or is one of the files to be kept, by what they are; so that this is
 * said before any work is done.
 */
export function checkOutput(file: string, kept: Readonly<Record<string, string | undefined>>): void {
  guarded(file, () => {
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false)
      throw new UsageError(`${file}: not a regular file; name a new file, or one that may be replaced`);
    for (const [what, path] of Object.entries(kept))
      if (path !== undefined && isSame(file, path))
        throw new UsageError(`${file}: is ${what}; name another file with -o`);
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
  });
}

function isSame(...files: readonly [string, string]): boolean {
  // Also what is not there yet.
  if (files[0] === files[1]) return true;
  const [one, other] = files.map((file) => statSync(file, { throwIfNoEntry: false }));
  return one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
}

function writeAll(fd: number, piece: string | Uint8Array): number {
  const data = typeof piece === 'string' ? Buffer.from(piece) : piece;
  for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
  return data.length;
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof ExitError || code === undefined) throw error;
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO')
      throw new ExitError(`${file}: cannot be written (${code}); nothing was written`, Exit.stopped);
    if (code === 'ENOENT') throw new UsageError(`${file}: its folder does not exist; make it first`);
    throw new UsageError(`${file}: cannot be written (${code}); name another file with -o`);
  }
}
