/** What a command costs: its time, its processor time and its memory, children and all. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Cost {
  readonly seconds: number;
  /** User and system time together. */
  readonly cpuSeconds: number;
  /** Largest sum of the peak resident sizes of processes that lived at the same time; 0 when it was not asked for. */
  readonly peakBytes: number;
}

/** How often memory is looked at, ms. */
const LOOK_MS = 50;

/**
 * Runs `command` to its end; throws when it fails. Memory is only looked at when `withMemory` says so, since looking
 * takes processor time from what is measured.
 */
export async function cost(command: readonly string[], withMemory: boolean): Promise<Cost> {
  // bash knows the processor time of its children. What the command prints is kept for the error message only.
  const script = 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null 2>&4; } 4>&2 2>&3';
  const begun = performance.now();
  const child = spawn('bash', ['-c', script, 'bash', ...command], {
    detached: true, // a process group of its own, by which its children are found
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  let times = '';
  child.stdio[2]!.on('data', (text: Buffer) => {
    errors = (errors + text).slice(-2000);
  });
  child.stdio[3]!.on('data', (text: Buffer) => {
    times += text;
  });
  let peakBytes = 0;
  const looking = withMemory && setInterval(() => (peakBytes = Math.max(peakBytes, memoryOf(child.pid!))), LOOK_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (looking) clearInterval(looking);
  const seconds = (performance.now() - begun) / 1000;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${errors.trim()}`);
  const [user, system] = times.trim().split(' ').map(Number);
  return { seconds, cpuSeconds: user! + system!, peakBytes };
}

/** Peak resident bytes of the processes in a group, as far as they live now. */
export function memoryOf(group: number): number {
  let sum = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      // The name in brackets may hold anything; what follows it are the state, the parent and the group.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(stat[2]) !== group) continue;
      const peak = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      sum += Number(peak?.[1] ?? 0) * 1024;
    } catch {
      // It has ended since.
    }
  }
  return sum;
}
