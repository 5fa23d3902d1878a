/**
 * Millrace beside the tools an operator would take instead: `npm run bench:peers -- FOLDER [WORKLOAD...]`. The tools
 * run in turns, so that what else the machine does falls on all of them; every copy is checked. The result is a
 * Markdown page on stdout.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ALONE } from './alone.js';
import { type Cost, cost } from './cost.js';
import { present, type Tool, versionOf } from './tools.js';
import { check, WORKLOADS, type Workload } from './workloads.js';

const NAMES = [...WORKLOADS, ...ALONE].map(({ name }) => name);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '3' }, tools: { type: 'string' } },
});
const [folder, ...wanted] = positionals;
const runs = Number(values.runs);
const unknown = wanted.filter((name) => !NAMES.includes(name));
if (folder === undefined || !(runs >= 1) || unknown.length > 0) {
  console.error(`usage: npm run bench:peers -- FOLDER [--runs N] [--tools NAME,...] [${NAMES.join('|')} ...]`);
  process.exitCode = 2;
} else {
  mkdirSync(folder, { recursive: true });
  console.log(
    `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
  );
  const chosen = <T extends { name: string }>(all: readonly T[]) =>
    all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  for (const workload of chosen(WORKLOADS)) await inFolder((place) => compare(workload, place));
  for (const measurement of chosen(ALONE)) {
    await inFolder(async (place) => {
      console.log(`\n## ${measurement.title}\n`);
      for (const line of await measurement.measure(place)) console.log(`- ${line}`);
    });
  }
}

async function inFolder(work: (place: string) => Promise<void>): Promise<void> {
  const place = mkdtempSync(join(folder!, 'bench-'));
  try {
    await work(place);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function compare(workload: Workload, place: string): Promise<void> {
  const named = values.tools?.split(',');
  const tools = present(workload.tools).filter(
    ({ name }, at) => at === 0 || named === undefined || named.some((part) => name.startsWith(part)),
  );
  const stage = await workload.make(place);
  const costs = new Map<Tool, Cost[]>(tools.map((tool) => [tool, []]));
  const peaks = new Map<Tool, number>();
  try {
    const rounds = runs + (workload.warmUp ? 1 : 0);
    for (let round = 0; round < rounds; round++) {
      for (const tool of tools) {
        await stage.before();
        const spent = await cost(tool.command(stage.roots), round === 0);
        check(stage);
        console.error(`${workload.name}: ${tool.name}: ${spent.seconds.toFixed(2)} s`);
        if (round === 0) peaks.set(tool, spent.peakBytes);
        if (round > 0 || !workload.warmUp) costs.get(tool)!.push(spent);
      }
    }
  } finally {
    await stage.close();
  }
  report(workload, tools, costs, peaks);
}

function report(
  { title }: Workload,
  tools: readonly Tool[],
  costs: ReadonlyMap<Tool, Cost[]>,
  peaks: ReadonlyMap<Tool, number>,
): void {
  console.log(`\n## ${title}\n`);
  console.log(`| tool | median s | from - to | x ${tools[0]!.name} | CPU s | x ${tools[0]!.name} | peak MiB |`);
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  const medianOf = (tool: Tool, part: 'seconds' | 'cpuSeconds') => median(costs.get(tool)!.map((each) => each[part]));
  for (const tool of tools) {
    const seconds = costs.get(tool)!.map((each) => each.seconds);
    const cells = [
      tool.name,
      medianOf(tool, 'seconds').toFixed(2),
      `${Math.min(...seconds).toFixed(2)} - ${Math.max(...seconds).toFixed(2)}`,
      (medianOf(tool, 'seconds') / medianOf(tools[0]!, 'seconds')).toFixed(3),
      medianOf(tool, 'cpuSeconds').toFixed(2),
      (medianOf(tool, 'cpuSeconds') / medianOf(tools[0]!, 'cpuSeconds')).toFixed(2),
      Math.round(peaks.get(tool)! / 2 ** 20),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  console.log(`\n${[...new Set(tools.map(versionOf))].join('; ')}`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
