import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Action } from '../../src/pipeline/record.js';
import { Command } from '../../src/pipeline/ring.js';
import { BLOCK, contentOf, namesIn, noise, Rig, withMethods } from './rig.js';

/** Tells the lanes the command just before the nth file of the source is opened. */
function tellAtOpen(rig: Rig, nth: number, command: Command): void {
  const share = rig.sourceShare;
  let opens = 0;
  rig.sourceShare = withMethods(share, {
    open: (dir, name) => {
      if (++opens === nth) rig.ring.tell(command);
      return share.open(dir, name);
    },
  });
}

describe('drain', () => {
  test('finishes the file in hand and gives back those not begun', async () => {
    const rig = new Rig();
    const items = [1, 2, 3, 4].map((n) => rig.file(`${n}`, noise(n === 2 ? 3 * BLOCK : 10)));
    tellAtOpen(rig, 2, Command.drain);
    const { finished, returned, failed } = await rig.run(items, [rig.file('5', 'x')]);
    expect([[...finished.keys()], returned, failed]).toEqual([[1, 2], [3, 4, 5], []]);
    expect(namesIn(rig.dest)).toEqual(['1', '2']);
    expect(contentOf(rig.dest, '2')!.equals(noise(3 * BLOCK))).toBe(true);
  });

  test('removes nothing more', async () => {
    const rig = new Rig();
    for (const name of ['a', 'b']) writeFileSync(join(rig.dest, name), '');
    const extras = ['a', 'b'].map((path) => ({ path, action: Action.remove, size: 0, mtimeNs: 0n, ctimeNs: 0n }));
    rig.ring.tell(Command.drain);
    const { finished, returned, kept } = await rig.run(extras);
    expect([finished.size, returned, kept]).toEqual([0, [1, 2], []]);
    expect(namesIn(rig.dest)).toEqual(['a', 'b']);
  });
});

describe('stop', () => {
  test('gives back the file in hand and those not begun, and leaves no part file', async () => {
    const rig = new Rig();
    const items = [1, 2, 3].map((n) => rig.file(`${n}`, noise(n === 2 ? 3 * BLOCK : 10)));
    tellAtOpen(rig, 2, Command.stop);
    const { finished, returned, failed } = await rig.run(items);
    expect(finished.size).toBe(0);
    expect(failed).toEqual([]);
    expect(returned).toEqual([2, 3]);
    expect(namesIn(rig.dest)).toEqual([]);
  });

  test('in the middle of a large file drops what the writer has of it', async () => {
    const rig = new Rig();
    writeFileSync(join(rig.dest, 'file'), 'old');
    const share = rig.destShare;
    const seen: string[][] = [];
    rig.destShare = withMethods(share, {
      create: (...args) => {
        const file = share.create(...args);
        let writes = 0;
        return withMethods(file, {
          write: (view, at) => {
            file.write(view, at);
            seen.push(namesIn(rig.dest));
            if (++writes === 2) rig.ring.tell(Command.stop);
          },
        });
      },
    });
    const { finished, failed } = await rig.run([rig.file('file', noise(4 * BLOCK))]);
    expect([finished.size, failed]).toEqual([0, []]);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toContain('.millrace-part.file');
    expect(namesIn(rig.dest)).toEqual(['file']);
    expect(contentOf(rig.dest, 'file')!.toString()).toBe('old');
  });
});
