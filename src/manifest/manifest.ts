/**
 * `millrace manifest`: what the ledger calls synced, as a list that others' tools check, also while a run has the ledger.
 * In this folder: text makes it by a format of formats/, merkle hashes the entries, sign signs the file. What
 * a manifest is to those who check it is in docs/manifest.md.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Place } from '../cli/parse.js';
import { defaultLog, filesOfLedger } from '../cli/paths.js';
import type { ByteIo } from '../cli/run.js';
import { ledgerAt } from '../control/find.js';
import { Exit } from '../exit.js';
import { Ledger } from '../ledger/ledger.js';
import { guard, guardEach, openLedgerForReading } from '../ledger/open.js';
import type { Totals } from '../ledger/rows.js';
import { syncedEntries } from '../ledger/synced.js';
import { checkOutput, writeOutput } from '../output.js';
import type { ManifestFormat } from '../settings.js';
import { formatBytes, formatCount } from '../stats/format.js';
import { cleanName } from '../ui/clean.js';
import { readSigningKey, signatureOf } from './sign.js';
import { ManifestText } from './text.js';

export interface ManifestOrder {
  readonly format: ManifestFormat;
  /** Absolute path; undefined: standard output. */
  readonly output: string | undefined;
  /** Absolute path of the private key, only with `output`; undefined: no signature. */
  readonly key: string | undefined;
}

/** The exit code: 1 when there are files that nobody can check by this manifest. */
export async function manifest(place: Place, order: ManifestOrder, io: ByteIo): Promise<number> {
  const key = order.key === undefined ? undefined : readSigningKey(order.key);
  const file = await ledgerAt(place, true);
  const kept = { ...filesOfLedger(file), 'the audit log': defaultLog(file), 'the key': order.key };
  for (const made of filesOf(order)) checkOutput(made, kept);
  const ledger = guard(file, () => new Ledger(openLedgerForReading(file)));
  const text = new ManifestText(order.format);
  const pieces = guardEach(file, text.pieces(syncedEntries(ledger)));
  const { totals } = ledger;
  let wrote = '';
  if (order.output === undefined) {
    // Nobody reads on, or there is no room: the streams have said so where it has to be said.
    for (const piece of pieces) if (!(await io.bytes(piece))) return Exit.stopped;
  } else {
    const sha256 = createHash('sha256');
    const bytes = await writeOutput(order.output, hashed(pieces, sha256));
    if (key) await writeOutput(`${order.output}.sig`, [signatureOf(sha256.digest(), key)]);
    wrote = `wrote ${filesOf(order).map(cleanName).join(' and ')} (${formatBytes(bytes)}): `;
  }
  ledger.close();
  const missing = text.missing();
  if (missing !== undefined) io.err(`millrace: ${missing}\n`);
  io.err(`millrace: ${wrote}${formatCount(text.entries)} synced entries${others(totals)}, Merkle root ${text.root}\n`);
  return missing === undefined ? Exit.ok : Exit.someFailed;
}

function filesOf({ output, key }: ManifestOrder): string[] {
  if (output === undefined) return [];
  return key === undefined ? [output] : [output, `${output}.sig`];
}

function* hashed(pieces: Iterable<Uint8Array>, hash: Hash): Generator<Uint8Array> {
  for (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

function others({ pendingFiles, failedFiles }: Totals): string {
  if (pendingFiles + failedFiles === 0) return '';
  return ` (${formatCount(pendingFiles)} pending and ${formatCount(failedFiles)} failed are not in it)`;
}
