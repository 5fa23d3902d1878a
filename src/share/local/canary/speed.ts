/** How long calls on a share take, and how fast data moves by one thread: short measurements with bounds. */
import { randomFillSync } from 'node:crypto';
import { constants, readSync, writeSync } from 'node:fs';
import {
  closeFd,
  dropFd,
  flushFd,
  openAt,
  openDirBeneath,
  openForReading,
  openRoot,
  renameAt,
  statFd,
  unlinkAt,
} from '../../../posix/calls.js';
import { asSysError, SysError } from '../../../posix/errno.js';
import { join } from '../../../posix/names.js';
import { dropCache } from '../../../posix/pagecache.js';
import { Stat } from '../../../posix/stat.js';
import { spaceOf } from '../../../posix/statfs.js';
import { Entries } from '../../entries.js';
import { LocalSource } from '../localsource.js';
import type { Pulse } from './pulse.js';
import { newFile, refusal } from './scratch.js';

/** Of one kind of call, ms. */
export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface DestSpeed {
  readonly create: Latency;
  readonly stat: Latency;
  readonly open: Latency;
  readonly rename: Latency;
  /** bytes/s, with what it takes to flush; undefined: there was no room. */
  readonly write: number | undefined;
}

export interface SourceSpeed {
  /** Entries listed with their metadata, in a second. */
  readonly list: number;
  readonly open: Latency | undefined;
  /** bytes/s; undefined: there was too little to read. */
  readonly read: number | undefined;
}

const BUDGET_MS = 1000;
const MOST_ROUNDS = 200;
const MOST_BYTES = 64 * 1024 ** 2;
const PIECE = 4 * 1024 ** 2;
/** What is read or written of less than this says nothing of speed. */
const LEAST_BYTES = 1024 ** 2;

class Times {
  private readonly all: number[] = [];

  of<T>(call: () => T): T {
    const begunMs = performance.now();
    const result = call();
    this.all.push(performance.now() - begunMs);
    return result;
  }

  latency(): Latency | undefined {
    if (this.all.length === 0) return undefined;
    const sorted = this.all.toSorted((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
    return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}

export function measureDest(folder: number, pulse: Pulse): DestSpeed {
  const [create, stat, open, rename] = [new Times(), new Times(), new Times(), new Times()];
  const seen = new Stat();
  const endMs = performance.now() + BUDGET_MS;
  for (let round = 0; round < MOST_ROUNDS && (round === 0 || performance.now() < endMs); round++) {
    pulse.beat();
    const name = `call${round}`;
    closeFd(create.of(() => newFile(folder, name)));
    rename.of(() => renameAt(folder, name, folder, 'renamed'));
    const fd = open.of(() => openForReading(folder, 'renamed'));
    stat.of(() => statFd(fd, seen, '', true));
    dropFd(fd);
    unlinkAt(folder, 'renamed');
  }
  return {
    create: create.latency()!,
    stat: stat.latency()!,
    open: open.latency()!,
    rename: rename.latency()!,
    write: writeRate(folder, pulse),
  };
}

function writeRate(folder: number, pulse: Pulse): number | undefined {
  const most = Math.min(MOST_BYTES, spaceOf(folder).freeBytes / 4);
  const piece = randomFillSync(Buffer.alloc(Math.min(PIECE, most)));
  if (piece.length < LEAST_BYTES) return undefined;
  const fd = newFile(folder, 'data');
  try {
    const begunMs = performance.now();
    let bytes = 0;
    while (bytes + piece.length <= most && performance.now() - begunMs < BUDGET_MS) {
      pulse.beat();
      bytes += writeSync(fd, piece);
      flushFd(fd);
    }
    return bytes / ((performance.now() - begunMs) / 1000);
  } catch (error) {
    // Quotas are not in what is free.
    if (!['ENOSPC', 'EDQUOT'].includes(asSysError(error, 'write', '').code)) throw error;
    return undefined;
  } finally {
    dropFd(fd);
    unlinkAt(folder, 'data');
  }
}

/** Ends a listing whose time is over. */
class Enough extends Error {}

interface Readable {
  readonly dir: string;
  readonly name: string;
  readonly size: number;
}

/** Lists and reads at the source for a second each. Nothing is written, nor are access times where that is ours to say. */
export function measureSource(source: string, pulse: Pulse): SourceSpeed {
  const share = new LocalSource(source);
  try {
    const { list, files } = listRate(share, pulse);
    return { list, ...readRate(source, files, pulse) };
  } finally {
    share.close();
  }
}

const KEPT_FILES = 64;

function listRate(share: LocalSource, pulse: Pulse): { list: number; files: Readable[] } {
  const batch = Entries.withRoom(256);
  const dirs = [''];
  let files: Readable[] = [];
  let entries = 0;
  const begunMs = performance.now();
  const isOver = () => performance.now() - begunMs > BUDGET_MS;
  const takeIn = (dir: string) => {
    pulse.beat();
    const found = new Entries(batch.take());
    entries += found.count;
    for (const [index, name] of found.names.entries()) {
      if (found.errno(index) !== 0) continue;
      if (found.kind(index) === 'dir' && dirs.length < 1000) dirs.push(join(dir, name));
      if (found.kind(index) === 'file') files.push({ dir, name, size: found.meta(index).size });
    }
    // The largest tell most of speed.
    files = files.sort((a, b) => b.size - a.size).slice(0, KEPT_FILES);
  };
  for (let dir = dirs.pop(); dir !== undefined && !isOver(); dir = dirs.pop()) {
    try {
      share.list(dir, batch, () => {
        takeIn(dir!);
        if (isOver()) throw new Enough();
      });
      takeIn(dir);
    } catch (error) {
      // A folder that cannot be listed is none of speed's business, but at the root.
      batch.take();
      if (!(error instanceof Enough) && (!(error instanceof SysError) || dir === '')) throw error;
    }
  }
  return { list: entries / ((performance.now() - begunMs) / 1000), files };
}

const O_NOATIME = 0o1000000;

function readRate(source: string, files: readonly Readable[], pulse: Pulse): Omit<SourceSpeed, 'list'> {
  const open = new Times();
  const root = openRoot(source);
  const buffer = Buffer.alloc(1024 ** 2);
  let [bytes, ms] = [0, 0];
  try {
    for (const { dir, name } of files) {
      if (bytes >= MOST_BYTES || ms >= BUDGET_MS) break;
      refusal(() => {
        const folder = openDirBeneath(root, dir);
        try {
          const fd = open.of(() => openQuietly(folder, name));
          try {
            dropCache(fd);
            for (let read = 1; read > 0 && bytes < MOST_BYTES && ms < BUDGET_MS; ) {
              pulse.beat();
              const begunMs = performance.now();
              read = readSync(fd, buffer);
              ms += performance.now() - begunMs;
              bytes += read;
            }
          } finally {
            dropFd(fd);
          }
        } finally {
          dropFd(folder);
        }
      });
    }
  } finally {
    dropFd(root);
  }
  return { open: open.latency(), read: bytes < LEAST_BYTES ? undefined : bytes / (ms / 1000) };
}

/** Without a new access time, which only the file's owner and root may ask for (open(2)). */
function openQuietly(folder: number, name: string): number {
  try {
    return openAt(folder, name, constants.O_RDONLY | constants.O_NONBLOCK | O_NOATIME);
  } catch (error) {
    if (asSysError(error, 'open', name).code !== 'EPERM') throw error;
    return openForReading(folder, name);
  }
}
