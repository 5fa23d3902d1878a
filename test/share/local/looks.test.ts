import { closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { dataBytes } from '../../../src/share/local/looks.js';
import { inspectRoots } from '../../../src/share/local/roots.js';
import { canMountFuse, mountFuse, plant, temporaryFolder } from '../../helpers/tree.js';

const MIB = 1024 * 1024;

let root: string;
/** With 2 MiB of data, and holes. */
const SPARSE = 'in/sparse';
beforeEach(() => {
  root = plant(temporaryFolder(), { in: { sparse: '', plain: 'text' } });
  truncateSync(join(root, SPARSE), 64 * MIB);
  const fd = openSync(join(root, SPARSE), 'r+');
  for (const at of [0, 5]) writeSync(fd, Buffer.alloc(MIB, 'x'), 0, MIB, at * MIB);
  closeSync(fd);
});

function dataOf(path: string, at = root): number | undefined {
  const facts = inspectRoots(at, join(at, '..', 'not there'));
  if ('refused' in facts) throw new Error(facts.message);
  return dataBytes(at, facts.sourceIdentity, path);
}

describe('the data of a file', () => {
  it('is what is not in its holes', () => {
    expect(dataOf(SPARSE)).toBe(2 * MIB);
    expect(dataOf('in/plain')).toBe(4);
  });

  it.skipIf(!canMountFuse())(
    'is all of it where the filesystem does not tell of holes (skipped without root and bindfs)',
    () => {
      const shown = temporaryFolder();
      mountFuse(root, shown);
      expect(dataOf(SPARSE, shown)).toBe(64 * MIB);
    },
  );

  it('is not told of what is not there', () => {
    expect(dataOf('in/none')).toBeUndefined();
  });
});
