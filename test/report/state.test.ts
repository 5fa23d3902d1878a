import { expect, test } from 'vitest';
import { EXIT_MEANINGS } from '../../src/exit.js';
import { NO_TOTALS } from '../../src/ledger/rows.js';
import type { SessionRow } from '../../src/ledger/sessions.js';
import { endOf, stateOf } from '../../src/report/state.js';

const NOW = 1_000_000_000;
const SCANNED = { number: 1, running: false, errors: 0, extras: false };

function ended(exitCode: number | undefined, seenMs = NOW - 3_600_000): SessionRow {
  const counts = { readBytes: 0, writtenBytes: 0, copiedFiles: 0, copiedBytes: 0, sameFiles: 0, deleted: 0, failed: 0 };
  return { id: 1, begunMs: 0, endedMs: exitCode === undefined ? undefined : seenMs, exitCode, seenMs, ...counts };
}

test.each([
  ['all synced', ended(0), {}, 0, 'done', 'Done: all synced'],
  ['failures', ended(1), {}, 1412, 'failed', 'Finished, 1,412 failed'],
  ['a run of this minute', ended(undefined, NOW - 10_000), { pendingFiles: 1 }, 2, 'running', 'Running, 2 failed'],
  ['a run that fell silent', ended(undefined), { pendingFiles: 1 }, 0, 'incomplete', 'Cut off before the end'],
  ['a stop', ended(3), { pendingFiles: 1 }, 0, 'incomplete', 'Stopped before the end'],
  ['a lost share', ended(4), {}, 0, 'incomplete', `Stopped: ${EXIT_MEANINGS[4]}`],
  ['an older ledger, all done', undefined, {}, 0, 'done', 'Done: all synced'],
  ['an older ledger, not done', undefined, { pendingFiles: 1 }, 3, 'incomplete', 'Stopped before the end, 3 failed'],
  ['an extra that stayed', ended(1), {}, 0, 'failed', 'Finished, but not all was done'],
] as const)('%s', (_, session, totals, failed, name, text) => {
  expect(stateOf(session, { ...NO_TOTALS, ...totals }, SCANNED, failed, NOW)).toEqual({ name, text });
});

test('a migration whose scan is not done is not done, whatever the totals say', () => {
  expect(stateOf(undefined, NO_TOTALS, { ...SCANNED, number: 0 }, 0, NOW).name).toBe('incomplete');
  expect(stateOf(ended(3), NO_TOTALS, { ...SCANNED, running: true }, 0, NOW).name).toBe('incomplete');
});

test.each([
  [ended(0), 'all synced'],
  [ended(1), EXIT_MEANINGS[1]],
  [ended(undefined), 'cut off: killed, or the machine went down'],
  [ended(undefined, NOW), 'running'],
  [ended(99), 'exit code 99'],
])('sessions end in words', (session, text) => {
  expect(endOf(session, NOW)).toBe(text);
});
