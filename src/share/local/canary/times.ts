/** Which times a folder's filesystem keeps. */
import { dropFd, flushFd, setTimesFd, statFd, unlinkAt } from '../../../posix/calls.js';
import { Stat } from '../../../posix/stat.js';
import type { Pulse } from './pulse.js';
import { newFile, refusal } from './scratch.js';

export interface TriedTime {
  /** What was set, seconds since the Unix epoch. */
  readonly seconds: number;
  /** What it was then; undefined: it was refused. */
  readonly kept: number | undefined;
}

/**
 * Moments beyond which some filesystems keep none: 32 bits of seconds (December 1901, January 2038; without a sign
 * February 2106), the Unix epoch, FAT (1980 to 2107), ext4 with its 34 bits (May 2446).
 */
export const LANDMARKS: readonly number[] = [
  -(2 ** 31),
  -1_000_000,
  300_000_000,
  2 ** 31,
  2 ** 32,
  4_354_819_200,
  15_032_385_536,
];

const NAME = 'times';

/** All of LANDMARKS, in order. */
export function tryTimes(folder: number, pulse: Pulse): TriedTime[] {
  const stat = new Stat();
  const fd = newFile(folder, NAME);
  try {
    return LANDMARKS.map((seconds) => {
      pulse.beat();
      const ns = BigInt(seconds) * 1_000_000_000n;
      const refused = refusal(() => {
        setTimesFd(fd, ns, ns);
        flushFd(fd);
        statFd(fd, stat, NAME, true);
      });
      return { seconds, kept: refused === undefined ? stat.mtimeSeconds : undefined };
    });
  } finally {
    dropFd(fd);
    unlinkAt(folder, NAME);
  }
}
