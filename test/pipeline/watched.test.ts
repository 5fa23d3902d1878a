import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Action } from '../../src/pipeline/record.js';
import type { LaneCounters } from '../../src/stats/shared.js';
import { makeFifo } from '../helpers/tree.js';
import { BLOCK, noise, Rig } from './rig.js';

/** The same share, or file, of which each method says so when it is called and the counters do not tell of a call. */
function watched<T extends object>(target: T, { lanes, untold }: { lanes: LaneCounters[]; untold: string[] }): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (!lanes.some(({ call }) => call)) untold.push(String(name));
        const result = value.apply(target, args);
        return ['open', 'create'].includes(String(name)) ? watched(result, { lanes, untold }) : result;
      };
    },
  });
}

test('each call on a share can be told when it hangs', async () => {
  const rig = new Rig();
  const untold: string[] = [];
  rig.sourceShare = watched(rig.sourceShare, { lanes: [rig.counters.reader, rig.counters.writer], untold });
  rig.destShare = watched(rig.destShare, { lanes: [rig.counters.writer], untold });
  const files = [rig.file('small', 'x'), rig.file('large', noise(2 * BLOCK + 1)), rig.file('folder/in', 'y')];
  symlinkSync('nowhere', join(rig.source, 'link'));
  makeFifo(join(rig.source, 'fifo'));
  mkdirSync(join(rig.dest, 'extra'));
  for (const name of ['gone', '.millrace-part.left']) writeFileSync(join(rig.dest, name), '');
  const gone = (path: string, action: Action) => ({ path, action, size: 0, mtimeNs: 0n, ctimeNs: 0n });
  const { failures } = await rig.run(
    files,
    [rig.scanned('link', Action.link), rig.scanned('fifo', Action.special)],
    [rig.scanned('small', Action.stamp), rig.scanned('folder', Action.makeDir), rig.scanned('folder', Action.stampDir)],
    [gone('gone', Action.remove), gone('.millrace-part.left', Action.removePart), gone('extra', Action.removeDir)],
  );
  expect(failures).toEqual([]);
  expect(untold).toEqual([]);
});
