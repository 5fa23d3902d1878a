/** Which run is meant, and the way to it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../cli/parse.js';
import { version } from '../cli/version.js';
import { Exit, ExitError, UsageError } from '../exit.js';
import { checkPair } from '../ledger/open.js';
import { printable } from '../printable.js';
import { ControlClient } from './client.js';
import { CONTROL_SUFFIX, isListening } from './socket.js';

/** The run that has the ledger. Throws an ExitError when there is none. */
export async function reachRun(place: Place): Promise<ControlClient> {
  const ledger = await ledgerAt(place);
  const client = await ControlClient.connect(ledger, version());
  if (!client) throw new ExitError(`no run has the ledger ${ledger}`, Exit.stopped);
  return client;
}

/**
 * The ledger's file: where none is named the one that is in use, or, when nothing runs and `atRest` ones count, the only
 * one there is. Throws a UsageError when that is none or several, and a LedgerError when it is of other shares than were
 * named.
 */
export async function ledgerAt(place: Place, atRest = false): Promise<string> {
  if ('file' in place) {
    if (place.roots) checkPair(place.file, place.roots);
    return place.file;
  }
  const names = namesIn(place.onlyOneIn);
  const ledgers = ending(names, CONTROL_SUFFIX).map((name) => join(place.onlyOneIn, name));
  const alive = await Promise.all(ledgers.map(isListening));
  const running = ledgers.filter((_, index) => alive[index]);
  if (running.length === 1) return running[0]!;
  const all = ending(names, '.db');
  if (atRest && running.length === 0 && all.length === 1) return join(place.onlyOneIn, `${all[0]}.db`);
  const seen = running.length === 0 ? 'nothing runs now' : `${running.map(printable).join(' and ')} are in use`;
  throw new UsageError(`which ledger? ${seen}; give <source> and <dest>, or --db FILE`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // there was no run yet
  }
}

/** The names that end so, without that end. */
function ending(names: readonly string[], end: string): string[] {
  return names.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length));
}
