/** Runs that are steered, watched and left from elsewhere. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  copyAll,
  expectEqualTrees,
  file,
  handOver,
  ledgerPaths,
  makeTree,
  namesIn,
  newUnprivilegedWorld,
  newWorld,
  query,
  Run,
  startCopy,
  type World,
} from './helpers.js';

const MANY = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`d${n % 5}/f${n}`, file('x'.repeat(10_000))]));

/** A command on the world's ledger, and its end. */
function ask(world: World, ...args: string[]) {
  return new Run(world, [...args, '--db', world.db]).ended;
}

async function slowCopy(world: World, ...args: string[]): Promise<Run> {
  makeTree(world.source, MANY);
  const run = startCopy(world, '--bwlimit', '50K', '--op-cost', '0', ...args);
  await run.until('files at the destination', () => namesIn(world.dest).length > 8);
  await run.until('the control socket', () => existsSync(`${world.db}-control/socket`));
  return run;
}

test('a run is paused, goes on, gets other lanes and limits, and ends when it is asked to', async () => {
  const world = newWorld();
  const run = await slowCopy(world);
  expect(await ask(world, 'ctl', 'pause')).toEqual({
    code: 0,
    signal: null,
    stdout: 'paused; nothing moves until it is resumed\n',
    stderr: '',
  });
  expect((await ask(world, 'status')).stdout).toMatch(/^state +running \(process \d+\): paused/m);
  expect((await ask(world, 'ctl', 'pause')).stdout).toBe('it was paused already\n');
  expect((await ask(world, 'ctl', 'resume')).stdout).toBe('going on\n');
  expect((await ask(world, 'ctl', 'lanes', '3', '1')).stdout).toBe('3 readers, 1 writers from now on\n');
  const { run: told } = JSON.parse((await ask(world, 'status', '--json')).stdout);
  expect(told).toMatchObject({
    pid: run.pid,
    phase: 'transfer',
    paused: false,
    write_limit_bytes_per_second: 50 * 1024,
  });
  expect((await ask(world, 'ctl', 'retry-failed')).stdout).toBe('nothing has failed\n');
  expect((await ask(world, 'ctl', 'drain')).stdout).toBe('finishing the files in flight, then it ends\n');
  expect(await run.ended).toMatchObject({ code: 3, stderr: '' });
  expect(existsSync(`${world.db}-control`)).toBe(false);
  const { stdout } = await ask(world, 'status');
  expect(stdout).toMatch(/^state +not running; session 1 ended .*: stopped before the end/m);
  expect(await ask(world, 'ctl', 'pause')).toMatchObject({
    code: 3,
    stderr: `millrace: no run has the ledger ${world.db}\n`,
  });
});

test('who has the ledger and cannot be asked is told, for as long as he has it', async () => {
  const world = newWorld();
  makeTree(world.source, MANY);
  await copyAll(world);
  const verify = new Run(world, ['verify', '--db', world.db, '--bwlimit', '50K', '--progress', 'plain']);
  await verify.until(
    'files that are read',
    () => query(world.db, "SELECT * FROM meta WHERE key = 'verification'").length > 0,
  );
  const { stdout } = await ask(world, 'status');
  expect(stdout).toMatch(/^state +not running; session 1 ended/m);
  expect(stdout).toMatch(new RegExp(`^ +the ledger is in use by millrace process ${verify.pid}, since 20`, 'm'));
  verify.signal('SIGKILL');
  await verify.ended;
  expect((await ask(world, 'status')).stdout).not.toContain('in use');
});

test('what failed is tried again when that is asked for', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { large: file(randomBytes(3_000_000)), 'd0/secret': file('secret') });
  handOver(world);
  chmodSync(join(world.source, 'd0/secret'), 0);
  // One reader is busy with the large file for a minute, the other meets the secret.
  const run = startCopy(world, '--bwlimit', '50K', '--op-cost', '0', '--readers', '2');
  await run.until('the failure', () => existsSync(world.db) && ledgerPaths(world, 'failed').length > 0);
  expect((await ask(world, 'status')).stdout).toContain('  d0/secret: EACCES: permission denied');
  chmodSync(join(world.source, 'd0/secret'), 0o600);
  expect((await ask(world, 'ctl', 'retry-failed')).stdout).toBe('trying again what failed: 1\n');
  await ask(world, 'ctl', 'limit', 'off');
  expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
  expectEqualTrees(world.source, world.dest);
});

test('what an earlier session left failed is tried again at any moment of a new scan, and counts stay right', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, { ...MANY, secret: file('secret') });
  handOver(world);
  chmodSync(join(world.source, 'secret'), 0);
  expect((await new Run(world, ['copy', world.source, world.dest, '--db', world.db]).ended).code).toBe(1);
  chmodSync(join(world.source, 'secret'), 0o600);
  makeTree(
    world.source,
    Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`new/${n}`, file('y'.repeat(5000))])),
  );
  handOver(world);
  const run = startCopy(world, '--bwlimit', '100K', '--op-cost', '0');
  await run.until('the control socket', () => existsSync(`${world.db}-control/socket`));
  for (let times = 0; times < 3; times++) await ask(world, 'ctl', 'retry-failed');
  await ask(world, 'ctl', 'limit', 'off');
  expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
  expectEqualTrees(world.source, world.dest);
  const { pending, failed, synced } = JSON.parse((await ask(world, 'status', '--json')).stdout);
  expect([pending.files, failed.files, synced.files]).toEqual([0, 0, 241]);
});

test('fewer lanes and then more of them lose nothing', async () => {
  const world = newWorld();
  const run = await slowCopy(world, '--readers', '4', '--writers', '4');
  await ask(world, 'ctl', 'lanes', '1', '1');
  await ask(world, 'ctl', 'limit', 'off');
  await ask(world, 'ctl', 'lanes', '5', 'auto');
  expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
  expectEqualTrees(world.source, world.dest);
});

test('who attaches sees the run to its end, and gets its exit code', async () => {
  const world = newWorld();
  const run = await slowCopy(world);
  const watcher = new Run(world, ['attach', '--db', world.db, '--progress', 'json']);
  await watcher.until('a line', () => watcher.stdout.includes('"type":"progress"'));
  await ask(world, 'ctl', 'limit', 'off');
  await watcher.until('the note', () => watcher.stdout.includes('the limit is off now'));
  const [ended, seen] = await Promise.all([run.ended, watcher.ended]);
  expect(ended.code).toBe(0);
  expect(seen).toMatchObject({ code: 0, stderr: '' });
  expect(seen.stdout).toContain('all synced');
});

test('who leaves what was attached leaves the run alone', async () => {
  const world = newWorld();
  const run = await slowCopy(world);
  const watcher = new Run(world, ['attach', '--db', world.db, '--progress', 'json']);
  await watcher.until('a line', () => watcher.stdout.includes('"type":"progress"'));
  watcher.signal('SIGINT');
  expect(await watcher.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/left; the run goes on\n$/) });
  await ask(world, 'ctl', 'limit', 'off');
  expect((await run.ended).code).toBe(0);
});

describe('a detached run', () => {
  test('goes on without a terminal, is watched and steered, and says its end in its file', async () => {
    const world = newWorld();
    makeTree(world.source, MANY);
    const args = ['copy', world.source, world.dest, '--bwlimit', '50K', '--op-cost', '0', '--detach'];
    const begun = await ask(world, ...args);
    expect(begun).toMatchObject({ code: 0, stderr: '' });
    const out = join(world.root, 'ledger.out');
    expect(begun.stdout).toMatch(/^runs in the background as process \d+; what it says is in .*ledger\.out\n/);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const [, pid] = /process (\d+);/.exec(begun.stdout)!;
    const second = await ask(world, ...args);
    expect(second.code).toBe(5);
    expect(second.stderr).toMatch(
      new RegExp(`^millrace: ${world.db}: in use by millrace process ${pid}, since 20.*\n$`),
    );
    const watcher = new Run(world, ['attach', '--db', world.db, '--progress', 'json']);
    await watcher.until('a line', () => watcher.stdout.includes('"type":"progress"'));
    await ask(world, 'ctl', 'limit', 'off');
    expect((await watcher.ended).code).toBe(0);
    await expect.poll(() => readFileSync(out, 'utf8')).toContain('all synced');
    expectEqualTrees(world.source, world.dest);
  });

  test('that is refused makes nothing, and its words go to no other file', async () => {
    const world = newWorld();
    makeTree(world.source, { a: file('a') });
    const inside = { ...world, db: join(world.source, 'l.db') };
    expect((await ask(inside, 'copy', world.source, world.dest, '--detach')).code).toBe(2);
    expect(namesIn(world.source)).toEqual(['a']);
    writeFileSync(join(world.root, 'other'), 'other');
    symlinkSync('other', join(world.root, 'ledger.out'));
    const ended = await ask(world, 'copy', world.source, world.dest, '--detach');
    expect(ended).toMatchObject({
      code: 5,
      stderr: `millrace: ${join(world.root, 'ledger.out')}: cannot be written: ELOOP\n`,
    });
    expect(readFileSync(join(world.root, 'other'), 'utf8')).toBe('other');
  });

  test('that is refused by the ledger leaves nothing beside it, and what was said before', async () => {
    const world = newWorld();
    makeTree(world.source, { a: file('a') });
    writeFileSync(world.db, 'no ledger');
    const out = join(world.root, 'ledger.out');
    const refused = { code: 5, stderr: `millrace: ${world.db}: not a millrace ledger; it was left untouched\n` };
    expect(await ask(world, 'copy', world.source, world.dest, '--detach')).toMatchObject(refused);
    expect(existsSync(out)).toBe(false);
    writeFileSync(out, 'said before\n');
    expect(await ask(world, 'copy', world.source, world.dest, '--detach')).toMatchObject(refused);
    expect(readFileSync(out, 'utf8')).toBe('said before\n');
  });

  test('that cannot begin says so at once, with its exit code', async () => {
    const world = newWorld();
    const ended = await ask(world, 'copy', join(world.root, 'none'), world.dest, '--detach');
    expect(ended).toMatchObject({ code: 4, stdout: '' });
    expect(ended.stderr).toMatch(/^millrace: source .*none: .*\n$/);
  });
});
