/** Whether a copy is right: names, kinds, sizes, modification times and every byte. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Throws at the first difference between two trees. */
export function checkCopy(source: string, dest: string): void {
  const names = namesIn(source);
  if (names.join('\0') !== namesIn(dest).join('\0')) throw new Error(`${dest}: has other names than ${source}`);
  for (const name of names) {
    const [from, to] = [join(source, name), join(dest, name)];
    const [a, b] = [lstatSync(from, { bigint: true }), lstatSync(to, { bigint: true })];
    if (a.isDirectory() && b.isDirectory()) checkCopy(from, to);
    else if (a.size !== b.size || a.mtimeNs !== b.mtimeNs || !sameBytes(from, to, Number(a.size)))
      throw new Error(`${to}: differs from ${from}`);
  }
}

function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}

/** Larger files are compared whole too: Node reads up to 2 GiB at once. */
function sameBytes(a: string, b: string, size: number): boolean {
  return size === 0 || readFileSync(a).equals(readFileSync(b));
}
