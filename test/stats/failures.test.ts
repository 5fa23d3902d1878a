import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dirName } from '../../src/posix/names.js';
import { FailureTally, failuresSummary } from '../../src/stats/failures.js';

const DENIED = 'EACCES: permission denied (open)';

function causesOf(failures: readonly (readonly [path: string, error: string])[], most: number) {
  const tally = new FailureTally();
  for (const [path, error] of failures) tally.add(path, error);
  return tally.causes(most);
}

function placesOf(paths: readonly string[], most: number): Record<string, number> {
  const [cause] = causesOf(
    paths.map((path) => [path, DENIED]),
    most,
  );
  return Object.fromEntries(cause!.places.map(({ folder, count }) => [folder, count]));
}

test('nothing failed: no cause', () => {
  expect(causesOf([], 3)).toEqual([]);
});

test('causes are told apart by code, the most frequent first, with the first line of each', () => {
  const causes = causesOf(
    [
      ['a/1', 'EIO: input/output error (read)'],
      ['b/1', DENIED],
      ['b/2', 'EACCES: permission denied (stat)'],
      ['c', 'what is this'],
    ],
    3,
  );
  expect(causes).toEqual([
    { code: 'EACCES', count: 2, example: DENIED, places: [{ folder: 'b', count: 2 }] },
    { code: 'EIO', count: 1, example: 'EIO: input/output error (read)', places: [{ folder: 'a', count: 1 }] },
    { code: 'OTHER', count: 1, example: 'what is this', places: [{ folder: '', count: 1 }] },
  ]);
});

test('folders are joined where they have most in common, until few are left', () => {
  const projects = Array.from({ length: 412 }, (_, index) => `projects/x/${index % 100}/file ${index}`);
  expect(placesOf([...projects, 'home/a/1', 'home/b/1', 'archive/1'], 3)).toEqual({
    'projects/x': 412,
    home: 2,
    archive: 1,
  });
});

test('a place takes in what is beneath it, whichever comes first', () => {
  expect(placesOf(['a/b/c/1', 'a/1', 'a/b/2', 'ab/1'], 3)).toEqual({ a: 3, ab: 1 });
});

test('names that only begin alike are not one folder', () => {
  expect(placesOf(['a/x/1', 'a-b/x/1', 'a b/x/1'], 3)).toEqual({ 'a/x': 1, 'a-b/x': 1, 'a b/x': 1 });
});

test('where only the root is common, the large places stay and the root stands for the rest', () => {
  const many = Array.from({ length: 1000 }, (_, index) => `home${index}/1`);
  const paths = [...many.slice(0, 500), ...Array(50).fill('big/x/1'), ...many.slice(500)];
  const places = placesOf(paths, 2);
  expect(places).toEqual({ 'big/x': 50, '': 1000 });
});

test('a thousand codes are kept as 64 and the others', () => {
  const causes = causesOf(
    Array.from({ length: 1000 }, (_, index) => [`${index}`, `E${index}: x`] as const),
    1,
  );
  expect(causes).toHaveLength(65);
  expect(causes[0]).toMatchObject({ code: 'OTHER', count: 936 });
});

describe('any failures', () => {
  const name = fc.constantFrom('a', 'b', 'a b', 'c-d', 'c', 'ä', '\udcff');
  const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join('/'));
  const error = fc.constantFrom(DENIED, 'EIO: input/output error (read)', 'none of these');
  const failures = fc.array(fc.tuple(path, error), { maxLength: 300 });

  test('all are counted once, in at most so many places, each above what it counts', () => {
    fc.assert(
      fc.property(failures, fc.integer({ min: 1, max: 8 }), (all, most) => {
        const causes = causesOf(all, most);
        expect(causes.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
        for (const { code, count, places } of causes) {
          const own = all.filter(([, text]) => (code === 'OTHER' ? text === 'none of these' : text.startsWith(code)));
          expect(count).toBe(own.length);
          expect(places.reduce((sum, place) => sum + place.count, 0)).toBe(count);
          expect(places.length).toBeLessThanOrEqual(most);
          for (const [failed] of own) expect(places.some(({ folder }) => isBeneath(failed, folder))).toBe(true);
          // A place counts no more than there is beneath it, and without the root no less.
          const isExact = !places.some(({ folder }) => folder === '');
          for (const place of places) {
            const beneath = own.filter(([failed]) => isBeneath(failed, place.folder)).length;
            expect(place.count).toBeLessThanOrEqual(beneath);
            if (isExact) expect(place.count).toBe(beneath);
          }
        }
      }),
    );
  });

  test('as one place they are in the deepest folder that has them all', () => {
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 200 }), (paths) => {
        expect(Object.keys(placesOf(paths, 1))).toEqual([paths.map(dirName).reduce(common)]);
      }),
    );
  });
});

function isBeneath(path: string, folder: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`);
}

function common(a: string, b: string): string {
  const names = b.split('/');
  const differs = a.split('/').findIndex((part, index) => part !== names[index]);
  return differs < 0 ? a : a.split('/').slice(0, differs).join('/');
}

test('a summary names the first, counts all with their folders, and looks no further than it may', () => {
  const failures = ['d', 'a/1', 'a/2', 'b/1'].map((path, index) => {
    return { path, kind: index === 0 ? ('folder' as const) : ('entry' as const), error: DENIED };
  });
  const all = failuresSummary(failures, { first: 2, places: 1 });
  expect(all).toEqual({ list: failures.slice(0, 2), causes: all.causes, total: 4, folders: 1 });
  expect(all.causes).toMatchObject([{ code: 'EACCES', count: 4 }]);
  expect(failuresSummary(failures, { first: 2, places: 1, most: 3 })).toMatchObject({
    total: 3,
    causes: [{ count: 3 }],
  });
});
