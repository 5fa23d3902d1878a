import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Action, AS_IT_WAS } from '../../src/pipeline/record.js';
import { SysError } from '../../src/posix/errno.js';
import { makeFifo, plant, temporaryFolder } from '../helpers/tree.js';
import { namesIn, Rig, type Scanned, withMethods } from './rig.js';

function extra(path: string, action: Action = Action.remove): Scanned {
  return { path, action, size: 0, mtimeNs: 0n, ctimeNs: 0n };
}

test('extras that the source does not have are removed: file, link, FIFO and empty folder', async () => {
  const rig = new Rig();
  plant(rig.source, { folder: { stays: '' } });
  plant(rig.dest, { folder: { stays: '', file: 'x', link: { link: 'stays' }, empty: {} }, file: 'x' });
  makeFifo(join(rig.dest, 'folder/fifo'));
  const { finished, failed, kept } = await rig.run([
    extra('folder/file'),
    extra('folder/link'),
    extra('folder/fifo'),
    extra('folder/empty', Action.removeDir),
    extra('file'),
  ]);
  expect([failed, kept]).toEqual([[], []]);
  expect([...finished.keys()]).toEqual([1, 2, 3, 4, 5]);
  expect(namesIn(rig.dest)).toEqual(['folder', 'folder/stays']);
});

test('an extra is not removed by a proof that has become old, and is to be tried again', async () => {
  const rig = new Rig();
  plant(rig.dest, { old: '' });
  let nowMs = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => {
    nowMs += 31_000;
    return nowMs;
  });
  const { failed } = await rig.run([extra('old')]).finally(() => vi.restoreAllMocks());
  expect(failed).toEqual([
    { id: 1, failure: expect.objectContaining({ code: 'EAGAIN', class: 'retry' }), side: 'dest' },
  ]);
  expect(namesIn(rig.dest)).toEqual(['old']);
});

test('an extra that is already gone is done with, and not told as removed', async () => {
  const rig = new Rig();
  plant(rig.dest, { there: 'x' });
  const extras = [extra('gone'), extra('gone too', Action.removeDir), extra('there')];
  const { finished, failed } = await rig.run(extras);
  expect(failed).toEqual([]);
  expect([1, 2, 3].map((id) => finished.get(id)!.flags & AS_IT_WAS)).toEqual([AS_IT_WAS, AS_IT_WAS, 0]);
});

test('an extra that has come back at the source is kept and told', async () => {
  const rig = new Rig();
  plant(rig.source, { back: '', folder: {} });
  plant(rig.dest, { back: 'dest', gone: 'dest', folder: {} });
  const { finished, kept } = await rig.run([extra('back'), extra('gone'), extra('folder', Action.removeDir)]);
  expect([kept, [...finished.keys()]]).toEqual([[1, 3], [2]]);
  expect(namesIn(rig.dest)).toEqual(['back', 'folder']);
});

test('an extra file where the source now has a folder goes, and the other way round', async () => {
  const rig = new Rig();
  plant(rig.source, { a: {}, b: 'file', c: { link: 'b' } });
  plant(rig.dest, { a: 'file', b: {}, c: {} });
  const { finished, kept } = await rig.run([extra('a'), extra('b', Action.removeDir), extra('c', Action.removeDir)]);
  expect([kept, finished.size]).toEqual([[], 3]);
  expect(namesIn(rig.dest)).toEqual([]);
});

test('extras in a folder that the source does not have, or has as a file, are removed', async () => {
  const rig = new Rig();
  plant(rig.source, { b: 'a file' });
  plant(rig.dest, { a: { deep: { file: '' } }, b: { file: '' } });
  const { finished } = await rig.run([extra('a/deep/file'), extra('b/file')]);
  expect(finished.size).toBe(2);
  expect(namesIn(rig.dest)).toEqual(['a', 'a/deep', 'b']);
});

test('a folder that is not empty stays, with all in it', async () => {
  const rig = new Rig();
  plant(rig.dest, { folder: { file: '' } });
  const { failures } = await rig.run([extra('folder', Action.removeDir)]);
  expect(failures).toEqual(['ENOTEMPTY folder']);
  expect(namesIn(rig.dest)).toEqual(['folder', 'folder/file']);
});

test('what an extra link leads to stays', async () => {
  const rig = new Rig();
  const outside = plant(temporaryFolder(), { keep: '' });
  symlinkSync(outside, join(rig.dest, 'link'));
  await rig.run([extra('link')], [extra('link/keep')]);
  expect(existsSync(join(rig.dest, 'link'))).toBe(false);
  expect(namesIn(outside)).toEqual(['keep']);
});

describe('when the source cannot be listed', () => {
  test.each<[keyof typeof constants.errno, string]>([
    ['EIO', 'retry'],
    ['ESTALE', 'retry'],
    ['EACCES', 'skip'],
    ['ENOTCONN', 'stop'],
  ])('nothing is removed and each extra is told: %s', async (code, kind) => {
    const rig = new Rig();
    plant(rig.source, { a: {}, b: {} });
    plant(rig.dest, { a: { x: '', y: {} }, b: { x: '' } });
    const share = rig.sourceShare;
    rig.sourceShare = withMethods(share, {
      listKinds: (dir, each) => {
        share.listKinds(dir, each);
        if (dir === 'a') throw new SysError(constants.errno[code], 'readdir', dir);
      },
    });
    const { finished, failed, kept } = await rig.run([extra('a/x'), extra('a/y', Action.removeDir), extra('b/x')]);
    expect(kept).toEqual([]);
    expect(failed.map(({ id, failure }) => [id, failure.code, failure.class, failure.path])).toEqual([
      [1, code, kind, 'a/x'],
      [2, code, kind, 'a/y'],
    ]);
    expect([...finished.keys()]).toEqual([3]);
    expect(namesIn(rig.dest)).toEqual(['a', 'a/x', 'a/y', 'b']);
  });

  test('a root that cannot be listed proves nothing', async () => {
    const rig = new Rig();
    plant(rig.dest, { a: { x: '' } });
    rig.sourceShare = withMethods(rig.sourceShare, {
      listKinds: (dir) => {
        throw new SysError(constants.errno.ENOENT, 'open', dir);
      },
    });
    const { finished, failures } = await rig.run([extra('a/x')]);
    expect([finished.size, failures]).toEqual([0, ['ENOENT a/x']]);
    expect(namesIn(rig.dest)).toEqual(['a', 'a/x']);
  });
});

test('an extra that the source has and does not list stays, and is told', async () => {
  const rig = new Rig();
  plant(rig.source, { a: { x: '' } });
  plant(rig.dest, { a: { x: '', y: '' } });
  rig.sourceShare = withMethods(rig.sourceShare, { listKinds: () => undefined });
  const { finished, failures } = await rig.run([extra('a/x'), extra('a/y')]);
  expect(failures).toEqual(['UNLISTED a/x']);
  expect([...finished.keys()]).toEqual([2]);
  expect(namesIn(rig.dest)).toEqual(['a', 'a/x']);
});

test('a part file is removed without a question to the source', async () => {
  const rig = new Rig();
  writeFileSync(join(rig.dest, '.millrace-part.x'), '');
  mkdirSync(join(rig.source, '.millrace-part.x'));
  rig.sourceShare = withMethods(rig.sourceShare, {
    listKinds: () => {
      throw new Error('asked');
    },
  });
  const { finished } = await rig.run([extra('.millrace-part.x', Action.removePart)]);
  expect(finished.size).toBe(1);
  expect(namesIn(rig.dest)).toEqual([]);
});

test('an extra that is a folder now is not removed as a file', async () => {
  const rig = new Rig();
  plant(rig.dest, { name: { inside: '' } });
  const { failures } = await rig.run([extra('name')]);
  expect(failures).toEqual(['EISDIR name']);
  expect(namesIn(rig.dest)).toEqual(['name', 'name/inside']);
});
