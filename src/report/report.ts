/**
 * `millrace report`: a migration in one file, made from its ledger, also while a run has it. In this folder:
 * figures reads the ledger and shapes what is said of it, html and json say it, csv lists the entries.
 */
import { extname } from 'node:path';
import type { Place } from '../cli/parse.js';
import { defaultLog, filesOfLedger } from '../cli/paths.js';
import type { Io } from '../cli/run.js';
import { ledgerAt } from '../control/find.js';
import { isListening } from '../control/socket.js';
import { Exit } from '../exit.js';
import { Ledger } from '../ledger/ledger.js';
import { guard, guardEach, openLedgerForReading } from '../ledger/open.js';
import { entryPages } from '../ledger/statistics.js';
import { checkOutput, writeOutput } from '../output.js';
import { formatBytes } from '../stats/format.js';
import { cleanName } from '../ui/clean.js';
import { csvOf } from './csv.js';
import { figuresOf } from './figures.js';
import { htmlOf } from './html.js';
import { jsonOf } from './json.js';

/** Writes the report of a ledger to `output` (absolute), whose ending says the format. */
export async function report(place: Place, output: string, io: Io): Promise<number> {
  const file = await ledgerAt(place, true);
  checkOutput(output, { ...filesOfLedger(file), 'the audit log': defaultLog(file) });
  const isRunning = await isListening(file);
  const ledger = guard(file, () => new Ledger(openLedgerForReading(file)));
  const bytes = await writeOutput(output, piecesOf(ledger, file, extname(output), isRunning));
  ledger.close();
  io.out(`millrace: wrote ${cleanName(output)} (${formatBytes(bytes)})\n`);
  return Exit.ok;
}

/** What is counted is counted before the file is begun; a list of entries is read as it is written. */
function piecesOf(ledger: Ledger, file: string, ending: string, isRunning: boolean): Iterable<string> {
  if (ending === '.csv') return guardEach(file, csvOf(entryPages(ledger)));
  const figures = guard(file, () => figuresOf(ledger, file, Date.now(), isRunning));
  return [ending === '.json' ? `${JSON.stringify(jsonOf(figures), null, 2)}\n` : htmlOf(figures)];
}
