import { expect, test } from 'vitest';
import { EXIT_MEANINGS } from '../../src/exit.js';
import { NO_TOTALS } from '../../src/ledger/rows.js';
import type { SessionRow } from '../../src/ledger/sessions.js';
import { endOf, stateOf } from '../../src/report/state.js';
import { sessionWith } from '../ledger/rows.js';

const SCANNED = { number: 1, running: false, errors: 0, extras: false };

function ended(exitCode: number | undefined): SessionRow {
  return sessionWith({ endedMs: exitCode === undefined ? undefined : 5, exitCode, seenMs: 5 });
}

test.each([
  ['all synced', ended(0), {}, 0, 'done', 'Done: all synced'],
  ['failures', ended(1), {}, 1412, 'failed', 'Finished, 1,412 failed'],
  ['a run that was cut off', ended(undefined), { pendingFiles: 1 }, 0, 'incomplete', 'Cut off before the end'],
  ['a stop', ended(3), { pendingFiles: 1 }, 0, 'incomplete', 'Stopped before the end'],
  ['a lost share', ended(4), {}, 0, 'incomplete', `Stopped: ${EXIT_MEANINGS[4]}`],
  ['an older ledger, all done', undefined, {}, 0, 'done', 'Done: all synced'],
  ['an older ledger, not done', undefined, { pendingFiles: 1 }, 3, 'incomplete', 'Stopped before the end, 3 failed'],
  ['an extra that stayed', ended(1), {}, 0, 'failed', 'Finished, but not all was done'],
] as const)('%s', (_, session, totals, failed, name, text) => {
  expect(stateOf(session, { ...NO_TOTALS, ...totals }, SCANNED, failed, false)).toEqual({ name, text });
});

test('a run that goes on is told as such, with what failed so far', () => {
  expect(stateOf(ended(undefined), { ...NO_TOTALS, pendingFiles: 1 }, SCANNED, 2, true)).toEqual({
    name: 'running',
    text: 'Running, 2 failed',
  });
});

test('a migration whose scan is not done is not done, whatever the totals say', () => {
  expect(stateOf(undefined, NO_TOTALS, { ...SCANNED, number: 0 }, 0, false).name).toBe('incomplete');
  expect(stateOf(ended(3), NO_TOTALS, { ...SCANNED, running: true }, 0, false).name).toBe('incomplete');
});

test.each([
  [0, false, 'all synced'],
  [1, false, EXIT_MEANINGS[1]],
  [undefined, false, 'cut off: killed, or the machine went down'],
  [undefined, true, 'running'],
])('sessions end in words: %s', (exitCode, isRunning, text) => {
  expect(endOf(ended(exitCode), isRunning)).toBe(text);
});
