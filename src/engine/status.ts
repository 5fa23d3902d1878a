/** `millrace status`: what the ledger says of a migration, also while a run has it. */
import type { Io } from '../cli/run.js';
import { Exit } from '../exit.js';
import { Ledger } from '../ledger/ledger.js';
import { guard, openLedgerForReading } from '../ledger/open.js';
import { formatBytes, formatCount } from '../stats/format.js';
import { cleanName } from '../ui/clean.js';

export async function status(file: string, json: boolean, io: Io): Promise<number> {
  const ledger = guard(file, () => new Ledger(openLedgerForReading(file)));
  const { pair, totals, scanState } = ledger;
  const scan = scanState.number === 0 ? 'not begun' : scanState.running ? 'under way' : 'done';
  const failures = ledger.failedAfter(0, '', 20).map(({ dir, name, error }) => ({
    path: cleanName([ledger.pathOf(dir), name].filter(Boolean).join('/')),
    error: error ?? '',
  }));
  ledger.close();
  if (json) {
    const { pendingFiles, pendingBytes, syncedFiles, syncedBytes, failedFiles, failedBytes, skippedFiles } = totals;
    io.out(
      `${JSON.stringify({
        ledger: file,
        source: pair.source,
        dest: pair.dest,
        scan: { state: scan, number: scanState.number, errors: scanState.errors },
        synced: { files: syncedFiles, bytes: syncedBytes },
        pending: { files: pendingFiles, bytes: pendingBytes },
        failed: { files: failedFiles, bytes: failedBytes },
        skipped: { files: skippedFiles },
        failures,
      })}\n`,
    );
    return Exit.ok;
  }
  const line = (label: string, files: number, bytes: number) =>
    `${label.padEnd(9)} ${formatCount(files)} files, ${formatBytes(bytes)}\n`;
  io.out(`source    ${cleanName(pair.source)}\ndest      ${cleanName(pair.dest)}\nledger    ${cleanName(file)}\n`);
  io.out(`scan      ${scan}${scanState.errors > 0 ? `, ${formatCount(scanState.errors)} errors` : ''}\n`);
  io.out(line('synced', totals.syncedFiles, totals.syncedBytes));
  io.out(line('pending', totals.pendingFiles, totals.pendingBytes));
  io.out(line('failed', totals.failedFiles, totals.failedBytes));
  for (const { path, error } of failures) io.out(`  ${path}: ${error}\n`);
  if (totals.failedFiles > failures.length)
    io.out(`  ... and ${formatCount(totals.failedFiles - failures.length)} more\n`);
  return Exit.ok;
}
