/** What differs of an entry, in rsync's letters YXcstpoguax (log.c there, %i in rsync(1)). Pure. */
import { specialKindOf } from '../posix/stat.js';
import type { Attributes } from '../share/attributes.js';
import { sameTime } from '../share/timerange.js';
import type { Seen, Verdict } from './compare.js';

/** The verdicts that there is a line for. */
export type Changing = Exclude<Verdict, 'same' | 'skip'>;

const HEADS: Record<Changing, string> = {
  copy: '>f',
  link: 'cL',
  special: 'cS',
  stamp: '.f',
  makeDir: 'cd',
  stampDir: '.d',
};

/**
 * `dest` is undefined, or of another kind, where the entry is made anew. Access times, ACLs and extended attributes are `?`
 * where they are kept: the destination's are not looked at. `comparesContent`: a file is copied because its content differs.
 */
export function changesOf(
  verdict: Changing,
  source: Seen,
  dest: Seen | undefined,
  grainNs: bigint,
  { perms, owner, group, acls, xattrs, atimes }: Attributes,
  comparesContent = false,
): string {
  const special = specialKindOf(source.mode);
  const [how, what] = headOf(verdict, source.mode);
  if (dest?.kind !== source.kind || specialKindOf(dest.mode) !== special) return `${how}${what}+++++++++`;
  const isLink = source.kind === 'link';
  const isOther = source.target !== dest.target;
  // A link of the same target, and what is special, is made anew as well, but only its time, or owner, becomes another.
  const head = (isLink || special) && !isOther ? `.${what}` : `${how}${what}`;
  const letters = [
    (((isLink || special) && isOther) || (comparesContent && verdict === 'copy')) && 'c',
    source.kind === 'file' && source.size !== dest.size && 's',
    !sameTime(source.mtimeNs, dest.mtimeNs, grainNs) && 't',
    perms && !isLink && (source.mode & 0o7777) !== (dest.mode & 0o7777) && 'p',
    owner && source.uid !== dest.uid && 'o',
    group && source.gid !== dest.gid && 'g',
    atimes && source.kind === 'file' && '?',
    acls && !isLink && '?',
    xattrs && !isLink && '?',
  ];
  return head + letters.map((letter) => letter || '.').join('');
}

function headOf(verdict: Changing, mode: number): string {
  const special = specialKindOf(mode);
  return special === 'char' || special === 'block' ? 'cD' : HEADS[verdict];
}

/** What is left of them where the content was found to be the same; undefined: nothing. */
export function withoutContent(changes: string): string | undefined {
  const rest = changes.slice(3);
  return /^\.*$/.test(rest) ? undefined : `${HEADS.stamp}.${rest}`;
}

/** The same where nothing is known of the destination: of what an earlier session found. */
export function unknownChanges(verdict: Changing, mode: number): string {
  return `${headOf(verdict, mode)}?????????`;
}
