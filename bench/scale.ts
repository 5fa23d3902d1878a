/**
 * How time, memory and the ledger grow with the number of files: `npm run bench:scale -- FOLDER [FILES...]`. The files
 * are empty, 100 in each folder, so what is measured is what does not depend on their bytes.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkCopy } from './peers/check.js';
import { type Cost, cost } from './peers/cost.js';
import { millraceCommand, type Roots } from './peers/tools.js';
import { manyFiles } from './peers/trees.js';

const FILES_IN_FOLDER = 100;

interface Measured {
  readonly files: number;
  readonly costs: Readonly<Record<Phase, Cost>>;
  readonly ledgerBytes: number;
  readonly logBytes: number;
}

const PHASES = ['scan (--dry-run)', 'copy', 'rescan, nothing to do', 'resume after a kill half-way'] as const;
type Phase = (typeof PHASES)[number];

const { positionals } = parseArgs({ allowPositionals: true });
const [folder, ...wanted] = positionals;
const counts = wanted.length > 0 ? wanted.map(Number) : [100_000, 1_000_000, 5_000_000];
if (folder === undefined || counts.some((count) => !(count >= FILES_IN_FOLDER))) {
  console.error('usage: npm run bench:scale -- FOLDER [FILES...]');
  process.exitCode = 2;
} else {
  mkdirSync(folder, { recursive: true });
  const all: Measured[] = [];
  for (const count of counts) all.push(await measure(count));
  report(all);
}

async function measure(count: number): Promise<Measured> {
  const place = mkdtempSync(join(folder!, 'scale-'));
  try {
    const roots: Roots = { source: join(place, 'source'), dest: join(place, 'dest'), state: join(place, 'state') };
    mkdirSync(roots.state);
    manyFiles(roots.source, Math.round(count / FILES_IN_FOLDER), FILES_IN_FOLDER, 0);
    const run = async (phase: Phase, ...options: string[]) => {
      const spent = await cost(millraceCommand(roots, '--progress', 'none', ...options), true);
      console.error(`${count}: ${phase}: ${spent.seconds.toFixed(1)} s`);
      return spent;
    };
    const scan = await run('scan (--dry-run)', '--dry-run');
    const copy = await run('copy');
    const [ledgerBytes, logBytes] = ['ledger', 'ledger.log'].map((name) => statSync(join(roots.state, name)).size);
    const rescan = await run('rescan, nothing to do', '--rescan');
    for (const root of [roots.dest, roots.state]) rmSync(root, { recursive: true });
    mkdirSync(roots.state);
    await killed(millraceCommand(roots, '--progress', 'none'), copy.seconds / 2);
    const resume = await run('resume after a kill half-way');
    checkCopy(roots.source, roots.dest);
    return {
      files: count,
      costs: {
        'scan (--dry-run)': scan,
        copy,
        'rescan, nothing to do': rescan,
        'resume after a kill half-way': resume,
      },
      ledgerBytes: ledgerBytes!,
      logBytes: logBytes!,
    };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function killed([program, ...args]: readonly string[], afterSeconds: number): Promise<void> {
  const run = spawn(program!, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => run.once('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, afterSeconds * 1000));
  run.kill('SIGKILL');
  await ended;
}

function report(all: readonly Measured[]): void {
  const cells = (values: readonly string[]) => console.log(`| ${values.join(' | ')} |`);
  const head = all.map(({ files }) => files.toLocaleString('en'));
  cells(['', ...head, 'us a file']);
  cells(['---', ...head.map(() => '---:'), '---:']);
  for (const phase of PHASES) {
    const seconds = all.map(({ costs }) => costs[phase].seconds);
    cells([`${phase}: s`, ...seconds.map((each) => each.toFixed(1)), (slope(all, seconds) * 1e6).toFixed(1)]);
    cells([`processor s`, ...all.map(({ costs }) => costs[phase].cpuSeconds.toFixed(1)), '']);
    cells([`peak MiB`, ...all.map(({ costs }) => String(Math.round(costs[phase].peakBytes / 2 ** 20))), '']);
  }
  const bytesOf = (name: string, part: 'ledgerBytes' | 'logBytes') =>
    cells([
      `${name}: MiB (bytes a file)`,
      ...all.map((each) => `${Math.round(each[part] / 2 ** 20)} (${Math.round(each[part] / each.files)})`),
      '',
    ]);
  bytesOf('ledger', 'ledgerBytes');
  bytesOf('audit log', 'logBytes');
}

/** Least squares: what one file more adds. */
function slope(all: readonly Measured[], values: readonly number[]): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const files = all.map((each) => each.files);
  const [x, y] = [mean(files), mean(values)];
  const over = files.reduce((sum, each, at) => sum + (each - x) * (values[at]! - y), 0);
  return over / files.reduce((sum, each) => sum + (each - x) ** 2, 0);
}
