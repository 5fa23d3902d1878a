/** What is left out without being asked for: snapshots multiply the data, and a server removes .nfs files by itself. */
import { UsageError } from '../exit.js';
import { EXCLUDES, type Rule, readRule } from '../scan/filter/rule.js';

export const DEFAULT_SKIPS = '.snapshot/,~snapshot/,.zfs/,.nfs*';

/**
 * Patterns with commas between them as rules that come after all others; none for `none`. They hold on both sides, also
 * with --delete-excluded: what they name is never deleted.
 */
export function parseSkips(text: string): Rule[] {
  if (text === 'none') return [];
  return text.split(',').map((pattern) => {
    const told = readRule(pattern, { ...EXCLUDES, form: 'pattern' });
    if (told.kind !== 'rule') throw new UsageError('must be patterns');
    return told.rule;
  });
}
