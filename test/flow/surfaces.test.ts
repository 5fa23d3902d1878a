/** What runs say, what dry runs leave alone, and what is refused. */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  copy,
  copyAll,
  type Ended,
  expectEqualTrees,
  file,
  link,
  makeTree,
  newWorld,
  run,
  snapshotTree,
  type World,
  writes,
} from './helpers.js';

/** Everything in the world, and whether it was written. */
function stateOf({ root }: World): unknown {
  // SQLite may leave its two files beside a ledger that was only read, and they are made in the root.
  return [...writes(root)].filter(([path]) => path !== '' && !/^ledger\.db-(shm|wal)$/.test(path));
}

test('--dry-run -v lists what would be done and changes nothing, without a ledger or a log', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, {
    'new/file': file('12345'),
    'new/link': link('file'),
    same: file('same', 1n),
    changed: file('new'),
  });
  makeTree(dest, { same: file('same', 1n), changed: file('older'), 'extra/file': file('extra') });
  const before = stateOf(world);
  const { stdout } = await copyAll(world, '--dry-run', '-v', '--delete-extras');
  expect(stateOf(world)).toEqual(before);
  const items = stdout.split('\n').filter((line) => /^(copy|make|delete) /.test(line));
  expect(items.sort()).toEqual(
    ['copy changed', 'copy new/file', 'copy new/link', 'delete extra', 'delete extra/file', 'make new'].sort(),
  );
  expect(stdout).toMatch(/^millrace: dry run, nothing was changed/m);
  expect(stdout).toMatch(/would copy +3 files, 12 B/);
  expect(stdout).toMatch(/would delete +2 entries/);
  expect(stdout).toMatch(/same +1 file, 4 B/);
  expect(stdout).toContain('run the same command without --dry-run');
});

test('--dry-run before the destination is there says that all would be copied', async () => {
  const world = newWorld();
  makeTree(world.source, { 'new/file': file('12345'), file: file('12345') });
  const before = stateOf(world);
  const { stdout } = await copyAll(world, '--dry-run', '-v', '--delete-extras');
  expect(stateOf(world)).toEqual(before);
  expect(stdout).toMatch(/would copy +2 files, 10 B/);
  expect(stdout).toContain('copy new/file\n');
});

test('--progress json gives one object a line, the summary last; --progress none gives nothing', async () => {
  const world = newWorld();
  makeTree(world.source, { 'one/file': file('one'), two: file('two') });
  const { stdout } = await copyAll(world, '--progress', 'json', '-v');
  expect(stdout).toMatch(/\n$/);
  const messages = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(messages.map(({ type }) => type)).toEqual(expect.arrayContaining(['progress', 'item']));
  expect(messages.findIndex(({ type }) => type === 'summary')).toBe(messages.length - 1);
  expect(messages.at(-1)).toMatchObject({
    type: 'summary',
    exit_code: 0,
    copied_files: 2,
    copied_bytes: 6,
    total_synced_files: 2,
    total_pending_files: 0,
    failures: [],
    ledger: world.db,
    log: world.log,
  });

  makeTree(world.source, { three: file('three') });
  const silent = await copyAll(world, '--progress', 'none', '-v');
  expect([silent.stdout, silent.stderr]).toEqual(['', '']);
  expectEqualTrees(world.source, world.dest);
});

test('--progress none tells what failed, on standard error, of a copy and of a verification', async () => {
  const world = newWorld();
  makeTree(world.source, { 'in the way': file('1'), f: file('f') });
  makeTree(world.dest, { 'in the way/x': file(), extra: file() });
  const copied = await copy(world, '--progress', 'none', '--delete-extras', '--max-delete', '0');
  expect([copied.code, copied.stdout]).toEqual([1, '']);
  expect(copied.stderr).toMatch(/in the way: EISDIR/);
  expect(copied.stderr).toContain('nothing was deleted: extras:');
  writeFileSync(`${world.dest}/f`, 'g');
  const verified = await run(world, 'verify', '--db', world.db, '--progress', 'none');
  expect([verified.code, verified.stdout]).toEqual([1, '']);
  expect(verified.stderr).toMatch(/f: content/);
});

test('keeps ledger and log in the state folder when it is not told where, and status finds them by the pair', async () => {
  const world = newWorld();
  const { source, dest, root } = world;
  makeTree(source, { file: file('file') });
  const { stdout } = await run(world, source, `${dest}/`);
  const names = [...snapshotTree(`${root}/state/millrace`).keys()];
  expect(names).toContainEqual(expect.stringMatching(/^source-to-dest-[0-9a-f]{8}\.db$/));
  expect(names).toContainEqual(expect.stringMatching(/^source-to-dest-[0-9a-f]{8}\.log$/));
  expect(stdout).toContain(`${root}/state/millrace/source-to-dest-`);
  const status = await run(world, 'status', source, dest, '--json');
  expect(JSON.parse(status.stdout)).toMatchObject({ source, dest, synced: { files: 1, bytes: 4 } });
});

function expectRefusal(ended: Ended, code: number, message: RegExp): void {
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(ended.stderr).toMatch(/^millrace: [^\n]+\n$/);
  expect(ended.stderr).toMatch(message);
}

test('roots that cannot be copied between are refused in one line, and nothing is made', async () => {
  const world = newWorld();
  const { root, source, dest } = world;
  makeTree(source, { file: file('file'), 'folder/file': file('file') });
  makeTree(root, { 'to source': link('source'), 'empty/folder/kept': file('kept') });
  const before = stateOf(world);
  const cases: readonly (readonly [from: string, to: string, code: number, message: RegExp])[] = [
    [`${root}/missing`, dest, 4, /source .*missing: does not exist/],
    [`${source}/file`, dest, 2, /source .*file: not a folder/],
    [source, `${source}/file`, 2, /destination .*file: not a folder/],
    [source, `${root}/missing/dest`, 4, /neither it nor its parent folder exists/],
    [source, `${root}/to source`, 2, /the same folder/],
    [source, `${root}/to source/new`, 2, /the destination is inside the source/],
    [`${root}/empty/folder`, `${root}/empty`, 2, /the source is inside the destination/],
  ];
  const ends = await inTurns(
    cases.map(
      ([from, to]) =>
        () =>
          run(world, from, to),
    ),
  );
  for (const [index, [, , code, message]] of cases.entries()) expectRefusal(ends[index]!, code, message);
  expect(stateOf(world)).toEqual(before);
});

async function inTurns<T>(works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  for (const work of works) results.push(await work());
  return results;
}

test('a log that cannot be written is refused before anything is made', async () => {
  const world = newWorld();
  const { root, source, dest } = world;
  makeTree(source, { file: file('file') });
  makeTree(root, { 'a folder': { kind: 'dir' }, 'a link': link('elsewhere') });
  const before = stateOf(world);
  const refuse = (log: string) => run(world, source, dest, '--log-file', `${root}/${log}`);
  const [folder, linked, lost] = await inTurns(['a folder', 'a link', 'missing/log'].map((log) => () => refuse(log)));
  expectRefusal(folder!, 2, /--log-file .*a folder: cannot be written: EISDIR/);
  expectRefusal(linked!, 2, /--log-file .*a link: cannot be written: it is a symbolic link/);
  expectRefusal(lost!, 2, /--log-file .*missing\/log: cannot be written: ENOENT/);
  expect(stateOf(world)).toEqual(before);
});

test('ledgers that are another pair’s, or none, are refused and left as they are', async () => {
  const world = newWorld();
  const { root, source, dest, db } = world;
  makeTree(source, { file: file('file') });
  await copyAll(world);
  makeTree(root, {
    'text.db': file('This is no database, but a long enough text.'.repeat(40)),
    'other/file': file('other'),
  });
  const before = stateOf(world);
  const ledger = readFileSync(db);
  const [pair, swapped, text] = await inTurns([
    () => run(world, `${root}/other`, dest, '--db', db),
    () => run(world, dest, source, '--db', db),
    () => run(world, source, dest, '--db', `${root}/text.db`),
  ]);
  expectRefusal(pair!, 5, /ledger\.db: belongs to another pair, .*source -> .*dest/);
  expectRefusal(swapped!, 5, /belongs to another pair/);
  expectRefusal(text!, 5, /text\.db: not a millrace ledger/);
  expect(readFileSync(db)).toEqual(ledger);
  expect(stateOf(world)).toEqual(before);
});

test('a source that went away between runs is refused, and the destination keeps everything', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, { 'folder/file': file('file') });
  await copyAll(world);
  const kept = snapshotTree(dest);
  renameSync(source, `${source}-away`);
  const gone = await run(world, source, dest, '--db', world.db, '--delete-extras');
  expectRefusal(gone, 4, /source .*: does not exist/);
  symlinkSync('nowhere', source);
  const dangling = await run(world, source, dest, '--db', world.db, '--delete-extras');
  expectRefusal(dangling, 4, /source .*: does not exist/);
  expect([...snapshotTree(dest)]).toEqual([...kept]);
  rmSync(source);
  mkdirSync(source);
});
