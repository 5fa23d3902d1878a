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
import { countDifferent, differencesSince } from '../ledger/verification.js';
import { type FailuresSummary, failuresSummary } from '../stats/failures.js';
import type { Snapshot } from '../stats/snapshot.js';
import type { Running, Standing, Verified } from '../stats/standing.js';
import { statusMessage } from '../ui/status-json.js';
import { statusText } from '../ui/status-text.js';
import { lastPass } from '../verify/pass.js';

const EVERY_MS = 2000;
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
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const text = await show();
    io.out(clears ? CLEAR + text : json ? text : `\n${text}`);
  }
}

async function standingOf(file: string, failures: (ledger: Ledger) => FailuresSummary): Promise<Standing> {
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
      failures: failures(ledger),
      verification: verificationOf(ledger),
      running,
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
