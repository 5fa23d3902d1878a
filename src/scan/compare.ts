/** What to do with an entry of the source, given what the destination has. Pure. */
import type { Kind } from '../posix/stat.js';
import type { Attributes } from '../share/attributes.js';

export interface Seen {
  readonly kind: Kind;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Of a link, see targetSign. */
  readonly target: number;
  /** With the file type's bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * copy: (re)write the file; link: (re)make the symbolic link; stamp: only attributes of the file differ; same: nothing to
 * do; skip: a kind that is not copied; makeDir: the folder is missing (or something else is in its place); stampDir: only
 * its mtime or attributes differ.
 */
export type Verdict = 'copy' | 'link' | 'stamp' | 'same' | 'skip' | 'makeDir' | 'stampDir';

/**
 * `grainNs` is the coarser of the two shares' timestamp grains: times that are less than a grain apart may be one
 * time that a share has rounded. `attributes`: which of mode, owner and group are to be the same.
 */
export function compare(source: Seen, dest: Seen | undefined, grainNs: bigint, attributes: Attributes): Verdict {
  switch (source.kind) {
    case 'other':
      return 'skip';
    case 'dir':
      if (dest?.kind !== 'dir') return 'makeDir';
      return sameTime(source.mtimeNs, dest.mtimeNs, grainNs) && isAlike(source, dest, attributes) ? 'same' : 'stampDir';
    case 'link':
      return isSame(source, dest, grainNs) &&
        source.target === dest.target &&
        isAlike(source, dest, { ...attributes, perms: false })
        ? 'same'
        : 'link';
    case 'file':
      if (!isSame(source, dest, grainNs)) return 'copy';
      return isAlike(source, dest, attributes) ? 'same' : 'stamp';
  }
}

function isAlike(a: Seen, b: Seen, { perms, owner, group }: Attributes): boolean {
  return (
    (!perms || (a.mode & 0o7777) === (b.mode & 0o7777)) && (!owner || a.uid === b.uid) && (!group || a.gid === b.gid)
  );
}

function isSame(source: Seen, dest: Seen | undefined, grainNs: bigint): dest is Seen {
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
