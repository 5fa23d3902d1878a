/**
 * What failed, by cause and place, as people look for it: "412 of EACCES under projects/x". Fed one failure at a time, in
 * any number, it keeps a few dozen folders for each cause. Pure.
 */
import type { Failed } from '../ledger/statistics.js';
import { dirName } from '../posix/names.js';
import { keyOf } from './tally.js';

/** A folder with failures in it or anywhere beneath; '' is the root. */
export interface FailurePlace {
  /** Beneath the root, raw. */
  readonly folder: string;
  readonly count: number;
}

export interface FailureCause {
  /** EACCES; OTHER for what has no code. */
  readonly code: string;
  readonly count: number;
  /** The line of the first of them: "EACCES: permission denied (open)". */
  readonly example: string;
  /** Most failures first. Beside others, the root stands for all that is in none of them. */
  readonly places: readonly FailurePlace[];
}

export interface FailuresSummary {
  /** The first of them. */
  readonly list: readonly Failed[];
  readonly causes: readonly FailureCause[];
  /** All that were looked at, and the folders among them. */
  readonly total: number;
  readonly folders: number;
}

/** Looks at `most` failures, names the `first` of them, and tells for each cause at most so many `places`. */
export function failuresSummary(
  failures: Iterable<Failed>,
  { first, places, most = Number.POSITIVE_INFINITY }: { first: number; places: number; most?: number },
): FailuresSummary {
  const tally = new FailureTally();
  const list: Failed[] = [];
  let [total, folders] = [0, 0];
  for (const failed of failures) {
    tally.add(failed.path, failed.error);
    if (failed.kind === 'folder') folders += 1;
    if (total < first) list.push(failed);
    if (++total === most) break;
  }
  return { list, causes: tally.causes(places), total, folders };
}

/** Folders kept for each cause; with one more, they are joined until half as many are left. */
const KEPT = 32;

interface Cause {
  readonly example: string;
  /** Counts by folder. */
  places: Map<string, number>;
}

export class FailureTally {
  private readonly byCode = new Map<string, Cause>();

  /** An entry failed: its raw path beneath the root, and its error's line. */
  add(path: string, error: string): void {
    const cause = this.causeOf(error);
    const place = placeOf(dirName(path), cause.places);
    cause.places.set(place, (cause.places.get(place) ?? 0) + 1);
    if (cause.places.size > KEPT) cause.places = joined(cause.places, KEPT / 2);
  }

  /** The most frequent first, each with at most so many places (at least 1). */
  causes(mostPlaces: number): FailureCause[] {
    const causes = [...this.byCode].map(([code, { example, places }]) => {
      const found = [...joined(places, mostPlaces)].map(([folder, count]) => ({ folder, count }));
      const count = found.reduce((sum, place) => sum + place.count, 0);
      return { code, example, count, places: found.sort((a, b) => b.count - a.count) };
    });
    return causes.sort((a, b) => b.count - a.count);
  }

  private causeOf(error: string): Cause {
    const key = keyOf(error, this.byCode);
    let cause = this.byCode.get(key);
    if (cause === undefined) {
      cause = { example: error, places: new Map() };
      this.byCode.set(key, cause);
    }
    return cause;
  }
}

/** The place that a failure in `folder` counts for: the nearest one above it but the root, else the folder itself. */
function placeOf(folder: string, places: ReadonlyMap<string, number>): string {
  for (let above = folder; above !== ''; above = dirName(above)) if (places.has(above)) return above;
  return folder;
}

/**
 * The same failures in at most `most` places: those in other places (but the root) join these, then the two whose common
 * folder lies deepest, again and again; where only the root is common, the smallest place joins the root.
 */
function joined(places: ReadonlyMap<string, number>, most: number): Map<string, number> {
  let left = withoutNested([...places].map(([folder, count]) => ({ names: namesOf(folder), count })).sort(byNames));
  while (left.length > most) {
    // The deepest common folder is that of two neighbours, since they are in the order of their names.
    let [deepest, at] = [0, -1];
    for (let index = 1; index < left.length; index++) {
      const depth = commonDepth(left[index - 1]!.names, left[index]!.names);
      if (depth > deepest) [deepest, at] = [depth, index];
    }
    left =
      at < 0
        ? smallestToRoot(left)
        : withoutNested([{ names: left[at]!.names.slice(0, deepest), count: 0 }, ...left].sort(byNames));
  }
  return new Map(left.map(({ names, count }) => [names.join('/'), count]));
}

interface Place {
  readonly names: readonly string[];
  count: number;
}

function namesOf(folder: string): string[] {
  return folder === '' ? [] : folder.split('/');
}

/** A folder comes before what is in it, and all that is in it before the next one. */
function byNames({ names: a }: Place, { names: b }: Place): number {
  const depth = commonDepth(a, b);
  if (depth === a.length || depth === b.length) return a.length - b.length;
  return a[depth]! < b[depth]! ? -1 : 1;
}

function commonDepth(a: readonly string[], b: readonly string[]): number {
  let depth = 0;
  while (depth < a.length && depth < b.length && a[depth] === b[depth]) depth += 1;
  return depth;
}

/** Sorted places, each but the root with those beneath it. */
function withoutNested(places: readonly Place[]): Place[] {
  const left: Place[] = [];
  for (const { names, count } of places) {
    const above = left.at(-1);
    if (above && above.names.length > 0 && commonDepth(above.names, names) === above.names.length) above.count += count;
    else left.push({ names, count });
  }
  return left;
}

function smallestToRoot(places: readonly Place[]): Place[] {
  const [root, ...rest] = places[0]!.names.length === 0 ? places : [{ names: [], count: 0 }, ...places];
  const smallest = rest.reduce((least, place) => (place.count < least.count ? place : least));
  return [{ names: [], count: root!.count + smallest.count }, ...rest.filter((place) => place !== smallest)];
}
