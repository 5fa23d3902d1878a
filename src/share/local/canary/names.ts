/** Which names a folder's filesystem takes as they are, and how long they may be. */
import { dropFd, makeDirAt, removeDirAt, unlinkAt } from '../../../posix/calls.js';
import { limitOf, type NameLimit, ODD_NAMES } from '../../oddnames.js';
import type { Pulse } from './pulse.js';
import { namesIn, newFile, openFolder, refusal, removeTree } from './scratch.js';

export interface LostName {
  /** Place in ODD_NAMES. */
  readonly odd: number;
  /** The error's code, or what the folder listed in its place. */
  readonly refused: string | undefined;
  readonly became: string | undefined;
}

const NAMES = 'names';

/** Makes a file of each sort of odd name, and looks at what is listed then. */
export function tryNames(scratch: number, pulse: Pulse): LostName[] {
  makeDirAt(scratch, NAMES, 0o700);
  const folder = openFolder(scratch, NAMES);
  const lost: LostName[] = [];
  try {
    for (const [odd, { sample }] of ODD_NAMES.entries()) {
      pulse.beat();
      const refused = refusal(() => dropFd(newFile(folder, sample)));
      const listed = namesIn(folder);
      if (listed.length !== 1 || listed[0] !== sample) lost.push({ odd, refused, became: listed[0] });
      // By the name that it was given: what is listed may not be a name that is taken.
      if (refused === undefined) refusal(() => unlinkAt(folder, sample));
      for (const name of namesIn(folder)) removeTree(folder, name, pulse);
    }
  } finally {
    dropFd(folder);
    refusal(() => removeDirAt(scratch, NAMES));
  }
  return lost;
}

/** Linux's own longest name (NAME_MAX); longer ones come from nowhere. */
export const NAME_MAX = 255;

export function tryNameLengths(folder: number, pulse: Pulse): NameLimit {
  const longest = (letter: string) =>
    mostThat(NAME_MAX, (count) => {
      pulse.beat();
      const name = letter.repeat(count);
      if (refusal(() => dropFd(newFile(folder, name))) !== undefined) return false;
      unlinkAt(folder, name);
      return true;
    });
  return limitOf(longest('n'), longest('\u00e9'), longest('\u{1f600}'));
}

/** The largest number from 1 to `most` for which `works`, 0: none. What works for one works for all that are smaller. */
export function mostThat(most: number, works: (number: number) => boolean): number {
  if (works(most)) return most;
  let [good, bad] = [0, most];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (works(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** No path is tried beyond this, bytes beneath the destination: longer than one call's path may be (PATH_MAX). */
export const DEEPEST = 5000;
const STEP = 200;

/** Bytes of the longest path beneath the destination that was taken, up to about DEEPEST. */
export function tryPathLength(scratch: number, prefix: number, pulse: Pulse): number {
  const name = 'p'.repeat(STEP);
  const open = [scratch];
  let length = prefix;
  try {
    while (length < DEEPEST) {
      pulse.beat();
      const parent = open.at(-1)!;
      if (refusal(() => makeDirAt(parent, name, 0o700)) !== undefined) break;
      length += 1 + STEP;
      if (refusal(() => open.push(openFolder(parent, name))) !== undefined) break;
    }
    if (length >= DEEPEST) return length;
    const rest = mostThat(STEP, (count) => {
      pulse.beat();
      const last = 'q'.repeat(count);
      if (refusal(() => makeDirAt(open.at(-1)!, last, 0o700)) !== undefined) return false;
      removeDirAt(open.at(-1)!, last);
      return true;
    });
    return length + (rest > 0 ? rest + 1 : 0);
  } finally {
    // From the deepest on, each by the folder that it is in: there may be no path to it.
    for (let at = open.length - 1; at >= 0; at--) {
      refusal(() => removeDirAt(open[at]!, name));
      if (at > 0) dropFd(open[at]!);
    }
  }
}
