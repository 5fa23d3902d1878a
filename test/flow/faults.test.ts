/** Entries that cannot be read or listed, and sources that change while they are copied. */
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import {
  auditLog,
  copy,
  copyAll,
  expectEqualTrees,
  expectLedgerOf,
  file,
  handOver,
  ledgerFiles,
  ledgerPaths,
  logged,
  makeTree,
  namesIn,
  newUnprivilegedWorld,
  newWorld,
  partFiles,
  partOf,
  run,
  setMtime,
  sha256,
  snapshotTree,
  startCopy,
} from './helpers.js';

const MIB = 1024 * 1024;

test('what cannot be read is reported and tried again, nothing is deleted, and all else is copied', async () => {
  const world = newUnprivilegedWorld();
  const { source, dest } = world;
  makeTree(source, {
    'closed/inside/file': file('inside'),
    'closed/file': file('inside'),
    'open/secret': file('secret'),
    'open/file': file('open'),
  });
  makeTree(dest, { 'closed/extra': file('extra'), 'open/extra': file('extra'), extra: file('extra') });
  handOver(world);
  chmodSync(`${source}/closed`, 0);
  chmodSync(`${source}/open/secret`, 0);

  for (let attempt = 0; attempt < 2; attempt++) {
    const { code, stdout } = await copy(world, '--delete-extras');
    expect(code).toBe(1);
    expect(stdout).toMatch(/finished in .*, but 2 entries failed/);
    expect(stdout).toMatch(/not seen +1 entry/);
    expect(stdout).toContain('nothing was deleted');
    for (const path of ['closed', 'open/secret']) expect(stdout).toMatch(new RegExp(`^ +${path}: EACCES: .+`, 'm'));
    expect(new Set(logged(world, 'failed'))).toEqual(new Set(['closed', 'open/secret']));
    expect(ledgerFiles(world).get('open/secret')).toMatchObject({ status: 'failed', hash: null });
    expect(ledgerFiles(world).get('open/secret')!.error).toMatch(/EACCES/);
    expect(namesIn(dest).sort()).toEqual(['closed', 'closed/extra', 'extra', 'open', 'open/extra', 'open/file']);
  }
  const { stdout: told } = await run(world, 'status', '--db', world.db, '--json');
  expect(JSON.parse(told)).toMatchObject({
    failed: { files: 1 },
    scan: { errors: 1 },
    failures: ['closed', 'open/secret'].map((path) => ({ path, error: expect.stringMatching(/EACCES/) })),
  });

  chmodSync(`${source}/closed`, 0o755);
  chmodSync(`${source}/open/secret`, 0o644);
  await copyAll(world, '--delete-extras');
  expect(logged(world, 'deleted')).toEqual(['closed/extra', 'extra', 'open/extra']);
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
});

test('a backlog in a folder that could not be listed at the destination is copied once that can be read', async () => {
  const world = newUnprivilegedWorld();
  const { source, dest } = world;
  makeTree(source, {
    ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`one/${i}`, file(randomBytes(200_000))])),
    ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`two/${i}`, file(randomBytes(200_000))])),
  });
  makeTree(dest, { 'two/extra': file('extra') });
  handOver(world);
  const first = startCopy(world, '--bwlimit', '1M');
  await first.until('the backlog is known', () => ledgerPaths(world, 'pending').some((path) => path.startsWith('two')));
  first.signal('SIGINT');
  expect((await first.ended).code).toBe(3);
  expect(ledgerPaths(world, 'pending').some((path) => path.startsWith('two'))).toBe(true);

  chmodSync(`${dest}/two`, 0);
  const second = await copy(world, '--rescan');
  expect(second.code).toBe(1);
  expect(second.stdout).toMatch(/^ +two: EACCES/m);

  chmodSync(`${dest}/two`, 0o755);
  await copy(world);
  await copyAll(world, '--delete-extras');
  expectEqualTrees(source, dest);
});

test('a destination that cannot be written ends with 4, and nothing is made', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { file: file('file') });
  makeTree(world.dest, { kept: file('kept') });
  handOver(world);
  chmodSync(world.dest, 0o555);
  const { code, stdout, stderr } = await copy(world);
  expect(code).toBe(4);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^millrace: destination .*: cannot be written: EACCES.*\n$/);
  expect(namesIn(world.dest)).toEqual(['kept']);
});

/** Writes over the start of a file and sets its mtime back, as a program might that wants to hide it. */
function rewriteStart(root: string, path: string, content: string): void {
  const { mtimeNs } = statSync(`${root}/${path}`, { bigint: true });
  const fd = openSync(`${root}/${path}`, 'r+');
  writeSync(fd, content, 0);
  closeSync(fd);
  setMtime(root, path, mtimeNs);
}

test('a file that changes while it is read comes whole in its new form, even with its mtime set back', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, {
    '1 rewritten': file(randomBytes(3 * MIB)),
    '2 grown': file('small'),
    '3 replaced': file('small'),
    '4 vanished': file('small'),
    '5 unchanged': file('small'),
  });
  makeTree(dest, { '1 rewritten': file('old') });
  // Reading is the slower part, so that what has come is what was read.
  const copying = startCopy(world, '--bwlimit', '1M:off', '--block-size', '512K');
  await copying.until('the first half of the file has come', () => {
    const part = partOf(dest, '1 rewritten');
    return part !== undefined && statSync(`${dest}/${part}`).size >= 1.5 * MIB;
  });
  rewriteStart(source, '1 rewritten', 'rewritten');
  appendFileSync(`${source}/2 grown`, randomBytes(400_000));
  unlinkSync(`${source}/3 replaced`);
  makeTree(source, { '3 replaced': file('replaced') });
  unlinkSync(`${source}/4 vanished`);
  expect(readFileSync(`${dest}/1 rewritten`, 'utf8')).toBe('old');
  await copying.ended;
  for (const name of ['1 rewritten', '2 grown', '3 replaced', '5 unchanged']) {
    expect(snapshotTree(dest).get(name)).toEqual(snapshotTree(source).get(name));
    expect(ledgerFiles(world).get(name)!.hash).toBe(sha256(readFileSync(`${source}/${name}`)));
  }
  expect(namesIn(dest)).not.toContain('4 vanished');
  expect(partFiles(dest)).toEqual([]);

  await copyAll(world);
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
});

test('a file that never holds still keeps its old form, is listed as changed, and comes when it rests', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(source, { 'a/busy': file(randomBytes(600_000)), 'b/quiet': file('quiet') });
  makeTree(dest, { 'a/busy': file('old') });
  const writing = setInterval(() => appendFileSync(`${source}/a/busy`, 'more'), 20);
  try {
    const { code, stdout } = await copy(world, '--bwlimit', '2M', '--block-size', '128K');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ +a\/busy: CHANGED: changed while it was read/m);
  } finally {
    clearInterval(writing);
  }
  expect(readFileSync(`${dest}/a/busy`, 'utf8')).toBe('old');
  expect(readFileSync(`${dest}/b/quiet`, 'utf8')).toBe('quiet');
  expect(ledgerFiles(world).get('a/busy')).toMatchObject({ status: 'failed' });
  expect(partFiles(dest)).toEqual([]);

  const lines = auditLog(world).length;
  await copyAll(world);
  expect(logged(world, 'copied', lines)).toEqual(['a/busy']);
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
});

test('a folder that vanishes before its backlog is copied does not keep a later run from being content', async () => {
  const world = newWorld();
  const { source, dest } = world;
  makeTree(
    source,
    Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i % 2}/${i}`, file(randomBytes(100_000))])),
  );
  const first = startCopy(world, '--bwlimit', '512K');
  await first.until('the backlog is known', () => ledgerPaths(world, 'pending').length > 0);
  first.signal('SIGTERM');
  expect((await first.ended).code).toBe(3);
  rmSync(`${source}/0`, { recursive: true });
  rmSync(`${source}/1/1`);

  const resumed = await copy(world);
  expect(resumed.stdout).toContain('resuming');
  await copyAll(world, '--delete-extras');
  expectEqualTrees(source, dest);
  expectLedgerOf(world);
});

test('a resumed run names the folder that the session before it could not list', async () => {
  const world = newUnprivilegedWorld();
  const { source, dest } = world;
  const files = Array.from({ length: 12 }, (_, i) => [`open/${i}`, file(randomBytes(200_000))]);
  makeTree(source, { ...Object.fromEntries(files), 'closed/file': file('inside') });
  handOver(world);
  chmodSync(`${source}/closed`, 0);
  const first = startCopy(world, '--bwlimit', '512K');
  await first.until('the backlog is known', () => ledgerPaths(world, 'pending').length > 0);
  first.signal('SIGINT');
  expect((await first.ended).code).toBe(3);

  const { code, stdout } = await copy(world);
  expect(code).toBe(1);
  expect(stdout).toContain('resuming');
  expect(stdout).toMatch(/finished in .*, but 1 entry failed/);
  expect(stdout).toMatch(/^ +closed: EACCES: .+/m);

  chmodSync(`${source}/closed`, 0o755);
  await copyAll(world);
  expectEqualTrees(source, dest);
});

test('two runs with a ledger each may write the same files: each name has one of them whole', async () => {
  const world = newWorld();
  const other = {
    ...world,
    source: `${world.root}/other`,
    db: `${world.root}/other.db`,
    log: `${world.root}/other.log`,
  };
  mkdirSync(other.source);
  makeTree(world.source, { large: file(randomBytes(3 * MIB)), 'd/small': file('small') });
  makeTree(other.source, { large: file(randomBytes(2 * MIB)), 'd/small': file('other') });
  const first = startCopy(world, '--bwlimit', '1M', '--block-size', '256K');
  await first.until('its file is on its way', () => partOf(world.dest, 'large') !== undefined);
  const second = startCopy(other, '--bwlimit', '300K', '--block-size', '256K');
  await second.until('both are', () => partFiles(world.dest).length === 2);
  expect((await first.ended).code).toBe(0);
  expect(readFileSync(`${world.dest}/large`).equals(readFileSync(`${world.source}/large`))).toBe(true);
  expectLedgerOf(world);
  expect((await second.ended).code).toBe(0);
  expect(readFileSync(`${world.dest}/large`).equals(readFileSync(`${other.source}/large`))).toBe(true);
  expect(partFiles(world.dest)).toEqual([]);
});
