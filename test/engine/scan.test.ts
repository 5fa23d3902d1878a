import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { Scan, type ScanEvents } from '../../src/engine/scan.js';
import type { Lane } from '../../src/engine/threads.js';
import { Listed } from '../../src/ledger/schema.js';
import { EVERYTHING } from '../../src/scan/filter/choice.js';
import { IN_MEMORY } from '../../src/scan/largest.js';
import type { ListRequest } from '../../src/scan/messages.js';
import { NO_ATTRIBUTES } from '../../src/share/attributes.js';
import { Entries } from '../../src/share/entries.js';
import { NO_FOLDING } from '../../src/share/folding.js';
import { metaWith, statWith } from '../helpers/entries.js';
import { dirWith } from '../ledger/rows.js';
import { recorderRig } from './recorderrig.js';

function scanOf({ ledger, recorder }: ReturnType<typeof recorderRig>): Scan {
  const times = { grainNs: 1n, range: undefined, distrustNs: undefined, beganNs: undefined };
  const ground = {
    ...times,
    trash: undefined,
    folding: NO_FOLDING,
    partTag: '',
    mangled: [],
    choice: EVERYTHING,
    attributes: NO_ATTRIBUTES,
    itemizes: false,
  };
  return new Scan(ledger, recorder, ground, { moved: () => {} } as ScanEvents);
}

const ROOT = { meta: metaWith(), isStamped: true };

test('a scan that begins is in the ledger at once, so that a kill leaves something to go on with', () => {
  const rig = recorderRig();
  const { ledger } = rig;
  // An earlier scan was cut off: a folder is still to be listed.
  ledger.commit(() => {
    ledger.putDir(dirWith(2, { path: 'dir', listed: Listed.no }));
    ledger.setMeta('scan', { number: 1, running: true, errors: 0, extras: false });
  });
  scanOf(rig).start(false, ROOT);
  expect(ledger.scanState).toMatchObject({ number: 2, running: true, errors: 0, extras: false });
  expect(ledger.dirsToList(9).map(({ id }) => id)).toEqual([1]);
});

test('a part of a listing that goes to disk is answered for after others had the thread, so that no two come at once', async () => {
  const rig = recorderRig();
  const scan = scanOf(rig);
  scan.start(false, ROOT);
  const outbox = { send: vi.fn(), answerTaken: vi.fn() };
  scan.addLane('source', { number: 0, outbox } as unknown as Lane<ListRequest>);
  scan.pump();
  expect(outbox.send).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ dir: 1, path: '' }));
  const part = (from: number, count: number) => {
    const entries = Entries.withRoom(count);
    for (let at = 0; at < count; at++) entries.add(`f${from + at}`, statWith(metaWith()));
    scan.receive('source', 0, { dir: 1, entries: entries.take(), last: false });
  };
  part(0, IN_MEMORY);
  expect(outbox.answerTaken).toHaveBeenCalledTimes(1);
  part(IN_MEMORY, 1);
  expect(outbox.answerTaken).toHaveBeenCalledTimes(1);
  await setImmediate();
  expect(outbox.answerTaken).toHaveBeenCalledTimes(2);
});
