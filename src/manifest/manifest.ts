/**
 * `millrace manifest`: what the ledger calls synced, as a list that others' tools check, also while a run has the ledger.
 * In this folder: text makes it by a format of formats/, merkle hashes the entries, sign signs the file. What
 * a manifest is to those who check it is in docs/manifest.md.
 */
import type { Place } from '../cli/parse.js';
import { defaultLog, filesOfLedger } from '../cli/paths.js';
import type { ByteIo } from '../cli/run.js';
import { ledgerAt } from '../control/find.js';
import { Exit } from '../exit.js';
import { Ledger } from '../ledger/ledger.js';
import { guard, guardEach, openLedgerForReading } from '../ledger/open.js';
import type { Totals } from '../ledger/rows.js';
import { syncedEntries } from '../ledger/synced.js';
import { checkOutput } from '../output.js';
import type { ManifestFormat, SignedOutput } from '../settings.js';
import { formatBytes, formatCount } from '../stats/format.js';
import { cleanName } from '../ui/clean.js';
import { readSigningKey, signedFiles, writeSigned } from './sign.js';
import { ManifestText } from './text.js';

/** Without a file, to standard output. */
export interface ManifestOrder extends SignedOutput {
  readonly format: ManifestFormat;
}

/** The exit code: 1 when there are files that nobody can check by this manifest. */
export async function manifest(place: Place, order: ManifestOrder, io: ByteIo): Promise<number> {
  const key = order.key === undefined ? undefined : readSigningKey(order.key);
  const file = await ledgerAt(place, true);
  const kept = { ...filesOfLedger(file), 'the audit log': defaultLog(file), 'the key': order.key };
  for (const made of signedFiles(order)) checkOutput(made, kept);
  const ledger = guard(file, () => new Ledger(openLedgerForReading(file)));
  const text = new ManifestText(order.format);
  const pieces = guardEach(file, text.pieces(syncedEntries(ledger)));
  const { totals } = ledger;
  let wrote = '';
  if (order.output === undefined) {
    // Nobody reads on, or there is no room: the streams have said so where it has to be said.
    for (const piece of pieces) if (!(await io.bytes(piece))) return Exit.stopped;
  } else {
    const bytes = await writeSigned(order.output, pieces, key);
    wrote = `wrote ${signedFiles(order).map(cleanName).join(' and ')} (${formatBytes(bytes)}): `;
  }
  ledger.close();
  const missing = text.missing();
  if (missing !== undefined) io.err(`millrace: ${missing}\n`);
  io.err(`millrace: ${wrote}${formatCount(text.entries)} synced entries${others(totals)}, Merkle root ${text.root}\n`);
  return missing === undefined ? Exit.ok : Exit.someFailed;
}

function others({ pendingFiles, failedFiles }: Totals): string {
  if (pendingFiles + failedFiles === 0) return '';
  return ` (${formatCount(pendingFiles)} pending and ${formatCount(failedFiles)} failed are not in it)`;
}
