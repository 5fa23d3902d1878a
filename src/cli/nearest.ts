/**
 * The known name that a mistyped one was most likely meant to be, or undefined when none is close. Case, `_` and `-`
 * do not count; leaving out the start or the end of a name (`delete`, `size`) is close, and so are few wrong letters.
 */
export function nearest<Name extends string>(typed: string, known: readonly Name[]): Name | undefined {
  const wanted = plain(typed);
  if (wanted === '') return undefined;
  // One wrong letter in three at most, so that short words do not match everything.
  let best = Math.max(1, Math.min(3, Math.floor(wanted.length / 3))) + 0.5;
  let found: Name | undefined;
  for (const name of known) {
    const candidate = plain(name);
    const distance = Math.min(editDistance(wanted, candidate), partDistance(wanted, candidate));
    if (distance < best) {
      best = distance;
      found = name;
    }
  }
  return found;
}

/** ` (did you mean X?)` with the nearest of `known`, or nothing; `say` dresses the name, such as `--X`. */
export function didYouMean<Name extends string>(
  typed: string,
  known: readonly Name[],
  say = (name: Name): string => name,
): string {
  const name = nearest(typed, known);
  return name === undefined ? '' : ` (did you mean ${say(name)}?)`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** A start of at least three letters counts as one wrong letter, a little more the more is missing; an end more still. */
function partDistance(part: string, whole: string): number {
  if (part.length < 3 || !(whole.startsWith(part) || whole.endsWith(part))) return Number.POSITIVE_INFINITY;
  return 1 + (whole.length - part.length) / 100 + (whole.startsWith(part) ? 0 : 0.25);
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const differs = a[i - 1] === b[j - 1] ? 0 : 1;
      let steps = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + differs);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) steps = Math.min(steps, before[j - 2]! + 1);
      row.push(steps);
    }
    before = above;
    above = row;
  }
  return above[b.length]!;
}
