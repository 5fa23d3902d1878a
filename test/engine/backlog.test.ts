import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backlog } from '../../src/engine/backlog.js';
import type { Item } from '../../src/engine/item.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { EntryStatus, Listed } from '../../src/ledger/schema.js';
import { Action } from '../../src/pipeline/record.js';
import { LINK, metaWith } from '../helpers/entries.js';
import { dirWith, entryWith, scratch } from '../ledger/rows.js';

const SCAN = 3;

/** A ledger with as many pending entries in folders 1, 2 ... as told. */
function ledgerWith(...pending: number[]): Ledger {
  const ledger = scratch();
  ledger.commit(() => {
    for (const [index, count] of pending.entries()) {
      ledger.putDir(dirWith(index + 1, { scan: SCAN }));
      for (let entry = 0; entry < count; entry++)
        ledger.putEntry(index + 1, String(entry).padStart(4, '0'), entryWith(), undefined);
    }
  });
  return ledger;
}

/** The window of a session: what is held, and which folders are live for it. */
class Window {
  readonly held = new Map<string, Item>();
  /** Finished, and not yet in the ledger: their folders stay live. */
  private finished: Item[] = [];
  readonly backlog: Backlog;

  constructor(readonly ledger: Ledger) {
    const isLive = (dir: number) => [...this.held.values(), ...this.finished].some((item) => item.dir.id === dir);
    this.backlog = new Backlog(ledger, () => SCAN, isLive);
    this.backlog.mayHave = true;
  }

  take(room: number): Item[] {
    const taken: Item[] = [];
    this.backlog.take(room, (item) => {
      const key = `${item.dir.id}/${item.name}`;
      if (this.held.has(key)) throw new Error(`${key} was given twice`);
      if (this.finished.some(({ dir, name }) => `${dir.id}/${name}` === key)) throw new Error(`${key} is finished`);
      this.held.set(key, item);
      taken.push(item);
    });
    return taken;
  }

  finish(items: Iterable<Item>): void {
    for (const item of items) if (this.held.delete(`${item.dir.id}/${item.name}`)) this.finished.push(item);
  }

  /** Writes what is finished to the ledger. */
  checkpoint(): void {
    this.ledger.commit(() => {
      for (const { dir, name, meta, saved } of this.finished)
        this.ledger.putEntry(dir.id, name, entryWith({ status: EntryStatus.synced, meta }), saved);
    });
    this.backlog.committed();
    this.finished = [];
  }

  /** Puts items back, as when a full window is spilled: their rows are still pending. */
  spill(items: Iterable<Item>): void {
    for (const item of items) this.held.delete(`${item.dir.id}/${item.name}`);
    this.backlog.mayHave = true;
  }
}

describe('items of the backlog', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('take' as const), room: fc.integer({ min: 1, max: 700 }) }),
    fc.record({ do: fc.constant('finish' as const), every: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant('spill' as const), every: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant('checkpoint' as const) }),
  );
  const counts = fc.array(fc.oneof(fc.nat(5), fc.constantFrom(255, 256, 257, 600)), { minLength: 1, maxLength: 24 });

  test('are never given twice while they are in the window, and all are given in the end', () => {
    fc.assert(
      fc.property(counts, fc.array(step, { maxLength: 15 }), (pending, steps) => {
        const window = new Window(ledgerWith(...pending));
        const some = (every: number) => [...window.held.values()].filter((_, at) => at % every === 0);
        for (const move of steps) {
          if (move.do === 'take') window.take(move.room);
          else if (move.do === 'finish') window.finish(some(move.every));
          else if (move.do === 'spill') window.spill(some(move.every));
          else window.checkpoint();
        }
        for (let round = 0; window.backlog.mayHave || window.held.size > 0; round++) {
          expect(round).toBeLessThan(200);
          window.take(300);
          window.finish(window.held.values());
          window.checkpoint();
        }
        expect(window.ledger.totals.pendingFiles).toBe(0);
        expect(window.ledger.totals.syncedFiles).toBe(pending.reduce((sum, count) => sum + count, 0));
        window.ledger.close();
      }),
      { numRuns: 25 },
    );
  });

  test('come from several folders, so that lanes find work apart from each other', () => {
    const window = new Window(ledgerWith(300, 300, 300, 300, 300, 300, 300, 300));
    const taken = window.take(1000);
    expect(new Set(taken.map(({ dir }) => dir.id)).size).toBeGreaterThanOrEqual(4);
    expect(taken.length).toBeGreaterThanOrEqual(1000);
    expect(taken.length).toBeLessThan(1000 + 256);
  });

  test('of a live folder wait until a checkpoint has let it go', () => {
    const window = new Window(ledgerWith(2));
    const items = window.take(10);
    expect(items).toHaveLength(2);
    window.finish(items);
    window.spill([]); // there may be something; in truth it is the folder that is not recorded yet
    expect(window.take(10)).toEqual([]);
    expect(window.backlog.mayHave).toBe(true);
    window.checkpoint();
    expect(window.take(10)).toEqual([]);
    expect(window.backlog.mayHave).toBe(false);
  });

  test('are asked for no more once there are none, until somebody says that there may be', () => {
    const window = new Window(ledgerWith());
    expect(window.take(1)).toEqual([]);
    expect(window.backlog.mayHave).toBe(false);
    window.ledger.commit(() => {
      window.ledger.putDir(dirWith(1, { scan: SCAN }));
      window.ledger.putEntry(1, 'late', entryWith(), undefined);
    });
    expect(window.take(1)).toEqual([]);
    window.backlog.mayHave = true;
    expect(window.take(1).map(({ name }) => name)).toEqual(['late']);
  });

  test('are only those of folders that the present scan has reached', () => {
    const ledger = scratch();
    ledger.commit(() => {
      const dirs = [
        { scan: SCAN },
        { scan: SCAN - 1 },
        { scan: SCAN, listed: Listed.no },
        { scan: SCAN, listed: Listed.failed },
      ];
      for (const [index, part] of dirs.entries()) {
        ledger.putDir(dirWith(index + 1, part));
        ledger.putEntry(index + 1, 'a', entryWith(), undefined);
      }
    });
    expect(new Window(ledger).take(10).map(({ dir }) => dir.id)).toEqual([1, 4]);
  });

  test('have what their rows say: folder, name, metadata and what is to be done', () => {
    const ledger = scratch();
    const meta = metaWith({ size: 2 ** 40, mtimeNs: -5n });
    ledger.commit(() => {
      ledger.putDir(dirWith(1, { scan: SCAN, path: 'odd\udcff' }));
      ledger.putEntry(1, 'file\udcfe', entryWith({ meta }), undefined);
      ledger.putEntry(1, 'link', entryWith({ meta: metaWith({ mode: LINK }) }), undefined);
      ledger.putEntry(1, 'synced', entryWith({ status: EntryStatus.synced }), undefined);
      ledger.putEntry(1, 'failed', entryWith({ status: EntryStatus.failed }), undefined);
    });
    const [link, file, ...none] = new Window(ledger).take(10);
    expect(none).toEqual([]);
    expect(file).toEqual({
      dir: expect.objectContaining({ id: 1, path: 'odd\udcff' }),
      name: 'file\udcfe',
      action: Action.copy,
      meta,
      attempts: 0,
      deaths: 0,
      saved: { status: EntryStatus.pending, size: 2 ** 40 },
      durable: false,
    });
    expect(link).toMatchObject({ name: 'link', action: Action.link });
  });
});
