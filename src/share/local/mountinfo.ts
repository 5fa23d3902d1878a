import { readFileSync } from 'node:fs';
import { decodeName } from '../../posix/names.js';

/** The mounts that this process sees, as /proc tells them, with paths as posix/names.ts has them. */
export function mountinfo(): string {
  const bytes = readFileSync('/proc/self/mountinfo');
  return decodeName(bytes, 0, bytes.length);
}
