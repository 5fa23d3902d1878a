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
  /** Those of the absent by whose names nothing at all is found: a last look can tell whether that is still so. */
  readonly missing: Set<string>;
  /** They are there, and their folder does not list them: what else it does not list, nobody knows. */
  readonly hidden: Set<string>;
  /** There was no time to ask for these; never all of them. */
  readonly unasked: Set<string>;
  /** Since when this is known, ms since the Unix epoch: a listing, of which each answer is a part, counts by its end. */
  readonly askedMs: number;
}

/**
 * What was learned is to be used before it is old: names are asked for during so long, or, where the listing took longer, since
 * it is made anew for those that are left, during as long; ms.
 */
const LEAST_MS = 1000;
const MOST_MS = 10_000;

/** What is asked of the source. */
export type Questioned = Pick<SourceShare, 'listKinds' | 'look' | 'foldsNames'>;

/**
 * Which of the extras (name -> kind at the destination) beneath `dir` are still absent at the source: as notListed says,
 * and, since servers also end listings too early, by their names. What is found by one name and listed by another is absent.
 * Any error means "unknown" and is thrown: unknown never deletes.
 */
export function confirmAbsent(
  source: Questioned,
  dir: string,
  extras: ReadonlyMap<string, Kind>,
  filter?: Filter,
): Proof {
  const begunMs = Date.now();
  const { absent, unlisted, isGone } = notListed(source, dir, extras, filter);
  const askedMs = Date.now();
  const untilMs = askedMs + Math.min(Math.max(askedMs - begunMs, LEAST_MS), MOST_MS);
  const missing = new Set(isGone ? absent : []);
  const hidden = new Set<string>();
  const found: string[] = [];
  for (const name of unlisted) {
    const kind = kindByName(source, dir, name);
    unlisted.delete(name);
    if (kind === undefined) missing.add(name);
    else if (countsAs(extras.get(name)!, kind, join(dir, name), filter)) found.push(name);
    if (Date.now() >= untilMs) break;
  }
  for (const name of unlisted) absent.delete(name);
  if (found.length > 0) {
    const listed = listedAs(source, dir, found);
    for (const name of found) if (listed.get(name) !== 'another') absent.delete(name);
    for (const name of found) if (!listed.has(name)) hidden.add(name);
  }
  if (absent.size + unlisted.size < extras.size && isAstray(source, dir))
    return { absent: new Set(extras.keys()), missing: new Set(), hidden: new Set(), unasked: new Set(), askedMs };
  return { absent, missing, hidden, unasked: unlisted, askedMs };
}

/**
 * Which of the extras a fresh, complete listing of their folder at the source proves `absent`, and those of them of which it
 * has nothing by that name (`unlisted`). A missing folder is itself confirmed missing by the listing of the one above it, and
 * nothing in it is asked for (`isGone`; something else may have its name). An extra folder also counts as absent when the
 * source has something else than a folder by that name, and the other way round, and what `filter` leaves out of the copy
 * counts as absent. Any error means "unknown" and is thrown.
 */
export function notListed(
  source: Pick<Share, 'listKinds' | 'foldsNames'>,
  dir: string,
  extras: ReadonlyMap<string, Kind>,
  filter?: Filter,
): { absent: Set<string>; unlisted: Set<string>; isGone: boolean } {
  const absent = new Set(extras.keys());
  const unlisted = new Set(extras.keys());
  const alike = new Map<string, string>();
  if (source.foldsNames) for (const name of extras.keys()) alike.set(foldName(name, FOLDED), name);
  try {
    source.listKinds(dir, (name, kind) => {
      // Not to be asked for: a client that meets a folder by two names may take them for two folders from then on.
      const other = alike.size > 0 ? alike.get(foldName(name, FOLDED)) : undefined;
      if (other !== undefined) unlisted.delete(other);
      const extra = extras.get(name);
      if (extra === undefined) return;
      unlisted.delete(name);
      if (countsAs(extra, kind, join(dir, name), filter)) absent.delete(name);
    });
    return { absent, unlisted, isGone: false };
  } catch (error) {
    if (dir === '' || !(saysAbsent(error) || isNoFolder(error))) throw error;
    const above = notListed(source, dirName(dir), new Map([[baseName(dir), 'dir']]), filter);
    return {
      absent: above.absent.size > 0 ? new Set(extras.keys()) : new Set(),
      unlisted: new Set(),
      isGone: true,
    };
  }
}

/** The source as it is asked once more just before something is removed. */
export interface LastAsked extends Pick<SourceShare, 'look'> {
  /** Throws SysError when the path of its root does not lead to that root any more. */
  checkPlace(): void;
}

/** Whether still nothing is found by the name, or its folder is none. Throws what the share says. */
export function isStillMissing(source: Pick<SourceShare, 'look'>, dir: string, name: string): boolean {
  try {
    return kindByName(source, dir, name) === undefined;
  } catch (error) {
    if (isNoFolder(error)) return true;
    throw error;
  }
}

/** Whether an entry of the source is one for which the extra would have to stay. */
function countsAs(extra: Kind, kind: Kind, path: string, filter: Filter | undefined): boolean {
  const isFolder = kind === 'dir';
  return (extra === 'dir') === isFolder && !filter?.excludesPath(path, isFolder);
}

/**
 * What the source has by that name, whatever it lists; undefined: nothing. Asked of the server: Linux's SMB client takes what was
 * moved there for what is still in both places.
 */
function kindByName(source: Pick<SourceShare, 'look'>, dir: string, name: string): Kind | undefined {
  try {
    return source.look(dir, name, true).kind;
  } catch (error) {
    if (saysAbsent(error) || cannotBe(error)) return undefined;
    throw error;
  }
}

/** The codes by which filesystems say that they can have nothing by such a name. */
function cannotBe(error: unknown): boolean {
  return ['EINVAL', 'EILSEQ', 'ENAMETOOLONG'].includes((error as { code?: string }).code ?? '');
}

/** How the folder lists, by now, what is found in it by these names: those that it does not list are left out. */
function listedAs(source: Questioned, dir: string, names: readonly string[]): Map<string, 'itself' | 'another'> {
  const alike = new Map(names.map((name) => [foldName(name, FOLDED), [] as string[]]));
  source.listKinds(dir, (name) => alike.get(foldName(name, FOLDED))?.push(name));
  const listed = new Map<string, 'itself' | 'another'>();
  for (const name of names) {
    const others = alike.get(foldName(name, FOLDED))!;
    const isOne = (other: string) => source.foldsNames || signOf(source, dir, name) === signOf(source, dir, other);
    if (others.includes(name)) listed.set(name, 'itself');
    else if (others.some(isOne)) listed.set(name, 'another');
  }
  return listed;
}

/** Two names that have it in common are one, whatever numbers a filesystem makes up for them (FUSE). */
function signOf(source: Pick<SourceShare, 'look'>, dir: string, name: string): string {
  const { size, mtimeNs, ctimeNs, mode } = source.look(dir, name);
  return [size, mtimeNs, ctimeNs, mode].join();
}

/** Whether the folder, or one that it is in, is listed by another name: whoever looks into it by this one sees what is not its own. */
function isAstray(source: Questioned, dir: string): boolean {
  for (let at = dir; at !== ''; at = dirName(at)) {
    const name = baseName(at);
    if (listedAs(source, dirName(at), [name]).get(name) === 'another') return true;
  }
  return false;
}

/** What some share or other takes for one name: in capitals or not, with accents composed or not. */
const FOLDED: Folding = { case: true, form: true };

function isNoFolder(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ENOTDIR' || code === 'ELOOP';
}
