import { fstatSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dropFd, openDirBeneath, openRoot } from '../../src/posix/calls.js';
import { failCall } from '../helpers/faults.js';
import { plant, temporaryFolder } from '../helpers/tree.js';
import { openDirBeneathHolds, opensFolderBeyondPathMax } from './beneath.js';

describe('openDirBeneath with openat2', () => {
  openDirBeneathHolds({ link: 'ELOOP', outside: 'EXDEV' });

  it('opens a folder whose path is longer than PATH_MAX', opensFolderBeyondPathMax);

  it('tries again when a rename raced with the resolution', () => {
    const top = plant(temporaryFolder(), { a: {} });
    const root = openRoot(top);
    failCall('openat2', 'EAGAIN', (call) => call <= 3);
    const fd = openDirBeneath(root, 'a');
    expect(fstatSync(fd).isDirectory()).toBe(true);
    dropFd(fd);
    dropFd(root);
  });

  it('gives up when renames never stop racing', () => {
    const root = openRoot(join(plant(temporaryFolder(), { a: {} })));
    let calls = 0;
    failCall('openat2', 'EAGAIN', () => ++calls > 0);
    expect(() => openDirBeneath(root, 'a')).toThrow(expect.objectContaining({ errno: 11 }));
    expect(calls).toBeLessThan(100);
    dropFd(root);
  });
});
