/** What was done with last, and what failed how often. */
import type { FinishedFile } from './snapshot.js';

/** As many as a surface shows. */
const RECENT = 8;
/** Codes told apart: they come from the operating system, which has about a hundred. */
const MOST_CODES = 64;
export const OTHERS = 'OTHER';

/** A result as lanes report it: bytes, and times in ms since the Unix epoch. */
export interface Finish {
  readonly size: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

export class FinishTally {
  private readonly last: FinishedFile[] = [];
  private readonly counts = new Map<string, number>();

  finished(path: string, { size, startedMs, endedMs }: Finish): void {
    this.keep({ path, size, endedMs, tookMs: endedMs - startedMs, error: undefined });
  }

  failed(path: string, error: string, nowMs: number): void {
    const key = keyOf(error, this.counts);
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    this.keep({ path, size: 0, endedMs: nowMs, tookMs: undefined, error });
  }

  private keep(file: FinishedFile): void {
    this.last.unshift(file);
    if (this.last.length > RECENT) this.last.pop();
  }

  /** Newest first. */
  get recent(): FinishedFile[] {
    return [...this.last];
  }

  get errors(): Record<string, number> {
    return Object.fromEntries(this.counts);
  }
}

/** The code that an error's line begins with: `EACCES: permission denied (open)`. */
export function codeOf(error: string): string {
  return /^[A-Z][A-Z0-9]+/.exec(error)?.[0] ?? OTHERS;
}

/** What an error is counted under: its code, unless that would be one too many beside those `known`. */
export function keyOf(error: string, known: ReadonlyMap<string, unknown>): string {
  const code = codeOf(error);
  return known.has(code) || known.size < MOST_CODES ? code : OTHERS;
}
