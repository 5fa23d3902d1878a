/** Verdicts on what the destination keeps of what a source may have. Pure. */
import type { Folding } from '../share/folding.js';
import type { AttributeFacts, Kept } from '../share/local/canary/attributes.js';
import { DEEPEST, type LostName, NAME_MAX } from '../share/local/canary/names.js';
import type { SizeFacts } from '../share/local/canary/sizes.js';
import type { TriedTime } from '../share/local/canary/times.js';
import { type NameLimit, ODD_NAMES } from '../share/oddnames.js';
import { formatBytes } from '../stats/format.js';
import { cleanName } from '../ui/clean.js';
import { type Check, pass, warn } from './check.js';

const SCAN = 'millrace doctor --scan lists them';

export function judgeGrain(grainNs: bigint): Check {
  const facts = { grainNs: Number(grainNs) };
  const says = `kept to ${grainNs < 1000n ? `${grainNs} ns` : `${Number(grainNs) / 1e9} s`}`;
  return grainNs < 2_000_000_000n
    ? pass('time-grain', `${says}; a copy compares no finer`, facts)
    : warn('time-grain', says, 'a change within 2 s that leaves the size as it was is not seen by a copy', facts);
}

/** The times that are kept: seconds since the Unix epoch, both included; infinite where no end was found. */
export interface TimeRange {
  readonly first: number;
  readonly last: number;
}

/** Some moment that every filesystem keeps, seconds since the Unix epoch: May 2033 would do as well. */
const PRESENT = 1_500_000_000;

export function rangeOf(tried: readonly TriedTime[], grainNs: bigint): TimeRange {
  const later = tried.filter(({ seconds }) => seconds > PRESENT);
  const earlier = tried.filter(({ seconds }) => seconds < PRESENT).reverse();
  return {
    first: edgeOf(earlier, grainNs, 1) ?? Number.NEGATIVE_INFINITY,
    last: edgeOf(later, grainNs, -1) ?? Number.POSITIVE_INFINITY,
  };
}

/** The last moment that is kept on the way through `tried`, away from the present; undefined: all are. */
function edgeOf(tried: readonly TriedTime[], grainNs: bigint, back: 1 | -1): number | undefined {
  const slack = Math.max(1, Number(grainNs) / 1e9);
  let good = PRESENT;
  for (const { seconds, kept } of tried) {
    if (kept !== undefined && Math.abs(kept - seconds) < slack) {
      good = seconds;
      continue;
    }
    // Most set such times to the nearest that they have: that is the edge itself.
    const isEdge = kept !== undefined && Math.min(good, seconds) <= kept && kept <= Math.max(good, seconds);
    return isEdge ? kept : seconds + back;
  }
  return undefined;
}

/** `filesystem` as PlaceFacts has it. */
export function judgeRange(tried: readonly TriedTime[], grainNs: bigint, filesystem = ''): Check {
  const { first, last } = rangeOf(tried, grainNs);
  const known = (seconds: number) => (Number.isFinite(seconds) ? seconds : null);
  const facts = { firstSeconds: known(first), lastSeconds: known(last) };
  const says = `from ${Number.isFinite(first) ? day(first) : '1901 or before'} to ${Number.isFinite(last) ? day(last) : '2446 or later'}`;
  // The times of files are of the past, but for a few: 2100 is enough.
  if (first <= 0 && last >= 4_102_444_800) {
    // exfat-fuse, for one, remembers times that its disk does not hold.
    const doubt = filesystem === 'fuse' ? '; what a FUSE server has on its disk may be less' : '';
    return pass('time-range', says + doubt, facts);
  }
  return warn(
    'time-range',
    `only ${says}: files with other times get the nearest of these`,
    `touch such files at the source; ${SCAN}`,
    facts,
  );
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

export function judgeFolding(folding: Folding): Check {
  const facts = { caseFolds: folding.case, formFolds: folding.form };
  const what = [
    ...(folding.case ? ['README and readme'] : []),
    ...(folding.form ? ['\u00e9 of one and of two characters'] : []),
  ];
  if (what.length === 0)
    return pass('name-folding', 'each name is its own, in capitals or not, composed or not', facts);
  return warn(
    'name-folding',
    `${what.join(', and ')} are one name: of such twins one is copied, and each other fails (COLLIDES)`,
    `rename one of each at the source; ${SCAN}`,
    facts,
  );
}

export function judgeNames(lost: readonly LostName[]): Check {
  const facts = {
    lost: lost.map(({ odd, refused, became }) => ({
      names: ODD_NAMES[odd]!.what,
      sample: cleanName(ODD_NAMES[odd]!.sample),
      refused: refused ?? null,
      became: became === undefined ? null : cleanName(became),
    })),
  };
  if (lost.length === 0)
    return pass('names', 'all sorts are kept: signs, control characters, DOS devices, bytes that are not UTF-8', facts);
  const how = ({ refused, became }: LostName) =>
    refused ?? (became === undefined ? 'vanish' : `become ${cleanName(became)}`);
  const sorts = new Map<string, string[]>();
  for (const each of lost) sorts.set(how(each), [...(sorts.get(how(each)) ?? []), ODD_NAMES[each.odd]!.what]);
  const says = [...sorts].map(([why, whats]) => `${whats.join(', ')} (${why})`);
  return warn('names', `not kept are names ${says.join(', ')}`, `rename them at the source; ${SCAN}`, facts);
}

export function judgeNameLength(limit: NameLimit): Check {
  const facts = { most: limit.most, unit: limit.unit };
  const says = `up to ${limit.most} ${limit.unit}`;
  if (limit.most >= NAME_MAX) return pass('name-length', says, facts);
  return warn(
    'name-length',
    `${says}: longer names fail, also those that are as long with the name of an unfinished file`,
    `shorten them at the source; ${SCAN}`,
    facts,
  );
}

/** Bytes; what the paths of a call may have (PATH_MAX). */
const PATH_MAX = 4096;

export function judgePathLength(bytes: number): Check {
  const facts = { most: bytes >= DEEPEST ? null : bytes, tried: DEEPEST };
  if (bytes >= DEEPEST) return pass('path-length', `more than ${DEEPEST} bytes beneath the destination`, facts);
  const says = `up to ${bytes} bytes beneath the destination`;
  // A share that is mounted a little deeper than its root loses a few bytes of PATH_MAX.
  if (bytes > PATH_MAX - 512) return pass('path-length', says, facts);
  return warn('path-length', `${says}: what lies deeper fails`, `move it up at the source; ${SCAN}`, facts);
}

const TIB = 1024 ** 4;

export function judgeSizes({ largest, sparse, seekHole, tried }: SizeFacts): Check[] {
  const facts = { largest, tried };
  const says = `up to ${formatBytes(largest)}${tried ? '' : ' by what the kernel says'}`;
  const size =
    largest >= TIB
      ? pass('file-size', says, facts)
      : warn('file-size', `${says}: larger files fail (EFBIG)`, `use another filesystem for them; ${SCAN}`, facts);
  const holes = { sparse, seekHole };
  if (!sparse)
    return [
      size,
      warn(
        'holes',
        'holes are filled: a sparse file takes all of its size',
        'count on sizes, not on what is used',
        holes,
      ),
    ];
  return [size, pass('holes', `possible${seekHole ? '' : '; where they are cannot be asked'}`, holes)];
}

export function judgeAttributes(found: AttributeFacts): Check[] {
  const { symlinks, hardLinks, modes, owners, xattrs, posixAcls, nfs4Acls, smbAcls } = found;
  const other = [...(nfs4Acls ? ['NFSv4'] : []), ...(smbAcls ? ['SMB'] : [])];
  const acls = posixAcls !== 'kept' && other.length > 0 ? `${other.join(' and ')} ACLs, no POSIX ones` : undefined;
  return [
    judgeKept('symbolic-links', symlinks, 'the links of the source fail', `remove or replace them; ${SCAN}`),
    judgeKept('hard-links', hardLinks, 'files with several names become several files', 'leave room for each'),
    judgeKept('modes', modes, 'permission bits are what the mount says', 'set them by the options of the mount'),
    owners === undefined
      ? pass('owners', 'not tried: only root may give files away', { owners: null })
      : judgeKept(
          'owners',
          owners,
          'files belong to whom the mount or the server says',
          'set it by the options of the mount',
        ),
    judgeKept('xattrs', xattrs, 'extended attributes (user.*) are lost', 'keep them elsewhere if they are needed'),
    {
      ...judgeKept('acls', posixAcls, acls ?? 'access lists are lost', 'set the rights anew at the destination'),
      facts: { posixAcls, nfs4Acls, smbAcls },
    },
  ];
}

function judgeKept(name: string, kept: Kept, means: string, advice: string): Check {
  const facts = { kept: kept === 'kept', why: kept === 'kept' ? null : kept };
  if (kept === 'kept') return pass(name, 'kept', facts);
  return warn(name, `${kept === 'ignored' ? 'not kept' : `refused (${kept})`}: ${means}`, advice, facts);
}
