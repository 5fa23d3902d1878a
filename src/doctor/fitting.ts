/** Whether the destination can have what a source has by the same name. Pure. */
import { nameBytes } from '../posix/names.js';
import type { Kind } from '../posix/stat.js';
import type { Kept } from '../share/local/canary/attributes.js';
import { DEEPEST, type LostName } from '../share/local/canary/names.js';
import { fitsLimit, type NameLimit, ODD_NAMES } from '../share/oddnames.js';
import { formatBytes } from '../stats/format.js';
import type { TimeRange } from './judgedest.js';

/** What was found out of the destination. */
export interface Limits {
  readonly lost: readonly LostName[];
  readonly name: NameLimit;
  /** Bytes of a path beneath the destination; DEEPEST and more: none was found. */
  readonly path: number;
  /** Bytes. */
  readonly size: number;
  readonly times: TimeRange;
  readonly symlinks: Kept;
}

/** One entry of the source. */
export interface Candidate {
  readonly name: string;
  /** Beneath the root. */
  readonly path: string;
  readonly kind: Kind;
  readonly size: number;
  readonly mtimeNs: bigint;
}

/** Why the destination cannot have it as it is, one line each; empty: it can. */
export function misfits({ name, path, kind, size, mtimeNs }: Candidate, limits: Limits): string[] {
  const reasons = limits.lost
    .map(({ odd }) => ODD_NAMES[odd]!)
    .filter(({ isSuch }) => isSuch(name))
    .map(({ what }) => `names ${what} are not kept`);
  if (!fitsLimit(name, limits.name)) reasons.push(`the name is too long (${limits.name.most} ${limits.name.unit})`);
  if (limits.path < DEEPEST && nameBytes(path).length > limits.path)
    reasons.push(`the path is too long (${limits.path} bytes)`);
  // Special files have no content, and are copied with -D only.
  if (kind === 'other') return reasons;
  if (kind === 'link' && limits.symlinks !== 'kept') reasons.push('symbolic links are not possible');
  if (kind === 'file' && size > limits.size) reasons.push(`the file is too large (${formatBytes(limits.size)})`);
  const seconds = wholeSeconds(mtimeNs);
  if (seconds < limits.times.first || seconds > limits.times.last) reasons.push('its time is not kept');
  return reasons;
}

const SECOND = 1_000_000_000n;

/** Rounded down; bigints are cut off towards zero, and doubles lose the last digits. */
function wholeSeconds(ns: bigint): number {
  return Number((ns < 0n ? ns - SECOND + 1n : ns) / SECOND);
}
