/**
 * What a verification says of an entry, given what the ledger has of it and what the shares have now. Pure. Sizes in
 * bytes, times in ns since the Unix epoch.
 */
import { Verdict } from '../ledger/schema.js';
import type { Kind } from '../posix/stat.js';
import { sameKept, type TimeRange } from '../share/timerange.js';

export type VerifiedKind = Exclude<Kind, 'dir'>;

/** An entry as it was copied. */
export interface Expected {
  readonly kind: VerifiedKind;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Of a file, where one was recorded. */
  readonly hash: Uint8Array | undefined;
}

/** An entry as a share has it now. */
export type Seen =
  | { readonly is: 'missing' }
  /** `why` is one line for people. */
  | { readonly is: 'unreadable'; readonly why: string }
  | {
      readonly is: 'there';
      readonly kind: Kind;
      readonly size: number;
      readonly mtimeNs: bigint;
      /** Of a file whose contents were read, by the algorithm of the expected hash, if there is one. */
      readonly hash?: Uint8Array | undefined;
      /** Of a link, raw; of a special file, what it is. */
      readonly target?: string | undefined;
    };

export interface Judgement {
  readonly verdict: Verdict;
  /** In words; undefined where nothing differs. */
  readonly difference: string | undefined;
  /** The hash that both shares agree on, of a file that has none recorded. */
  readonly agreed?: Uint8Array | undefined;
}

/** Whether contents are worth reading: what differs in size or kind differs, whatever is in it. */
export function isWorthReading(expected: Expected, seen: Seen): boolean {
  return seen.is === 'there' && expected.kind === 'file' && seen.kind === 'file' && seen.size === expected.size;
}

/**
 * `source` is undefined where it was not looked at. `grainNs` is the coarser of the two shares' timestamp grains; `range` has
 * the times that the destination keeps, undefined: all. The
 * source's own times are those that the ledger took from it, to the nanosecond.
 */
export function judge(
  expected: Expected,
  dest: Seen,
  source: Seen | undefined,
  grainNs: bigint,
  range?: TimeRange,
): Judgement {
  const fromSource = source && differenceOf(expected, source, 1n);
  const inDest = differenceOf(expected, dest, grainNs, range) ?? unlike(expected, dest, source);
  if (inDest !== undefined) {
    const both = fromSource === undefined ? inDest : `${inDest}; source: ${fromSource}`;
    return { verdict: verdictOf(dest), difference: both };
  }
  if (fromSource !== undefined) return { verdict: Verdict.sourceDiffers, difference: `source: ${fromSource}` };
  if (isProven(expected)) return { verdict: Verdict.equal, difference: undefined };
  const agreed = source && hashOf(dest);
  if (agreed) return { verdict: Verdict.equal, difference: undefined, agreed };
  return { verdict: Verdict.unhashed, difference: undefined };
}

function verdictOf(dest: Seen): Verdict {
  if (dest.is === 'missing') return Verdict.missing;
  return dest.is === 'unreadable' ? Verdict.unreadable : Verdict.differs;
}

/** Nothing of it remains to be compared with the source: only files have a hash, and all empty ones are alike. */
function isProven({ kind, size, hash }: Expected): boolean {
  return kind !== 'file' || size === 0 || hash !== undefined;
}

/** What of a share's entry is not as it was copied, in words; undefined: nothing that was looked at. */
function differenceOf(expected: Expected, seen: Seen, grainNs: bigint, range?: TimeRange): string | undefined {
  if (seen.is === 'missing') return 'missing';
  if (seen.is === 'unreadable') return `unreadable: ${seen.why}`;
  if (seen.kind !== expected.kind) return `kind: ${KINDS[seen.kind]} in the place of ${KINDS[expected.kind]}`;
  const words: string[] = [];
  if (seen.size !== expected.size) words.push(`size: ${seen.size} in the place of ${expected.size}`);
  // What was not read to its end is not what was copied.
  else if (expected.hash && !(seen.hash && isSame(seen.hash, expected.hash))) words.push('content');
  if (!sameKept(seen.mtimeNs, expected.mtimeNs, grainNs, range)) words.push('mtime');
  return words.length > 0 ? words.join(', ') : undefined;
}

const KINDS: Readonly<Record<Kind, string>> = {
  file: 'a file',
  dir: 'a folder',
  link: 'a symbolic link',
  other: 'a special file',
};

/** What the destination's entry has of its own, compared with the source's: all that the ledger does not know. */
function unlike({ hash }: Expected, dest: Seen, source: Seen | undefined): string | undefined {
  if (dest.is !== 'there' || source?.is !== 'there') return undefined;
  if (dest.target !== undefined && source.target !== undefined && dest.target !== source.target)
    return dest.kind === 'link' ? 'target' : 'kind';
  if (hash || !dest.hash || !source.hash || isSame(dest.hash, source.hash)) return undefined;
  return 'content, compared with the source';
}

function hashOf(seen: Seen): Uint8Array | undefined {
  return seen.is === 'there' ? seen.hash : undefined;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
