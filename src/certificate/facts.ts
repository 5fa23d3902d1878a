/** What a certificate tells of a migration, from its ledger. */
import { setImmediate } from 'node:timers/promises';
import type { Ledger } from '../ledger/ledger.js';
import { DirStatus, EntryStatus, IS_OF_COPY, Verdict } from '../ledger/schema.js';
import { prepare } from '../ledger/sqlite.js';
import { failuresOf } from '../ledger/statistics.js';
import { syncedEntries } from '../ledger/synced.js';
import { leafOf, MerkleTree } from '../manifest/merkle.js';
import type { Checksum } from '../settings.js';
import { type FailuresSummary, failuresSummary } from '../stats/failures.js';
import type { Tally } from '../stats/snapshot.js';

export interface LedgerFacts {
  readonly files: Tally;
  readonly links: number;
  /** FIFOs, sockets and devices. */
  readonly specials: number;
  readonly folders: number;
  /** Files by the algorithm of the hash that was made while they were copied; undefined: found equal by size and time. */
  readonly hashed: ReadonlyMap<Checksum | undefined, number>;
  /** Entries that `millrace verify` read back and found equal. */
  readonly verified: number;
  /** In hex, over all that is synced; see docs/manifest.md. */
  readonly merkleRoot: string;
  readonly failures: FailuresSummary;
  /** Why entries were left out or not copied, and how many, most first. */
  readonly skipped: readonly { readonly reason: string; readonly count: number }[];
  /** Entries whose path at the destination is another. */
  readonly renamed: number;
  /** Entries and folders of whose attributes the destination did not take all. */
  readonly warned: number;
}

/** Entries between two looks at what else there is to do. */
const STRETCH = 5000;
const MOST_FAILURES = 1_000_000;

/** Reads the whole ledger, a stretch at a time; it must not be the connection that is written meanwhile. */
export async function factsOf(ledger: Ledger): Promise<LedgerFacts> {
  const tree = new MerkleTree();
  const files = { files: 0, bytes: 0 };
  let [links, folders, specials] = [0, 0, 0];
  const hashed = new Map<Checksum | undefined, number>();
  for (const entry of syncedEntries(ledger)) {
    tree.add(...leafOf(entry));
    if (entry.kind === 'folder') folders++;
    else if (entry.kind === 'link') links++;
    else if (entry.kind !== 'file') specials++;
    else {
      files.files++;
      files.bytes += entry.size;
      const algorithm = entry.hash?.algorithm;
      hashed.set(algorithm, (hashed.get(algorithm) ?? 0) + 1);
    }
    if (tree.count % STRETCH === 0) await setImmediate();
  }
  return {
    files,
    links,
    folders,
    specials,
    hashed,
    verified: count(
      ledger,
      `verdict = ${Verdict.equal} AND verified_at IS NOT NULL AND status = ${EntryStatus.synced}`,
    ),
    merkleRoot: tree.root().toString('hex'),
    failures: failuresSummary(failuresOf(ledger), { first: 0, places: 3, most: MOST_FAILURES }),
    skipped: skippedIn(ledger),
    renamed: prepare(ledger.db, 'SELECT count(*) FROM renamed').pluck().get() as number,
    warned:
      count(ledger, `status = ${EntryStatus.synced} AND error IS NOT NULL AND ${IS_OF_COPY}`) +
      count(ledger, `status = ${DirStatus.synced} AND error IS NOT NULL`, 'dirs'),
  };
}

function count({ db }: Ledger, condition: string, table: 'entries' | 'dirs' = 'entries'): number {
  return prepare(db, `SELECT count(*) FROM ${table} WHERE ${condition}`).pluck().get() as number;
}

function skippedIn({ db }: Ledger): LedgerFacts['skipped'] {
  const query = `SELECT coalesce(error, 'not copied') AS reason, count(*) AS count FROM entries
    WHERE status = ${EntryStatus.skipped} GROUP BY 1 ORDER BY 2 DESC, 1`;
  return prepare(db, query).all() as { reason: string; count: number }[];
}
