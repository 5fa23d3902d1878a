import { expect, test } from 'vitest';
import { Scan, type ScanEvents } from '../../src/engine/scan.js';
import { Listed } from '../../src/ledger/schema.js';
import { EVERYTHING } from '../../src/scan/filter/choice.js';
import { NO_ATTRIBUTES } from '../../src/share/attributes.js';
import { NO_FOLDING } from '../../src/share/folding.js';
import { metaWith } from '../helpers/entries.js';
import { dirWith } from '../ledger/rows.js';
import { recorderRig } from './recorderrig.js';

test('a scan that begins is in the ledger at once, so that a kill leaves something to go on with', () => {
  const { ledger, recorder } = recorderRig();
  // An earlier scan was cut off: a folder is still to be listed.
  ledger.commit(() => {
    ledger.putDir(dirWith(2, { path: 'dir', listed: Listed.no }));
    ledger.setMeta('scan', { number: 1, running: true, errors: 0, extras: false });
  });
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
  const scan = new Scan(ledger, recorder, ground, {} as ScanEvents);
  scan.start(false, { meta: metaWith(), isStamped: true });
  expect(ledger.scanState).toMatchObject({ number: 2, running: true, errors: 0, extras: false });
  expect(ledger.dirsToList(9).map(({ id }) => id)).toEqual([1]);
});
