/** What to do with an entry of the source, given what the destination has. Pure. */
import { type Kind, specialKindOf } from '../posix/stat.js';
import { type Attributes, takesSpecial } from '../share/attributes.js';
import { sameTime } from '../share/timerange.js';

export interface Seen {
  readonly kind: Kind;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Of a link or special file: see Word.target. */
  readonly target: number;
  /** With the file type's bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * copy: (re)write the file; link: (re)make the symbolic link; special: (re)make the FIFO, socket or device; stamp: only attributes of the file differ; same: nothing to
 * do; skip: a kind that is not copied; makeDir: the folder is missing (or something else is in its place); stampDir: only
 * its mtime or attributes differ.
 */
export type Verdict = 'copy' | 'link' | 'special' | 'stamp' | 'same' | 'skip' | 'makeDir' | 'stampDir';

/**
 * What an option lets be: the destination's is newer (--update), is there (--ignore-existing), is not (--existing); a link
 * leads out of the tree (--safe-links).
 */
export type Left = 'newer' | 'exists' | 'absent' | 'outside';

/** rsync's options on what counts as the same, and what is left as the destination has it. */
export interface Comparing {
  /** A file of the same size is the same, whatever its mtime, which is then set. */
  readonly sizeOnly: boolean;
  /** A file that is newer at the destination is left. */
  readonly update: boolean;
  /** What the destination has is left; folders are looked into. */
  readonly ignoreExisting: boolean;
  /** What the destination has not is left; no folder is made. */
  readonly existing: boolean;
  /** Times that are no further apart are the same, s. Already in the grain that `compare` is given. */
  readonly windowSeconds: number;
  /** Files of one size are compared byte by byte, whatever their times; undefined: no, as ledgers know earlier choices. */
  readonly content?: true | undefined;
}

/**
 * `grainNs` is the coarser of the two shares' timestamp grains: times that are less than a grain apart may be one
 * time that a share has rounded. `attributes`: which of mode, owner and group are to be the same. `by`: a file of
 * the same size has the same content, or none has before both were read.
 */
export function compare(
  source: Seen,
  dest: Seen | undefined,
  grainNs: bigint,
  attributes: Attributes,
  by?: Pick<Comparing, 'sizeOnly' | 'content'>,
): Verdict {
  switch (source.kind) {
    case 'other':
      if (!takesSpecial(source.mode, attributes)) return 'skip';
      return isSame(source, dest, grainNs) &&
        specialKindOf(source.mode) === specialKindOf(dest.mode) &&
        source.target === dest.target &&
        isAlike(source, dest, attributes)
        ? 'same'
        : 'special';
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
      if (by?.content && source.size > 0) return 'copy';
      if (by?.sizeOnly && !by.content && dest?.kind === 'file' && dest.size === source.size)
        return sameTime(source.mtimeNs, dest.mtimeNs, grainNs) && isAlike(source, dest, attributes) ? 'same' : 'stamp';
      if (!isSame(source, dest, grainNs)) return 'copy';
      return isAlike(source, dest, attributes) ? 'same' : 'stamp';
  }
}

/**
 * What the options make of a verdict, by rsync's rules (generator.c there): folders that are there are gone through
 * whatever is asked for, and --update is about files that are files on both sides. Attributes of what exists are let be,
 * and its content is the same all the same.
 */
export function leave(
  verdict: Verdict,
  source: Seen,
  dest: Seen | undefined,
  grainNs: bigint,
  { update, ignoreExisting, existing }: Omit<Comparing, 'sizeOnly' | 'content'>,
): Verdict | Left {
  if (verdict === 'same' || verdict === 'skip') return verdict;
  if (!dest) return existing ? 'absent' : verdict;
  if (ignoreExisting && verdict === 'stamp') return 'same';
  if (ignoreExisting && verdict !== 'stampDir') return 'exists';
  const isNewer = verdict === 'copy' && dest.kind === 'file' && dest.mtimeNs - source.mtimeNs >= grainNs;
  return update && isNewer ? 'newer' : verdict;
}

export function isLeft(verdict: Verdict | Left): verdict is Left {
  return verdict === 'newer' || verdict === 'exists' || verdict === 'absent' || verdict === 'outside';
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
