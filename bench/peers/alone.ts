/** What is measured of millrace by itself: the time to the first file, memory, and the start. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cost } from './cost.js';
import { MILLRACE, millrace, millraceCommand, type Roots } from './tools.js';
import { manyFiles } from './trees.js';

export interface Measurement {
  readonly name: string;
  readonly title: string;
  /** Lines that say what was found. */
  measure(folder: string): Promise<string[]>;
}

const RUNS = 3;

export const ALONE: readonly Measurement[] = [
  { name: 'first', title: 'Until the first file is at the destination', measure: first },
  { name: 'memory', title: 'Memory', measure: memory },
  { name: 'start', title: 'Start', measure: start },
];

/** Roots in `folder`, with a destination and a ledger of their own for each `run`. */
function rootsIn(folder: string, source: string, run: string): Roots {
  const state = join(folder, `state-${run}`);
  mkdirSync(state);
  return { source, dest: join(folder, `dest-${run}`), state };
}

async function first(folder: string): Promise<string[]> {
  const source = join(folder, 'source');
  manyFiles(source, 10_000, 100, 100);
  const roots = rootsIn(folder, source, 'first');
  const lines = [`a tree of 1,000,000 files, no ledger: ${(await untilFirst(roots)).toFixed(2)} s`];
  // So slow that nearly all is pending when the scan has ended.
  await untilSeen(
    millraceCommand(roots, '--bwlimit', '4K', '--progress', 'json'),
    /"phase":"transfer".*"scan_done":true/,
  );
  lines.push(`the same with about 1,000,000 pending in the ledger: ${(await untilFirst(roots)).toFixed(2)} s`);
  return lines;
}

/** Seconds from the start to the first file that is told as copied. */
function untilFirst(roots: Roots): Promise<number> {
  return untilSeen(millraceCommand(roots, '-v', '--progress', 'plain'), /^copied /m);
}

/** Seconds until the command prints what is looked for; it is then killed. */
async function untilSeen([program, ...args]: readonly string[], wanted: RegExp): Promise<number> {
  const begun = performance.now();
  const run = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const seconds = await new Promise<number>((resolve, reject) => {
    let text = '';
    run.stdout.on('data', (part: Buffer) => {
      text = (text + part).slice(-10_000);
      if (wanted.test(text)) resolve((performance.now() - begun) / 1000);
    });
    run.once('exit', () => reject(new Error(`ended before ${wanted}: ${text}`)));
  });
  run.kill('SIGKILL');
  await new Promise((resolve) => run.once('close', resolve));
  return seconds;
}

async function memory(folder: string): Promise<string[]> {
  const lines: string[] = [];
  for (const dirs of [1000, 20_000]) {
    const source = join(folder, `source-${dirs}`);
    manyFiles(source, dirs, 100, 0);
    const { peakBytes, seconds } = await cost(millrace().command(rootsIn(folder, source, `${dirs}`)), true);
    lines.push(`${dirs * 100} empty files: peak ${Math.round(peakBytes / 2 ** 20)} MiB (${seconds.toFixed(1)} s)`);
  }
  return lines;
}

async function start(folder: string): Promise<string[]> {
  const sample = fileURLToPath(new URL('../../../sample-data', import.meta.url));
  const version: number[] = [];
  const copy: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    version.push((await cost([process.execPath, MILLRACE, '--version'], false)).seconds);
    copy.push((await cost(millrace().command(rootsIn(folder, sample, `${run}`)), false)).seconds);
  }
  const middle = (all: number[]) =>
    all
      .slice(1)
      .sort((a, b) => a - b)
      [RUNS >> 1]!.toFixed(2);
  return [`millrace --version: ${middle(version)} s`, `a copy of sample-data: ${middle(copy)} s`];
}
