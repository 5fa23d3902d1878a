/** The proof that must stand before anything is deleted: that the source does not have it. */
import { baseName, dirName, join } from '../posix/names.js';
import type { Kind } from '../posix/stat.js';
import type { Filter } from '../scan/filter/filter.js';
import { saysAbsent } from '../share/failure.js';
import type { Share } from '../share/share.js';

/**
 * Which of the extras (name -> kind at the destination) beneath `dir` are still absent at the source, by a fresh,
 * complete listing of their folder there. A missing folder is itself confirmed missing by the listing of the one
 * above it. An extra folder also counts as absent when the source has something else than a folder by that name, and
 * the other way round, and what `filter` leaves out of the copy counts as absent. Any error means "unknown" and is
 * thrown: unknown never deletes.
 */
export function confirmAbsent(
  source: Pick<Share, 'listKinds'>,
  dir: string,
  extras: ReadonlyMap<string, Kind>,
  filter?: Filter,
): Set<string> {
  const absent = new Set(extras.keys());
  try {
    source.listKinds(dir, (name, kind) => {
      const extra = extras.get(name);
      const isFolder = kind === 'dir';
      if (extra === undefined || (extra === 'dir') !== isFolder) return;
      if (!filter?.excludesPath(join(dir, name), isFolder)) absent.delete(name);
    });
    return absent;
  } catch (error) {
    if (dir === '' || !(saysAbsent(error) || isNoFolder(error))) throw error;
    const above = confirmAbsent(source, dirName(dir), new Map([[baseName(dir), 'dir']]), filter);
    return above.size > 0 ? absent : new Set();
  }
}

function isNoFolder(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ENOTDIR' || code === 'ELOOP';
}
