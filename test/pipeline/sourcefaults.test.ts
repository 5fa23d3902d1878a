import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { READ_ATTEMPTS } from '../../src/pipeline/reader.js';
import { Action } from '../../src/pipeline/record.js';
import { SysError } from '../../src/posix/errno.js';
import type { SourceFile } from '../../src/share/share.js';
import { makeFifo } from '../helpers/tree.js';
import { BLOCK, contentOf, namesIn, noise, Rig, sha256, withMethods } from './rig.js';

const SMALL = 5000;
const LARGE = 4 * BLOCK;
const OLD = Buffer.from('old');

/** A rig whose destination has an older `file`, and its new one at the source. */
function rigWith(size: number) {
  const rig = new Rig();
  writeFileSync(join(rig.dest, 'file'), OLD);
  return { rig, item: rig.file('file', noise(size)), path: join(rig.source, 'file') };
}

/** Lets `meddle` do something before each read of the source; it is told which open and which read of it this is. */
function beforeReads(rig: Rig, meddle: (open: number, read: number) => void): { opens: number } {
  const count = { opens: 0 };
  const share = rig.sourceShare;
  rig.sourceShare = withMethods(share, {
    open: (dir, name) => {
      const file = share.open(dir, name);
      const open = ++count.opens;
      let reads = 0;
      return withMethods<SourceFile>(file, {
        read: (view, at) => {
          meddle(open, ++reads);
          return file.read(view, at);
        },
      });
    },
  });
  return count;
}

/** Waits until the filesystem's clock, which ticks every few ms, shows another time: a change before would not show. */
function nextTick(rig: Rig): void {
  const scratch = join(rig.source, 'tick');
  const now = () => {
    writeFileSync(scratch, '');
    return lstatSync(scratch, { bigint: true }).ctimeNs;
  };
  for (const before = now(); now() === before; );
  rmSync(scratch);
}

/** Nothing but the old file is at the destination. */
function expectOld(rig: Rig): void {
  expect(namesIn(rig.dest)).toEqual(['file']);
  expect(contentOf(rig.dest, 'file')).toEqual(OLD);
}

describe('a file that is not as the scan saw it', () => {
  test.each([
    ['grown', SMALL, 2 * SMALL],
    ['grown large', SMALL, LARGE],
    ['shrunk', LARGE, SMALL],
    ['emptied', LARGE, 0],
    ['no longer empty', 0, LARGE],
  ])('is copied as it is now: %s', async (_, size, now) => {
    const { rig, item, path } = rigWith(size);
    writeFileSync(path, noise(now));
    const { finished, failed } = await rig.run([item]);
    expect(failed).toEqual([]);
    const { mtimeNs, ctimeNs } = rig.scanned('file', Action.copy);
    expect(finished.get(1)).toMatchObject({ size: now, mtimeNs, ctimeNs, hash: sha256(noise(now)) });
    expect(contentOf(rig.dest, 'file')!.equals(noise(now))).toBe(true);
    expect(namesIn(rig.dest)).toEqual(['file']);
  });

  test.each([SMALL, LARGE])('gets its new time when only that was set (%i bytes)', async (size) => {
    const { rig, item, path } = rigWith(size);
    utimesSync(path, 1, 2);
    const { finished } = await rig.run([item]);
    expect(finished.get(1)).toMatchObject({ size, mtimeNs: 2_000_000_000n });
  });
});

describe.each([
  ['small', SMALL],
  ['large', LARGE],
])('a %s file that changes while it is read', (_, size) => {
  const changes: [string, (path: string) => void][] = [
    ['grows', (path) => appendFileSync(path, 'more')],
    ['shrinks', (path) => truncateSync(path, 1000)],
    ['is written to', (path) => writeFileSync(path, noise(size + 1).subarray(1))],
    [
      'is written to and gets its time back',
      (path) => {
        writeFileSync(path, noise(size + 1).subarray(1));
        utimesSync(path, 5, 5);
      },
    ],
    [
      'is replaced',
      (path) => {
        writeFileSync(`${path}.new`, noise(size));
        renameSync(`${path}.new`, path);
      },
    ],
  ];

  test.each(changes)('once is published as it is afterwards: it %s', async (_, change) => {
    const { rig, path } = rigWith(size);
    utimesSync(path, 5, 5);
    const item = rig.scanned('file', Action.copy);
    const count = beforeReads(rig, (open, read) => {
      if (open !== 1 || read !== (size === SMALL ? 1 : 3)) return;
      nextTick(rig);
      change(path);
    });
    const { finished, failed } = await rig.run([item]);
    expect(failed).toEqual([]);
    expect(count.opens).toBe(2);
    const now = contentOf(rig.source, 'file')!;
    const { mtimeNs, ctimeNs } = rig.scanned('file', Action.copy);
    expect(finished.get(1)).toMatchObject({ size: now.length, mtimeNs, ctimeNs, hash: sha256(now) });
    expect(contentOf(rig.dest, 'file')!.equals(now)).toBe(true);
    expect(namesIn(rig.dest)).toEqual(['file']);
  });

  test.each(changes.slice(0, 3))('again and again is not published, and is told once: it %s', async (_, change) => {
    const { rig, item, path } = rigWith(size);
    let round = 0;
    beforeReads(rig, () => {
      nextTick(rig);
      truncateSync(path, size);
      appendFileSync(path, `${round++}`);
      change(path);
    });
    const { finished, failures } = await rig.run([item]);
    expect(finished.size).toBe(0);
    expect(failures).toEqual(['CHANGED file']);
    expectOld(rig);
  });
});

test.each([
  ['as opening it has brought it, where one read is all', 0, false],
  ['by its server, where a limit has it read in pieces', 1_000_000, true],
])('a small file is looked at afterwards %s', async (_, rate, fresh) => {
  const { rig, item } = rigWith(20_000);
  rig.rate = rate;
  const asked: boolean[] = [];
  const share = rig.sourceShare;
  rig.sourceShare = withMethods(share, {
    open: (dir, name) => {
      const file = share.open(dir, name);
      return withMethods<SourceFile>(file, {
        stat: (isFresh) => {
          asked.push(isFresh);
          return file.stat(isFresh);
        },
      });
    },
  });
  const { failed } = await rig.run([item]);
  expect({ failed, asked }).toEqual({ failed: [], asked: [fresh] });
});

test('a large file that keeps changing is begun anew a few times only', async () => {
  const { rig, item, path } = rigWith(LARGE);
  const count = beforeReads(rig, () => appendFileSync(path, 'more'));
  await rig.run([item]);
  expect(count.opens).toBe(READ_ATTEMPTS);
});

describe('a read that fails', () => {
  test.each([
    ['of a small file', SMALL, 1],
    ['of the first block', LARGE, 1],
    ['of the second block', LARGE, 3],
    ['of the last block', LARGE, 8],
  ])('%s is told once, leaves no part file and the old file as it was', async (_, size, at) => {
    const { rig, item } = rigWith(size);
    beforeReads(rig, (_, read) => {
      if (read === at) throw new SysError(constants.errno.EIO, 'read', '');
    });
    const { finished, failed } = await rig.run([item]);
    expect(finished.size).toBe(0);
    expect(failed).toEqual([
      {
        id: 1,
        failure: expect.objectContaining({ code: 'EIO', class: 'retry', op: 'read', path: 'file' }),
        side: 'source',
      },
    ]);
    expectOld(rig);
  });

  test('does not hold up the files after it', async () => {
    const { rig, item } = rigWith(LARGE);
    beforeReads(rig, (open, read) => {
      if (open === 1 && read === 3) throw new SysError(constants.errno.EIO, 'read', '');
    });
    const others = [rig.file('small', noise(SMALL)), rig.file('large', noise(LARGE))];
    const { finished, failures } = await rig.run([item, ...others]);
    expect([...finished.keys()].sort()).toEqual([2, 3]);
    expect(failures).toEqual(['EIO file']);
    expect(contentOf(rig.dest, 'large')!.equals(noise(LARGE))).toBe(true);
    expect(namesIn(rig.dest)).toEqual(['file', 'large', 'small']);
  });

  test('in a second attempt is told once', async () => {
    const { rig, item, path } = rigWith(LARGE);
    beforeReads(rig, (open, read) => {
      if (open === 1 && read === 3) appendFileSync(path, 'more');
      if (open === 2) throw new SysError(constants.errno.ESTALE, 'read', '');
    });
    const { finished, failures } = await rig.run([item]);
    expect(finished.size).toBe(0);
    expect(failures).toEqual(['ESTALE file']);
    expectOld(rig);
  });
});

describe('what took the place of a file', () => {
  const swaps: [string, string, (path: string) => void][] = [
    ['nothing', 'ENOENT', () => {}],
    ['a folder', 'E(ISDIR|NXIO)', (path) => mkdirSync(path)],
    ['a symbolic link', 'ELOOP', (path) => symlinkSync('/etc/hostname', path)],
    ['a FIFO', 'E(SPIPE|NXIO)', (path) => makeFifo(path)],
  ];
  test.each(swaps.flatMap(([what, code, swap]) => [0, SMALL, LARGE].map((size) => ({ what, size, code, swap }))))(
    'is not copied and holds nothing up: $what, for $size bytes',
    async ({ size, code, swap }) => {
      const { rig, item, path } = rigWith(size);
      rmSync(path);
      swap(path);
      const { finished, failed, failures } = await rig.run([item, rig.file('after', 'x')]);
      expect([...finished.keys()]).toEqual([2]);
      expect(failures).toEqual([expect.stringMatching(`^${code} file$`)]);
      expect(failed[0]!.failure.class).toBe('skip');
      expect(contentOf(rig.dest, 'file')).toEqual(OLD);
      expect(namesIn(rig.dest)).toEqual(['after', 'file']);
    },
  );

  test('a folder on the way that became a link is not followed', async () => {
    const rig = new Rig();
    const item = rig.file('folder/file', 'content');
    renameSync(join(rig.source, 'folder'), join(rig.source, 'other'));
    symlinkSync('other', join(rig.source, 'folder'));
    const { finished, failures } = await rig.run([item]);
    expect(finished.size).toBe(0);
    expect(failures).toEqual(['ELOOP folder/file']);
    expect(namesIn(rig.dest)).toEqual([]);
  });

  test('a link that became a file is not copied as a link', async () => {
    const rig = new Rig();
    const item = { ...rig.file('link', 'content'), action: Action.link };
    const { failures } = await rig.run([item]);
    expect(failures).toEqual(['EINVAL link']);
    expect(namesIn(rig.dest)).toEqual([]);
  });
});

test('an error that is no system error is a bug and ends the lane', async () => {
  const { rig, item } = rigWith(SMALL);
  beforeReads(rig, () => {
    throw new TypeError('a bug');
  });
  await expect(rig.run([item])).rejects.toThrow(new TypeError('a bug'));
});
