import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ThreadDied } from '../../src/engine/broken.js';
import type { Item } from '../../src/engine/item.js';
import { extrasAfter } from '../../src/ledger/extras.js';
import { EntryStatus, Listed } from '../../src/ledger/schema.js';
import { Action } from '../../src/pipeline/record.js';
import { LINK } from '../helpers/entries.js';
import { dirWith, entryWith, miscounted, recount } from '../ledger/rows.js';
import { dirRef, failureWith, type ItemPart, itemIn, resultOf } from './items.js';
import { gate, type Rig, recorderRig } from './recorderrig.js';

const DIR = dirRef(2, 'dir');

function added(rig: Rig, name: string, part: ItemPart = {}): Item {
  const item = itemIn(DIR, name, part);
  rig.recorder.add(item);
  return item;
}

function succeed(rig: Rig, item: Item): Item {
  item.result = resultOf(item);
  rig.recorder.finish(item);
  return item;
}

function fail(rig: Rig, item: Item, code = 'EACCES'): Item {
  item.failure = failureWith(code);
  rig.recorder.finish(item);
  return item;
}

/** An item whose row the ledger already has as pending. */
function fromBacklog(rig: Rig, name: string): Item {
  rig.ledger.commit(() => rig.ledger.putEntry(DIR.id, name, entryWith(), undefined));
  return itemIn(DIR, name, { saved: { status: EntryStatus.pending, size: 1 } });
}

describe('a checkpoint', () => {
  test('flushes the destination, then the log, and only then calls files synced', async () => {
    const rig = recorderRig();
    const seen: string[] = [];
    rig.flushDest = async () => void seen.push(`dest ${rig.statuses().a}`);
    rig.flushLog = () => seen.push(`log ${rig.statuses().a}`);
    const item = succeed(rig, added(rig, 'a'));
    await rig.recorder.checkpoint();
    expect(seen).toEqual(['dest undefined', 'log undefined']);
    expect(rig.events).toEqual(['flush dest', 'line /s/dir/a', 'flush log', 'commit']);
    expect(rig.statuses()).toEqual({ a: 'synced' });
    expect(rig.committed).toEqual([item]);
    expect([rig.recorder.isEmpty, rig.recorder.size]).toEqual([true, 0]);
  });

  test('writes what is not finished as pending, with room for its hash', async () => {
    const rig = recorderRig();
    added(rig, 'file');
    added(rig, 'link', { action: Action.link, meta: { mode: LINK } });
    await rig.recorder.checkpoint();
    expect(rig.statuses()).toEqual({ file: 'pending', link: 'pending' });
    expect(rig.ledger.entry(2, 'file')).toMatchObject({ algorithm: 1, hash: Buffer.alloc(16) });
    expect(rig.ledger.entry(2, 'link')).toMatchObject({ algorithm: undefined, hash: undefined });
    expect(rig.ledger.dirsWithPending(1, 0, 9).map(({ id }) => id)).toEqual([2]);
  });

  test('stores what the file was when it was read, and its hash', async () => {
    const rig = recorderRig();
    const item = added(rig, 'a', { meta: { size: 5, mtimeNs: 5n } });
    item.result = resultOf(item, { size: 6, mtimeNs: 7n, hash: Buffer.alloc(16, 9) });
    rig.recorder.finish(item);
    await rig.recorder.checkpoint();
    const { meta, ...entry } = rig.ledger.entry(2, 'a')!;
    expect(meta).toMatchObject({ size: 6, mtimeNs: 7n });
    expect(entry).toMatchObject({ status: EntryStatus.synced, hash: Buffer.alloc(16, 9), algorithm: 1 });
    expect(rig.ledger.totals).toMatchObject({ syncedFiles: 1, syncedBytes: 6, pendingFiles: 0, pendingBytes: 0 });
  });

  test('stores a failure with its reason, and needs no flush of the destination for it', async () => {
    const rig = recorderRig();
    fail(rig, added(rig, 'a'));
    await rig.recorder.checkpoint();
    expect(rig.events).toEqual(['line /s/dir/a', 'flush log', 'commit']);
    expect(rig.ledger.entry(2, 'a')).toMatchObject({
      status: EntryStatus.failed,
      error: 'EACCES: permission denied (open)',
    });
    expect(rig.lines).toEqual([
      expect.objectContaining({ result: 'failed', error: 'EACCES: permission denied (open)' }),
    ]);
  });

  test('marks folders in which something was copied to be stamped again', async () => {
    const rig = recorderRig();
    succeed(rig, added(rig, 'a'));
    await rig.recorder.checkpoint();
    expect(rig.ledger.dirsByStatus(1, 0, 9).map(({ id }) => id)).toEqual([2]);
  });

  test('that begins while another waits joins it, and what ended meanwhile is for the next', async () => {
    const rig = recorderRig();
    const { promise, open } = gate();
    rig.flushDest = () => promise;
    succeed(rig, added(rig, 'early'));
    const first = rig.recorder.checkpoint();
    succeed(rig, added(rig, 'late'));
    const second = rig.recorder.checkpoint();
    open();
    await Promise.all([first, second]);
    expect(rig.events.filter((event) => event === 'flush dest')).toHaveLength(1);
    expect(rig.statuses()).toEqual({ early: 'synced', late: 'pending' });
    await rig.recorder.checkpoint();
    expect(rig.statuses()).toEqual({ early: 'synced', late: 'synced' });
    expect(rig.lines.map(({ source }) => source)).toEqual(['/s/dir/early', '/s/dir/late']);
    expect(rig.ledger.totals).toEqual(recount(rig.ledger));
  });

  test('of a dry run writes rows without a log', async () => {
    const rig = recorderRig(false);
    added(rig, 'a');
    await rig.recorder.checkpoint();
    expect(rig.statuses()).toEqual({ a: 'pending' });
    expect(rig.events).toEqual(['commit']);
  });

  test('of nothing is no error', async () => {
    const rig = recorderRig();
    expect(rig.recorder.isEmpty).toBe(true);
    await rig.recorder.checkpoint();
    expect(rig.lines).toEqual([]);
  });
});

describe('a destination that cannot be flushed', () => {
  test('leaves its files pending and out of the log, also after a later flush that works', async () => {
    const rig = recorderRig();
    rig.flushDest = async () => {
      throw new Error('EIO');
    };
    succeed(rig, added(rig, 'new'));
    succeed(rig, fromBacklog(rig, 'old'));
    await expect(rig.recorder.checkpoint()).rejects.toThrow('EIO');
    expect(rig.committed).toEqual([]);
    rig.flushDest = async () => {};
    await rig.recorder.checkpoint();
    expect(rig.statuses()).toEqual({ new: 'pending', old: 'pending' });
    expect(rig.lines).toEqual([]);
    expect(rig.ledger.totals).toEqual(recount(rig.ledger));
  });

  test.each([
    ['a failed flush', new Error('EIO'), 'share'],
    ['a thread that died in it', new ThreadDied(new Error('out of memory')), 'bug'],
  ])('is told with what is to blame: %s', async (_, error, blame) => {
    const rig = recorderRig();
    rig.flushDest = async () => {
      throw error;
    };
    succeed(rig, added(rig, 'new'));
    await expect(rig.recorder.checkpoint()).rejects.toMatchObject({ blame });
    expect(rig.recorder.doubtful).toBe(true);
    expect(rig.committed).toEqual([]);
  });

  test('makes doubtful too what ended while it was flushed: the error is told once only', async () => {
    const rig = recorderRig();
    const { promise, fail: failFlush } = gate();
    rig.flushDest = () => promise;
    succeed(rig, added(rig, 'before'));
    const first = rig.recorder.checkpoint();
    succeed(rig, added(rig, 'during'));
    failFlush(new Error('EIO'));
    await expect(first).rejects.toThrow('EIO');
    rig.flushDest = async () => {};
    await rig.recorder.checkpoint();
    expect(rig.statuses()).toEqual({ before: 'pending', during: 'pending' });
    expect(rig.lines).toEqual([]);
  });

  test('for it is away loses nothing: the next checkpoint records all', async () => {
    const rig = recorderRig();
    rig.flushDest = async () => 'ENODEV';
    succeed(rig, added(rig, 'a'));
    await expect(rig.recorder.checkpoint()).rejects.toThrow('the destination is away: ENODEV');
    expect([rig.committed, rig.lines, rig.recorder.doubtful]).toEqual([[], [], false]);
    succeed(rig, added(rig, 'b'));
    rig.flushDest = async () => {};
    await rig.recorder.checkpoint();
    expect(rig.statuses()).toEqual({ a: 'synced', b: 'synced' });
    expect(rig.ledger.totals).toEqual(recount(rig.ledger));
  });

  test('does not keep failures from being recorded', async () => {
    const rig = recorderRig();
    rig.flushDest = async () => {
      throw new Error('EIO');
    };
    succeed(rig, added(rig, 'good'));
    await expect(rig.recorder.checkpoint()).rejects.toThrow('EIO');
    fail(rig, added(rig, 'bad'));
    await rig.recorder.checkpoint();
    expect(rig.statuses()).toMatchObject({ good: 'pending', bad: 'failed' });
  });
});

test('a log that cannot be written leaves its files not synced', async () => {
  const rig = recorderRig();
  rig.flushLog = () => {
    throw new Error('ENOSPC');
  };
  succeed(rig, added(rig, 'new'));
  succeed(rig, fromBacklog(rig, 'old'));
  await expect(rig.recorder.checkpoint()).rejects.toThrow('ENOSPC');
  expect(rig.statuses()).toEqual({ old: 'pending' });
  expect(rig.committed).toEqual([]);
});

describe('a ledger that cannot be written once', () => {
  /** Lets the next commit throw after its work was done, as when the disk is full or the database is busy. */
  function breakNextCommit(rig: Rig): void {
    const { ledger } = rig;
    const commit = ledger.commit.bind(ledger);
    ledger.commit = (work) => {
      ledger.commit = commit;
      commit(() => {
        work();
        throw new Error('SQLITE_FULL');
      });
    };
  }

  test('counts everything right when it can be written again', async () => {
    const rig = recorderRig();
    added(rig, 'pending');
    succeed(rig, added(rig, 'copied'));
    fail(rig, added(rig, 'failed'));
    succeed(rig, fromBacklog(rig, 'old'));
    breakNextCommit(rig);
    await expect(rig.recorder.checkpoint()).rejects.toThrow('SQLITE_FULL');
    expect(rig.ledger.totals).toEqual(recount(rig.ledger));
    await rig.recorder.checkpoint();
    expect(Object.keys(rig.statuses()).sort()).toEqual(['copied', 'failed', 'old', 'pending']);
    expect(rig.ledger.totals).toEqual(recount(rig.ledger));
    expect(miscounted(rig.ledger)).toEqual([]);
    expect(rig.ledger.dirsWithPending(1, 0, 9).map(({ id }) => id)).toEqual([2]);
  });
});

describe('what the totals will change by', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), backlog: fc.boolean(), size: fc.nat(100) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('finish' as const), at: fc.nat(50), works: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('begin' as const, 'end' as const) }) },
  );

  test('is right at every moment, also while a checkpoint waits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const rig = recorderRig();
        let flush = gate();
        rig.flushDest = () => flush.promise;
        let running: Promise<void> | undefined;
        const open: Item[] = [];
        const all: Item[] = [];
        const end = async () => {
          flush.open();
          await running;
          flush = gate();
          running = undefined;
        };
        for (const [index, move] of steps.entries()) {
          if (move.do === 'add') {
            const item = itemIn(DIR, `${index}`, { meta: { size: move.size } });
            if (move.backlog) {
              rig.ledger.commit(() =>
                rig.ledger.putEntry(DIR.id, item.name, entryWith({ meta: item.meta }), undefined),
              );
              item.saved = { status: EntryStatus.pending, size: move.size };
            } else rig.recorder.add(item);
            open.push(item);
            all.push(item);
          } else if (move.do === 'finish') {
            const [item] = open.splice(move.at % Math.max(1, open.length), 1);
            if (item && move.works) succeed(rig, item);
            else if (item) fail(rig, item);
          } else if (move.do === 'begin') {
            running ??= rig.recorder.checkpoint();
          } else await end();
          const { ahead } = rig.recorder;
          const { totals } = rig.ledger;
          const sum = (items: Item[]) => items.reduce((bytes, item) => bytes + item.meta.size, 0);
          const copied = all.filter(({ result }) => result);
          const failed = all.filter(({ failure }) => failure);
          expect({
            pending: [totals.pendingFiles + ahead.pending.files, totals.pendingBytes + ahead.pending.bytes],
            synced: [totals.syncedFiles + ahead.synced.files, totals.syncedBytes + ahead.synced.bytes],
            failed: [totals.failedFiles + ahead.failed.files, totals.failedBytes + ahead.failed.bytes],
          }).toEqual({
            pending: [open.length, sum(open)],
            synced: [copied.length, sum(copied)],
            failed: [failed.length, sum(failed)],
          });
        }
        await end();
        rig.flushDest = async () => {};
        await rig.recorder.checkpoint();
        expect(rig.ledger.totals).toEqual(recount(rig.ledger));
        expect(miscounted(rig.ledger)).toEqual([]);
        rig.ledger.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('work on folders and extras', () => {
  const done = (rig: Rig, part: Partial<Item> & { action: Action; name?: string }, works: boolean) => {
    const item = itemIn({ id: 2, path: 'dir', parent: 1 }, part.name ?? '', { action: part.action });
    return works ? succeed(rig, item) : fail(rig, item);
  };
  const statusOf = (rig: Rig, id: number) => rig.ledger.dir(id)!.status;

  test('a folder that was made is to be stamped, and so is the one above', async () => {
    const rig = recorderRig();
    done(rig, { action: Action.makeDir }, true);
    await rig.recorder.checkpoint();
    expect([statusOf(rig, 1), statusOf(rig, 2)]).toEqual([1, 1]);
    expect(rig.lines).toEqual([expect.objectContaining({ result: 'made', kind: 'folder', dest: '/d/dir' })]);
    expect(rig.events).not.toContain('flush dest');
  });

  test('a folder that was stamped is done, and not worth a line', async () => {
    const rig = recorderRig();
    done(rig, { action: Action.stampDir }, true);
    await rig.recorder.checkpoint();
    expect(statusOf(rig, 2)).toBe(2);
    expect(rig.lines).toEqual([]);
  });

  test.each([Action.makeDir, Action.stampDir])('a folder on which work failed says why (action %i)', async (action) => {
    const rig = recorderRig();
    done(rig, { action }, false);
    await rig.recorder.checkpoint();
    expect(rig.ledger.dir(2)).toMatchObject({ status: 3, error: 'EACCES: permission denied (open)' });
    expect(rig.lines).toEqual([expect.objectContaining({ result: 'failed', kind: 'folder' })]);
  });

  test.each<[string, Action, 'removed' | 'kept' | 'failed', string[]]>([
    ['removed file', Action.remove, 'removed', ['deleted']],
    ['removed folder', Action.removeDir, 'removed', ['deleted']],
    ['removed part file', Action.removePart, 'removed', []],
    ['kept file', Action.remove, 'kept', ['kept']],
    ['failed removal', Action.remove, 'failed', ['failed']],
  ])('a %s is forgotten and told', async (_, action, fate, told) => {
    const rig = recorderRig();
    rig.recorder.extra({ dir: 2, name: 'x', kind: action });
    rig.recorder.extra({ dir: 2, name: 'other', kind: action });
    await rig.recorder.checkpoint();
    const item = itemIn(DIR, 'x', { action });
    if (fate === 'removed') succeed(rig, item);
    else if (fate === 'failed') fail(rig, item);
    else rig.recorder.finish(item);
    await rig.recorder.checkpoint();
    expect(extrasAfter(rig.ledger, action, undefined, 0, '', 9).map(({ name }) => name)).toEqual(['other']);
    expect(rig.lines.map(({ result }) => result)).toEqual(told);
    expect(statusOf(rig, 2)).toBe(fate === 'removed' ? 1 : 2);
  });
});

describe('what the scan found', () => {
  test('is in the ledger with the state of the scan, in one commit', async () => {
    const rig = recorderRig();
    rig.recorder.dir(dirWith(3, { listed: Listed.no }));
    rig.recorder.row(DIR, 'same', entryWith({ status: EntryStatus.synced }), undefined);
    rig.recorder.scanState({ number: 4, running: true, errors: 0, extras: true });
    expect(rig.recorder.isEmpty).toBe(false);
    await rig.recorder.checkpoint();
    // What is called synced may have been put there just now by somebody else.
    expect(rig.events).toEqual(['flush dest', 'flush log', 'commit']);
    expect(rig.ledger.dir(3)).toMatchObject({ listed: Listed.no });
    expect(rig.statuses()).toEqual({ same: 'synced' });
    expect(rig.ledger.scanState).toEqual({ number: 4, running: true, errors: 0, extras: true });
  });

  test('is told when it is an error, and not again while it is the same', async () => {
    const rig = recorderRig();
    const error = 'EACCES: permission denied (stat)';
    const unreadable = entryWith({ status: EntryStatus.failed, error });
    const skipped = entryWith({ status: EntryStatus.skipped, error: 'a FIFO' });
    rig.recorder.row(DIR, 'unreadable', unreadable, undefined);
    rig.recorder.row(DIR, 'fifo', skipped, undefined);
    await rig.recorder.checkpoint();
    expect(rig.lines.map(({ result, kind, source }) => [result, kind, source])).toEqual([
      ['failed', 'entry', '/s/dir/unreadable'],
      ['skipped', 'other', '/s/dir/fifo'],
    ]);
    rig.recorder.row(DIR, 'unreadable', unreadable, unreadable);
    rig.recorder.row(DIR, 'fifo', entryWith({ ...skipped, error: 'a socket' }), skipped);
    await rig.recorder.checkpoint();
    expect(rig.lines.slice(2).map(({ error: text }) => text)).toEqual(['a socket']);
    expect(rig.ledger.totals).toEqual(recount(rig.ledger));
  });

  test('to be gone leaves the ledger', async () => {
    const rig = recorderRig();
    rig.ledger.commit(() => {
      for (const name of ['gone', 'stays']) rig.ledger.putEntry(2, name, entryWith(), undefined);
      rig.ledger.putDir(dirWith(3, { parent: 2 }));
      rig.ledger.putEntry(3, 'inside', entryWith(), undefined);
    });
    rig.recorder.goneEntry(rig.ledger.entry(2, 'gone')!);
    rig.recorder.goneDir(rig.ledger.dir(3)!);
    await rig.recorder.checkpoint();
    expect(rig.statuses()).toEqual({ stays: 'pending' });
    expect(rig.ledger.dir(3)).toBeUndefined();
    expect(rig.ledger.totals).toEqual(recount(rig.ledger));
  });
});

test('a copied file is logged with its size, hash and how long it took', async () => {
  const rig = recorderRig();
  succeed(rig, added(rig, 'a\udcff', { meta: { size: 7 } }));
  succeed(rig, added(rig, 'link', { action: Action.link }));
  await rig.recorder.checkpoint();
  expect(rig.lines).toEqual([
    {
      timeMs: 1500,
      result: 'copied',
      kind: 'file',
      source: '/s/dir/a\udcff',
      dest: '/d/dir/a\udcff',
      size: 7,
      hash: 'ab'.repeat(16),
      algorithm: 'md5',
      durationMs: 500,
    },
    expect.objectContaining({ kind: 'link', hash: undefined, algorithm: undefined }),
  ]);
});

test.each([
  ['of the file it is a name of', { hash: Buffer.alloc(16, 1) }, undefined, 1],
  ['that it had, where nothing is known of that file', { hash: undefined }, { hash: Buffer.alloc(16, 2) }, 2],
])('a hard link is recorded with the hash %s', async (_, target, kept, byte) => {
  const rig = recorderRig();
  const item = added(rig, 'name', { action: Action.hardLink });
  item.target = { path: 'dir/other', algorithm: 1, ...target };
  if (kept) item.kept = { algorithm: 1, ...kept };
  succeed(rig, item);
  await rig.recorder.checkpoint();
  expect(rig.ledger.entry(2, 'name')).toMatchObject({ status: EntryStatus.synced, hash: Buffer.alloc(16, byte) });
  expect(rig.lines).toMatchObject([{ result: 'linked', kind: 'file' }]);
});
