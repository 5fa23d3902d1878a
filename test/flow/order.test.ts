/** --order: what is transferred first. */
import { randomBytes } from 'node:crypto';
import { linkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  auditLog,
  copy,
  copyAll,
  dir,
  expectEqualTrees,
  expectLedgerOf,
  expectSameGroups,
  fifo,
  file,
  ledgerFiles,
  ledgerPaths,
  link,
  makeTree,
  newWorld,
  snapshotTree,
  startCopy,
  type World,
} from './helpers.js';

/** Files of 1 to 60 KB in folders, of which neither name, size nor time goes with another. */
function plant({ source }: World): void {
  const names = Array.from({ length: 60 }, (_, index) => `${index % 7}/${String((index * 37) % 60).padStart(2, '0')}`);
  makeTree(
    source,
    Object.fromEntries(names.map((name, index) => [name, file(randomBytes(1000 * (1 + ((index * 13) % 60))))])),
  );
  for (const [index, name] of names.entries()) utimesSync(join(source, name), 1e9, 1e9 + ((index * 23) % 60));
}

test.each(['name', '-size', 'mtime'])(
  'a dry run in the order of %s changes nothing, and tells each entry once',
  async (order) => {
    const world = newWorld();
    makeTree(world.source, { 'd/f': file('f'), conf: file('c'), w: file('old', 1n), l: link('target'), new: dir() });
    makeTree(world.dest, {
      d: file('in the way'),
      'conf/deep/k': file('kept'),
      w: file('newer work'),
      l: file('was a file'),
      extra: file(),
    });
    const before = snapshotTree(world.dest);
    const { stdout } = await copyAll(world, '-n', '-v', `--order=${order}`, '--delete-extras');
    expect(snapshotTree(world.dest)).toEqual(before);
    expect(stdout.match(/^copy .*/gm)?.sort()).toEqual(['copy conf', 'copy d/f', 'copy l', 'copy w']);
    expect(stdout).toMatch(/would copy +4 files/);
  },
);

test.each(['name', '-size'])(
  'names of one link, or file, stay so in the order of %s, and are not touched again',
  async (order) => {
    const world = newWorld();
    makeTree(world.source, { a: link('nowhere'), f: file('f'), 'z/y': file('y'), pipe: fifo() });
    for (const name of ['a', 'f']) linkSync(join(world.source, name), join(world.source, 'z', `other ${name}`));
    await copyAll(world, '-H', `--order=${order}`);
    const lines = auditLog(world).length;
    // The FIFO is not copied, so that each scan looks at the entries beside it.
    for (let again = 0; again < 2; again++) {
      const { stdout } = await copyAll(world, '-H', '-i', '--rescan', `--order=${order}`);
      expect(stdout).toMatch(/^millrace: all synced/);
      expect(stdout).not.toContain('stamped');
    }
    expect(auditLog(world)).toHaveLength(lines);
    expectSameGroups(world);
  },
);

interface Seen {
  readonly path: string;
  readonly size: number;
}

/** What was copied, in the order of the log, which is that in which the files were finished. */
function copied(world: World): Seen[] {
  return auditLog(world)
    .filter(({ result }) => result === 'copied')
    .map(({ path, size }) => ({ path, size: size! }));
}

const ONE_EACH = ['--readers', '1', '--writers', '1'];

const KEYS = {
  size: ({ size }: Seen): number | string => size,
  name: ({ path }: Seen): number | string => path,
};

test.each(['size', '-size', 'name', '-name'])('the order of %s is kept, by one lane of each kind', async (order) => {
  const world = newWorld();
  plant(world);
  await copyAll(world, `--order=${order}`, ...ONE_EACH);
  expectEqualTrees(world.source, world.dest);
  expectLedgerOf(world);
  const seen = copied(world).map(KEYS[order.replace('-', '') as keyof typeof KEYS]);
  const sorted = [...seen].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  expect(seen).toEqual(order.startsWith('-') ? sorted.reverse() : sorted);
});

test('the oldest first is the order of times, also of what a killed run has left', async () => {
  const world = newWorld();
  plant(world);
  const args = ['--order=mtime', ...ONE_EACH];
  const run = startCopy(world, ...args, '--bwlimit', '500K');
  await run.until('some are recorded', () => ledgerPaths(world, 'synced').length > 5);
  run.signal('SIGKILL');
  await run.ended;
  expect(ledgerPaths(world, 'pending').length).toBeGreaterThan(10);
  const before = copied(world).length;
  await copyAll(world, ...args);
  const rows = ledgerFiles(world);
  const seen = copied(world)
    .slice(before)
    .map(({ path }) => Number(rows.get(path)!.modified));
  expect(seen.length).toBeGreaterThan(10);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expectEqualTrees(world.source, world.dest);
});

test('an order that is none is refused', async () => {
  const world = newWorld();
  const { code, stderr } = await copy(world, '--order', 'age');
  expect(code).toBe(2);
  expect(stderr).toMatch(/--order age: .*found, name, -name, size/);
});
