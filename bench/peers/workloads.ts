/** What is measured: trees, where they lie, what is done before each run and checked after it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkCopy } from './check.js';
import { cost } from './cost.js';
import { cp, fpsync, millrace, type Roots, rclone, rsync, type Tool, tar } from './tools.js';
import { largeFile, manyFiles, smallFile } from './trees.js';

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** The first one is what the others are compared with. */
  readonly tools: readonly Tool[];
  /** Slow shares wait most of the time: a run to warm up would tell nothing. */
  readonly warmUp: boolean;
  /** Makes the trees in an empty folder. */
  make(folder: string): Promise<Stage>;
}

/** A workload ready to run. */
export interface Stage {
  readonly roots: Roots;
  /** Before each run: as if no tool had ever run. Not measured. */
  before(): Promise<void>;
  close(): Promise<void>;
}

const ALL = [rsync(), millrace(), cp, tar, rclone(), fpsync];

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'small',
    title: '100,000 files of 4 KiB in 1,000 folders',
    tools: ALL,
    warmUp: true,
    make: (folder) => fresh(folder, (source) => manyFiles(source, 1000, 100, 4096)),
  },
  {
    name: 'mixed',
    title: 'One file of 512 MiB and 50,000 of 2 KiB in 500 folders',
    tools: ALL,
    warmUp: true,
    make: (folder) =>
      fresh(folder, (source) => {
        manyFiles(source, 500, 100, 2048);
        largeFile(join(source, 'large'), 512);
      }),
  },
  {
    name: 'large',
    title: 'Two files of 1 GiB',
    tools: [rsync('-W'), millrace(), millrace('--checksum', 'xxh128'), cp, tar, rclone(), fpsync],
    warmUp: true,
    make: (folder) =>
      fresh(folder, (source) => {
        mkdirSync(source);
        for (const name of ['a', 'b']) largeFile(join(source, name), 1024);
      }),
  },
  {
    name: 'slow',
    title: 'Shares with 1 ms an operation: 5,000 files of 4 KiB in 50 folders',
    tools: [rsync(), millrace(), rclone('--transfers', '32', '--checkers', '32'), fpsync, cp],
    warmUp: false,
    make: (folder) => slow(folder, (source) => manyFiles(source, 50, 100, 4096)),
  },
  {
    name: 'slow-one',
    title: 'Shares with 1 ms an operation: 5,000 files of 4 KiB in one folder',
    tools: [rsync(), millrace(), rclone('--transfers', '32', '--checkers', '32')],
    warmUp: false,
    make: (folder) => slow(folder, (source) => manyFiles(source, 1, 5000, 4096)),
  },
  {
    name: 'noop-100k',
    title: 'Nothing to do: 100,000 files in 1,000 folders',
    tools: [rsync(), millrace('--rescan')],
    warmUp: true,
    make: (folder) => nothingToDo(folder, 1000),
  },
  {
    name: 'noop-1m',
    title: 'Nothing to do: 1,000,000 files in 10,000 folders',
    tools: [rsync(), millrace('--rescan')],
    warmUp: true,
    make: (folder) => nothingToDo(folder, 10_000),
  },
  {
    name: 'incremental',
    title: 'Of 100,000 files of 4 KiB: 2,000 changed, 1,000 deleted, 1,000 new; as a mirror',
    tools: [rsync('--delete'), millrace('--delete-extras')],
    warmUp: true,
    make: incremental,
  },
];

function rootsIn(folder: string): Roots {
  return { source: join(folder, 'source'), dest: join(folder, 'dest'), state: join(folder, 'state') };
}

function empty(...folders: string[]): void {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
}

async function fresh(folder: string, plant: (source: string) => void): Promise<Stage> {
  const roots = rootsIn(folder);
  plant(roots.source);
  return {
    roots,
    before: async () => empty(roots.dest, roots.state),
    close: async () => {},
  };
}

/** Both roots behind shares that are slow, and mounted anew for each run, so that no cache knows them. */
async function slow(folder: string, plant: (source: string) => void): Promise<Stage> {
  const program = join(folder, 'slowshare');
  compile(program);
  const behind = rootsIn(join(folder, 'behind'));
  plant(behind.source);
  const roots = rootsIn(folder);
  let shares: ChildProcess[] = [];
  const unmount = async () => {
    const ended = shares.map((share) => new Promise((resolve) => share.once('exit', resolve)));
    for (const root of [roots.source, roots.dest]) spawnSync('fusermount3', ['-u', root]);
    if (shares.length > 0) await Promise.all(ended);
    shares = [];
  };
  return {
    roots,
    before: async () => {
      await unmount();
      empty(behind.dest, roots.source, roots.dest, roots.state);
      shares = [
        [behind.source, roots.source],
        [behind.dest, roots.dest],
      ].map(([from, to]) => spawn(program, [from!, to!, '1000'], { stdio: 'ignore' }));
      for (const root of [roots.source, roots.dest]) await mounted(root);
    },
    close: unmount,
  };
}

function compile(program: string): void {
  const source = fileURLToPath(new URL('../../../bench/peers/slowshare.c', import.meta.url));
  const { status, stderr } = spawnSync('bash', [
    '-c',
    'cc -O2 -o "$1" "$2" $(pkg-config --cflags --libs fuse3)',
    'bash',
    program,
    source,
  ]);
  if (status !== 0) throw new Error(`slowshare.c needs cc, pkg-config and libfuse3-dev: ${stderr}`);
}

async function mounted(root: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (spawnSync('mountpoint', ['-q', root]).status === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${root}: was not mounted within 5 s`);
}

/** A destination that millrace has just filled, so that it has its ledger; the others see the same tree. */
async function nothingToDo(folder: string, dirs: number): Promise<Stage> {
  const roots = rootsIn(folder);
  manyFiles(roots.source, dirs, 100, 100);
  empty(roots.state);
  await cost(millrace().command(roots), false);
  return { roots, before: async () => {}, close: async () => {} };
}

async function incremental(folder: string): Promise<Stage> {
  const roots = rootsIn(folder);
  const old = { ...roots, dest: join(folder, 'old'), state: join(folder, 'old-state') };
  manyFiles(roots.source, 1000, 100, 4096);
  empty(roots.state, old.state);
  await cost(millrace().command({ ...roots, state: old.state }), false);
  spawnSync('mv', [roots.dest, old.dest]);
  const folderOf = (number: number) => join(roots.source, `folder-${String(number % 1000).padStart(5, '0')}`);
  for (let number = 0; number < 2000; number++)
    smallFile(join(folderOf(number), `file-${Math.floor(number / 1000)}.dat`), 1_000_000 + number, 4096);
  for (let number = 0; number < 1000; number++) {
    unlinkSync(join(folderOf(number), 'file-7.dat'));
    smallFile(join(folderOf(number), 'new.dat'), 2_000_000 + number, 4096);
  }
  return {
    roots,
    // Hard links: every tool here replaces files and changes none in place.
    before: async () => {
      rmSync(roots.dest, { recursive: true, force: true });
      spawnSync('cp', ['-al', old.dest, roots.dest]);
      rmSync(roots.state, { recursive: true });
      cpSync(old.state, roots.state, { recursive: true });
    },
    close: async () => {},
  };
}

/** Throws when the run left anything but a copy of the source. */
export function check({ roots }: Stage): void {
  if (!existsSync(roots.dest)) throw new Error(`${roots.dest}: is missing`);
  checkCopy(roots.source, roots.dest);
}
