/** FIFOs, sockets and devices (-D), with the real program, beside the real rsync. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCommand, isRoot } from '../helpers/tree.js';
import {
  auditLog,
  command,
  copyAll,
  fifo,
  file,
  ledgerFiles,
  ledgerPaths,
  link,
  makeTree,
  namesIn,
  newUnprivilegedWorld,
  newWorld,
  query,
  rsyncFinds,
  run,
  setMtime,
  snapshotTree,
  type World,
} from './helpers.js';

const NS = 1_700_000_000_000_000_000n;

async function makeSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.made`, resolve));
  // Closing it removes the name that it was made with.
  renameSync(`${path}.made`, path);
  await new Promise((resolve) => server.close(resolve));
}

const canMakeDevices =
  isRoot && findCommand('mknod') && spawnSync('mknod', ['/tmp/.millrace-null', 'c', '1', '3']).status === 0;
if (canMakeDevices) unlinkSync('/tmp/.millrace-null');

async function makeSpecials({ source }: World): Promise<void> {
  makeTree(source, { 'd/pipe': fifo(), 'd/f': file('f', NS), 'd/l': link('f'), pipe: fifo() });
  await makeSocket(join(source, 'd/socket'));
  chmodSync(join(source, 'd/pipe'), 0o640);
  chmodSync(join(source, 'pipe'), 0o622);
  for (const path of ['d/pipe', 'pipe', 'd/socket']) setMtime(source, path, NS);
}

describe.skipIf(!canMakeDevices || !findCommand('rsync'))('-a (skipped without root, mknod and rsync)', () => {
  async function allKinds(): Promise<World> {
    const world = newWorld();
    await makeSpecials(world);
    const { source } = world;
    command('mknod', join(source, 'null'), 'c', '1', '3');
    command('mknod', join(source, 'disk'), 'b', '260', '300000');
    chownSync(join(source, 'null'), 5, 6);
    chmodSync(join(source, 'null'), 0o666);
    return world;
  }

  test('keeps FIFOs, sockets and devices as rsync does, and finds nothing to do then', async () => {
    const world = await allKinds();
    await copyAll(world, '-aHAX');
    expect(rsyncFinds(world, '-aHAX')).toBe('');
    expect(lstatSync(join(world.dest, 'disk')).rdev).toBe(lstatSync(join(world.source, 'disk')).rdev);
    expect(ledgerFiles(world).get('null')).toMatchObject({ kind: 'other', status: 'synced', hash: null });
    const lines = auditLog(world).length;
    await copyAll(world, '-aHAX', '--rescan');
    expect(auditLog(world)).toHaveLength(lines);
  });

  test('makes anew what is another device, kind, time, mode or owner, with the lines of rsync', async () => {
    const world = await allKinds();
    await copyAll(world, '-a');
    const at = (path: string) => join(world.dest, path);
    unlinkSync(at('null'));
    command('mknod', '-m', '666', at('null'), 'c', '1', '5');
    command('touch', '-d', '@1700000000', at('null'), join(world.source, 'null'));
    chownSync(at('null'), 5, 6);
    unlinkSync(at('d/pipe'));
    makeTree(world.dest, { 'd/pipe': file() });
    setMtime(world.dest, 'pipe', NS - 5_000_000_000n);
    chmodSync(at('d/socket'), 0o600);
    chownSync(at('disk'), 8, 8);
    for (const folder of ['', 'd']) command('touch', '-r', join(world.source, folder), at(folder));
    const expected = rsyncFinds(world, '-a').trim().split('\n').sort();
    expect(expected).toHaveLength(5);
    const { stdout } = await copyAll(world, '-a', '--rescan', '-i');
    expect(
      stdout
        .split('\n')
        .filter((line) => /^[c.][DS]/.test(line))
        .sort(),
    ).toEqual(expected);
    expect(rsyncFinds(world, '-a')).toBe('');
  });

  test('names of one device stay so with -H', async () => {
    const world = await allKinds();
    command('ln', join(world.source, 'null'), join(world.source, 'd/zero'));
    command('ln', join(world.source, 'pipe'), join(world.source, 'd/other'));
    await copyAll(world, '-aH');
    expect(rsyncFinds(world, '-aH')).toBe('');
  });

  test('what they are is verified, listed in the manifest, and in the certificate', async () => {
    const world = await allKinds();
    const { stdout } = await copyAll(world, '-a', '--final');
    expect(stdout).toContain('5 FIFOs, sockets and devices');
    const manifest = await run(world, 'manifest', '--db', world.db, '--format', 'mtree');
    expect(manifest.stdout).toMatch(/^\.\/null type=char /m);
    expect(manifest.stdout).toMatch(/^\.\/d\/socket type=socket /m);
    const verify = (...args: string[]) => run(world, 'verify', '--db', world.db, '--all', ...args);
    expect(await verify('--read', 'both')).toMatchObject({ code: 0 });
    unlinkSync(join(world.dest, 'null'));
    command('mknod', join(world.dest, 'null'), 'c', '1', '5');
    command('touch', '-r', join(world.source, 'null'), join(world.dest, 'null'));
    unlinkSync(join(world.dest, 'pipe'));
    expect(await verify('--read', 'both')).toMatchObject({ code: 1 });
    const found = query(world.db, "SELECT dest_path, verdict, error FROM files WHERE verdict <> 'equal' ORDER BY 1");
    expect(found).toEqual([
      { dest_path: join(world.dest, 'null'), verdict: 'differs', error: 'kind' },
      { dest_path: join(world.dest, 'pipe'), verdict: 'missing', error: 'missing' },
    ]);
    await copyAll(world, '-a');
    expect(rsyncFinds(world, '-a')).toBe('');
  });
});

test('-a without root makes FIFOs and sockets, and leaves out devices as before', async () => {
  const world = newUnprivilegedWorld();
  await makeSpecials(world);
  if (canMakeDevices) command('mknod', join(world.source, 'null'), 'c', '1', '3');
  if (isRoot) command('chown', '-R', String(world.uid), world.source);
  await copyAll(world, '-a');
  const expected = snapshotTree(world.source);
  expected.delete('null');
  expect(snapshotTree(world.dest)).toEqual(expected);
  expect(lstatSync(join(world.dest, 'd/socket')).isSocket()).toBe(true);
  expect(ledgerPaths(world, 'skipped')).toEqual(canMakeDevices ? ['null'] : []);
});

test('-D after a copy without it scans anew and adds them; they are extras when the source loses them', async () => {
  const world = newWorld();
  await makeSpecials(world);
  await copyAll(world);
  expect(ledgerPaths(world, 'skipped')).toEqual(['d/pipe', 'd/socket', 'pipe']);
  await copyAll(world, '-D');
  expect(ledgerPaths(world, 'skipped')).toEqual([]);
  expect(snapshotTree(world.dest)).toEqual(snapshotTree(world.source));
  unlinkSync(join(world.source, 'd/socket'));
  await copyAll(world, '-D', '--rescan', '--delete-extras');
  expect(namesIn(world.dest)).not.toContain('d/socket');
  await copyAll(world, '-a', '--no-specials', '--rescan');
  expect(ledgerPaths(world, 'skipped')).toEqual(['d/pipe', 'pipe']);
});

test('what is skipped is not counted as the same', async () => {
  const world = newWorld();
  makeTree(world.source, { f: file('f'), one: fifo(), two: fifo() });
  await copyAll(world);
  // Sealed, and then looked at one by one.
  for (const change of [() => {}, () => makeTree(world.source, { g: file('g') })]) {
    change();
    const { stdout } = await copyAll(world, '--rescan');
    expect(stdout).toMatch(/^ +same +1 file, /m);
    expect(stdout).toMatch(/^ +skipped +2 entries, /m);
  }
});

test('a folder in the place of a FIFO is in the way of it as it is of a file', async () => {
  const world = newWorld();
  makeTree(world.source, { name: fifo() });
  makeTree(world.dest, { 'name/f': file('f') });
  await copyAll(world, '-D', '--delete-extras', '--max-delete', 'unlimited');
  expect(lstatSync(join(world.dest, 'name')).isFIFO()).toBe(true);
});
