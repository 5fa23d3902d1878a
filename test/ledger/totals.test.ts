import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extrasAfter, putExtra } from '../../src/ledger/extras.js';
import { Ledger } from '../../src/ledger/ledger.js';
import { openScratchLedger } from '../../src/ledger/open.js';
import { NO_TOTALS } from '../../src/ledger/rows.js';
import { EntryStatus } from '../../src/ledger/schema.js';
import { prepare } from '../../src/ledger/sqlite.js';
import { metaWith } from '../helpers/entries.js';
import { dirWith, entryWith, miscounted, PAIR, recount, scratch } from './rows.js';

const DIRS = [1, 2, 3];
const dir = fc.constantFrom(...DIRS);
const name = fc.constantFrom('a', 'b', 'c', 'd\udcff');
const status = fc.constantFrom(...Object.values(EntryStatus));
const size = fc.oneof(fc.nat(100), fc.constant(2 ** 43));

const change = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), dir, name, status, size }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), dir, name }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('removeDir' as const), dir }) },
);
const transaction = fc.record({ changes: fc.array(change, { maxLength: 8 }), breaks: fc.boolean() });

test('totals and the pending entries of each folder are always what a recount gives, also after a rollback', () => {
  fc.assert(
    fc.property(fc.array(transaction, { maxLength: 10 }), (transactions) => {
      const ledger = new Ledger(openScratchLedger(PAIR));
      for (const { changes, breaks } of transactions) {
        const rowsBefore = prepare(ledger.db, 'SELECT * FROM entries').all();
        const totalsBefore = { ...ledger.totals };
        const work = () => {
          for (const id of DIRS) if (!ledger.dir(id)) ledger.putDir(dirWith(id));
          for (const step of changes) {
            if (step.type === 'removeDir') ledger.removeDir(step.dir);
            else if (step.type === 'remove') {
              const known = ledger.entry(step.dir, step.name);
              if (known) ledger.removeEntry(step.dir, step.name, known);
            } else if (ledger.dir(step.dir)) {
              const known = ledger.entry(step.dir, step.name);
              const entry = entryWith({ status: step.status, meta: metaWith({ size: step.size }) });
              const before = known && { status: known.status, size: known.meta.size };
              ledger.putEntry(step.dir, step.name, entry, before);
            }
          }
          if (breaks) throw new Error('breaks');
        };
        if (breaks) {
          expect(() => ledger.commit(work)).toThrow('breaks');
          expect(prepare(ledger.db, 'SELECT * FROM entries').all()).toEqual(rowsBefore);
          expect(ledger.totals).toEqual(totalsBefore);
        } else ledger.commit(work);
        expect(ledger.totals).toEqual(recount(ledger));
        expect(miscounted(ledger)).toEqual([]);
        const stored = ledger.meta('totals');
        if (stored) expect(stored).toEqual(ledger.totals);
      }
      ledger.close();
    }),
    { numRuns: 60 },
  );
});

test('a new ledger has nothing in it', () => {
  expect(scratch().totals).toEqual(NO_TOTALS);
});

test('removing a folder counts down all that lies beneath it', () => {
  const ledger = scratch();
  ledger.commit(() => {
    for (const [id, parent] of [
      [1, undefined],
      [2, 1],
      [3, 2],
      [4, 1],
    ] as const) {
      ledger.putDir(dirWith(id, { parent }));
      for (let entry = 0; entry < 3; entry++)
        ledger.putEntry(
          id,
          `${entry}`,
          entryWith({ status: entry as EntryStatus, meta: metaWith({ size: 10 }) }),
          undefined,
        );
    }
  });
  ledger.commit(() => ledger.removeDir(2));
  expect(ledger.totals).toMatchObject({ pendingFiles: 2, syncedBytes: 20, failedFiles: 2 });
  expect(ledger.totals).toEqual(recount(ledger));
  expect([1, 2, 3, 4].map((id) => ledger.dir(id)?.id)).toEqual([1, undefined, undefined, 4]);
});

test('a commit that throws leaves meta, folders and extras as they were too', () => {
  const ledger = scratch();
  ledger.commit(() => ledger.setMeta('scan', { number: 1 }));
  const work = () => {
    ledger.setMeta('scan', { number: 2 });
    ledger.putDir(dirWith(1));
    putExtra(ledger, { dir: 1, name: 'x', kind: 4 });
    throw new Error('no');
  };
  expect(() => ledger.commit(work)).toThrow('no');
  expect(ledger.scanState.number).toBe(1);
  expect(ledger.dir(1)).toBeUndefined();
  expect(extrasAfter(ledger, 4, undefined, 0, '', 10)).toEqual([]);
});
