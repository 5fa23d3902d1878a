/** The proof that must stand before anything is deleted: that the source does not have it. */
import { baseName, dirName, join } from '../posix/names.js';
import type { Kind } from '../posix/stat.js';
import type { Filter } from '../scan/filter/filter.js';
import { saysAbsent } from '../share/failure.js';
import { type Folding, foldName } from '../share/folding.js';
import type { Share, SourceShare } from '../share/share.js';

/** Of extras, by their names. The others are there. */
export interface Proof {
  readonly absent: Set<string>;
  /** They are there, and their folder does not list them: what else it does not list, nobody knows. */
  readonly hidden: Set<string>;
}

/**
 * Which of the extras (name -> kind at the destination) beneath `dir` are still absent at the source: as notListed says,
 * and, since servers also end listings too early, by their names. Any error means "unknown" and is thrown: unknown never
 * deletes.
 */
export function confirmAbsent(
  source: Pick<SourceShare, 'listKinds' | 'look'>,
  dir: string,
  extras: ReadonlyMap<string, Kind>,
  filter?: Filter,
): Proof {
  const { absent, unlisted } = notListed(source, dir, extras, filter);
  const found = [...unlisted].filter((name) => {
    const kind = kindByName(source, dir, name);
    return kind !== undefined && countsAs(extras.get(name)!, kind, join(dir, name), filter);
  });
  if (found.length === 0) return { absent, hidden: new Set() };
  const hidden = new Set(found);
  const { names, folded } = namesNow(source, dir, found);
  for (const name of found) {
    const isListed = names.has(name);
    if (isListed || folded.has(foldName(name, FOLDED))) hidden.delete(name);
    if (isListed || hidden.has(name)) absent.delete(name);
  }
  return { absent, hidden };
}

/**
 * Which of the extras a fresh, complete listing of their folder at the source proves `absent`, and those of them of which it
 * has nothing by that name (`unlisted`). A missing folder is itself confirmed missing by the listing of the one above it,
 * and nothing in it is asked for. An extra folder also counts as absent when the source has something else than a folder by
 * that name, and the other way round, and what `filter` leaves out of the copy counts as absent. Any error means "unknown" and is
 * thrown.
 */
export function notListed(
  source: Pick<Share, 'listKinds'>,
  dir: string,
  extras: ReadonlyMap<string, Kind>,
  filter?: Filter,
): { absent: Set<string>; unlisted: Set<string> } {
  const absent = new Set(extras.keys());
  const unlisted = new Set(extras.keys());
  try {
    source.listKinds(dir, (name, kind) => {
      const extra = extras.get(name);
      if (extra === undefined) return;
      unlisted.delete(name);
      if (countsAs(extra, kind, join(dir, name), filter)) absent.delete(name);
    });
    return { absent, unlisted };
  } catch (error) {
    if (dir === '' || !(saysAbsent(error) || isNoFolder(error))) throw error;
    const above = notListed(source, dirName(dir), new Map([[baseName(dir), 'dir']]), filter);
    return { absent: above.absent.size > 0 ? new Set(extras.keys()) : new Set(), unlisted: new Set() };
  }
}

/** Whether an entry of the source is one for which the extra would have to stay. */
function countsAs(extra: Kind, kind: Kind, path: string, filter: Filter | undefined): boolean {
  const isFolder = kind === 'dir';
  return (extra === 'dir') === isFolder && !filter?.excludesPath(path, isFolder);
}

/** What the source has by that name, whatever it lists; undefined: nothing. */
function kindByName(source: Pick<SourceShare, 'look'>, dir: string, name: string): Kind | undefined {
  try {
    return source.look(dir, name).kind;
  } catch (error) {
    if (saysAbsent(error) || cannotBe(error)) return undefined;
    throw error;
  }
}

/** The codes by which filesystems say that they can have nothing by such a name. */
function cannotBe(error: unknown): boolean {
  return ['EINVAL', 'EILSEQ', 'ENAMETOOLONG'].includes((error as { code?: string }).code ?? '');
}

/**
 * What the folder lists by now of the names that were found in it, and what it lists, `folded`, by others that a share takes for
 * these: in capitals or not, with accents composed or not.
 */
function namesNow(source: Pick<Share, 'listKinds'>, dir: string, found: readonly string[]) {
  const [sought, soughtFolded] = [new Set(found), new Set(found.map((name) => foldName(name, FOLDED)))];
  const [names, folded] = [new Set<string>(), new Set<string>()];
  source.listKinds(dir, (name) => {
    if (sought.has(name)) names.add(name);
    const other = foldName(name, FOLDED);
    if (soughtFolded.has(other)) folded.add(other);
  });
  return { names, folded };
}

const FOLDED: Folding = { case: true, form: true };

function isNoFolder(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ENOTDIR' || code === 'ELOOP';
}
