/**
 * Weeks of a run's snapshots through all that keeps something of them, a second of the run for each: memory must not grow.
 * Five seconds of it with the other tests, ten minutes with `npm run test:soak`.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { parseTimetable } from '../../src/cli/timetable.js';
import { Chronicle } from '../../src/engine/chronicle.js';
import { Ledger } from '../../src/ledger/ledger.js';
import { openScratchLedger } from '../../src/ledger/open.js';
import { historyOf } from '../../src/ledger/sessions.js';
import { exposition } from '../../src/metrics/exposition.js';
import { limitsAt } from '../../src/pace/timetable.js';
import { FlowMeter } from '../../src/stats/flow.js';
import { History, sampleOf } from '../../src/stats/history.js';
import type { Snapshot } from '../../src/stats/snapshot.js';
import { FinishTally } from '../../src/stats/tally.js';
import { jsonLine } from '../../src/ui/json.js';
import { plainLine } from '../../src/ui/plain-line.js';
import { CallLog } from '../../src/ui/tui/calllog.js';
import { Outlook } from '../../src/ui/tui/outlook.js';
import { screenOf } from '../../src/ui/tui/screen.js';
import { fittingTime, viewOf } from '../../src/ui/tui/view.js';
import { EMPTY, snapshot } from '../stats/snapshots.js';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 5);
/** Once memory has settled; afterwards it may grow by what a garbage collector leaves, bytes. */
const SETTLED = 0.3;
const MOST_GROWTH = 4 * 1024 * 1024;
const MIB = 1024 ** 2;
const BEGAN = new Date(2026, 10, 2, 9).getTime();
const TIMETABLE = parseTimetable('mon-fri 08:00-18:00 60M, off');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Memory that is in use, bytes; the least of a few looks. */
function inUse(): number {
  const looks = Array.from({ length: 4 }, () => {
    collect();
    return process.memoryUsage().heapUsed + process.memoryUsage().external;
  });
  return Math.min(...looks);
}

const tally = new FinishTally();
const flow = new FlowMeter();

/** The run after so many seconds. */
function pictureAt(second: number): Snapshot {
  const nowMs = BEGAN + second * 1000;
  const files = second * 7;
  const bytes = second * 90 * MIB;
  tally.finished(`folder ${second % 1000}/file ${second}`, { size: MIB, startedMs: nowMs - 5, endedMs: nowMs });
  if (second % 50 === 0) tally.failed(`f${second}`, `E${second}: no such code (open)`, nowMs);
  flow.add({ nowMs, readersWait: 0, writersWait: 1, limited: { source: second % 2 === 0, dest: false } });
  return snapshot({
    nowMs,
    startedMs: BEGAN,
    readBytes: bytes,
    writtenBytes: bytes,
    session: { ...EMPTY.session, copied: { files, bytes }, failed: Math.floor(second / 50) },
    total: { ...EMPTY.total, synced: { files, bytes }, pending: { files: 1e9 - files, bytes: 1e16 - bytes } },
    flow: { ...EMPTY.flow, ...flow.waits },
    calls: { source: [[second]], dest: [[second, second]] },
    errors: tally.errors,
    recent: tally.recent,
    timetable: TIMETABLE,
    bwlimit: limitsAt(TIMETABLE, new Date(nowMs)),
    active: [{ path: `active ${second}`, size: MIB, done: second % MIB, startedMs: nowMs - 1000 }],
  });
}

test(`memory does not grow over ${SECONDS} s of snapshots`, { timeout: (SECONDS + 60) * 1000 }, async () => {
  const ledger = new Ledger(openScratchLedger({ source: '/s', dest: '/d' }));
  const chronicle = new Chronicle(ledger, BEGAN);
  const [history, calls, outlook] = [new History(), new CallLog(), new Outlook()];
  const begun = performance.now();
  let settled: number | undefined;
  let second = 0;
  for (let part = 0; part < 1; part = (performance.now() - begun) / 1000 / SECONDS) {
    for (const until = second + 500; second < until; second++) {
      const picture = pictureAt(second);
      history.add(sampleOf(picture));
      calls.add(picture);
      chronicle.tick(picture.nowMs, () => picture);
      if (second % 100 > 0) continue;
      const expected = outlook.at(picture, history);
      const quit = 'drain' as const;
      const view = {
        quit,
        snapshot: picture,
        history,
        expected,
        callsBefore: calls.before,
        notes: [],
        bottom: undefined,
      };
      screenOf(viewOf({ ...view, time: fittingTime(picture, history) }), 160, 45);
      plainLine(picture, history);
      jsonLine(picture, history);
    }
    await exposition(pictureAt(second), history);
    if (part > SETTLED) settled ??= inUse();
  }
  const growth = inUse() - settled!;
  const days = Math.round(second / 86_400);
  console.log(`${second} snapshots, ${days} days: memory grew by ${Math.round(growth / 1024)} KiB`);
  expect(growth).toBeLessThan(MOST_GROWTH);
  expect(history.size).toBeLessThan(600);
  expect(historyOf(ledger).length).toBeLessThan(20_000);
  ledger.close();
});
