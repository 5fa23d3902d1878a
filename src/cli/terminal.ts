/** Whether the terminal can show the full screen. Pure. */
import type { Env } from './environment.js';

/** none: there is no terminal, or one that can only print; small: the full screen would show too little to be chosen. */
export type Terminal = 'none' | 'small' | 'fit';

/** Columns and rows that hold what matters; see ui/tui/layout.ts. */
const LEAST = { columns: 60, rows: 15 };

export interface Streams {
  readonly stdin: { readonly isTTY?: boolean };
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
}

export function terminalOf(env: Env, { stdin, stdout }: Streams): Terminal {
  if (!stdin.isTTY || !stdout.isTTY || !env.TERM || env.TERM === 'dumb') return 'none';
  return (stdout.columns ?? 0) >= LEAST.columns && (stdout.rows ?? 0) >= LEAST.rows ? 'fit' : 'small';
}
