/** --rename-invalid: names that a real exFAT refuses, and a destination that refuses none, with the real program. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RENAMED_SORTS, Renaming } from '../../src/share/renaming.js';
import { canMountExfat, findCommand, mountExfat, unmount } from '../helpers/tree.js';
import {
  auditLog,
  copy,
  copyAll,
  expectEqualTrees,
  file,
  ledgerFiles,
  ledgerPaths,
  makeTree,
  newWorld,
  query,
  raw,
  run,
  type Tree,
  type World,
} from './helpers.js';

const T = 1_700_000_000_000_000_000n;
const TREE: Tree = {
  plain: file('plain', T),
  'a:b': file('colon', T),
  [raw('a：b')]: file('wide colon', T),
  'why?/*star*': file('star', T),
  'why?/plain': file('plain', T),
  'why?/deep|er/"quoted"': file('quoted', T),
  'line\nbreak': file('line', T),
};
const BECAME = {
  plain: 'plain',
  'a:b': 'a：b',
  'a：b': 'a‛：b',
  'why?/*star*': 'why？/＊star＊',
  'why?/plain': 'why？/plain',
  'why?/deep|er/"quoted"': 'why？/deep｜er/＂quoted＂',
  'line\nbreak': 'line␊break',
};

const filesIn = (root: string): string[] =>
  readdirSync(root, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(join(root, entry.name)).map((name) => `${entry.name}/${name}`) : [entry.name],
  );

describe.skipIf(!canMountExfat())('on exFAT, which refuses such names (skipped where it cannot be mounted)', () => {
  async function onExfat(use: (world: World) => Promise<void>): Promise<void> {
    const world = newWorld();
    makeTree(world.source, TREE);
    mountExfat(world.dest);
    try {
      await use(world);
    } finally {
      unmount(world.dest);
    }
  }

  test('they fail without it, and arrive under others with it, each to be found in the ledger', () =>
    onExfat(async (world) => {
      expect((await copy(world)).code).toBe(1);
      expect(ledgerPaths(world, 'failed').length).toBeGreaterThan(2);
      const { stdout } = await copyAll(world, '--rename-invalid');
      expect(stdout).toContain('names of these sorts are kept under others (--rename-invalid)');
      expect(filesIn(world.dest).sort()).toEqual(Object.values(BECAME).sort());
      for (const [name, became] of Object.entries(BECAME))
        expect(readFileSync(join(world.dest, became)).equals(readFileSync(join(world.source, name)))).toBe(true);
      const rows = query<{ source_path: string; dest_path: string }>(
        world.db,
        'SELECT source_path, dest_path FROM files',
      );
      expect(Object.fromEntries(rows.map(({ source_path, dest_path }) => [source_path, dest_path]))).toEqual(
        Object.fromEntries(
          Object.entries(BECAME).map(([name, became]) => [join(world.source, name), join(world.dest, became)]),
        ),
      );
      const line = auditLog(world).find(
        ({ source, result }) => source === join(world.source, 'a:b') && result === 'copied',
      );
      expect(line).toMatchObject({ dest: join(world.dest, 'a：b') });
    }));

  test('a later run needs no option, finds nothing to do, mirrors, and puts in the trash', () =>
    onExfat(async (world) => {
      await copyAll(world, '--rename-invalid');
      const lines = auditLog(world).length;
      await copyAll(world, '--rescan');
      expect(auditLog(world)).toHaveLength(lines);
      makeTree(world.source, { 'a:b': file('another', T) });
      rmSync(join(world.source, 'why?/deep|er'), { recursive: true });
      writeFileSync(join(world.dest, 'lost：and found'), 'extra');
      writeFileSync(join(world.dest, 'no ‛x of ours'), 'kept');
      await copyAll(world, '--rescan', '--delete-extras', '--max-delete', 'unlimited', '--trash', '.trash');
      expect(readFileSync(join(world.dest, 'a：b'), 'utf8')).toBe('another');
      expect(existsSync(join(world.dest, 'why？/deep｜er'))).toBe(false);
      expect(existsSync(join(world.dest, 'lost：and found'))).toBe(false);
      expect(existsSync(join(world.dest, 'no ‛x of ours'))).toBe(true);
      const trashed = filesIn(join(world.dest, '.trash')).map((path) => path.slice(path.indexOf('/') + 1));
      expect(trashed.sort()).toEqual(['lost：and found', 'why？/deep｜er/＂quoted＂']);
      // A dry run goes by what the ledger knows, also of how coarsely times are kept there.
      makeTree(world.source, { 'a:b': file('with a fine time', T + 1_234_567n) });
      await copyAll(world);
      expect((await copyAll(world, '-n')).stdout).toMatch(/would copy +0 files/);
    }));

  test('a name at the destination that looks like one of the source, and is none of ours, is not taken for it', () =>
    onExfat(async (world) => {
      makeTree(world.source, { [raw('a‛b')]: file('mine', T), [raw('d‛d/f')]: file('mine', T) });
      await copyAll(world, '--rename-invalid');
      makeTree(world.dest, { [raw('a‛b')]: file('another', T), [raw('d‛d/f')]: file('another', T) });
      const lines = auditLog(world).length;
      await copyAll(world, '--rescan', '--delete-extras');
      await copyAll(world, '--rescan');
      expect(auditLog(world)).toHaveLength(lines);
      expect(readFileSync(join(world.dest, 'a‛b'), 'utf8')).toBe('another');
      expect(readFileSync(join(world.dest, 'a‛‛b'), 'utf8')).toBe('mine');
      expect(readFileSync(join(world.dest, 'd‛‛d/f'), 'utf8')).toBe('mine');
    }));

  test('what was renamed is verified, and its manifest holds at the destination', () =>
    onExfat(async (world) => {
      await copyAll(world, '--rename-invalid');
      expect(await run(world, 'verify', '--db', world.db)).toMatchObject({ code: 0 });
      const list = join(world.root, 'list');
      expect(await run(world, 'manifest', '--db', world.db, '-o', list)).toMatchObject({ code: 0 });
      if (findCommand('sha256sum'))
        expect(spawnSync('sha256sum', ['-c', '--quiet', list], { cwd: world.dest })).toMatchObject({ status: 0 });
      writeFileSync(join(world.dest, 'why？/＊star＊'), 'spilt');
      const { code, stdout } = await run(world, 'verify', '--db', world.db, '--all');
      expect(code).toBe(1);
      expect(stdout).toContain('why?/*star*');
    }));
});

test('a destination that refuses nothing gets the names as they are', async () => {
  const world = newWorld();
  makeTree(world.source, TREE);
  const { stdout } = await copyAll(world, '--rename-invalid');
  expect(stdout).not.toContain('kept under others');
  expectEqualTrees(world.source, world.dest);
  expect(query(world.db, 'SELECT * FROM renamed')).toEqual([]);
  expect(ledgerFiles(world).get('a:b')).toMatchObject({ status: 'synced' });
});

test('a dry run that would have to try names out is refused', async () => {
  const world = newWorld();
  const { code, stderr } = await copy(world, '--rename-invalid', '-n');
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('--rename-invalid tries names out, which a dry run does not'),
  ]);
});

test.skipIf(!findCommand('python3'))('the script of docs/renaming.md finds each name again (python3 needed)', () => {
  const text = readFileSync(new URL('../../docs/renaming.md', import.meta.url), 'utf8');
  const script = /```python\n([\s\S]*?)```/.exec(text)![1]!;
  const all = new Renaming(RENAMED_SORTS);
  const names = [
    'a:b',
    'a：b',
    'CON',
    'nul.',
    'ＣON',
    'aux.txt',
    'end.',
    'end．',
    'end ',
    ' lead',
    '␠lead',
    '‛',
    '‛e9',
    'x\x01',
    '"<>|\\*?',
  ];
  const { stdout } = spawnSync('python3', ['-c', script, ...names.map((name) => all.encode(name))], {
    encoding: 'utf8',
  });
  expect(stdout.split('\n').slice(0, -1)).toEqual(names);
});
