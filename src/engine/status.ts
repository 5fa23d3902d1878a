/** `millrace status`: how a migration stands, by its ledger and, while it runs, by the run itself. */
import type { Place } from '../cli/parse.js';
import type { Io } from '../cli/run.js';
import { version } from '../cli/version.js';
import { ControlClient } from '../control/client.js';
import { ledgerAt } from '../control/find.js';
import { Exit } from '../exit.js';
import { Ledger } from '../ledger/ledger.js';
import { guard, openLedgerForReading } from '../ledger/open.js';
import type { Totals } from '../ledger/rows.js';
import { sessionsOf } from '../ledger/sessions.js';
import { failuresOf } from '../ledger/statistics.js';
import { type FailureCause, FailureTally } from '../stats/failures.js';
import type { Snapshot } from '../stats/snapshot.js';
import type { Running, Standing } from '../stats/standing.js';
import { statusMessage } from '../ui/status-json.js';
import { statusText } from '../ui/status-text.js';
import { failurePage } from './operator.js';

const EVERY_MS = 2000;
/** Failures that are looked at to tell their causes: a first look is not to take minutes. */
const MOST_FAILURES = 100_000;
const PLACES = 3;
/** Failures that are named. */
const SAMPLES = 20;
const CLEAR = '\x1b[H\x1b[2J';

export async function status(place: Place, json: boolean, watch: boolean, io: Io): Promise<number> {
  const file = await ledgerAt(place, true);
  const show = async () => {
    const standing = await standingOf(file);
    return json ? `${JSON.stringify(statusMessage(standing))}\n` : statusText(standing);
  };
  io.out(await show());
  if (!watch) return Exit.ok;
  const clears = !json && process.stdout.isTTY === true;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const text = await show();
    io.out(clears ? CLEAR + text : json ? text : `\n${text}`);
  }
}

async function standingOf(file: string): Promise<Standing> {
  const ledger = guard(file, () => new Ledger(openLedgerForReading(file)));
  try {
    const running = await askRun(file);
    return {
      nowMs: Date.now(),
      ledger: file,
      pair: ledger.pair,
      scan: ledger.scanState,
      // What a run has in hand is not in the ledger yet.
      totals: running ? totalsOf(running.snapshot) : ledger.totals,
      sessions: sessionsOf(ledger),
      causes: causesOf(ledger),
      failures: failurePage(ledger, undefined, SAMPLES).failures,
      running,
    };
  } finally {
    ledger.close();
  }
}

function totalsOf({ total: { synced, pending, failed, skipped } }: Snapshot): Totals {
  return {
    syncedFiles: synced.files,
    syncedBytes: synced.bytes,
    pendingFiles: pending.files,
    pendingBytes: pending.bytes,
    failedFiles: failed.files,
    failedBytes: failed.bytes,
    skippedFiles: skipped,
  };
}

async function askRun(file: string): Promise<Running | undefined> {
  const client = await ControlClient.connect(file, version());
  if (!client) return undefined;
  try {
    return { pid: client.hello.pid, ...(await client.status()) };
  } catch {
    return undefined; // it ended in between
  } finally {
    client.close();
  }
}

function causesOf(ledger: Ledger): FailureCause[] {
  const tally = new FailureTally();
  let seen = 0;
  for (const { path, error } of failuresOf(ledger)) {
    tally.add(path, error);
    if (++seen === MOST_FAILURES) break;
  }
  return tally.causes(PLACES);
}
