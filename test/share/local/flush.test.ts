import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { syncMounts, syncRoot } from '../../../src/share/local/flush.js';
import { failCall } from '../../helpers/faults.js';
import { plant, temporaryFolder } from '../../helpers/tree.js';

let top: string;
beforeEach(() => {
  top = plant(temporaryFolder(), { dest: {} });
});
const at = (path: string) => join(top, path);

describe('syncRoot', () => {
  it('reports a write-back error', () => {
    expect(() => syncRoot(at('dest'))).not.toThrow();
    failCall('syncfs', 'EIO');
    expect(() => syncRoot(at('dest'))).toThrow(expect.objectContaining({ code: 'EIO', op: 'syncfs' }));
  });

  it('tells that the root is gone, or another', () => {
    expect(syncRoot(at('none'))).toBe('ENOENT');
    expect(syncRoot(at('dest'), { type: 1, ino: '1', btimeNs: '0' })).toBe('ENODEV');
  });
});

describe('syncMounts', () => {
  it('reports a write-back error, and what has died, by the place', () => {
    expect(() => syncMounts([at('none'), at('dest')])).toThrow(
      expect.objectContaining({ code: 'ENOENT', op: `open of ${at('none')}` }),
    );
    syncMounts([at('dest')]);
    failCall('syncfs', 'EIO');
    const told = { code: 'EIO', op: `syncfs of ${at('dest')}` };
    expect(() => syncMounts([at('dest')])).toThrow(expect.objectContaining(told));
  });
});
