/** What Linux lets this process have. */
import { readFileSync } from 'node:fs';

/** Open files that this process may have at a time (RLIMIT_NOFILE): Node raises the soft limit to the hard one as it starts. */
export function openFilesLimit(): number {
  return limitIn(readFileSync('/proc/self/limits', 'utf8'));
}

/** From the text of /proc/self/limits (proc(5)). */
export function limitIn(limits: string): number {
  const [, soft] = /^Max open files +(\S+)/m.exec(limits) ?? [];
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** With fewer open files than this, threads keep few that they may need again. */
export const FEW_OPEN_FILES = 4096;
