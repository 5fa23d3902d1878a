import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Action, FIRST, LAST, Records } from '../../src/pipeline/record.js';
import { ANY_WRITER } from '../../src/pipeline/ring.js';
import { SysError } from '../../src/posix/errno.js';
import type { DestFile } from '../../src/share/share.js';
import { failCall } from '../helpers/faults.js';
import { FIELDS } from './arbitrary.js';
import { BLOCK, contentOf, namesIn, noise, Rig, withMethods } from './rig.js';

const SMALL = 5000;
const LARGE = 4 * BLOCK;
const OLD = Buffer.from('old');

type Code = 'ENOSPC' | 'EIO' | 'EDQUOT' | 'EACCES' | 'ENOENT';

function sysError(code: Code, op: string): SysError {
  return new SysError(constants.errno[code], op, '');
}

/** Lets the destination fail for `name`: at create or at the nth write. */
function failing(rig: Rig, name: string, where: 'create' | number, code: Code): void {
  const share = rig.destShare;
  rig.destShare = withMethods(share, {
    create: (dir, wanted, ...rest) => {
      if (wanted !== name) return share.create(dir, wanted, ...rest);
      if (where === 'create') throw sysError(code, 'open');
      const file = share.create(dir, wanted, ...rest);
      let writes = 0;
      return withMethods<DestFile>(file, {
        write: (view, at) => {
          if (++writes === where) throw sysError(code, 'write');
          file.write(view, at);
        },
      });
    },
  });
}

describe.each<[Code, string]>([
  ['ENOSPC', 'stop'],
  ['EIO', 'retry'],
  ['EACCES', 'skip'],
])('%s', (code, kind) => {
  test.each([
    ['a small file is created', SMALL, 'create'],
    ['a small file is written', SMALL, 1],
    ['a small file is published', SMALL, 'publish'],
    ['a large file is created', LARGE, 'create'],
    ['the first block is written', LARGE, 1],
    ['the second block is written', LARGE, 2],
    ['the last block is written', LARGE, 4],
    ['a large file is published', LARGE, 'publish'],
  ] as const)('when %s is told once, and the old file stays', async (_, size, where) => {
    const rig = new Rig();
    writeFileSync(join(rig.dest, 'file'), OLD);
    const items = [
      rig.file('first', 'x'),
      rig.file('file', noise(size)),
      rig.file('large', noise(LARGE)),
      rig.file('z', 'z'),
    ];
    // The second file to be published is the one.
    if (where === 'publish') failCall('futimens', code, (count) => count === 2);
    else failing(rig, 'file', where, code);
    const { finished, failed } = await rig.run(items);
    expect(failed).toEqual([
      { id: 2, failure: expect.objectContaining({ code, class: kind, path: 'file' }), side: 'dest' },
    ]);
    expect([...finished.keys()].sort()).toEqual([1, 3, 4]);
    expect(namesIn(rig.dest)).toEqual(['file', 'first', 'large', 'z']);
    expect(contentOf(rig.dest, 'file')).toEqual(OLD);
    expect(contentOf(rig.dest, 'large')!.equals(noise(LARGE))).toBe(true);
  });
});

test('when both sides fail in one file it is told once', async () => {
  const rig = new Rig();
  const item = rig.file('file', noise(LARGE));
  failing(rig, 'file', 2, 'ENOSPC');
  const source = rig.sourceShare;
  rig.sourceShare = withMethods(source, {
    open: (dir, name) => {
      const file = source.open(dir, name);
      return withMethods(file, {
        read: (view, at) => {
          if (at >= 3 * BLOCK) throw sysError('EIO', 'read');
          return file.read(view, at);
        },
      });
    },
  });
  const { finished, failed } = await rig.run([item]);
  expect(finished.size).toBe(0);
  expect(failed).toHaveLength(1);
  expect(namesIn(rig.dest)).toEqual([]);
});

test('a bug in a share ends the lane', async () => {
  const rig = new Rig();
  const item = rig.file('file', 'x');
  rig.destShare = withMethods(rig.destShare, {
    create: () => {
      throw new TypeError('a bug');
    },
  });
  await expect(rig.run([item])).rejects.toThrow(new TypeError('a bug'));
});

describe('a folder in the way', () => {
  test.each([SMALL, LARGE])('of a file stays as it was, and nothing is left behind (%i bytes)', async (size) => {
    const rig = new Rig();
    mkdirSync(join(rig.dest, 'name/inside'), { recursive: true });
    const { failures, finished } = await rig.run([rig.file('name', noise(size))]);
    expect([failures, finished.size]).toEqual([['EISDIR name'], 0]);
    expect(namesIn(rig.dest)).toEqual(['name', 'name/inside']);
  });

  test('of a link stays as it was, and nothing is left behind', async () => {
    const rig = new Rig();
    mkdirSync(join(rig.dest, 'name/inside'), { recursive: true });
    symlinkSync('target', join(rig.source, 'name'));
    const { failures } = await rig.run([rig.scanned('name', Action.link)]);
    expect(failures).toEqual(['EISDIR name']);
    expect(namesIn(rig.dest)).toEqual(['name', 'name/inside']);
  });
});

test('a file in the way of a folder is replaced by it', async () => {
  const rig = new Rig();
  writeFileSync(join(rig.dest, 'name'), OLD);
  const { finished } = await rig.run([rig.file('name/inside', 'x')]);
  expect(finished.size).toBe(1);
  expect(namesIn(rig.dest)).toEqual(['name', 'name/inside']);
});

test('a folder that cannot be stamped because it is gone is told', async () => {
  const rig = new Rig();
  mkdirSync(join(rig.source, 'folder'));
  const { failures } = await rig.run([rig.scanned('folder', Action.stampDir)]);
  expect(failures).toEqual(['ENOENT folder']);
});

test.each([
  ['a small file', [{ flags: FIRST | LAST, offset: 0 }]],
  [
    'a large file that lacks a block',
    [
      { flags: FIRST, offset: 0 },
      { flags: LAST, offset: 6 },
    ],
  ],
])('%s that came shorter than it is is not published', async (_, blocks) => {
  const rig = new Rig();
  for (const block of blocks) {
    const slot = rig.ring.acquire('block')!;
    const records = new Records(rig.ring.shape.memory, slot.byteOffset, slot.length);
    records.bytes.set(Buffer.from('abc'), records.putPath(0, Buffer.alloc(0), Buffer.from('f')));
    rig.ring.handOver(slot, records.putFields(0, { ...FIELDS, ...block, id: 7, size: 9 }, 3), ANY_WRITER);
  }
  const { finished, failures } = await rig.run();
  expect([finished.size, failures]).toEqual([0, ['EIO f']]);
  expect(namesIn(rig.dest)).toEqual([]);
});

test('a name that the destination does not take is not told as a file that vanished', async () => {
  const rig = new Rig();
  failing(rig, 'file', 'create', 'ENOENT');
  const { failed } = await rig.run([rig.file('file', 'x')]);
  expect(failed.map(({ failure }) => failure.message)).toEqual([
    'ENOENT: the name is not accepted there, or its folder is gone (open)',
  ]);
});

test('what was published is told before the next of a pack, whose share may hang', async () => {
  const rig = new Rig();
  const files = ['a', 'b', 'c'].map((name) => rig.file(name, name));
  const share = rig.destShare;
  const told: number[] = [];
  rig.destShare = withMethods(share, {
    create: (dir, name, mode, size) => {
      told.push(rig.messages.filter(({ type }) => type === 'finished').length);
      const untilMs = performance.now() + 6;
      while (performance.now() < untilMs);
      return share.create(dir, name, mode, size);
    },
  });
  await rig.run(files);
  expect(told).toEqual([0, 1, 2]);
});
