import { createRequire } from 'node:module';
import { nameBytes } from '../posix/names.js';

/** Unfinished files carry this prefix until they are published; a leftover of a crash is known by it. */
export const PART_PREFIX = '.millrace-part.';
const NAME_MAX = 255;

/** What tells the temporary names of one ledger's runs from those of others, of which one may write the same file. */
export const TAG_LENGTH = 6;

/**
 * The temporary name of a file: derived from its name and the `tag`, of TAG_LENGTH or '', so that the next run of the ledger
 * finds and replaces what a crash left, and no other does. A name with no room for the prefix, or that could be taken
 * for one of those, is replaced by its hash.
 */
export function partName(name: string, tag = ''): string {
  const prefix = tag === '' ? PART_PREFIX : `${PART_PREFIX}${tag}.`;
  const long = Buffer.byteLength(name) + prefix.length > NAME_MAX || !name.isWellFormed() || name.startsWith('~');
  return prefix + (long ? `~${digest(nameBytes(name))}` : name);
}

/**
 * The name of a file that tries something out: one of the ledger with this `tag`, whose next run removes what a kill left, for
 * runs of others may try the same at the same time. '' where there is no ledger.
 */
export function probeName(what: string, tag: string): string {
  return `${PART_PREFIX}~${what}.${tag}`;
}

/** node:crypto is loaded by the first name that needs it: it takes as long to load as all else that a thread does. */
function digest(bytes: Buffer): string {
  const { createHash } = createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto');
  return createHash('sha256').update(bytes).digest('hex').slice(0, 40);
}

/** Whether a part name, or that of a probe, is one of the ledger with this tag. */
export function isPartOf(name: string, tag: string): boolean {
  return name.startsWith(`${PART_PREFIX}${tag}.`) || (name.startsWith(`${PART_PREFIX}~`) && name.endsWith(`.${tag}`));
}

export function isPartName(name: string): boolean {
  return name.startsWith(PART_PREFIX);
}
