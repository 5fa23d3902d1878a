/** The version, from package.json alone. Imports nothing else: `--version` answers before the rest is loaded. */
import { readFileSync } from 'node:fs';

/** Such as `1.2.3`. */
export function version(): string {
  // Seen from dist/src/cli, where this file runs.
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
