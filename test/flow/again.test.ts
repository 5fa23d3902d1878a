/** Runs after the first one: what changed at the source is copied, and nothing else. */

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, renameSync, rmSync, statSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findCommand } from '../helpers/tree.js';
import {
  auditLog,
  change,
  copyAll,
  copyUnder,
  dir,
  expectEqualTrees,
  expectLedgerOf,
  fifo,
  file,
  ledgerFiles,
  ledgerPaths,
  link,
  logged,
  makeTree,
  newWorld,
  partFiles,
  query,
  run,
  setMtime,
  sha256,
  snapshotTree,
  startCopy,
  writes,
} from './helpers.js';

const SECOND = 1_000_000_000n;
const THEN = 1_600_000_000_123_456_789n;

test('copies what has a new size, a new mtime or a new name, and keeps the hashes of all else', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, {
    'same/kept': file('kept'),
    'same/kept too': file(randomBytes(300_000)),
    'edit/same size': file('one', THEN),
    'edit/new size': file('one', THEN),
    'edit/touched': file('touched', THEN),
    'edit/nanosecond': file('touched', THEN),
    'edit/older': file('now', THEN),
    'edit/truncated': file(randomBytes(3_000_000)),
    'edit/emptied': file('something'),
    'edit/link': link('one'),
    'edit/old name': file('renamed', THEN),
    'folder/kept': file('in a touched folder', THEN),
    'gone/file': file('gone'),
  });
  await copyAll(world);
  const lines = auditLog(world).length;
  const before = writes(dest);

  makeTree(source, {
    'edit/same size': file('two', THEN + SECOND),
    'edit/new size': file('three', THEN + SECOND),
    'edit/new': file('new'),
    'new/folder/file': file('new'),
    'new/empty': dir(THEN),
  });
  setMtime(source, 'edit/touched', THEN + SECOND);
  setMtime(source, 'edit/nanosecond', THEN + 1n);
  setMtime(source, 'edit/older', THEN - 1000n * SECOND);
  truncateSync(`${source}/edit/truncated`, 1_000_000);
  truncateSync(`${source}/edit/emptied`, 0);
  unlinkSync(`${source}/edit/link`);
  makeTree(source, { 'edit/link': link('two') });
  renameSync(`${source}/edit/old name`, `${source}/edit/new name`);
  rmSync(`${source}/gone`, { recursive: true });
  setMtime(source, 'folder', THEN);
  // Just as another program would find them: folders whose times say nothing.
  setMtime(source, 'edit', THEN);
  setMtime(source, '', THEN);

  const { stdout } = await copyAll(world);
  const names = ['emptied', 'link', 'nanosecond', 'new', 'new name', 'new size', 'older', 'same size', 'touched'];
  const expected = [...names, 'truncated'].map((name) => `edit/${name}`);
  expect(logged(world, 'copied', lines)).toEqual([...expected, 'new/folder/file']);
  expect(stdout).toMatch(/same +3 files/);
  const after = writes(dest);
  for (const path of ['same/kept', 'same/kept too', 'folder/kept']) expect(after.get(path)).toBe(before.get(path));
  // Without --delete-extras these stay.
  expect(snapshotTree(dest).get('gone/file')).toBeDefined();
  rmSync(`${dest}/gone`, { recursive: true });
  unlinkSync(`${dest}/edit/old name`);
  setMtime(dest, '', THEN);
  setMtime(dest, 'edit', THEN);
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
});

test('sets the time of a folder in which a new folder was made by the way, for the sake of its files', async () => {
  const world = newWorld();
  makeTree(world.source, { 'known/file': file('known'), known: dir(THEN), '': dir(THEN) });
  await copyAll(world);
  makeTree(world.source, { 'known/new/file': file('new'), known: dir(THEN), '': dir(THEN) });
  await copyAll(world);
  expectEqualTrees(world.source, world.dest);
});

test('--rescan with a backlog looks at everything again, and copies nothing a second time', async () => {
  const world = newWorld();
  const { source, dest } = world;
  const files = Array.from({ length: 60 }, (_, i) => [`${i % 3}/${i}`, file(randomBytes(200_000))] as const);
  makeTree(source, Object.fromEntries(files));
  const first = startCopy(world, '--bwlimit', '3M');
  await first.until('files are synced', () => ledgerPaths(world, 'synced').length > 5);
  first.signal('SIGINT');
  expect((await first.ended).code).toBe(3);
  const synced = ledgerPaths(world, 'synced');
  const hashes = synced.map((path) => ledgerFiles(world).get(path)!.hash);
  expect(ledgerPaths(world, 'pending').length).toBeGreaterThan(0);

  const [changed, ...unchanged] = synced;
  makeTree(source, { [changed!]: file('changed') });
  const lines = auditLog(world).length;
  const { stdout } = await copyAll(world, '--rescan');
  expect(stdout).not.toContain('resuming');
  const all = files.map(([path]) => path).sort();
  expect(logged(world, 'copied', lines)).toEqual(all.filter((path) => !unchanged.includes(path)));
  const rows = ledgerFiles(world);
  expect(rows.get(changed!)!.hash).toBe(sha256('changed'));
  expect(unchanged.map((path) => rows.get(path)!.hash)).toEqual(hashes.slice(1));
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
  expect(partFiles(dest)).toEqual([]);
});

test('rows of a folder are not read again while both sides list it as it was copied', async () => {
  const world = newWorld();
  const { source, db } = world;
  makeTree(source, { 'sealed/a': file('a'), 'sealed/in/b': file('b'), 'open/c': file('c'), 'open/d': file('d') });
  await copyAll(world);
  expect(query(db, 'SELECT path FROM dirs WHERE seal IS NULL')).toEqual([]);

  // Rows that no scan would leave so: those that it reads, it corrects.
  change(db, 'UPDATE entries SET uid = 12345');
  chmodSync(`${source}/open/c`, 0o600);
  const { stdout } = await copyAll(world);
  expect(stdout).toMatch(/same +4 files/);
  expect(query(db, 'SELECT name FROM entries WHERE uid = 12345 ORDER BY name')).toEqual([{ name: 'a' }, { name: 'b' }]);

  await copyAll(world, '--rescan');
  expect(query(db, 'SELECT count(*) AS count FROM entries WHERE uid = 12345')).toEqual([{ count: 2 }]);
});

test('a folder with a failed entry is looked at entry by entry, though both sides list it as it was copied', async () => {
  const world = newWorld();
  makeTree(world.source, { 'in/a': file('a'), 'in/b': file('b') });
  await copyAll(world);
  change(world.db, "UPDATE entries SET status = 2, error = 'EIO' WHERE name = 'a'");
  await copyAll(world, '--rescan');
  expect(ledgerPaths(world, 'synced')).toEqual(['in/a', 'in/b']);
});

test('a folder that the destination lists in its own way is not sealed, until it is a copy again', async () => {
  const world = newWorld();
  const { source, dest, db } = world;
  makeTree(source, { 'extra/a': file('a'), 'special/fifo': fifo(), 'alike/a': file('a') });
  makeTree(dest, { 'extra/b': file('b') });
  const sealed = () => query(db, 'SELECT path FROM dirs WHERE seal IS NOT NULL ORDER BY path').map(({ path }) => path);
  await copyAll(world);
  expect(sealed()).toEqual(['', 'alike', 'special']); // what was copied into a folder is taken to be alike
  await copyAll(world, '--rescan');
  expect(sealed()).toEqual(['', 'alike']);
  await copyAll(world, '--delete-extras');
  expect(sealed()).toEqual(['', 'alike', 'extra']);
  await copyAll(world, '--rescan');
  expect(sealed()).toEqual(['', 'alike', 'extra']);
  unlinkSync(`${dest}/alike/a`);
  await copyAll(world, '--rescan');
  expect(sealed()).toEqual(['', 'alike', 'extra']);
  expect(query(db, 'SELECT name, status FROM entries ORDER BY name')).toEqual([
    { name: 'a', status: 1 },
    { name: 'a', status: 1 },
    { name: 'fifo', status: 3 },
  ]);
});

test('a folder whose copy was changed at the destination is copied as far as it differs', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, {
    'gone/a': file('a'),
    'gone/b': file('b'),
    'edited/a': file('a', THEN),
    'edited/b': file('b', THEN),
    'extra/a': file('a'),
  });
  await copyAll(world);
  const lines = auditLog(world).length;
  unlinkSync(`${dest}/gone/a`);
  makeTree(dest, { 'edited/a': file('longer', THEN), 'extra/b': file('b') });
  await copyAll(world, '--delete-extras');
  expect(logged(world, 'copied', lines)).toEqual(['edited/a', 'gone/a']);
  expect(logged(world, 'deleted', lines)).toEqual(['extra/b']);
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
});

test('a link that leads elsewhere is made again, though its target is as long and its mtime the same', async () => {
  const world = newWorld();
  makeTree(world.source, { current: link('v1', THEN), other: link('v1', THEN) });
  await copyAll(world);
  unlinkSync(join(world.source, 'current'));
  makeTree(world.source, { current: link('v2', THEN) });
  await copyAll(world);
  expect(logged(world, 'copied')).toEqual(['current', 'current', 'other']);
  expectEqualTrees(world.source, world.dest);
});

test('a scan that was cut off in the middle of a folder lists each folder in it once', async () => {
  const world = newWorld();
  const { source } = world;
  for (let i = 0; i < 60; i++) makeTree(source, { [`top/dir ${i}/file`]: file(`${i}`) });
  await copyAll(world);
  const before = auditLog(world).length;
  // As a kill leaves it: "top" is being joined, half of what it holds is found, and some of that is joined already.
  change(
    world.db,
    `UPDATE meta SET value = json_set(value, '$.running', json('true')) WHERE key = 'scan';
     UPDATE dirs SET listed = 0, seal = NULL WHERE path = 'top';
     UPDATE dirs SET listed = 0, seal = NULL WHERE path LIKE 'top/%' AND id % 2 = 0;
     UPDATE entries SET status = 0, hash = zeroblob(32) WHERE dir IN (SELECT id FROM dirs WHERE path LIKE 'top/%');
     UPDATE dirs SET pending = 1 WHERE path LIKE 'top/%';
     UPDATE meta SET value = json_set(value, '$.pendingFiles', 60, '$.syncedFiles', 0) WHERE key = 'totals'`,
  );
  for (let i = 0; i < 60; i++) setMtime(world.dest, `top/dir ${i}/file`, THEN);
  await copyAll(world);
  expect(logged(world, 'copied', before)).toHaveLength(60);
  expectEqualTrees(source, world.dest);
  expectLedgerOf(world);
});

test.skipIf(!findCommand('strace'))(
  'where a file gave way to a folder, the ledger no longer calls the file synced, whenever the run is killed',
  async () => {
    const world = newWorld();
    const { source, dest } = world;
    const names = Array.from({ length: 40 }, (_, n) => `k${n}`);
    makeTree(source, Object.fromEntries(names.map((name) => [name, file(name)])));
    await copyAll(world);
    for (const name of names) rmSync(join(source, name));
    makeTree(source, Object.fromEntries(names.map((name) => [`${name}/in`, file('in')])));
    const calls = 'mkdir,mkdirat';
    const kill = ['-e', `trace=${calls}`, '-e', `inject=${calls}:signal=SIGKILL:when=9`];
    copyUnder(world, ['strace', '-f', '-qq', '-o', '/dev/null', ...kill], '--rescan');
    const folders = names.filter((name) => statSync(join(dest, name)).isDirectory());
    expect(folders.length).toBeGreaterThan(0);
    expect(folders.length).toBeLessThan(names.length);
    for (const name of folders) expect(ledgerPaths(world, 'synced')).not.toContain(name);
    await copyAll(world);
    expectEqualTrees(source, dest);
    expectLedgerOf(world);
  },
);

test.skipIf(!findCommand('strace'))('a run that was killed while it made its ledger is begun anew', async () => {
  const world = newWorld();
  makeTree(world.source, { f: file('x') });
  // SQLite removes the journal of a database's first page when that is written.
  const kill = ['-P', `${world.db}-journal`, '-e', 'inject=unlink,unlinkat:signal=SIGKILL:when=1'];
  copyUnder(world, ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=unlink,unlinkat', ...kill]);
  expect(existsSync(`${world.db}-journal`)).toBe(true);
  const { code, stderr } = await run(world, 'status', '--db', world.db);
  expect([code, stderr]).toEqual([5, expect.stringContaining('nothing is in it yet')]);
  await copyAll(world);
  expectEqualTrees(world.source, world.dest);
  expectLedgerOf(world);
});

test('a ledger that counts more as pending than it has is mended, and the run ends', async () => {
  const world = newWorld();
  makeTree(world.source, { 'a/one': file('one'), 'b/two': file('two') });
  await copyAll(world);
  change(
    world.db,
    `UPDATE dirs SET pending = 1 WHERE path = 'a';
     UPDATE meta SET value = json_set(value, '$.pendingFiles', 1, '$.failedFiles', -1) WHERE key = 'totals'`,
  );
  const { stdout } = await copyAll(world);
  expect(stdout).toContain('the backlog is synced');
  expect(query(world.db, 'SELECT sum(pending) AS pending FROM dirs')).toEqual([{ pending: 0 }]);
  expectLedgerOf(world);
});
