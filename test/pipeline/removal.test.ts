import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Bucket } from '../../src/pace/bucket.js';
import { Action, AS_IT_WAS } from '../../src/pipeline/record.js';
import { dropFd, openRoot } from '../../src/posix/calls.js';
import { SysError } from '../../src/posix/errno.js';
import { LocalSource } from '../../src/share/local/localsource.js';
import { identityOf } from '../../src/share/local/pin.js';
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

/** Does something between the reader's part and the writer's. */
function atTheWriters(rig: Rig, something: () => void): void {
  const close = rig.ring.close.bind(rig.ring);
  vi.spyOn(rig.ring, 'close').mockImplementation(() => {
    close();
    something();
  });
}

describe('between the proof and the removal', () => {
  test('what comes back to the source is not removed, and is to be asked for again', async () => {
    const rig = new Rig();
    plant(rig.source, { a: {} });
    plant(rig.dest, { a: { file: 'dest', folder: {}, gone: '' }, b: { file: 'dest' } });
    atTheWriters(rig, () => plant(rig.source, { a: { file: 'back', folder: {} }, b: { file: 'back' } }));
    const { failed, finished } = await rig.run([
      extra('a/file'),
      extra('a/folder', Action.removeDir),
      extra('b/file'),
      extra('a/gone'),
    ]);
    expect(failed.map(({ id, failure, side }) => [id, failure.code, failure.class, side])).toEqual([
      [1, 'EAGAIN', 'retry', 'source'],
      [2, 'EAGAIN', 'retry', 'source'],
      [3, 'EAGAIN', 'retry', 'source'],
    ]);
    expect([...finished.keys()]).toEqual([4]);
    expect(namesIn(rig.dest)).toEqual(['a', 'a/file', 'a/folder', 'b', 'b/file']);
  });

  test('nothing is removed once the path of the source leads elsewhere, whatever was proven before', async () => {
    const rig = new Rig();
    const fd = openRoot(rig.source);
    const pin = { identity: identityOf(fd), epoch: new Int32Array(1) };
    dropFd(fd);
    rig.sourceShare = new LocalSource(rig.source, pin);
    plant(rig.source, { 'a folder': {} });
    plant(rig.dest, { 'a folder': '', missing: '' });
    atTheWriters(rig, () => {
      renameSync(rig.source, `${rig.source}-away`);
      mkdirSync(rig.source);
    });
    const { failed } = await rig.run([extra('a folder'), extra('missing')]).finally(() => {
      rmSync(rig.source, { recursive: true });
      renameSync(`${rig.source}-away`, rig.source);
      rig.sourceShare.close();
    });
    expect(failed.map(({ failure, side }) => [failure.code, failure.class, side])).toEqual([
      ['ENODEV', 'stop', 'source'],
      ['ENODEV', 'stop', 'source'],
    ]);
    expect(namesIn(rig.dest)).toEqual(['a folder', 'missing']);
  });

  test('what comes back in a folder that was a link, or a file, is not removed either', async () => {
    const rig = new Rig();
    plant(rig.source, { link: { link: 'elsewhere' }, file: 'a file', stays: { link: 'elsewhere' } });
    plant(rig.dest, { link: { x: '' }, file: { x: '' }, stays: { x: '' } });
    atTheWriters(rig, () => {
      for (const name of ['link', 'file']) rmSync(join(rig.source, name));
      plant(rig.source, { link: { x: 'back' }, file: { x: 'back' } });
    });
    const { failures, finished } = await rig.run([extra('link/x'), extra('file/x'), extra('stays/x')]);
    expect([failures, [...finished.keys()]]).toEqual([['EAGAIN link/x', 'EAGAIN file/x'], [3]]);
    expect(namesIn(rig.dest)).toEqual(['file', 'file/x', 'link', 'link/x', 'stays']);
  });

  test('what was removed is told before the source is asked again, which may hang', async () => {
    const rig = new Rig();
    plant(rig.dest, { a: '', b: '', c: '' });
    const share = rig.sourceShare;
    const told: number[] = [];
    rig.sourceShare = withMethods(share, {
      look: (dir, name, fresh) => {
        told.push(rig.messages.filter(({ type }) => type === 'finished').length);
        const untilMs = performance.now() + 6;
        while (performance.now() < untilMs);
        return share.look(dir, name, fresh);
      },
    });
    await rig.run([extra('a'), extra('b'), extra('c')]);
    // The reader's three, the writer's three.
    expect(told).toEqual([0, 0, 0, 0, 1, 2]);
  });

  test('nothing is removed when the source cannot be asked', async () => {
    const rig = new Rig();
    plant(rig.dest, { x: '' });
    const share = rig.sourceShare;
    let isDead = false;
    rig.sourceShare = withMethods(share, {
      look: (dir, name, fresh) => {
        if (isDead) throw new SysError(constants.errno.EIO, 'stat', name);
        return share.look(dir, name, fresh);
      },
    });
    atTheWriters(rig, () => {
      isDead = true;
    });
    expect((await rig.run([extra('x')])).failures).toEqual(['EIO x']);
    expect(namesIn(rig.dest)).toEqual(['x']);
  });
});

describe('while time goes by', () => {
  let nowMs = 0;
  beforeEach(() => {
    nowMs = 1_800_000_000_000;
    vi.spyOn(Date, 'now').mockImplementation(() => nowMs);
  });
  afterEach(() => vi.restoreAllMocks());

  test('an extra is not removed by a proof that has become old, and is to be tried again', async () => {
    const rig = new Rig();
    plant(rig.source, { 'a folder': {} });
    plant(rig.dest, { 'a folder': '' });
    atTheWriters(rig, () => {
      nowMs += 31_000;
    });
    const { failed } = await rig.run([extra('a folder')]);
    expect(failed).toEqual([
      { id: 1, failure: expect.objectContaining({ code: 'EAGAIN', class: 'retry' }), side: 'source' },
    ]);
    expect(namesIn(rig.dest)).toEqual(['a folder']);
  });

  test('a proof is as old as the question: what held up those of other folders counts', async () => {
    const rig = new Rig();
    plant(rig.source, { a: { x: {} }, b: { x: {} } });
    plant(rig.dest, { a: { x: '' }, b: { x: '' } });
    const share = rig.sourceShare;
    rig.sourceShare = withMethods(share, {
      listKinds: (dir, each) => {
        if (dir === 'b') nowMs += 45_000;
        share.listKinds(dir, each);
      },
    });
    const { failures, finished } = await rig.run([extra('a/x'), extra('b/x')]);
    expect([failures, [...finished.keys()]]).toEqual([['EAGAIN a/x'], [2]]);
    expect(namesIn(rig.dest)).toEqual(['a', 'a/x', 'b']);
  });

  test('a proof that becomes old while the writer waits for the limit, or for the end of a pause, counts as old', async () => {
    const rig = new Rig();
    plant(rig.source, { x: {} });
    plant(rig.dest, { x: '' });
    const take = vi.spyOn(Bucket.prototype, 'take').mockImplementation(() => {
      // The reader pays for the listing.
      if (take.mock.calls.length === 2) nowMs += 31_000;
    });
    const { failures } = await rig.run([extra('x')]);
    expect([take.mock.calls.length, failures]).toEqual([2, ['EAGAIN x']]);
    expect(namesIn(rig.dest)).toEqual(['x']);
  });

  test('many extras of one folder are asked for in parts, each with a listing of its own and none old', async () => {
    const rig = new Rig();
    const names = Array.from({ length: 10 }, (_, at) => `x${at}`);
    plant(rig.dest, Object.fromEntries(names.map((name) => [name, ''])));
    const asked: string[] = [];
    const share = rig.sourceShare;
    rig.sourceShare = withMethods(share, {
      listKinds: (dir, each) => {
        asked.push('list');
        share.listKinds(dir, each);
      },
      look: (dir, name, fresh) => {
        asked.push(name);
        nowMs += 250;
        return share.look(dir, name, fresh);
      },
    });
    atTheWriters(rig, () => asked.push('list'));
    const { failures, finished } = await rig.run(names.map((name) => extra(name)));
    expect([failures, finished.size]).toEqual([[], 10]);
    const parts = asked.join(' ').split('list ').slice(1);
    expect(parts.map((part) => part.trim())).toEqual(['x0 x1 x2 x3', 'x4 x5 x6 x7', 'x8 x9', names.join(' ')]);
    const ages = [...finished.values()].map(({ startedMs }) => startedMs - 1_800_000_000_000);
    expect(ages).toEqual([0, 0, 0, 0, 1000, 1000, 1000, 1000, 2000, 2000]);
  });

  test('after a listing that took long, names are asked for as long, and for 10 s at most', async () => {
    for (const [listingMs, most] of [
      [4000, 4],
      [60_000, 10],
    ] as const) {
      const rig = new Rig();
      const names = Array.from({ length: 12 }, (_, at) => `x${at}`);
      plant(rig.dest, Object.fromEntries(names.map((name) => [name, ''])));
      let looks = 0;
      const runs: number[] = [];
      const share = rig.sourceShare;
      rig.sourceShare = withMethods(share, {
        listKinds: (dir, each) => {
          runs.push(looks);
          nowMs += listingMs;
          share.listKinds(dir, each);
        },
        look: (dir, name, fresh) => {
          looks++;
          nowMs += 1000;
          return share.look(dir, name, fresh);
        },
      });
      await rig.run(names.map((name) => extra(name)));
      expect(runs[1]! - runs[0]!).toBe(most);
      expect(looks).toBe(2 * 12); // the writer's last looks, too
    }
  });
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
