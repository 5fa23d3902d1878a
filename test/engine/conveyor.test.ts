import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Conveyor, pathOf } from '../../src/engine/conveyor.js';
import type { Item } from '../../src/engine/item.js';
import { ATTEMPTS } from '../../src/engine/retry.js';
import type { Lane } from '../../src/engine/threads.js';
import type { Lease } from '../../src/pipeline/messages.js';
import { Action, HEADER, type RecordFields, Records } from '../../src/pipeline/record.js';
import type { Failure } from '../../src/share/failure.js';
import { metaWith } from '../helpers/entries.js';
import { fieldsIn } from '../pipeline/arbitrary.js';
import { dirRef, failureWith, itemIn, resultOf } from './items.js';

let nowMs: number;

beforeEach(() => {
  nowMs = 1_000_000;
  vi.spyOn(Date, 'now').mockImplementation(() => nowMs);
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function setUp(lanes = 1) {
  const finished: Item[] = [];
  const stuck: { item: Item; failure: Failure }[] = [];
  let moves = 0;
  const conveyor = new Conveyor({
    finished: (item) => finished.push(item),
    stuck: (item, failure) => stuck.push({ item, failure }),
    odd: () => {},
    moved: () => moves++,
  });
  const sent: { lane: number; lease: Lease }[] = [];
  for (let number = 0; number < lanes; number++) {
    const outbox = { send: (lease: Lease) => sent.push({ lane: number, lease }) };
    conveyor.addReader({ number, outbox, ended: Promise.resolve() } as unknown as Lane<Lease>);
  }
  const add = (...items: Item[]) => {
    for (const item of items) conveyor.feed.add(item);
    conveyor.pump(nowMs);
    return items;
  };
  return { conveyor, finished, stuck, sent, add, moves: () => moves };
}

/** Headers of results, as a writer sends them. */
function headersOf(...all: RecordFields[]): Uint8Array {
  const headers = new Uint8Array(all.length * HEADER);
  const records = new Records(new ArrayBuffer(HEADER), 0, HEADER);
  for (const [index, fields] of all.entries()) {
    records.putPath(0, new Uint8Array(0), new Uint8Array(0));
    records.putFields(0, fields, 0);
    records.copyResult(0, headers, index * HEADER, fields.endedMs);
  }
  return headers;
}

const items = (count: number, dir = 1) => Array.from({ length: count }, (_, at) => itemIn(dirRef(dir), `${dir}/${at}`));

describe('a lease', () => {
  test('tells for each item where it is, what is to be done and what the scan saw', () => {
    const { sent, add } = setUp();
    const meta = metaWith({ size: 2 ** 40, mtimeNs: -7n, ctimeNs: 2n ** 62n });
    add(
      itemIn(dirRef(1, ''), 'at the root'),
      itemIn(dirRef(2, 'a/b'), 'x'),
      itemIn(dirRef(2, 'a/b'), 'link', { action: Action.link }),
      itemIn(dirRef(3, 'c'), 'large', { meta }),
    );
    expect(sent).toHaveLength(1);
    const { lease } = sent[0]!;
    expect(lease.dirs).toEqual(['', 'a/b', 'c']);
    expect([...lease.dirOf]).toEqual([0, 1, 1, 2]);
    expect(lease.names).toEqual(['at the root', 'x', 'link', 'large']);
    expect([...lease.actions]).toEqual([Action.copy, Action.copy, Action.link, Action.copy]);
    expect([lease.sizes[3], lease.mtimes[3], lease.ctimes[3]]).toEqual([2 ** 40, -7n, 2n ** 62n]);
    expect(new Set(lease.ids).size).toBe(4);
  });

  test('names a folder to be made or stamped by its path', () => {
    const { sent, add } = setUp();
    const made = itemIn(dirRef(5, 'a/b'), '', { action: Action.makeDir });
    add(made, itemIn(dirRef(6, ''), '', { action: Action.stampDir }));
    const { lease } = sent[0]!;
    expect([lease.dirs, [...lease.dirOf], lease.names]).toEqual([[''], [0, 0], ['a/b', '']]);
    expect(pathOf(made)).toBe('a/b');
    expect(pathOf(itemIn(dirRef(5, 'a/b'), 'c'))).toBe('a/b/c');
  });

  test('is given to every lane before any lane has a second, and none gets a third', () => {
    const { sent, add, conveyor } = setUp(3);
    add(...items(1000));
    expect(sent.map(({ lane }) => lane)).toEqual([0, 1, 2, 0, 1, 2]);
    conveyor.receive({ type: 'leaseDone' }, 1);
    expect(sent.map(({ lane }) => lane).slice(6)).toEqual([1]);
  });

  test('goes to the readers at work alone, and is cut for as many', () => {
    const { sent, add, conveyor } = setUp(8);
    conveyor.readersAtWork = 2;
    add(...items(1000));
    expect(sent.map(({ lane }) => lane)).toEqual([0, 1, 0, 1]);
    const alone = setUp(2);
    alone.add(...items(1000));
    expect(sent.map(({ lease }) => lease.names.length)).toEqual(alone.sent.map(({ lease }) => lease.names.length));
  });

  test('is not given while the run drains', () => {
    const { sent, conveyor } = setUp();
    conveyor.draining = true;
    conveyor.feed.add(items(1)[0]!);
    conveyor.pump(nowMs);
    expect(sent).toEqual([]);
    expect(conveyor.isIdle).toBe(true);
  });
});

describe('a message', () => {
  test('that items are finished brings each its result, once', () => {
    const { conveyor, finished, sent, add, moves } = setUp();
    const [a, b] = add(...items(2));
    const [idA, idB] = sent[0]!.lease.ids;
    expect(conveyor.item(idA!)).toBe(a);
    const headers = headersOf(resultOf(b!, { id: idB! }), resultOf(a!, { id: idA! }));
    conveyor.receive({ type: 'finished', headers });
    conveyor.receive({ type: 'finished', headers });
    expect(finished).toEqual([b, a]);
    expect(fieldsIn(a!.result!)).toMatchObject({ id: idA, endedMs: 1500, hash: Uint8Array.from(resultOf(a!).hash!) });
    expect([conveyor.inFlightCount, conveyor.isIdle, moves()]).toEqual([0, true, 2]);
    expect(conveyor.item(idA!)).toBeUndefined();
  });

  test('that an extra is kept finishes it without a result', () => {
    const { conveyor, finished, sent, add } = setUp();
    const [extra] = add(itemIn(dirRef(1), 'x', { action: Action.remove }));
    conveyor.receive({ type: 'kept', ids: [...sent[0]!.lease.ids] });
    expect(finished).toEqual([extra]);
    expect([extra!.result, extra!.failure]).toEqual([undefined, undefined]);
  });

  test('that items were not begun ends their time in flight, and finishes none', () => {
    const { conveyor, finished, sent, add } = setUp();
    add(...items(2));
    conveyor.receive({ type: 'returned', ids: [...sent[0]!.lease.ids] });
    expect([finished, conveyor.inFlightCount]).toEqual([[], 0]);
  });

  test('about items that nobody knows does nothing', () => {
    const { conveyor, finished, stuck } = setUp();
    conveyor.receive({ type: 'finished', headers: headersOf(resultOf(items(1)[0]!, { id: 99 })) });
    conveyor.receive({ type: 'failed', items: [{ id: 99, failure: failureWith('ENOSPC'), side: 'dest' }] });
    conveyor.receive({ type: 'kept', ids: [99] });
    conveyor.receive({ type: 'returned', ids: [99] });
    expect([finished, stuck]).toEqual([[], []]);
  });
});

describe('a failure', () => {
  const fail = (rig: ReturnType<typeof setUp>, code: string) => {
    const { lane, lease } = rig.sent.at(-1)!;
    rig.conveyor.receive({ type: 'failed', items: [{ id: lease.ids[0]!, failure: failureWith(code), side: 'dest' }] });
    rig.conveyor.receive({ type: 'leaseDone' }, lane);
  };

  test('that concerns the entry only ends it', () => {
    const rig = setUp();
    const [item] = rig.add(...items(1));
    fail(rig, 'EACCES');
    expect(rig.finished).toEqual([item]);
    expect(item!.failure).toMatchObject({ code: 'EACCES' });
  });

  test('that may pass is tried again after a while, longer each time, and told after the last attempt', () => {
    const rig = setUp();
    const [item] = rig.add(...items(1));
    for (const [attempt, waitMs] of [
      [2, 250],
      [3, 500],
    ] as const) {
      fail(rig, 'EIO');
      expect(rig.conveyor.isIdle).toBe(false);
      rig.conveyor.pump(nowMs + waitMs - 1);
      expect(rig.sent).toHaveLength(attempt - 1);
      nowMs += waitMs;
      rig.conveyor.pump(nowMs);
      expect(rig.sent).toHaveLength(attempt);
    }
    expect(item!.attempts).toBe(ATTEMPTS);
    fail(rig, 'EIO');
    expect(rig.finished).toEqual([item]);
    expect(item!.failure).toMatchObject({ code: 'EIO' });
    expect(rig.conveyor.isIdle).toBe(true);
  });

  test('that was cured leaves no trace', () => {
    const rig = setUp();
    const [item] = rig.add(...items(1));
    fail(rig, 'EIO');
    rig.conveyor.pump(nowMs + 1e6);
    const id = rig.sent.at(-1)!.lease.ids[0]!;
    rig.conveyor.receive({ type: 'finished', headers: headersOf(resultOf(item!, { id })) });
    expect([rig.finished, item!.failure]).toEqual([[item], undefined]);
  });

  test('that may pass is told at once while the run drains', () => {
    const rig = setUp();
    const [item] = rig.add(...items(1));
    rig.conveyor.draining = true;
    fail(rig, 'EIO');
    expect([rig.finished, rig.conveyor.isIdle]).toEqual([[item], true]);
  });

  test.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EBADF'])(
    'of the share as a whole is told apart, and the item is not failed: %s',
    (code) => {
      const rig = setUp();
      const [item] = rig.add(...items(1));
      fail(rig, code);
      expect(rig.stuck).toEqual([{ item, failure: expect.objectContaining({ code }) }]);
      expect([rig.finished, item!.failure]).toEqual([[], undefined]);
    },
  );
});

describe('a failure of a share that turns out to be well', () => {
  const failHere = (rig: ReturnType<typeof setUp>, side: 'source' | 'dest') => {
    const { lane, lease } = rig.sent.at(-1)!;
    rig.conveyor.receive({ type: 'failed', items: [{ id: lease.ids[0]!, failure: failureWith('EROFS'), side }] });
    rig.conveyor.receive({ type: 'leaseDone' }, lane);
  };

  test('counts as an attempt of the item, which fails after the last', () => {
    const rig = setUp();
    const [item] = rig.add(...items(1));
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(rig.finished).toEqual([]);
      failHere(rig, 'dest');
      rig.conveyor.blame('dest');
      nowMs += 10_000;
      rig.conveyor.pump(nowMs);
    }
    expect(rig.finished).toEqual([item]);
    expect(item!.failure).toMatchObject({ code: 'EROFS' });
  });

  test('is not that of the other share', () => {
    const rig = setUp();
    rig.add(...items(1));
    for (let attempt = 1; attempt <= 5; attempt++) {
      failHere(rig, 'dest');
      rig.conveyor.blame('source');
      rig.conveyor.unpark();
      rig.conveyor.pump(nowMs);
    }
    expect(rig.finished).toEqual([]);
  });
});

test('whatever the lanes report, each item ends once and lanes are never left without work', () => {
  const code = fc.constantFrom('', '', '', 'EIO', 'EACCES');
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 150 }),
      fc.array(code, { minLength: 1, maxLength: 50 }),
      (lanes, dirs, codes) => {
        const { conveyor, finished, stuck, sent, add } = setUp(lanes);
        const all = dirs.map((dir, at) => itemIn(dirRef(dir), `${at}`));
        add(...all);
        for (let done = 0, fate = 0; !conveyor.isIdle; done++) {
          if (done === sent.length) {
            nowMs += 100;
            conveyor.pump(nowMs);
            done--;
            continue;
          }
          const { lane, lease } = sent[done]!;
          for (const id of lease.ids) {
            const failing = codes[fate++ % codes.length]!;
            const item = conveyor.item(id)!;
            if (failing)
              conveyor.receive({ type: 'failed', items: [{ id, failure: failureWith(failing), side: 'dest' }] });
            else conveyor.receive({ type: 'finished', headers: headersOf(resultOf(item, { id })) });
          }
          conveyor.receive({ type: 'leaseDone' }, lane);
        }
        expect(stuck).toEqual([]);
        expect(finished).toHaveLength(all.length);
        expect(new Set(finished)).toEqual(new Set(all));
        for (const { result, failure, attempts } of all) {
          expect(result === undefined).toBe(failure !== undefined);
          expect(attempts).toBeLessThanOrEqual(ATTEMPTS);
        }
      },
    ),
    { numRuns: 50 },
  );
});
