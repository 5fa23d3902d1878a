/** What to do with an entry of the source, given what the destination has. Pure. */
import type { Kind } from '../posix/stat.js';

export interface Seen {
  readonly kind: Kind;
  readonly size: number;
  readonly mtimeNs: bigint;
}

/**
 * copy: (re)write the file; link: (re)make the symbolic link; same: nothing to do; skip: a kind that is not copied;
 * makeDir: the folder is missing (or something else is in its place); stampDir: only its mtime differs.
 */
export type Verdict = 'copy' | 'link' | 'same' | 'skip' | 'makeDir' | 'stampDir';

/**
 * `grainNs` is the coarser of the two shares' timestamp grains: times that are less than a grain apart may be one
 * time that a share has rounded.
 */
export function compare(source: Seen, dest: Seen | undefined, grainNs: bigint): Verdict {
  switch (source.kind) {
    case 'other':
      return 'skip';
    case 'dir':
      if (dest?.kind !== 'dir') return 'makeDir';
      return sameTime(source.mtimeNs, dest.mtimeNs, grainNs) ? 'same' : 'stampDir';
    case 'link':
      // The size of a link is the length of its target; a new target of the same length has a new mtime, since
      // links cannot be changed in place.
      return isSame(source, dest, grainNs) ? 'same' : 'link';
    case 'file':
      return isSame(source, dest, grainNs) ? 'same' : 'copy';
  }
}

function isSame(source: Seen, dest: Seen | undefined, grainNs: bigint): boolean {
  return (
    dest !== undefined &&
    dest.kind === source.kind &&
    dest.size === source.size &&
    sameTime(source.mtimeNs, dest.mtimeNs, grainNs)
  );
}

export function sameTime(a: bigint, b: bigint, grainNs: bigint): boolean {
  const apart = a > b ? a - b : b - a;
  return apart < grainNs;
}
