/** Calls on a share that fail for a moment, for ever, or by half; and a ledger whose disk is full. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canMount, findCommand, mount, mountTmpfs } from '../helpers/tree.js';
import {
  copy,
  copyAll,
  copyUnder,
  expectEqualTrees,
  expectLedgerOf,
  file,
  ledgerPaths,
  logged,
  makeTree,
  newWorld,
  partFiles,
  query,
  type Tree,
} from './helpers.js';
import { once, patched } from './preload.js';

const tree = (): Tree => ({
  ...Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`d${n % 3}/f${n}`, file(randomBytes(3000))])),
  large: file(randomBytes(900_000)),
});

const failing = (code: string, errno: number) =>
  `throw Object.assign(new Error('${code}'), { code: '${code}', errno: -${errno}, syscall: 'x' });`;

test.each([
  ['a small file', 'readSync', '/f20$/.test(path)', 'ESTALE', 116],
  ['a large file', 'readSync', '/large$/.test(path)', 'EIO', 5],
  ['a large file', 'writeSync', '/large$/.test(path)', 'EIO', 5],
] as const)(
  '%s with which %s fails once is tried again, and nobody hears of it',
  async (_, name, when, code, errno) => {
    const world = newWorld();
    makeTree(world.source, tree());
    world.preload = patched(world, name, `${when} && ${once(world)}`, failing(code, errno));
    await copyAll(world, '--block-size', '64K');
    expectEqualTrees(world.source, world.dest);
    expectLedgerOf(world);
  },
);

test('a file that stays stale is listed with its reason, leaves nothing half made, and all else is copied', async () => {
  const world = newWorld();
  makeTree(world.source, tree());
  world.preload = patched(world, 'readSync', '/large$/.test(path) && position > 100000', failing('ESTALE', 116));
  const { code, stdout } = await copy(world, '--block-size', '64K');
  expect(code).toBe(1);
  expect(stdout).toMatch(/large: ESTALE: stale file handle/);
  expect(ledgerPaths(world, 'failed')).toEqual(['large']);
  expect(partFiles(world.dest)).toEqual([]);
  expect(ledgerPaths(world, 'synced')).toHaveLength(40);
});

test.each(['readSync', 'writeSync'] as const)(
  '%s that does half of what it was told is called for the rest',
  async (name) => {
    const world = newWorld();
    makeTree(world.source, tree());
    world.preload = patched(world, name, 'length > 1', 'return original(fd, view, offset, length >> 1, position);');
    await copyAll(world);
    expectEqualTrees(world.source, world.dest);
    expectLedgerOf(world);
  },
);

test.skipIf(!canMount)(
  'a ledger whose disk is full ends the run with 5, intact, and the next run goes on',
  async () => {
    const world = newWorld();
    makeTree(
      world.source,
      Object.fromEntries(
        Array.from({ length: 4000 }, (_, n) => [`d${n % 20}/a longer name, to fill the ledger ${n}`, file('x')]),
      ),
    );
    const disk = join(world.root, 'disk');
    mountTmpfs(disk, 'size=400k');
    const small = { ...world, db: join(disk, 'ledger.db') };
    const { code, stderr, stdout } = await copy(small, '--log-file', world.log);
    expect(code).toBe(5);
    // What the ledger does not have is not called copied.
    const rows = query(small.db, "SELECT count(*) AS files FROM files WHERE status = 'synced'") as { files: number }[];
    expect(stdout).toMatch(new RegExp(`copied +${rows[0]!.files.toLocaleString('en')} files?,`));
    expect(stdout).toMatch(/not recorded +[\d,]+ files? more, done again by the next run/);
    expect(stderr).toMatch(/^millrace: the ledger cannot be written: .*full.*\n$/);
    mount(disk, '-o', 'remount,size=16m');
    expect(query(small.db, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    await copyAll(small, '--log-file', world.log);
    expectEqualTrees(world.source, world.dest);
  },
);

test.skipIf(!findCommand('strace'))(
  'a flush of the audit log that fails is believed, though the next would succeed',
  async () => {
    const world = newWorld();
    makeTree(world.source, Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, file(`content ${n}`)])));
    writeFileSync(world.log, '');
    const fault = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=ENOSPC:when=1'];
    const { status, stderr } = copyUnder(world, ['strace', '-f', '-qq', '-o', '/dev/null', '-P', world.log, ...fault]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^millrace: audit log .*: cannot be written: ENOSPC: .*\n$/);
    expect(ledgerPaths(world, 'synced')).toEqual([]);

    await copyAll(world);
    expectLedgerOf(world);
    expect(new Set(logged(world, 'copied')).size).toBe(20);
  },
);
