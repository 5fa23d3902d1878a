/** Random trees with random edits always converge: after each run with --delete-extras the two sides are equal. */
import { linkSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  at,
  copyAll,
  dir,
  expectEqualTrees,
  expectSameGroups,
  file,
  ledgerFiles,
  link,
  makeTree,
  newWorld,
  partFiles,
  removeWorld,
  type Spec,
  setMtime,
  snapshotTree,
} from './helpers.js';

/** Few names, so that edits meet each other. */
const name = fc.constantFrom('a', 'b', 'c', 'd\n', '\xff', '\xfe');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));

/** A string is a file's content, a number the size of a larger file: around a block, and of several. */
const what = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536, 65_537, 300_000) },
  { weight: 1, arbitrary: name.map((target) => ({ target })) },
  { weight: 1, arbitrary: fc.constant(null) },
);

/** null: a folder. */
type What = string | number | { readonly target: string } | null;

type Edit =
  | { readonly edit: 'put'; readonly path: string; readonly what: What }
  | { readonly edit: 'remove'; readonly path: string }
  | { readonly edit: 'touch'; readonly path: string }
  | { readonly edit: 'rename' | 'link'; readonly path: string; readonly to: string };

function specOf(entry: What, mtimeNs: bigint): Spec {
  if (entry === null) return dir(mtimeNs);
  if (typeof entry === 'object') return link(entry.target, mtimeNs);
  return file(typeof entry === 'number' ? Buffer.alloc(entry, String(mtimeNs)) : entry, mtimeNs);
}

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ edit: fc.constant('put' as const), path, what }) },
  { weight: 2, arbitrary: fc.record({ edit: fc.constant('remove' as const), path }) },
  { weight: 3, arbitrary: fc.record({ edit: fc.constant('touch' as const), path }) },
  { weight: 4, arbitrary: fc.record({ edit: fc.constantFrom('rename' as const, 'link' as const), path, to: path }) },
);

/** Edits of one round; those at the destination are what others do there. */
const round = fc.record({
  source: fc.array(edit, { minLength: 1, maxLength: 14 }),
  dest: fc.array(edit, { maxLength: 4 }),
  lanes: fc.constantFrom([], [], ['--readers', '2', '--writers', '3']),
});

/**
 * Each edit gives a time of its own, a nanosecond after the last: a program that goes by size and mtime cannot tell
 * files apart that have both in common, and the clock of a filesystem may stand still for milliseconds.
 */
class Editor {
  private nowNs = 1_600_000_000_123_456_789n;

  /** Does the edit as far as it makes sense; what is in the way of it goes. */
  apply(root: string, change: Edit): void {
    switch (change.edit) {
      case 'put':
        clear(root, change.path);
        makeTree(root, { [change.path]: specOf(change.what, ++this.nowNs) });
        break;
      case 'remove':
        if (isThere(root, change.path)) rmSync(at(root, change.path), { recursive: true });
        break;
      case 'touch':
        if (isThere(root, change.path)) setMtime(root, change.path, ++this.nowNs);
        break;
      case 'rename':
      case 'link': {
        if (isInside(change.to, change.path) || isInside(change.path, change.to) || !isThere(root, change.path)) break;
        clear(root, change.to);
        makeTree(root, { [change.to]: dir() });
        rmSync(at(root, change.to), { recursive: true });
        if (!isThere(root, change.path)) break;
        const isFolder = kindOf(root, change.path) === 'folder';
        const work = change.edit === 'link' && !isFolder ? linkSync : renameSync;
        work(at(root, change.path), at(root, change.to));
        break;
      }
    }
  }
}

function isInside(inner: string, outer: string): boolean {
  return `${inner}/`.startsWith(`${outer}/`);
}

/** True when the entry exists and no link leads to it. */
function isThere(root: string, entry: string): boolean {
  return foldersAbove(entry).every((folder) => kindOf(root, folder) === 'folder') && kindOf(root, entry) !== undefined;
}

/** Removes the entry, and what is no folder but would have to be one above it. */
function clear(root: string, entry: string): void {
  for (const folder of foldersAbove(entry)) {
    if (kindOf(root, folder) === undefined) return;
    if (kindOf(root, folder) === 'other') rmSync(at(root, folder));
  }
  rmSync(at(root, entry), { recursive: true, force: true });
}

function foldersAbove(entry: string): string[] {
  const names = entry.split('/');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
}

function kindOf(root: string, entry: string): 'folder' | 'other' | undefined {
  const stat = lstatSync(at(root, entry), { throwIfNoEntry: false });
  return stat && (stat.isDirectory() ? 'folder' : 'other');
}

test('random trees with random edits on both sides are equal after every run', { timeout: 200_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 3, maxLength: 3 }), fc.boolean(), async (rounds, hardLinks) => {
      const world = newWorld();
      const { source, dest } = world;
      const editor = new Editor();
      mkdirSync(dest);
      for (const { source: edits, dest: meddling, lanes } of rounds) {
        for (const change of edits) editor.apply(source, change);
        for (const change of meddling) editor.apply(dest, change);
        // A source that has become empty is refused.
        makeTree(source, { stays: file() });
        await copyAll(world, '--delete-extras', '--block-size', '64K', ...lanes, ...(hardLinks ? ['-H'] : []));
        expectEqualTrees(source, dest);
        if (hardLinks) expectSameGroups(world);
        expect(partFiles(dest)).toEqual([]);
        const rows = [...ledgerFiles(world)].map(([path, { status }]) => [path, status]);
        const entries = [...snapshotTree(source)].filter(([, { type }]) => type !== 'dir');
        expect(rows).toEqual(entries.map(([path]) => [path, 'synced']));
      }
      removeWorld(world);
    }),
    // On a failure, smaller cases are looked for until the time is up.
    { numRuns: 12, interruptAfterTimeLimit: 120_000 },
  );
});
