/** `millrace verify` with the real program, on real files. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDb } from '../../src/ledger/sqlite.js';
import { canMount, findCommand, mount, mountTmpfs, unmount } from '../helpers/tree.js';
import {
  auditLog,
  copy,
  copyAll,
  damage,
  dir,
  type Ended,
  expectEqualTrees,
  fifo,
  file,
  handOver,
  link,
  makeTree,
  newUnprivilegedWorld,
  newWorld,
  onceReadable,
  query,
  raw,
  run,
  type Spec,
  setMtime,
  sha256,
  snapshotTree,
  start,
  type Tree,
  type World,
} from './helpers.js';
import { once, patched } from './preload.js';

const MTIME = 1_600_000_000_123_456_789n;

const TREE: Tree = {
  empty: file('', MTIME),
  'd/a': file('some text', MTIME),
  'd/b': file(Buffer.alloc(3_000_000, 'b'), MTIME),
  [`d/${raw('ü')}`]: file('name', MTIME),
  'd/\xff\xfe': file('bytes', MTIME),
  'd/e/link': link('../a', MTIME),
};

async function copied(tree: Tree = TREE, world = newWorld()): Promise<World> {
  makeTree(world.source, tree);
  handOver(world);
  await copyAll(world);
  return world;
}

function verify(world: World, ...args: string[]): Promise<Ended> {
  return run(world, 'verify', '--db', world.db, '--readers', '2', ...args);
}

interface Row {
  readonly path: string;
  readonly verdict: string | null;
  readonly error: string | null;
  readonly verified_at: number | bigint | null;
}

/** What the ledger has of entries, by their paths (raw). */
function verdicts({ db, source }: World): Record<string, string | null> {
  const rows = query<Row>(db, 'SELECT hex(source_path) AS path, verdict FROM files');
  const rawOf = (hex: string) =>
    Buffer.from(hex, 'hex')
      .toString('latin1')
      .slice(source.length + 1);
  return Object.fromEntries(rows.map(({ path, verdict }) => [rawOf(path), verdict]));
}

/** Paths of the log's lines of a result, after its first lines. */
function verified(world: World, result: string, skip = 0): string[] {
  return auditLog(world)
    .slice(skip)
    .filter((line) => line.result === result)
    .map(({ path }) => path)
    .sort();
}

describe('a copy that is as it was', () => {
  test('is all equal, and nothing of it is read again by the same command', async () => {
    const world = await copied();
    const before = auditLog(world).length;
    const first = await verify(world);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('all equal');
    expect(verified(world, 'verified', before)).toEqual(Object.keys(TREE).sort());
    expect(query(world.db, 'SELECT DISTINCT verdict, error FROM files')).toEqual([{ verdict: 'equal', error: null }]);
    const [line] = auditLog(world).filter(({ path, result }) => path === 'd/a' && result === 'verified');
    expect(line).toMatchObject({ size: 9, hash: sha256('some text'), algorithm: 'sha256', kind: 'file' });
    const lines = auditLog(world).length;
    const again = await verify(world);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain('nothing is left to verify');
    expect(auditLog(world)).toHaveLength(lines);
    expect((await verify(world, '--all')).stdout).toContain('verified      6 entries');
  });

  test('can be verified when the source is gone, by its roots or its ledger', async () => {
    const world = await copied();
    renameSync(world.source, `${world.source}-away`);
    expect(await run(world, 'verify', world.source, world.dest, '--db', world.db)).toMatchObject({ code: 0 });
    const both = await verify(world, '--all', '--read', 'both');
    expect(both.code).toBe(4);
    expect(both.stderr).toContain('source');
  });

  test('loses its verdict where it is copied again, and nowhere else', async () => {
    const world = await copied();
    await verify(world);
    makeTree(world.source, { 'd/a': file('other text', MTIME + 1n) });
    chmodSync(join(world.source, 'd/b'), 0o600);
    await copyAll(world);
    expect(verdicts(world)).toEqual({
      ...Object.fromEntries(Object.keys(TREE).map((path) => [path, 'equal'])),
      'd/a': null,
    });
    expect((await verify(world)).stdout).toContain('verified      1 entry');
  });
});

describe('what is no longer as it was copied', () => {
  /** What befalls entries of the destination, each of its own, and what is said of it. */
  const DAMAGES: readonly [path: string, change: (path: string) => void, verdict: string, error: string][] = [
    ['flipped', (path) => damage(path, 2_999_999), 'differs', 'content'],
    ['shorter', (path) => truncateSync(path, 7), 'differs', 'size: 7 in the place of 11, mtime'],
    ['gone', (path) => rmSync(path), 'missing', 'missing'],
    ['folder/gone', (path) => rmSync(join(path, '..'), { recursive: true }), 'missing', 'missing'],
    ['later', (path) => setMtime(path, '', MTIME + 1_000_000_000n), 'differs', 'mtime'],
    ['link', (path) => instead(path, link('elsewhere')), 'differs', 'size: 9 in the place of 4, mtime'],
    ['now a link', (path) => instead(path, link('b')), 'differs', 'kind: a symbolic link in the place of a file'],
    ['now a folder', (path) => instead(path, dir()), 'differs', 'kind: a folder in the place of a symbolic link'],
    ['now a FIFO', (path) => instead(path, fifo()), 'differs', 'kind: a special file in the place of a file'],
  ];

  function instead(path: string, spec: Spec): void {
    rmSync(path);
    makeTree(join(path, '..'), { [basename(path)]: spec });
  }

  test('is told, recorded and, but for folders, mended by the next scan', async () => {
    const links = ['link', 'now a folder'];
    const tree = DAMAGES.map(([path]) => [path, links.includes(path) ? link('b/ss', MTIME) : file('text', MTIME)]);
    const flipped = file(Buffer.alloc(3_000_000, 'b'), MTIME);
    const world = await copied({
      ...Object.fromEntries(tree),
      flipped,
      shorter: file('longer text', MTIME),
      kept: file('x'),
    });
    for (const [path, change] of DAMAGES) change(join(world.dest, path));
    const found = await verify(world);
    expect(found.code).toBe(1);
    const status = await run(world, 'status', '--db', world.db);
    for (const [path, , , error] of DAMAGES) {
      expect(found.stdout).toContain(`  ${path}: ${error}\n`);
      expect(status.stdout).toContain(`  ${path}: ${error}\n`);
    }
    expect(found.stdout).toContain(`millrace copy --rescan ${world.source} ${world.dest}`);
    const sql =
      "SELECT hex(source_path) AS path, verdict, error FROM files WHERE verdict <> 'equal' AND status = 'synced'";
    const rows = query<{ path: string; verdict: string; error: string }>(world.db, sql).map(
      ({ path, verdict, error }) => {
        return [
          Buffer.from(path, 'hex')
            .toString('latin1')
            .slice(world.source.length + 1),
          verdict,
          error,
        ];
      },
    );
    expect(rows.sort()).toEqual(DAMAGES.map(([path, , verdict, error]) => [path, verdict, error]).sort());
    for (const result of ['differs', 'missing'])
      expect(verified(world, result)).toEqual(DAMAGES.flatMap(([path, , is]) => (is === result ? path : [])).sort());
    // What differs is looked at again by the same command, and nothing else.
    expect((await verify(world)).stdout).toContain('verified      9 entries');
    await copyAll(world, '--rescan', '--delete-extras', '--yes');
    expectEqualTrees(world.source, world.dest);
    const after = await verify(world);
    expect(after).toMatchObject({ code: 0 });
    expect(after.stdout).toContain('verified      9 entries');
  });

  test.each([
    ['a rule', ['--exclude', 'f']],
    ['a rule on its folder', ['--exclude', 'd']],
    ['its size', ['--max-size', '1K']],
    ['a list', ['--files-from', 'list']],
  ])('is known and told while %s leaves it out, and copied by the next run that does not', async (_, options) => {
    const world = await copied({ 'd/f': file(Buffer.alloc(3000, 'b'), MTIME), kept: file('x') });
    writeFileSync(join(world.root, 'list'), 'kept');
    damage(join(world.dest, 'd/f'), 1000);
    expect((await verify(world)).code).toBe(1);
    const chosen = options.map((option) => (option === 'list' ? join(world.root, 'list') : option));
    // Twice: also what a scan with the same choice begins with does not forget it.
    for (let again = 0; again < 2; again++) await copyAll(world, '--rescan', ...chosen);
    expect((await run(world, 'status', '--db', world.db)).stdout).toContain('  d/f: content\n');
    await copyAll(world);
    expectEqualTrees(world.source, world.dest);
    const { stdout } = await run(world, 'status', '--db', world.db);
    expect(stdout).not.toContain('DIFFERENT');
    expect((await verify(world)).code).toBe(0);
  });

  test.each([['-u'], ['--ignore-existing'], ['--existing']])('is told while %s lets it be', async (option) => {
    const world = await copied({ f: file('text', MTIME), kept: file('x') });
    const path = join(world.dest, 'f');
    if (option === '--existing') rmSync(path);
    else setMtime(path, '', MTIME + 1_000_000_000n);
    expect((await verify(world)).code).toBe(1);
    await copyAll(world, '--rescan', option);
    expect((await run(world, 'status', '--db', world.db)).stdout).toMatch(/^DIFFERENT +1 file$/m);
    await copyAll(world);
    expectEqualTrees(world.source, world.dest);
    expect((await run(world, 'status', '--db', world.db)).stdout).not.toContain('DIFFERENT');
  });

  test('is known through a run without -L, where -L alone sees it', async () => {
    const world = newWorld();
    makeTree(world.source, { 'real/f': file('text', MTIME), l: link('real') });
    await copyAll(world, '-L');
    damage(join(world.dest, 'l/f'), 1);
    expect((await verify(world)).code).toBe(1);
    for (let again = 0; again < 2; again++) await copyAll(world, '--rescan', '--delete-extras', '--exclude', 'l');
    for (let again = 0; again < 2; again++) await copy(world, '--rescan');
    await copyAll(world, '-L');
    expect(readFileSync(join(world.dest, 'l/f'), 'utf8')).toBe('text');
  });

  test('is copied though a scan between could not look at its source', async () => {
    const world = await copied({ 'd/f': file('text', MTIME) }, newUnprivilegedWorld());
    damage(join(world.dest, 'd/f'), 1);
    expect((await verify(world)).code).toBe(1);
    chmodSync(join(world.source, 'd'), 0o644);
    expect((await copy(world, '--rescan')).code).toBe(1);
    chmodSync(join(world.source, 'd'), 0o755);
    await copyAll(world, '--rescan');
    expectEqualTrees(world.source, world.dest);
  });

  test('is forgotten once the source does not have it', async () => {
    const world = await copied({ f: file('text', MTIME), kept: file('x') });
    damage(join(world.dest, 'f'), 1);
    expect((await verify(world)).code).toBe(1);
    await copyAll(world, '--exclude', 'f');
    rmSync(join(world.source, 'f'));
    for (let again = 0; again < 2; again++) await copyAll(world, '--rescan', '--delete-extras');
    await copyAll(world, '--rescan');
    expect((await run(world, 'status', '--db', world.db)).stdout).not.toContain('DIFFERENT');
  });

  test('a file that cannot be read is told with the reason', async () => {
    const world = await copied(TREE, newUnprivilegedWorld());
    chmodSync(join(world.dest, 'd/a'), 0);
    const found = await verify(world);
    expect(found.code).toBe(1);
    expect(found.stdout).toContain('d/a: unreadable: EACCES: permission denied (open)');
    expect(verdicts(world)).toMatchObject({ 'd/a': 'unreadable', 'd/b': 'equal' });
  });

  test('only the first of many are shown', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `f${index}`);
    const world = await copied(Object.fromEntries(names.map((name) => [name, file('x')])));
    for (const name of names) rmSync(join(world.dest, name));
    const { code, stdout } = await verify(world, '--progress', 'quiet');
    expect(code).toBe(1);
    expect(stdout).toContain('finished');
    expect(stdout).toContain('... and 10 more, in the ledger and the log');
    expect(verified(world, 'missing')).toEqual(names.sort());
  });
});

describe('--read both', () => {
  test('tells a changed source from a changed destination', async () => {
    const world = await copied({ same: file('1'), src: file('2'), dst: file('3'), both: file('4'), silent: file('5') });
    const change = (root: string, name: string) => {
      writeFileSync(join(root, name), 'X');
      setMtime(root, name, MTIME);
    };
    for (const name of ['src', 'both']) change(world.source, name);
    for (const name of ['dst', 'both']) change(world.dest, name);
    damage(join(world.source, 'silent'), 0);
    const found = await verify(world, '--read', 'both');
    expect(found.code).toBe(1);
    expect(
      query(world.db, `SELECT substr(source_path, ${world.source.length + 2}) AS path, verdict, error FROM files`),
    ).toEqual([
      { path: 'both', verdict: 'differs', error: 'content, mtime; source: content, mtime' },
      { path: 'dst', verdict: 'differs', error: 'content, mtime' },
      { path: 'same', verdict: 'equal', error: null },
      { path: 'silent', verdict: 'source differs', error: 'source: content' },
      { path: 'src', verdict: 'source differs', error: 'source: content, mtime' },
    ]);
    // A source that has changed and looks the same is not spread by the next copy.
    await copyAll(world, '--rescan');
    expect(readFileSync(join(world.dest, 'silent'), 'utf8')).toBe('5');
    expect(readFileSync(join(world.dest, 'dst'), 'utf8')).toBe('3');
  });

  test('records the hash of what was never copied, where both sides agree', async () => {
    const world = newWorld();
    for (const root of [world.source, world.dest]) makeTree(root, { a: file('same', MTIME), b: file('left', MTIME) });
    damage(join(world.dest, 'b'), 0);
    await copyAll(world);
    const dest = await verify(world);
    expect(dest.code).toBe(1);
    expect(dest.stdout).toContain('nothing differs, but not all could be compared');
    expect(dest.stdout).toContain('millrace verify --read both');
    expect(verdicts(world)).toEqual({ a: 'no hash', b: 'no hash' });
    const both = await verify(world, '--read', 'both', '--checksum', 'blake3');
    expect(both.code).toBe(1);
    const rows = query(world.db, 'SELECT verdict, error, algorithm, length(hash) AS digits FROM files');
    expect(rows).toEqual([
      { verdict: 'equal', error: null, algorithm: 'blake3', digits: 64 },
      { verdict: 'differs', error: 'content, compared with the source', algorithm: null, digits: null },
    ]);
    damage(join(world.dest, 'a'), 1);
    await verify(world, '--all');
    expect(verdicts(world)).toMatchObject({ a: 'differs' });
  });
});

describe('what is verified', () => {
  const names = Array.from({ length: 200 }, (_, index) => `d${index % 7}/file ${index}`);
  const many = Object.fromEntries(names.map((name) => [name, file(name)]));

  test('a sample is the one of its part and seed, for whoever draws it', async () => {
    const world = await copied(many);
    const before = auditLog(world).length;
    const inSample = (name: string) =>
      createHash('sha256').update(`seed-1/${name}`).digest().readUInt32BE(0) < 0.2 * 2 ** 32;
    const { stdout, code } = await verify(world, '--sample', '20%:seed-1');
    expect(code).toBe(0);
    expect(stdout).toContain('--sample 20%:seed-1');
    const drawn = names.filter(inSample).sort();
    expect(drawn.length).toBeGreaterThan(15);
    expect(verified(world, 'verified', before)).toEqual(drawn);
    // And again, though all of it is known to be equal; without a seed another one is drawn.
    const lines = auditLog(world).length;
    await verify(world, '--sample', '20%:seed-1');
    expect(verified(world, 'verified', lines)).toEqual(drawn);
    const other = /--sample 20%:([0-9a-f]{8})\n/.exec((await verify(world, '--sample', '20%')).stdout);
    expect(other).not.toBeNull();
  });

  test('--since leaves out what was found equal since then', async () => {
    const world = await copied(many);
    await verify(world);
    const ledger = openDb(world.db);
    ledger.exec(`UPDATE entries SET verified_at = verified_at - 3 * 86400000 WHERE name LIKE '%5'`);
    ledger.close();
    const before = auditLog(world).length;
    expect(await verify(world, '--since', '2d')).toMatchObject({ code: 0 });
    expect(verified(world, 'verified', before)).toEqual(names.filter((name) => name.endsWith('5')).sort());
  });

  test('options that exclude each other are refused', async () => {
    const world = await copied({ a: file() });
    const { code, stderr } = await verify(world, '--all', '--sample', '5%');
    expect(code).toBe(2);
    expect(stderr).toBe('millrace: --all and --sample do not go together; give one of them\n');
  });
});

describe('a verification that is cut off', () => {
  const names = Array.from({ length: 40 }, (_, index) => `file ${index}`);
  const large = Object.fromEntries(names.map((name) => [name, file(Buffer.alloc(100_000, name))]));
  const SLOW = ['--bwlimit', '1M', '--readers', '1'];
  const count = (world: World) =>
    onceReadable(world, () => query<{ n: number }>(world.db, 'SELECT count(verified_at) AS n FROM files')[0]!.n) ?? 0;

  test('by a kill goes on where it was, and one of all is not begun anew', async () => {
    const world = await copied(large);
    await verify(world);
    const first = query<Row>(world.db, 'SELECT max(verified_at) AS verified_at FROM files')[0]!.verified_at!;
    const since = () =>
      query<{ n: number }>(world.db, `SELECT count(*) AS n FROM files WHERE verified_at > ${first}`)[0]!.n;
    rmSync(join(world.dest, 'file 0'));
    const run = start(world, 'verify', '--db', world.db, '--all', ...SLOW);
    await run.until('some are verified', () => since() > 0);
    run.signal('SIGKILL');
    await run.ended;
    const done = since();
    expect(done).toBeLessThan(names.length);
    const lines = auditLog(world).length;
    const second = await verify(world, '--all');
    expect(second.stdout).toContain(`going on to verify all that was copied; done before: ${done} entries`);
    // The file that is missing was found by the first run, and the whole is not equal for it.
    expect(second).toMatchObject({ code: 1 });
    expect(second.stdout).toContain('verified      40 entries');
    expect(second.stdout).toContain('  file 0: missing\n');
    expect(auditLog(world)).toHaveLength(lines + names.length - done);
    expect(since()).toBe(names.length);
  });

  test('by Ctrl-C ends the file in hand, records it, and says that it was stopped', async () => {
    const world = await copied(large);
    const run = start(world, 'verify', '--db', world.db, ...SLOW);
    await run.until('some are verified', () => count(world) > 0);
    run.signal('SIGINT');
    const ended = await run.ended;
    expect(ended).toMatchObject({ code: 3, stderr: '' });
    expect(ended.stdout).toContain('stopped before the end');
    const done = count(world);
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(names.length);
    expect(await verify(world)).toMatchObject({ code: 0 });
    expect(verified(world, 'verified')).toEqual([...names].sort());
  });

  test('by another one says how it is taken up', async () => {
    const world = await copied(large);
    const run = start(world, 'verify', '--db', world.db, '--all', ...SLOW);
    await run.until('some are verified', () => count(world) > 0);
    run.signal('SIGINT');
    await run.ended;
    const { stdout } = await verify(world, '--sample', '1%');
    const [, since] = /is given up; --since (\S+) takes it up/.exec(stdout)!;
    const lines = auditLog(world).length;
    await verify(world, '--since', since!);
    expect(auditLog(world).length - lines).toBeLessThan(names.length);
    expect(count(world)).toBe(names.length);
  });

  test('keeps to the limit for reading, and nobody else gets its ledger', async () => {
    const world = await copied(large);
    const begun = performance.now();
    const run = start(world, 'verify', '--db', world.db, '--bwlimit', '2M:1K');
    await run.until('it reads', () => run.stdout.includes('verifying'));
    expect(await verify(world)).toMatchObject({ code: 5 });
    expect(await run.ended).toMatchObject({ code: 0 });
    // 4,000,000 bytes at 2 MiB/s, but for a burst.
    expect(performance.now() - begun).toBeGreaterThan(1700);
  });

  test('progress of each style ends in a summary, or in nothing', async () => {
    const world = await copied(large);
    const json = (await verify(world, '--all', '--progress', 'json')).stdout.trimEnd().split('\n');
    const messages = json.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(messages[0]).toMatchObject({ type: 'progress', command: 'verify' });
    expect(messages.at(-1)).toMatchObject({ type: 'summary', exit_code: 0, verified: { files: 40, bytes: 4_000_000 } });
    expect((await verify(world, '--all', '--progress', 'none')).stdout).toBe('');
  });
});

describe.skipIf(!canMount)('a destination of its own (skipped without root)', () => {
  function mountedWorld(mountDest: (dest: string) => void): World {
    const world = newWorld();
    mountDest(world.dest);
    return world;
  }

  test('that is another one, or not there, is refused', async () => {
    const world = await copied(
      TREE,
      mountedWorld((dest) => mountTmpfs(dest, 'size=16m')),
    );
    unmount(world.dest);
    const { code, stderr } = await verify(world);
    expect(code).toBe(4);
    expect(stderr).toContain('is not the folder that it was');
  });

  test('that goes away is waited for, and given up in time; nothing is called missing for it', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `d${index}/f`);
    const tree = Object.fromEntries(names.map((name) => [name, file(Buffer.alloc(100_000, 1))]));
    const world = await copied(
      tree,
      mountedWorld((dest) => mountTmpfs(dest, 'size=16m')),
    );
    const args = ['--readers', '1', '--bwlimit', '1M', '--share-timeout', '1s'];
    const run = start(world, 'verify', '--db', world.db, ...args);
    await run.until('it reads', () => run.stdout.includes('verifying'));
    unmount(world.dest);
    const ended = await run.ended;
    expect(ended.code).toBe(4);
    expect(ended.stdout).toContain('waiting for the destination');
    expect(query(world.db, `SELECT count(*) AS n FROM files WHERE verdict = 'missing'`)).toEqual([{ n: 0 }]);
  });

  test('that goes away and comes back is gone on with', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `d${index}/f`);
    const tree = Object.fromEntries(names.map((name) => [name, file(Buffer.alloc(100_000, 1))]));
    const world = newWorld();
    const folder = join(world.root, 'behind');
    makeTree(folder, { '.': dir() });
    mount(world.dest, '--bind', folder);
    await copied(tree, world);
    const run = start(world, 'verify', '--db', world.db, '--readers', '1', '--bwlimit', '1M');
    await run.until('it reads', () => run.stdout.includes('verifying'));
    unmount(world.dest);
    await run.until('it waits', () => run.stdout.includes('waiting for the destination'));
    mount(world.dest, '--bind', folder);
    const ended = await run.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('the destination is back');
    expect(verified(world, 'verified')).toEqual([...names].sort());
  });

  test('in memory is said to be in memory', async () => {
    const world = await copied(
      TREE,
      mountedWorld((dest) => mountTmpfs(dest, 'size=16m')),
    );
    const { code, stdout } = await verify(world);
    expect(code).toBe(0);
    expect(stdout).toMatch(/page cache +dropped for 0\.0\/2\.9 MiB; 2\.9 MiB stayed in memory/);
  });

  test.skipIf(!findCommand('mkfs.ext4'))('on a disk is read from there, past what memory has', async () => {
    const world = newWorld();
    const image = join(world.root, 'image');
    spawnSync('truncate', ['-s', '64M', image]);
    spawnSync('mkfs.ext4', ['-q', image]);
    mount(world.dest, '-o', 'loop', image);
    rmSync(join(world.dest, 'lost+found'), { recursive: true });
    const needle = createHash('sha512').update('needle').digest();
    makeTree(world.source, { a: file(Buffer.concat([Buffer.alloc(100_000, 7), needle]), MTIME) });
    await copyAll(world);
    expect((await verify(world)).stdout).toMatch(/page cache +dropped: all 97\.7 KiB came from the destination/);
    // A byte of the disk turns over while the kernel has the old one in memory.
    expect(sha256(readFileSync(join(world.dest, 'a')))).toBe(sha256(readFileSync(join(world.source, 'a'))));
    const at = readFileSync(image).indexOf(needle);
    expect(at).toBeGreaterThan(0);
    const fd = openSync(image, 'r+');
    writeSync(fd, Buffer.of(needle[0]! ^ 1), 0, 1, at);
    closeSync(fd);
    expect(sha256(readFileSync(join(world.dest, 'a')))).toBe(sha256(readFileSync(join(world.source, 'a'))));
    const found = await verify(world, '--all');
    expect(found.code).toBe(1);
    expect(found.stdout).toContain('  a: content\n');
  });
});

test('a ledger that is not there is an error of the ledger, and none is made', async () => {
  const world = newWorld();
  expect(await verify(world)).toMatchObject({ code: 5 });
  expect(existsSync(world.db)).toBe(false);
});

test('nothing at the shares is changed', async () => {
  const world = await copied();
  const before = [snapshotTree(world.source), snapshotTree(world.dest)];
  await verify(world, '--read', 'both');
  expect([snapshotTree(world.source), snapshotTree(world.dest)]).toEqual(before);
});

describe('a thread that dies', () => {
  const BUG = `throw new TypeError('a bug')`;
  const FILES = 300;
  const copiedFiles = (): Promise<World> =>
    copied(Object.fromEntries(Array.from({ length: FILES }, (_, n) => [`d${n % 9}/f${n}`, file(`content ${n}`)])));
  const count = (world: World, verdict: string) => Object.values(verdicts(world)).filter((v) => v === verdict).length;

  test.each([['dest'], ['both']])('is replaced, and its work is done again (--read %s)', async (reads) => {
    const world = await copiedFiles();
    const of = reads === 'both' ? world.source : world.dest;
    world.preload = patched(world, 'readSync', `path === '${of}/d6/f150' && ${once(world)}`, BUG);
    const { code, stdout } = await verify(world, '--read', reads);
    expect(stdout).toContain('a verifier thread died: a bug; its work is done again');
    expect(stdout).toContain(`verified      ${FILES} entries`);
    expect(code).toBe(0);
    expect(count(world, 'equal')).toBe(FILES);
  });

  test('with a file each time fails that as unreadable, and all else is looked at', async () => {
    const world = await copiedFiles();
    world.preload = patched(world, 'readSync', '/f150$/.test(path)', BUG);
    const { code, stdout } = await verify(world);
    expect(code).toBe(1);
    expect(stdout).toContain('d6/f150: unreadable: DIED: threads died while they had it in hand');
    expect(verdicts(world)['d6/f150']).toBe('unreadable');
    expect(count(world, 'equal')).toBe(FILES - 1);
  });

  test('again and again ends the run, and the next one goes on', async () => {
    const world = await copiedFiles();
    world.preload = patched(world, 'readSync', '/f[0-9]+$/.test(path)', BUG);
    expect(await verify(world)).toMatchObject({
      code: 3,
      stderr: 'millrace: a verifier thread died: a bug, after 10 others\n',
    });

    world.preload = undefined;
    // With what the first run called unreadable, the whole is not equal; another verification finds that it is.
    expect((await verify(world)).code).toBe(1);
    expect((await verify(world)).code).toBe(0);
    expect(count(world, 'equal')).toBe(FILES);
  });

  test('while the run drains leaves its work to the next run', async () => {
    const world = await copied({ a: file('first'), large: file(Buffer.alloc(8_000_000, 'l')) });
    const mark = join(world.root, 'die');
    world.preload = patched(world, 'readSync', `/large$/.test(path) && fs.existsSync('${mark}')`, BUG);
    const run = start(world, 'verify', '--db', world.db, '--readers', '1', '--bwlimit', '1M');
    await run.until('the small file is recorded', () => onceReadable(world, () => count(world, 'equal')) === 1);
    run.signal('SIGINT');
    await run.until('it drains', () => run.stdout.includes('finishing the files in flight'));
    writeFileSync(mark, '');
    const ended = await run.ended;
    expect(ended).toMatchObject({ code: 3, stderr: '' });
    expect(ended.stdout).toContain('a verifier thread died: a bug; its work is left to the next run');
    expect(verdicts(world)).toEqual({ a: 'equal', large: null });

    world.preload = undefined;
    expect((await verify(world)).code).toBe(0);
    expect(count(world, 'equal')).toBe(2);
  });
});
