/** What is told at the beginning of a run of how its roots are mounted. Pure. */
import type { RootsFacts } from '../share/local/roots.js';
import { SIDE_NAMES } from '../share/share.js';

export function mountNotes(
  { soft, hasMadeUpNumbers }: Pick<RootsFacts, 'soft' | 'hasMadeUpNumbers'>,
  keepsHardLinks: boolean,
): string[] {
  const notes = soft.map(
    (side) => `the ${SIDE_NAMES[side]} is a soft mount: files fail while its server is slow; mount it hard (nfs(5))`,
  );
  if (keepsHardLinks && hasMadeUpNumbers)
    notes.push(
      'the source is mounted with noserverino: which names are of one file (-H) cannot be told, and each is copied; mount it with serverino (mount.cifs(8))',
    );
  return notes;
}
