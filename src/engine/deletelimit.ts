/** The breaker of deletions: so many extras are a mistake more likely than a wish. Pure. */
import type { DeleteLimit } from '../settings.js';

/** Without a word of the operator: a tenth of the destination's entries, or this many where that is more. */
const PART = 0.1;
const COUNT = 1000;

/** How many of a destination's `entries` (extras among them) may be deleted. */
export function deletable(limit: DeleteLimit | undefined, entries: number): number {
  if (!limit) return Math.max(COUNT, Math.floor(entries * PART));
  return limit.count ?? (limit.part === undefined ? Number.POSITIVE_INFINITY : Math.floor(entries * limit.part));
}
