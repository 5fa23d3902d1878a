/** What is copied, and what is left alone: rules, lists, sizes, skips and mounts, with the real program. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMount, findCommand, mountTmpfs, unmount } from '../helpers/tree.js';
import {
  auditLog,
  copy,
  copyAll,
  dir,
  expectEqualTrees,
  file,
  ledgerFiles,
  ledgerPaths,
  link,
  logged,
  makeTree,
  namesIn,
  newWorld,
  raw,
  run,
  snapshotTree,
  startCopy,
  type Tree,
  type World,
} from './helpers.js';

const TREE: Tree = {
  'a.tmp': file('1'),
  'b.txt': file('22'),
  'cache/x': file('3'),
  'cache/keep/y': file('4'),
  'docs/cache/z': file('5'),
  'docs/a.tmp': file('6'),
  'docs/deep/er/b.txt': file('7'),
  'docs/link.tmp': link('a.tmp'),
  'empty.tmp/': dir(),
};
const made = (world: World, tree: Tree = TREE): World => {
  const { 'empty.tmp/': empty, ...rest } = tree;
  makeTree(world.source, { ...rest, ...(empty && { 'empty.tmp': empty }) });
  return world;
};
const namesAt = (root: string) => namesIn(root).sort();

test('options of all kinds keep their common order, and the first that matches wins', async () => {
  const world = made(newWorld());
  writeFileSync(join(world.root, 'rules'), '# what nobody needs\n\n+ docs/a.tmp\n*.tmp\n');
  await copyAll(
    world,
    ...['--include', '/cache/keep/***', '--include=/cache/', '--exclude-from', 'rules'],
    ...['--filter', '- /cache/*', '--exclude', 'deep'],
  );
  expect(namesAt(world.dest)).toEqual([
    ...['b.txt', 'cache', 'cache/keep', 'cache/keep/y', 'docs', 'docs/a.tmp', 'docs/cache', 'docs/cache/z'],
  ]);
  // In another order the same rules say something else.
  await copyAll(world, '--exclude', '*.tmp', '--include', 'a.tmp');
  expect(namesAt(world.dest)).not.toContain('a.tmp');
  await copyAll(world, '--include', 'a.tmp', '--exclude', '*.tmp');
  expect(namesAt(world.dest)).toContain('a.tmp');
});

test.skipIf(!findCommand('rsync'))('leaves the same tree as rsync does (rsync needed)', async () => {
  const world = made(newWorld());
  const extras: Tree = {
    'docs/old.tmp': file('x'),
    'docs/old': file('x'),
    'cache/mine': file('x'),
    'gone/a.tmp': file('x'),
    'gone/b': file('x'),
    'away/b': file('x'),
  };
  const other = join(world.root, 'other');
  makeTree(world.dest, extras);
  makeTree(other, extras);
  const args = [
    '--filter=P /cache/mine',
    '--exclude=*.tmp',
    '--filter=-! /docs/**/',
    '--include=nothing',
    '--exclude=[xyz]',
  ];
  for (const more of [[], ['--delete-excluded']]) {
    const { status } = spawnSync('rsync', ['-rlt', '--delete', ...args, ...more, `${world.source}/`, `${other}/`]);
    expect(status).toBe(0);
    await copyAll(world, '--delete-extras', '--max-delete', 'unlimited', ...args, ...more);
    expect(namesAt(world.dest)).toEqual(namesAt(other));
  }
});

test('what is left out at the source stays at the destination, unless --delete-excluded says otherwise', async () => {
  const world = made(newWorld(), { 'a.tmp': file('source'), 'sub/b': file('b'), '.snapshot/x': file('x') });
  makeTree(world.dest, {
    'a.tmp': file('dest'),
    'old/c.tmp': file('protected'),
    'old/d': file('extra'),
    'older/deep/e': file('extra'),
    '.snapshot/y': file('y'),
  });
  const args = ['--delete-extras', '--max-delete', 'unlimited', '--exclude', '*.tmp'];
  const { stdout } = await copyAll(world, ...args);
  expect(namesAt(world.dest)).toEqual(['.snapshot', '.snapshot/y', 'a.tmp', 'old', 'old/c.tmp', 'sub', 'sub/b']);
  expect(readFileSync(join(world.dest, 'a.tmp'), 'utf8')).toBe('dest');
  expect(stdout).toMatch(/left out +2 entries/);
  expect(logged(world, 'deleted')).toEqual(['old/d', 'older', 'older/deep', 'older/deep/e']);

  await copyAll(world, ...args, '--delete-excluded');
  // Snapshots are never deleted.
  expect(namesAt(world.dest)).toEqual(['.snapshot', '.snapshot/y', 'sub', 'sub/b']);
});

test('a dry run tells of deleting just what is deleted then', async () => {
  const world = made(newWorld(), { a: file('1') });
  makeTree(world.dest, { 'x/y/kept': file(), 'x/gone': file(), 'z/y/gone': file() });
  const args = ['--delete-extras', '--max-delete', 'unlimited', '--exclude', 'kept', '-i'];
  const deleted = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('*deleting'));
  const dry = await copyAll(world, ...args, '-n');
  expect(dry.stdout).toMatch(/^ +would delete +4 entries$/m);
  const real = await copyAll(world, ...args);
  expect(deleted(dry.stdout).sort()).toEqual(deleted(real.stdout).sort());
  expect(deleted(real.stdout)).toHaveLength(4);
  expect(namesAt(world.dest)).toEqual(['a', 'x', 'x/y', 'x/y/kept']);
});

test('a dry run says what keeps extras from being deleted', async () => {
  const world = made(newWorld(), { a: file('1') });
  makeTree(world.dest, { 'x/y': file(), z: file() });
  const { stdout } = await copyAll(world, '--delete-extras', '--max-delete', '1', '-n', '-v');
  expect(stdout).toContain('nothing would be deleted: extras: 3, and at most 1 may be; see --max-delete');
  expect(stdout).not.toMatch(/^delete|would delete/m);
});

test('a rule for one side: hidden at the source is an extra, protected at the destination stays', async () => {
  const world = made(newWorld(), { hidden: file('1'), 'folder/hidden/too': file('2'), shown: file('3') });
  await copyAll(world);
  makeTree(world.dest, { mine: file('mine') });
  await copyAll(world, '--delete-extras', '--max-delete', 'unlimited', '--filter', 'H hidden', '--filter', 'P mine');
  expect(namesAt(world.dest)).toEqual(['folder', 'mine', 'shown']);
});

test('other rules than before: a full scan, a note, and the ledger has what is chosen now', async () => {
  const world = made(newWorld());
  await copyAll(world);
  const lines = auditLog(world).length;
  const narrow = await copyAll(world, '--exclude', '*.tmp', '--exclude', '/cache');
  expect(narrow.stdout).toContain('scanning anew: what is to be copied is chosen otherwise than in the last scan');
  expect(ledgerPaths(world, 'synced')).toEqual(['b.txt', 'docs/cache/z', 'docs/deep/er/b.txt']);
  // What was copied before stays.
  expectEqualTrees(world.source, world.dest);
  const again = await copyAll(world, '--exclude', '*.tmp', '--exclude', '/cache');
  expect(again.stdout).not.toContain('scanning anew');
  await copyAll(world);
  expect(ledgerPaths(world, 'synced')).toHaveLength(8);
  expect(logged(world, 'copied', lines)).toEqual([]);
});

test('a backlog that was left by other rules is not copied by these', async () => {
  const world = newWorld();
  const content = Buffer.alloc(300_000, 1);
  makeTree(
    world.source,
    Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`${at % 2 ? 'odd' : 'even'}/${at}`, file(content)])),
  );
  const first = startCopy(world, '--bwlimit', '3M');
  await first.until('files are synced', () => ledgerPaths(world, 'synced').length > 3);
  first.signal('SIGINT');
  expect((await first.ended).code).toBe(3);
  const odd = namesAt(world.dest).filter((name) => name.startsWith('odd/'));
  expect(odd.length).toBeLessThan(20);

  const { stdout } = await copyAll(world, '--exclude', '/odd');
  expect(stdout).toContain('scanning anew');
  expect(ledgerPaths(world, 'pending')).toEqual([]);
  expect(ledgerPaths(world, 'synced')).toHaveLength(20);
  expect(namesAt(world.dest).filter((name) => name.startsWith('odd/'))).toEqual(odd);
});

describe('--files-from', () => {
  test('copies what is listed, with the folders above it, and leaves all else alone', async () => {
    const world = made(newWorld(), { ...TREE, [`${raw('é')}/\xff`]: file('bytes') });
    makeTree(world.dest, { mine: file('1'), 'docs/mine': file('2'), 'docs/deep/mine': file('3') });
    const list = Buffer.concat([
      Buffer.from('/b.txt\n./docs/deep/\n# no\n\nempty.tmp\n'),
      Buffer.from(`${raw('é')}/\xff\n`, 'latin1'),
    ]);
    writeFileSync(join(world.root, 'list'), list);
    const args = ['--files-from', 'list', '--delete-extras', '--max-delete', 'unlimited'];
    await copyAll(world, ...args);
    const there = [...snapshotTree(world.dest).keys()];
    expect(there).toEqual(
      [
        '',
        'b.txt',
        'docs',
        'docs/deep',
        'docs/deep/er',
        'docs/deep/er/b.txt',
        'docs/mine',
        'empty.tmp',
        'mine',
        raw('é'),
        `${raw('é')}/\xff`,
      ].sort(),
    );
    expect((await copyAll(world, ...args)).stdout).toMatch(/copied +0 files/);
  });

  test('with --delete-extras a folder gives way to a file that is listed, and to no other', async () => {
    const world = newWorld();
    makeTree(world.source, { 'docs/listed': file('1'), 'docs/other': file('2'), top: file('3') });
    makeTree(world.dest, { 'docs/listed/deep/x': file('x'), 'docs/other/x': file('x'), 'top/x': file('x') });
    writeFileSync(join(world.root, 'list'), 'docs/listed\n');
    const { stdout } = await copyAll(world, '--files-from', 'list', '--delete-extras');
    expect(stdout).toMatch(/deleted +3 entries/);
    expect([...snapshotTree(world.dest).keys()]).toEqual([
      '',
      'docs',
      'docs/listed',
      'docs/other',
      'docs/other/x',
      'top',
      'top/x',
    ]);
    expect((await copyAll(world, '--files-from', 'list', '--delete-extras')).stdout).toMatch(/copied +0 files/);
  });

  test('what is listed and not there is failed, and nothing is deleted', async () => {
    const world = made(newWorld());
    makeTree(world.dest, { 'docs/extra': file('1') });
    writeFileSync(join(world.root, 'list'), 'docs\0gone/a\0gone/b\0b.txt/c\0');
    const { code, stdout } = await copy(world, '--files-from=list', '-0', '--delete-extras');
    expect(code).toBe(1);
    for (const path of ['gone/a', 'gone/b', 'b.txt/c']) expect(stdout).toMatch(new RegExp(`${path}: ENOENT`));
    expect(logged(world, 'failed')).toEqual(['b.txt/c', 'gone/a', 'gone/b']);
    expect(namesAt(world.dest)).toContain('docs/extra');
    expect(namesAt(world.dest)).toContain('docs/deep/er/b.txt');
  });

  test('that cannot be read, leads outside or lists nothing is refused', async () => {
    const world = made(newWorld());
    writeFileSync(join(world.root, 'up'), 'docs/../../etc\n');
    writeFileSync(join(world.root, 'none'), '\n# none\n');
    for (const [list, why] of [
      ['missing', /missing: cannot be read: ENOENT/],
      ['up', /without \.\./],
      ['none', /lists nothing/],
    ] as const) {
      const { code, stderr } = await copy(world, '--files-from', list);
      expect([code, stderr]).toEqual([2, expect.stringMatching(why)]);
    }
    const detached = await run(world, 'copy', world.source, world.dest, '--files-from', '-', '--detach');
    expect([detached.code, detached.stderr]).toEqual([2, expect.stringContaining('--detach')]);
  });
});

test('--max-size and --min-size leave files alone on both sides, and are no reason to delete', async () => {
  const sizes = {
    small: file('x'),
    'mid/dle': file('x'.repeat(1024)),
    large: file('x'.repeat(1025)),
    link: link('large'),
  };
  const world = made(newWorld(), sizes);
  makeTree(world.dest, { large: file('older') });
  const args = ['--max-size', '1K', '--min-size', '2', '--delete-extras'];
  await copyAll(world, ...args);
  expect(namesAt(world.dest)).toEqual(['large', 'link', 'mid', 'mid/dle']);
  expect(readFileSync(join(world.dest, 'large'), 'utf8')).toBe('older');
  expect(ledgerPaths(world, 'synced')).toEqual(['link', 'mid/dle']);
  await copyAll(world, ...args);
  expect(namesAt(world.dest)).toEqual(['large', 'link', 'mid', 'mid/dle']);
  await copyAll(world, '--max-size', '1K+1');
  expectEqualTrees(world.source, world.dest);
});

test.each([
  ['large', ['--max-size', '3']],
  ['small', ['--min-size', '4']],
  ['out', ['--safe-links']],
])('a folder in the place of what is left out is no extra (%s)', async (name, options) => {
  const world = made(newWorld(), { large: file('12345'), small: file('1'), out: link('/etc'), other: file('1234') });
  makeTree(world.dest, { [`${name}/f`]: file('kept') });
  await copyAll(world, ...options, '--delete-extras', '--max-delete', 'unlimited');
  expect(readFileSync(join(world.dest, name, 'f'), 'utf8')).toBe('kept');
});

test('snapshots and removed files that are still open are left out, unless --skip or a rule says otherwise', async () => {
  const names = ['.nfs000000000001', '.snapshot/x', '.zfs/x', 'sub/.snapshot/x', 'sub/~snapshot/x'];
  const world = made(
    newWorld(),
    Object.fromEntries([...names, '.zfsrc', 'sub/.zfs'].map((name) => [name, file(name)])),
  );
  await copyAll(world);
  // A file of the name is no snapshot.
  expect(namesAt(world.dest)).toEqual(['.zfsrc', 'sub', 'sub/.zfs']);
  await copyAll(world, '--include', '.nfs*');
  expect(namesAt(world.dest)).toContain('.nfs000000000001');
  await copyAll(world, '--skip', '.zfsrc,.zfs/');
  expect(namesAt(world.dest)).toContain('sub/~snapshot/x');
  expect(namesAt(world.dest)).not.toContain('.zfs');
  await copyAll(world, '--skip', 'none');
  expectEqualTrees(world.source, world.dest);
});

test.skipIf(!canMount)(
  '-x makes folders with mounts in them, and looks into them on neither side (root needed)',
  async () => {
    const world = made(newWorld(), { 'in/file': file('in'), 'mounted/hidden': file('hidden') });
    const points = [join(world.source, 'mounted'), join(world.dest, 'in/there')];
    mkdirSync(world.dest);
    for (const point of points) mountTmpfs(point);
    try {
      makeTree(points[0]!, { file: file('mounted'), 'sub/file': file('mounted') });
      makeTree(points[1]!, { file: file('mounted') });
      makeTree(world.dest, { 'mounted/old': file('old'), extra: file('extra') });
      await copyAll(world, '-x', '--delete-extras', '--max-delete', 'unlimited');
      expect(namesAt(world.dest)).toEqual(['in', 'in/file', 'in/there', 'in/there/file', 'mounted', 'mounted/old']);
      await copyAll(world);
      expect(namesAt(world.dest)).toContain('mounted/sub/file');
    } finally {
      for (const point of points) unmount(point);
    }
  },
);

test('bad rules are one line, and nothing is made', async () => {
  const world = made(newWorld());
  writeFileSync(join(world.root, 'rules'), 'fine\n\n. rules\n');
  rmSync(join(world.root, 'none'), { force: true });
  for (const [args, why] of [
    [['--filter', 'x y'], /--filter 'x y': not a filter rule/],
    [['--filter', ': .rsync-filter'], /dir-merge/],
    [['--filter', '-C '], /unknown modifier 'C'/],
    [['--filter', '-n'], /--filter needs a value/],
    [['--filter', '. rules'], /--filter '. rules': rules:1: not a filter rule/],
    [['--exclude-from', 'none'], /none: cannot be read: ENOENT/],
    [['--exclude', '--dry-run'], /--exclude needs a value/],
    [['--delete-excluded'], /give both/],
    [['--max-size', '1', '--min-size', '2'], /no file is both/],
  ] as const) {
    const { code, stderr } = await copy(world, ...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(why)]);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
  expect(namesIn(world.dest)).toEqual([]);
});

test.skipIf(!findCommand('rsync'))('--safe-links leaves the links that rsync leaves (rsync needed)', async () => {
  const world = newWorld();
  const targets = [
    ...[
      'a',
      './a',
      '../a',
      'sub/../a',
      '../../a',
      '../../../a',
      '/etc',
      '..',
      '.',
      '../..',
      '../../..',
      'a/..',
      './..',
    ],
    ...['..//a', '...', '..a', 'sub/./a', '../sub/../a', '.././a', 'a/b/c/../../../../..', './../../a', 'sub//a'],
  ];
  const links = targets.map((target, index) => [String(index), link(target)] as const);
  const tree = (folder: string) => Object.fromEntries(links.map(([name, made]) => [`${folder}${name}`, made]));
  makeTree(world.source, { ...tree(''), ...tree('one/'), ...tree('one/two/') });
  const FILE = 'not a link';
  const other = join(world.root, 'other');
  makeTree(other, {});
  expect(spawnSync('rsync', ['-rlt', '--safe-links', `${world.source}/`, `${other}/`]).status).toBe(0);
  makeTree(world.dest, { '6': file(FILE) });
  const { stdout } = await copyAll(world, '--safe-links', '--delete-extras');
  const linksIn = (root: string) =>
    [...snapshotTree(root)].filter(([, { type }]) => type === 'link').map(([path]) => path);
  expect(linksIn(world.dest)).toEqual(linksIn(other));
  expect(linksIn(other).length).toBeGreaterThan(20);
  expect(readFileSync(join(world.dest, '6'), 'utf8')).toBe(FILE);
  expect(stdout).toMatch(/left out +\d+ entries/);
  expect(ledgerFiles(world).get('6')).toMatchObject({
    status: 'skipped',
    error: 'left: leads out of the source (--safe-links)',
  });
  await copyAll(world);
  expectEqualTrees(world.source, world.dest);
});
