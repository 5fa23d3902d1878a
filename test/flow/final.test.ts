/** The last pass: a second look, and a certificate where nothing has changed. */
import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isRoot } from '../helpers/tree.js';
import {
  copy,
  copyAll,
  expectEqualTrees,
  file,
  handOver,
  link,
  logged,
  makeTree,
  namesIn,
  newUnprivilegedWorld,
  newWorld,
  run,
  startCopy,
  type World,
} from './helpers.js';

const TREE = { 'a/one': file('one'), 'a/two': file('two'), 'b/link': link('../a/one'), b: { kind: 'dir' as const } };

/** What follows a label of the certificate, each line of it. */
function told(text: string, label: string): string[] {
  return [...text.matchAll(new RegExp(`^${label} +(.*)$`, 'gm'))].map(([, value]) => value!);
}

test('a pass after which nothing has changed ends in a signed certificate, which others can check', async () => {
  const world = newWorld();
  makeTree(world.source, { ...TREE, pipe: { kind: 'fifo' } });
  await copyAll(world);
  makeTree(world.source, { 'a/two': file('two, later') });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const [key, certificate] = [join(world.root, 'key.pem'), join(world.root, 'certificate')];
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const { stdout } = await copyAll(world, '--final', '--certificate', certificate, '--sign', key);
  const text = readFileSync(certificate, 'utf8');
  expect(stdout.endsWith(`\n${text}`)).toBe(true);
  expect(statSync(certificate).mode & 0o777).toBe(0o600);
  const sha256 = createHash('sha256').update(text).digest();
  expect(verify(null, sha256, publicKey, readFileSync(`${certificate}.sig`))).toBe(true);
  expect(told(text, 'source')).toEqual([world.source]);
  expect(told(text, 'destination')).toEqual([world.dest]);
  expect(told(text, 'result')).toEqual(['complete: all that was to be copied is there']);
  expect(told(text, 'equal')).toEqual(['2 files, 13 bytes']);
  expect(told(text, 'contents')).toEqual(['2 files by the sha256 made while they were copied']);
  expect(told(text, 'not copied')).toEqual(['1: FIFO: not copied']);
  const manifest = await run(world, 'manifest', '--db', world.db, '--format', 'jsonl');
  expect(told(text, 'Merkle root')).toEqual([JSON.parse(manifest.stdout.trim().split('\n').at(-1)!).merkle_root]);
  expect(logged(world, 'copied').filter((path) => path === 'a/two')).toHaveLength(2);
  expect(stdout).toMatch(/cannot be told: no pass has followed another yet/);
});

test('what went before tells how long it will take', async () => {
  const world = newWorld();
  makeTree(world.source, TREE);
  await copyAll(world);
  await copyAll(world);
  expect((await copyAll(world, '--final')).stdout).toMatch(
    /this pass is expected to take \S+ \(P50\), at most \S+ in nine of ten cases \(P90\), by 1 pass before it/,
  );
});

test('a source that changes meanwhile is copied, but not certified', async () => {
  const world = newWorld();
  makeTree(world.source, TREE);
  await copyAll(world);
  const certificate = join(world.root, 'certificate');
  const pass = startCopy(world, '--final', '--certificate', certificate, '--bwlimit', '40K', '--op-cost', '4K');
  await pass.until('it looks again', () => pass.stdout.includes('looking at both sides again'));
  makeTree(world.source, { 'a/three': file('three') });
  const { code, stdout } = await pass.ended;
  expect(stdout).toMatch(/no certificate: something still changes \(\d entr(y|ies) had changed at the second look\)/);
  expect(code).toBe(1);
  expect(existsSync(certificate)).toBe(false);
  expect(logged(world, 'copied')).toContain('a/three');
  expect((await copy(world, '--final', '--certificate', certificate)).code).toBe(0);
  expect(existsSync(certificate)).toBe(true);
  expectEqualTrees(world.source, world.dest);
});

test('a source whose root itself changes meanwhile is not certified', async () => {
  const world = newWorld();
  makeTree(world.source, { 'a/large': file('x'.repeat(2_000_000)) });
  const run = startCopy(world, '-p', '--final', '--bwlimit', '1M', '--op-cost', '0');
  await run.until('the file under way', () => namesIn(world.dest).some((name) => name.startsWith('a/.millrace-part')));
  chmodSync(world.source, 0o750);
  const { code, stdout } = await run.ended;
  expect(stdout).toContain('no certificate: something still changes (1 entry had changed at the second look)');
  expect(code).toBe(1);
  expect(statSync(world.dest).mode & 0o777).toBe(0o750);
  expect((await copyAll(world, '-p', '--final')).stdout).toContain('Certificate of a migration');
});

test('what failed is in the certificate, with the reason', async () => {
  const world = newWorld();
  makeTree(world.source, { ...TREE, 'a/three': file('three') });
  makeTree(world.dest, { 'a/three/in the way': file('kept') });
  const { code, stdout } = await copy(world, '--final');
  expect(code).toBe(1);
  expect(told(stdout, 'result')).toEqual(['not complete: 1 entry differs']);
  expect(told(stdout, 'differs')).toEqual([expect.stringMatching(/^1: EISDIR: .*, under a$/)]);
  expect(told(stdout, 'extras')).toEqual(['not looked for (--delete-extras)']);
});

test.skipIf(!isRoot)(
  'a folder that cannot have its time is in the certificate, also when both looks see it (root only)',
  async () => {
    const world = newUnprivilegedWorld();
    makeTree(world.source, { 'sub/f': file('f') });
    makeTree(world.dest, { sub: { kind: 'dir' } });
    handOver(world);
    chownSync(join(world.dest, 'sub'), 0, 0);
    chmodSync(join(world.dest, 'sub'), 0o777);
    for (let pass = 0; pass < 2; pass++) {
      const { code, stdout } = await copy(world, '--final');
      expect(code).toBe(1);
      expect(told(stdout, 'result')).toEqual(['not complete: 1 entry differs']);
      expect(told(stdout, 'differs')).toEqual([expect.stringMatching(/^1: EPERM: /)]);
    }
  },
);

test.skipIf(!isRoot)(
  'what the destination does not take of the root folder is no change: it ends in a certificate (root only)',
  async () => {
    const world = newUnprivilegedWorld();
    makeTree(world.source, { 'sub/f': file('f') });
    makeTree(world.dest, {});
    handOver(world);
    // A group that the user is not in.
    chownSync(world.source, world.uid!, 0);
    const { stdout } = await copyAll(world, '-a', '--final');
    expect(stdout).toMatch(/not taken +attributes of 1 entry/);
    expect(told(stdout, 'not taken')).toEqual(['attributes of 1 entry, see the log']);
    expect(told(stdout, 'result')).toEqual(['complete: all that was to be copied is there']);
    const again = await copyAll(world, '-a', '--final');
    expect(again.stdout).not.toContain('  not taken');
    expect(told(again.stdout, 'not taken')).toEqual(['attributes of 1 entry, see the log']);
    expect(told(again.stdout, 'result')).toEqual(['complete: all that was to be copied is there']);
  },
);

test('an extra that cannot be looked at is a failure, keeps all extras, and is in the certificate', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { f: file('f'), folder: { kind: 'dir' } });
  makeTree(world.dest, { 'folder/unseen': file(), extra: file() });
  handOver(world);
  // It lists what is in it, and lets nobody near that.
  chmodSync(join(world.dest, 'folder'), 0o600);
  for (let pass = 0; pass < 2; pass++) {
    const { code, stdout } = await copy(world, '--final', '--delete-extras');
    expect(code).toBe(1);
    expect(stdout).toContain('folder/unseen: EACCES: permission denied (stat)');
    expect(told(stdout, 'unchanged')).toEqual([expect.stringMatching(/nothing new in what it could look at$/)]);
    expect(told(stdout, 'extras')).toEqual(['perhaps not all removed: errors, or more than --max-delete']);
  }
  chmodSync(join(world.dest, 'folder'), 0o700);
  expect(namesIn(world.dest).sort()).toEqual(['extra', 'f', 'folder', 'folder/unseen']);
  await copyAll(world, '--delete-extras');
  expect(namesIn(world.dest).sort()).toEqual(['f', 'folder']);
});

test('extras that are kept have not changed: the certificate tells of them', async () => {
  const world = newWorld();
  makeTree(world.source, TREE);
  makeTree(world.dest, { 'x/1': file(), 'x/2': file(), y: file() });
  const { code, stdout } = await copy(world, '--final', '--delete-extras', '--max-delete', '2');
  expect(stdout).not.toContain('no certificate');
  expect(told(stdout, 'extras')).toEqual(['perhaps not all removed: errors, or more than --max-delete']);
  expect(code).toBe(1);
});

test.each(['extra', '.millrace-part.x'])(
  'what cannot be removed (%s) has not changed, and is a failure',
  async (name) => {
    const world = newUnprivilegedWorld();
    makeTree(world.source, { 'a/one': file('one') });
    await copyAll(world);
    makeTree(world.dest, { [`a/${name}`]: file() });
    handOver(world);
    if (!isRoot) return;
    // Another user's, who lets nobody write.
    chownSync(join(world.dest, 'a'), 0, 0);
    const { code, stdout } = await copy(world, '--final', '--delete-extras');
    expect(stdout).toContain(`  a/${name}: EACCES`);
    expect(stdout).not.toContain('no certificate');
    expect(told(stdout, 'extras')).toEqual(['perhaps not all removed: errors, or more than --max-delete']);
    expect(code).toBe(1);
  },
);

test('what a rule protects at the destination has not changed, nor has the folder that it is in', async () => {
  const world = newWorld();
  makeTree(world.source, TREE);
  makeTree(world.dest, { 'x/c': file() });
  const { stdout } = await copyAll(world, '--final', '--delete-extras', '--exclude', 'c');
  expect(told(stdout, 'result')).toEqual(['complete: all that was to be copied is there']);
});

test('a certificate that cannot be written, or has nothing to be of, is refused before anything is done', async () => {
  const world = newWorld();
  makeTree(world.source, TREE);
  const refused = async (wanted: RegExp, ...args: string[]) => {
    const { code, stderr } = await copy(world, ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(wanted);
    expect(existsSync(world.dest)).toBe(false);
  };
  await refused(/--certificate goes with --final/, '--certificate', 'file');
  await refused(/--sign needs a file.*write --certificate FILE/, '--final', '--sign', 'key');
  await refused(/--final copies .*--dry-run/, '--final', '-n');
  await refused(/no\/folder: its folder does not exist/, '--final', '--certificate', join(world.root, 'no/folder'));
  await refused(/is the ledger/, '--final', '--certificate', existing(world));
});

/** A file that is there and is the ledger. */
function existing(world: World): string {
  return world.db;
}
