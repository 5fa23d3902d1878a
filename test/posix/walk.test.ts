import { beforeAll, describe, expect, it } from 'vitest';
import { dropFd, openDirBeneath, openRoot } from '../../src/posix/calls.js';
import { failCall, replaceCall } from '../helpers/faults.js';
import { plant, temporaryFolder } from '../helpers/tree.js';
import { openDirBeneathHolds, opensFolderBeyondPathMax } from './beneath.js';

// A kernel that lacks openat2 is remembered for the life of the module, so these tests have a file of their own.
describe('openDirBeneath without openat2', () => {
  beforeAll(() => {
    failCall('openat2', 'ENOSYS');
    const root = openRoot(plant(temporaryFolder(), { a: {} }));
    dropFd(openDirBeneath(root, 'a'));
    dropFd(root);
  });

  it('does not ask the kernel again', () => {
    let asked = 0;
    replaceCall('openat2', () => {
      asked++;
      return -1;
    });
    const root = openRoot(plant(temporaryFolder(), { a: {} }));
    dropFd(openDirBeneath(root, 'a'));
    dropFd(root);
    expect(asked).toBe(0);
  });

  openDirBeneathHolds({ link: 'ENOTDIR', outside: 'EINVAL' });

  it('opens a folder whose path is longer than PATH_MAX', opensFolderBeyondPathMax);
});
