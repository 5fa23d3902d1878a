/** --delete-extras, and entries of one kind where the other side has another. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { partName } from '../../src/share/partname.js';
import {
  auditLog,
  copy,
  copyAll,
  dir,
  expectEqualTrees,
  expectLedgerOf,
  fifo,
  file,
  link,
  logged,
  makeTree,
  namesIn,
  newWorld,
  onceReadable,
  PART,
  partFiles,
  partOf,
  query,
  raw,
  setMtime,
  snapshotTree,
  startCopy,
  type Tree,
} from './helpers.js';

test('what gives way to a folder is told, before it is done, and goes to the trash', async () => {
  const world = newWorld();
  makeTree(world.source, { 'g/x': file('x'), 'h/y': file('y'), plain: file('p') });
  makeTree(world.dest, { g: file('precious'), h: link('nowhere') });
  const told = await copyAll(world, '--dry-run', '--verbose');
  expect(told.stdout).toContain('delete g\n');
  expect(told.stdout).toMatch(/would delete +2 entries/);
  await copyAll(world, '--trash', '.trash');
  expect(logged(world, 'deleted')).toEqual(['g', 'h']);
  const [folder] = readdirSync(join(world.dest, '.trash'));
  expect(readFileSync(join(world.dest, '.trash', folder!, 'g'), 'utf8')).toBe('precious');
  expect(readlinkSync(join(world.dest, '.trash', folder!, 'h'))).toBe('nowhere');
  await copyAll(world, '--trash', '.trash', '--rescan');
  expect(logged(world, 'copied')).toEqual(['g/x', 'h/y', 'plain']);
  expectLedgerOf(world);
});

test('what gives way to folders in many places goes to the trash, and nothing else is touched', async () => {
  const world = newWorld();
  for (let i = 0; i < 120; i++) {
    const folder = `p${i % 7}/q${i % 5}`;
    makeTree(world.source, { [`${folder}/x${i}/f`]: file('new') });
    makeTree(world.dest, { [`${folder}/x${i}`]: file('old') });
  }
  const before = snapshotTree(world.source);
  await copyAll(world, '--trash', 'T', '--readers', '8', '--writers', '8');
  expect(snapshotTree(world.source)).toEqual(before);
  const [run] = readdirSync(join(world.dest, 'T'));
  expect(namesIn(join(world.dest, 'T', run!)).filter((name) => /x\d+$/.test(name))).toHaveLength(120);
  rmSync(join(world.dest, 'T'), { recursive: true });
  expect(namesIn(world.dest).sort()).toEqual(namesIn(world.source).sort());
});

test('a folder where the source has something that is not copied is kept, as a file is', async () => {
  const world = newWorld();
  makeTree(world.source, { folder: fifo(), name: fifo() });
  makeTree(world.dest, { 'folder/kept': file('kept'), name: file('kept') });
  await copyAll(world, '--delete-extras');
  expect(namesIn(world.dest).sort()).toEqual(['folder', 'folder/kept', 'name']);
});

test('extras stay without --delete-extras, and go with it: they alone, links not followed', async () => {
  const world = newWorld();
  const { root, source, dest } = world;
  makeTree(source, { 'kept/file': file('kept'), 'kept/folder': dir(1_600_000_000_000_000_001n) });
  makeTree(root, { 'outside/keep': file('keep') });
  const extras: Tree = {
    'extra file': file('extra'),
    'kept/extra': file('extra'),
    'kept/folder/extra': file('extra'),
    'kept/bad \xff': file('extra'),
    [`kept/${raw('-rf\n😀')}`]: file('extra'),
    'extra/one/two/three/file': file('extra'),
    'extra/one/empty': dir(),
    'extra/odd \xfe\xff/bad \xff': file('extra'),
    'extra/to-folder': link(`${root}/outside`),
    'to-folder': link('../outside'),
    'extra/fifo': fifo(),
  };
  makeTree(dest, extras);
  const before = snapshotTree(dest);

  const first = await copyAll(world);
  expect(first.stdout).not.toMatch(/deleted/);
  const untouched = [...before].filter(([path]) => path !== '' && !/^kept(\/folder)?$/.test(path));
  expect([...snapshotTree(dest)]).toEqual(expect.arrayContaining(untouched));
  expect(logged(world, 'deleted')).toEqual([]);

  const { stdout } = await copyAll(world, '--delete-extras');
  expectEqualTrees(source, dest);
  const deleted = [...before.keys()].filter((path) => path !== '' && !/^kept(\/folder)?$/.test(path));
  expect(logged(world, 'deleted')).toEqual(deleted.sort());
  expect(stdout).toMatch(new RegExp(`deleted +${deleted.length} entries`));
  expect(namesIn(`${root}/outside`)).toEqual(['keep']);
  expectLedgerOf(world);
});

/** Every kind, to be replaced by every other. */
const KINDS = {
  file: { entry: file('file') },
  link: { entry: link('target') },
  folder: { 'entry/inside/file': file('inside'), 'entry/inside/link': link('file'), 'entry/empty': dir() },
} satisfies Record<string, Tree>;

const CHANGES = (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((from) =>
  (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((to) => to !== from).map((to) => ({ from, to })),
);

test('files, folders and links that changed places converge in one run with --delete-extras', async () => {
  const world = newWorld();
  const { source, dest } = world;
  const all = (which: 'from' | 'to'): Tree =>
    Object.fromEntries(
      CHANGES.flatMap((change) =>
        Object.entries(KINDS[change[which]]).map(([path, spec]) => [`${change.from} to ${change.to}/${path}`, spec]),
      ),
    );
  makeTree(source, { 'link to folder/target/kept': file('kept'), ...all('from') });
  await copyAll(world);
  for (const { from, to } of CHANGES) rmSync(`${source}/${from} to ${to}/entry`, { recursive: true });
  makeTree(source, all('to'));

  const { stdout } = await copyAll(world, '--delete-extras');
  expectEqualTrees(source, dest);
  expect(stdout).toContain('all synced');
  // What was in the way at first is no failure in the end.
  expect(stdout).not.toMatch(/failed/i);
  expectLedgerOf(world);
});

test('without --delete-extras a folder in the way of a file or link stays and is told; files give way to folders', async () => {
  const world = newWorld();
  const { root, source, dest } = world;
  makeTree(source, {
    file: file('file'),
    link: link('target'),
    'folder/inside': file('inside'),
    'folder too/inside': file('inside'),
    'folder three/inside': file('inside'),
  });
  makeTree(root, { 'outside/keep': file('keep') });
  makeTree(dest, {
    'file/keep': file('keep'),
    'link/keep': file('keep'),
    folder: file('in the way'),
    'folder too': link('../outside'),
    'folder three': fifo(),
  });
  const { code, stdout } = await copy(world);
  expect(code).toBe(1);
  expect(stdout).toMatch(/finished in .*, but 2 entries failed/);
  for (const name of ['file', 'link']) expect(stdout).toMatch(new RegExp(`^ +${name}: EISDIR`, 'm'));
  expect(new Set(logged(world, 'failed'))).toEqual(new Set(['file', 'link']));
  expect(query(world.db, "SELECT count(*) AS failed FROM files WHERE status = 'failed'")).toEqual([{ failed: 2 }]);
  expect([readFileSync(`${dest}/file/keep`, 'utf8'), readFileSync(`${dest}/link/keep`, 'utf8')]).toEqual([
    'keep',
    'keep',
  ]);
  for (const name of ['folder', 'folder too', 'folder three'])
    expect(readFileSync(`${dest}/${name}/inside`, 'utf8')).toBe('inside');
  expect(namesIn(`${root}/outside`)).toEqual(['keep']);
  expect(partFiles(dest)).toEqual([]);
});

test('removes unfinished files of a run that died, and neither copies nor deletes such names at the source', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, { file: file('file'), [`${PART}mine`]: file('mine'), 'folder/inside': file('inside') });
  const { stdout } = await copyAll(world);
  const tag = JSON.parse(query<{ value: string }>(world.db, "SELECT value FROM meta WHERE key = 'tag'")[0]!.value);
  makeTree(dest, {
    [partName('gone', tag)]: file('left'),
    [`folder/${partName('inside', tag)}`]: file('left'),
    [`folder/${partName('link', tag)}`]: link('left'),
    // Of another ledger, of which a run may be waiting.
    [`folder/${partName('inside', 'others')}`]: file('left'),
  });
  await copyAll(world);
  expect(partFiles(dest)).toEqual([`folder/${partName('inside', 'others')}`]);
  await copyAll(world, '--delete-extras');
  expect(partFiles(dest)).toEqual([]);
  expect(readFileSync(`${source}/${PART}mine`, 'utf8')).toBe('mine');
  expect(logged(world, 'skipped')).toEqual([`${PART}mine`]);
  expect(stdout).toMatch(/skipped +1 entry/);
});

test('keeps an extra that the source has again by the time it would be deleted', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, { 'large/file': file(randomBytes(5_000_000)), 'folder/kept': file('kept') });
  makeTree(dest, { 'folder/again': file('old'), 'folder/again too/inside': file('old'), 'folder/extra': file('old') });
  const run = startCopy(world, '--delete-extras', '--bwlimit', '1M', '--block-size', '1M');
  await run.until('the extras are known', () => {
    const extras = onceReadable(world, () => query(world.db, 'SELECT * FROM extras'));
    return extras?.length === 4 && partOf(dest, 'large/file') !== undefined;
  });
  makeTree(source, { 'folder/again': file('new'), 'folder/again too': dir() });
  // Extras go after the last file has come, so none was looked at yet.
  expect(partOf(dest, 'large/file')).toBeDefined();
  expect((await run.ended).code).toBe(0);
  expect(readFileSync(`${dest}/folder/again`, 'utf8')).toBe('old');
  expect(logged(world, 'kept')).toEqual(['folder/again', 'folder/again too']);
  expect(logged(world, 'deleted')).toEqual(['folder/again too/inside', 'folder/extra']);

  const lines = auditLog(world).length;
  await copyAll(world, '--delete-extras');
  expect(logged(world, 'copied', lines)).toEqual(['folder/again']);
  expectEqualTrees(source, dest);
});

test('more extras than --max-delete are all kept, and the run says so with exit code 1', async () => {
  const world = newWorld();
  makeTree(world.source, { kept: file('kept') });
  makeTree(world.dest, { 'extra/one': file('1'), two: file('2'), '.millrace-part.old': file('part') });

  const { code, stdout } = await copy(world, '--delete-extras', '--max-delete', '2');
  expect(code).toBe(1);
  expect(stdout).toContain('nothing was deleted: extras: 3, and at most 2 may be; see --max-delete');
  expect(stdout).toMatch(/finished in .*, but not all was done/);
  // What a run of our own left is no extra.
  expect(namesIn(world.dest).sort()).toEqual(['extra', 'extra/one', 'kept', 'two']);

  await copyAll(world, '--delete-extras', '--max-delete', '75%');
  expectEqualTrees(world.source, world.dest);
});

test('with --trash extras are moved, by their paths, into a folder of the run, which no later run touches', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, { 'd/kept': file('kept') });
  makeTree(dest, {
    'd/extra': file('1'),
    'e/f/deep': file('2'),
    'e/empty': dir(),
    link: link('nowhere'),
    two: file('3'),
  });
  const args = ['--delete-extras', '--trash', '.bin'];

  const { stdout } = await copyAll(world, ...args);
  expect(stdout).toMatch(/extras go to \.bin\/\d{4}-\S+Z in the destination/);
  const [run] = readdirSync(join(dest, '.bin'));
  const moved = [...snapshotTree(join(dest, '.bin', run!)).keys()].filter((path) => path !== '');
  expect(moved).toEqual(['d', 'd/extra', 'e', 'e/empty', 'e/f', 'e/f/deep', 'link', 'two']);
  expect(readFileSync(join(dest, '.bin', run!, 'e/f/deep'), 'utf8')).toBe('2');
  expect(readdirSync(dest).sort()).toEqual(['.bin', 'd']);

  await copyAll(world, ...args);
  expect(readdirSync(join(dest, '.bin'))).toEqual([run]);
  rmSync(join(dest, '.bin'), { recursive: true });
  setMtime(dest, '', snapshotTree(source).get('')!.mtimeNs);
  expectEqualTrees(source, dest);
});

test('an entry of the source that has the name of the trash is failed, and nothing is deleted', async () => {
  const world = newWorld();
  makeTree(world.source, { '.bin/mine': file('mine'), a: file('a') });
  makeTree(world.dest, { '.bin/2020/old': file('old'), extra: file('extra') });
  const { code, stdout } = await copy(world, '--delete-extras', '--trash', '.bin');
  expect(code).toBe(1);
  expect(stdout).toContain('TRASH: has the name of the --trash folder');
  expect(namesIn(world.dest).sort()).toEqual(['.bin', '.bin/2020', '.bin/2020/old', 'a', 'extra']);
});
