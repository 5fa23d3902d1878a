/**
 * Kills a run again and again, at random moments and at named steps, until it comes to its end; then the source changes
 * and it begins anew. After each kill, what must hold is checked. CRASH_SECONDS: how long (npm run test:crash: 600);
 * CRASH_SEED: repeats the choices of an earlier time, though not its moments.
 */
import { spawn } from 'node:child_process';
import { existsSync, linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  auditLog,
  environment,
  expectEqualTrees,
  expectLedgerOf,
  expectSameGroups,
  fifo,
  file,
  ledgerFiles,
  link,
  MAIN,
  makeTree,
  newWorld,
  onceReadable,
  PART,
  query,
  snapshotTree,
  type Tree,
  type World,
} from '../flow/helpers.js';
import { randomOf } from '../helpers/random.js';
import { findCommand } from '../helpers/tree.js';

const SECONDS = Number(process.env.CRASH_SECONDS ?? 12);
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
/** A run that hangs is a failure. */
const LONGEST_MS = 60_000;

/**
 * The steps of publishing, of the checkpoint and of cleaning up, by the calls that they are made of; the kernel kills
 * before the call takes effect, so that each pair of neighbours is torn apart.
 */
const STEPS = [
  ['create a folder', 'mkdirat', 12],
  ['write', 'pwrite64', 60],
  ['set times', 'utimensat', 40],
  ['publish', 'rename,renameat,renameat2', 40],
  ['remove', 'unlink,unlinkat', 12],
  ['flush the destination', 'syncfs', 4],
  ['flush the ledger or the log', 'fdatasync,fsync', 20],
] as const;

const strace = findCommand('strace');
const next = randomOf(SEED);
/** A whole number. */
const random = (below: number) => Math.floor(next() * below);

/** What is to be killed: how it is started, and what is done to it. */
function fate(): { label: string; prefix: string[]; afterMs: number | undefined } {
  const kind = random(strace ? 3 : 2);
  if (kind < 2) return { label: 'a random moment', prefix: [], afterMs: 150 + random(700) };
  const [label, calls, most] = STEPS[random(STEPS.length)]!;
  const inject = `inject=${calls}:signal=SIGKILL:when=${1 + random(most)}`;
  const prefix = [strace!, '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', inject];
  return { label, prefix, afterMs: undefined };
}

/** Runs the program until its fate; true when it came to its own end, which must be a good one. */
async function runToFate(world: World, { prefix, afterMs }: ReturnType<typeof fate>): Promise<boolean> {
  const args = ['copy', world.source, world.dest, '--db', world.db, '--delete-extras', '-HD', '--block-size', '64K'];
  // Some runs take long enough to be killed in the middle of a large file.
  const pace = ['--bwlimit', ['off', '1M', '300K'][random(3)]!];
  // Some begin a scan in the place of one that was cut off.
  const scan = random(4) === 0 ? ['--rescan'] : [];
  const order = random(4) === 0 ? ['--order=-size'] : [];
  const [command, ...rest] = [
    ...prefix,
    process.execPath,
    MAIN,
    ...args,
    ...pace,
    ...scan,
    ...order,
    '--progress',
    'none',
  ];
  const child = spawn(command!, rest, {
    cwd: world.root,
    env: environment(world),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs ?? LONGEST_MS);
  const begun = performance.now();
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => resolve(end));
  });
  clearTimeout(timer);
  expect(performance.now() - begun, 'a run that hangs').toBeLessThan(LONGEST_MS);
  if (signal === 'SIGKILL' || code === 128 + 9) return false;
  expect({ code, signal, told }, told).toEqual({ code: 0, signal: null, told: '' });
  return true;
}

const content = () => Buffer.alloc(random(4) === 0 ? random(400_000) : random(6000), random(256));

/** Changes the source: some files are new, some have another content, some are gone. */
function churn({ source }: World): void {
  const tree: Record<string, Tree[string]> = {};
  for (let n = 0; n < 45; n++) {
    const path = `d${n % 5}/e${n % 3}/f${n}`;
    const fate = random(10);
    if (fate === 0 && existsSync(join(source, path))) unlinkSync(join(source, path));
    else if (fate < 5 || !existsSync(join(source, path))) tree[path] = file(content());
  }
  const target = `target ${random(1000)}`;
  rmSync(join(source, 'link'), { force: true });
  rmSync(join(source, 'd1/pipe'), { force: true });
  makeTree(source, { ...tree, link: link(target), ...(random(3) > 0 && { 'd1/pipe': fifo() }) });
  for (let n = 0; n < 8; n++) {
    const [name, other] = [`d${n % 5}/h${n}`, `d${random(5)}/e${random(3)}/f${random(45)}`].map((path) =>
      join(source, path),
    );
    if (random(3) > 0 || !existsSync(other!)) continue;
    rmSync(name!, { force: true });
    linkSync(other!, name!);
  }
}

/** Contents by path, of files. */
function contents(root: string): Map<string, string> {
  const files = existsSync(root) ? [...snapshotTree(root)] : [];
  return new Map(files.flatMap(([path, { sha256: hash }]) => (hash === undefined ? [] : [[path, hash] as const])));
}

const isPart = (path: string) => path.slice(path.lastIndexOf('/') + 1).startsWith(PART);

/** What must hold at any moment. `old`: the destination as it was before this round. Gives what the ledger trusts. */
function check(world: World, old: ReadonlyMap<string, string>): Set<string> {
  const [now, wanted] = [contents(world.dest), contents(world.source)];
  for (const [path, hash] of now)
    if (!isPart(path)) expect([old.get(path), wanted.get(path)], `${path}: neither old nor new`).toContain(hash);
  for (const path of old.keys())
    if (wanted.has(path) && !isPart(path)) expect(now.has(path), `${path} was there and is lost`).toBe(true);
  const outside = readFileSync(join(world.root, 'outside'), 'utf8');
  expect(outside).toBe('not ours');
  const trusted = new Set<string>();
  const rows = onceReadable(world, () => {
    expect(query(world.db, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    return ledgerFiles(world);
  });
  for (const [path, { status, kind, hash }] of rows ?? []) {
    if (status !== 'synced' || kind !== 'file') continue;
    expect(now.get(path), `${path} is called synced`).toBe(hash);
    if (hash === wanted.get(path)) trusted.add(path);
  }
  return trusted;
}

function copies(world: World): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { result, path } of auditLog(world))
    if (result === 'copied') counts.set(path, (counts.get(path) ?? 0) + 1);
  return counts;
}

test(`killed for ${SECONDS} s, seed ${SEED}: nothing is lost, nothing recorded is copied twice`, {
  timeout: (SECONDS + 120) * 1000,
}, async () => {
  const world = newWorld();
  writeFileSync(join(world.root, 'outside'), 'not ours');
  const until = performance.now() + SECONDS * 1000;
  const kills = new Map<string, number>();
  const killed = () => [...kills.values()].reduce((sum, count) => sum + count, 0);
  // However slow the machine is.
  const isEnough = () => performance.now() > until && killed() > SECONDS / 6;
  let ends = 0;
  while (!isEnough()) {
    const old = contents(world.dest);
    churn(world);
    let trusted = new Set<string>();
    for (let isOver = false; !isOver; ) {
      const before = copies(world);
      // Late in the time, or after many kills, a round is to come to its end.
      const end = { label: '', prefix: [], afterMs: undefined };
      const fated = isEnough() ? end : fate();
      isOver = await runToFate(world, fated);
      if (!isOver) kills.set(fated.label, (kills.get(fated.label) ?? 0) + 1);
      const after = copies(world);
      for (const path of trusted)
        expect(after.get(path) ?? 0, `${path} was recorded and is copied again`).toBe(before.get(path) ?? 0);
      trusted = check(world, old);
    }
    ends++;
    expectEqualTrees(world.source, world.dest);
    expectLedgerOf(world);
    expectSameGroups(world);
  }
  const each = [...kills].map(([label, count]) => `${label} ${count}`).join(', ');
  console.log(`seed ${SEED}: ${killed()} kills (${each}), ${ends} migrations that came to their end`);
  expect(ends).toBeGreaterThan(0);
});
