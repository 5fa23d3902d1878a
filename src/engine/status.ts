/** `millrace status`: how a migration stands, by its ledger and, while it runs, by the run itself. */
import { setTimeout } from 'node:timers/promises';
import type { Place } from '../cli/parse.js';
import type { Io } from '../cli/run.js';
import { version } from '../cli/version.js';
import { ControlClient } from '../control/client.js';
import { ledgerAt } from '../control/find.js';
import { Exit } from '../exit.js';
import { Ledger } from '../ledger/ledger.js';
import { holderOf } from '../ledger/lock.js';
import { guard, openLedgerForReading } from '../ledger/open.js';
import type { Totals } from '../ledger/rows.js';
import { sessionsOf } from '../ledger/sessions.js';
import { failuresOf } from '../ledger/statistics.js';
import { countDifferent, differencesSince } from '../ledger/verification.js';
import { type FailuresSummary, failuresSummary } from '../stats/failures.js';
import type { Snapshot } from '../stats/snapshot.js';
import type { Running, Standing, Verified } from '../stats/standing.js';
import { statusMessage } from '../ui/status-json.js';
import { statusText } from '../ui/status-text.js';
import { lastPass } from '../verify/pass.js';

const EVERY_MS = 2000;
/** How long a run that has the ledger is waited for, and how often it is asked. */
const BEGINS_MS = 3000;
const BETWEEN_MS = 50;
/** Few failures are named; a look at many is not to take minutes. */
const FAILURES = { first: 20, places: 3, most: 100_000 };
/** How long the causes of many are good while they are watched: to tally them takes a part of a second. */
const TALLY_MS = 30_000;
const CLEAR = '\x1b[H\x1b[2J';

export async function status(place: Place, json: boolean, watch: boolean, io: Io): Promise<number> {
  const file = await ledgerAt(place, true);
  const failures = failuresLook();
  const show = async () => {
    const standing = await standingOf(file, failures);
    return json ? `${JSON.stringify(statusMessage(standing))}\n` : statusText(standing);
  };
  io.out(await show());
  if (!watch) return Exit.ok;
  const clears = !json && process.stdout.isTTY === true;
  for (;;) {
    await setTimeout(EVERY_MS);
    const text = await show();
    io.out(clears ? CLEAR + text : json ? text : `\n${text}`);
  }
}

async function standingOf(file: string, failures: (ledger: Ledger) => FailuresSummary): Promise<Standing> {
  const ledger = guard(file, () => new Ledger(openLedgerForReading(file)));
  try {
    const sessions = sessionsOf(ledger);
    const running = await askRun(file, sessions.at(-1)?.endedMs === undefined);
    return {
      nowMs: Date.now(),
      ledger: file,
      pair: ledger.pair,
      scan: ledger.scanState,
      // What a run has in hand is not in the ledger yet.
      totals: running ? totalsOf(running.snapshot) : ledger.totals,
      sessions,
      failures: failures(ledger),
      verification: verificationOf(ledger),
      running,
      holder: running ? undefined : holderOf(file),
    };
  } finally {
    ledger.close();
  }
}

function verificationOf(ledger: Ledger): Verified | undefined {
  const pass = lastPass(ledger);
  return pass && { pass, different: countDifferent(ledger), differences: differencesSince(ledger, 0, FAILURES.first) };
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

/** `mayBegin`: a run that has begun can be asked a moment later only. */
async function askRun(file: string, mayBegin: boolean): Promise<Running | undefined> {
  const lastMs = performance.now() + BEGINS_MS;
  let client = await ControlClient.connect(file, version());
  while (!client && mayBegin && holderOf(file) && performance.now() < lastMs) {
    await setTimeout(BETWEEN_MS);
    client = await ControlClient.connect(file, version());
  }
  if (!client) return undefined;
  try {
    return { pid: client.hello.pid, ...(await client.status()) };
  } catch {
    return undefined; // it ended in between
  } finally {
    client.close();
  }
}

/** Looks at the failures of a ledger again and again. */
function failuresLook(): (ledger: Ledger) => FailuresSummary {
  let [seen, seenMs]: [FailuresSummary | undefined, number] = [undefined, 0];
  return (ledger) => {
    const nowMs = performance.now();
    if (seen && seen.total > FAILURES.first && nowMs - seenMs < TALLY_MS) return seen;
    seenMs = nowMs;
    seen = failuresSummary(failuresOf(ledger), FAILURES);
    return seen;
  };
}
