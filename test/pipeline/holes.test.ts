import { closeSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Action } from '../../src/pipeline/record.js';
import { BLOCK, contentOf, noise, Rig, sha256 } from './rig.js';

const MIB = 1024 * 1024;

/** Writes pieces into a file of `size` bytes with holes between them. */
function sparseFile(rig: Rig, size: number, pieces: readonly (readonly [at: number, bytes: number])[]) {
  rig.file('file', '');
  const path = join(rig.source, 'file');
  truncateSync(path, size);
  const fd = openSync(path, 'r+');
  for (const [at, bytes] of pieces) writeSync(fd, noise(bytes), 0, bytes, at);
  closeSync(fd);
  return rig.scanned('file', Action.copy);
}

test.each<[string, number, [number, number][]]>([
  ['all hole', 20 * MIB, []],
  ['a hole at the beginning', 8 * MIB, [[7 * MIB, MIB]]],
  ['a hole at the end', 8 * MIB, [[0, BLOCK + 5]]],
  [
    'holes between',
    40 * MIB,
    [
      [4096, 8192],
      [10 * MIB, 3 * BLOCK],
      [30 * MIB, 4096],
    ],
  ],
])('%s: arrives with its bytes and its hash, and takes no more room', async (_, size, pieces) => {
  const rig = new Rig();
  const { finished, failed } = await rig.run([sparseFile(rig, size, pieces)]);
  expect(failed).toEqual([]);
  const content = contentOf(rig.source, 'file')!;
  expect(contentOf(rig.dest, 'file')!.equals(content)).toBe(true);
  expect(finished.get(1)!.hash).toEqual(sha256(content));
  const [there, here] = [rig.dest, rig.source].map((root) => statSync(join(root, 'file')).blocks);
  // What is between short holes is written, and a filesystem has blocks.
  expect(there).toBeLessThanOrEqual(here! + (pieces.length * 256 * 1024) / 512);
});
