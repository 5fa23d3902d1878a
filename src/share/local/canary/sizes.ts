/** How large a file may be, and whether holes stay holes. */
import { constants, writeSync } from 'node:fs';
import { pause } from '../../../pause.js';
import { dropFd, flushFd, openAt, seekFd, statAt, truncateFd, unlinkAt } from '../../../posix/calls.js';
import { Stat } from '../../../posix/stat.js';
import type { Pulse } from './pulse.js';
import { newFile, refusal } from './scratch.js';

export interface SizeFacts {
  /** A hole takes no room. */
  readonly sparse: boolean;
  /** Where holes are can be asked (SEEK_HOLE). */
  readonly seekHole: boolean;
  /** Bytes of the largest file; beyond 2^53 about. */
  readonly largest: number;
  /** `largest` was tried with a hole; false: it is what the kernel says, for without holes it would have to be written. */
  readonly tried: boolean;
}

const NAME = 'size';
const MOST = 2n ** 63n - 1n;
/** Of the file that shows what becomes of holes, bytes. Without holes so much is written. */
const HOLE = 4 * 1024 * 1024;
const END = 4096;

/** The SMB client makes up what a file takes while it holds it, and for a second after that (closetimeo, actimeo). */
const SETTLE_MS = 2500;

export function trySizes(folder: number, pulse: Pulse): SizeFacts {
  const fd = newFile(folder, NAME);
  let seekHole = false;
  try {
    pulse.beat();
    writeSync(fd, Buffer.alloc(END, 1), 0, END, HOLE);
    flushFd(fd);
    refusal(() => {
      seekHole = seekFd(fd, 0n, 'hole') < HOLE;
    });
  } finally {
    dropFd(fd);
  }
  try {
    const sparse = takesLess(folder, HOLE) || takesLess(folder, HOLE, SETTLE_MS);
    return { sparse, seekHole, ...largestFile(folder, sparse, pulse) };
  } finally {
    unlinkAt(folder, NAME);
  }
}

function takesLess(folder: number, bytes: number, afterMs = 0): boolean {
  if (afterMs > 0) pause(afterMs);
  const stat = new Stat();
  statAt(folder, NAME, stat);
  return stat.allocated < bytes;
}

function largestFile(folder: number, sparse: boolean, pulse: Pulse): Pick<SizeFacts, 'largest' | 'tried'> {
  const fd = openAt(folder, NAME, constants.O_RDWR);
  try {
    pulse.beat();
    // The kernel refuses a place beyond the largest size that it knows the filesystem to have (lseek(2), EINVAL).
    const ceiling = largestThat(MOST, (size) => refusal(() => seekFd(fd, size, 'start')) === undefined);
    if (!sparse) return { largest: Number(ceiling), tried: false };
    const largest = largestThat(ceiling, (size) => {
      pulse.beat();
      return refusal(() => truncateFd(fd, size)) === undefined;
    });
    return { largest: Number(largest), tried: true };
  } finally {
    dropFd(fd);
  }
}

/** The largest number of at most `most` for which `works`; what works for one works for all that are smaller. */
function largestThat(most: bigint, works: (size: bigint) => boolean): bigint {
  if (works(most)) return most;
  let [good, bad] = [0n, most];
  while (bad - good > 1n) {
    const middle = (good + bad) / 2n;
    if (works(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
