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

/** A file to be written. */
interface Output {
  readonly file: string;
  /** Taken in order, those of the first file first. */
  readonly pieces: Iterable<string | Uint8Array>;
}

/** Writes one file; see writeOutputs. The bytes that were written. */
export async function writeOutput(file: string, pieces: Output['pieces']): Promise<number> {
  return writeOutputs([{ file, pieces }]);
}

/**
 * Writes files under temporary names beside them, which take their places once all are written; the bytes of the first. Throws
 * an ExitError when that cannot be done, the disk is full or a signal stops it; the temporary files are gone then.
 */
export async function writeOutputs(outputs: readonly Output[]): Promise<number> {
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  for (const signal of STOPPING) process.on(signal, stop);
  const temporaries: string[] = [];
  const written: number[] = [];
  try {
    for (const { file, pieces } of outputs) {
      const temporary = join(dirname(file), `.millrace-output.${process.pid}.${randomBytes(4).toString('hex')}`);
      const fd = guarded(file, () => openSync(temporary, 'wx', PRIVATE));
      temporaries.push(temporary);
      written.push(await writePieces(fd, file, pieces, () => stopped));
    }
    for (const { file } of outputs) {
      guarded(file, () => renameSync(temporaries[0]!, file));
      temporaries.shift();
    }
    return written[0]!;
  } finally {
    for (const temporary of temporaries) unlinkSync(temporary);
    for (const signal of STOPPING) process.off(signal, stop);
  }
}

/** Writes and closes a file that is open; the bytes that were written. */
async function writePieces(fd: number, file: string, pieces: Output['pieces'], isStopped: () => boolean) {
  try {
    let bytes = 0;
    for (const piece of pieces) {
      bytes += guarded(file, () => writeAll(fd, piece));
      // Lets a signal be heard.
      await setImmediate();
      if (isStopped()) throw new ExitError(`${file}: stopped; nothing was written`, Exit.stopped);
    }
    guarded(file, () => fsyncSync(fd));
    return bytes;
  } finally {
    closeSync(fd);
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
      if (path !== undefined && isSame(file, path)) throw new UsageError(`${file}: is ${what}; name another file`);
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
    throw new UsageError(`${file}: cannot be written (${code}); name another file`);
  }
}
