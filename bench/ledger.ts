import { constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from 'tinybench';
import { checksumCode, digestLength } from '../src/hash/registry.js';
import { Ledger } from '../src/ledger/ledger.js';
import { openLedgerFile } from '../src/ledger/open.js';
import type { Dir, Entry } from '../src/ledger/rows.js';
import { DirSide, DirStatus, EntryStatus, Listed } from '../src/ledger/schema.js';
import { latency, printRates } from './measure.js';

/** With this many changes a run makes a checkpoint. Every checkpoint here fills one folder. */
const ROWS = 16_384;

/** Checkpoints of each kind: enough that SQLite moves its log into the file several times. */
const CHECKPOINTS = 30;

/** As in the scan of a large folder. */
const PAGE = 1000;

const NAMES = Array.from({ length: ROWS }, (_, at) => `file ${String(at).padStart(6, '0')}`);

const NS = 1_700_000_000_123_456_789n;
const META = {
  size: 4096,
  mtimeNs: NS,
  ctimeNs: NS,
  btimeNs: NS,
  mode: constants.S_IFREG | 0o644,
  uid: 1000,
  gid: 1000,
};

/** A pending row has room for its hash, so it is as long as a synced one. */
const HASHED = { meta: META, algorithm: checksumCode('sha256'), hash: Buffer.alloc(digestLength('sha256')) };
const SYNCED: Entry = { ...HASHED, status: EntryStatus.synced, error: undefined };
const PENDING: Entry = { ...HASHED, status: EntryStatus.pending, error: undefined };

function folder(id: number): Dir {
  return {
    id,
    parent: undefined,
    path: `folder ${id}`,
    depth: 1,
    side: DirSide.source,
    listed: Listed.yes,
    status: DirStatus.synced,
    scan: 1,
    meta: META,
    error: undefined,
    seal: undefined,
  };
}

/** Writes a row for each file of a new folder. */
function insert(ledger: Ledger, entry: Entry): void {
  const id = ledger.lastDirId + 1;
  ledger.commit(() => {
    ledger.putDir(folder(id));
    for (const name of NAMES) ledger.putEntry(id, name, entry, undefined);
  });
}

/** Marks the files of the last folder, which are pending, as synced. */
function update(ledger: Ledger): void {
  const id = ledger.lastDirId;
  const before = { status: PENDING.status, size: META.size };
  ledger.commit(() => {
    for (const name of NAMES) ledger.putEntry(id, name, SYNCED, before);
  });
}

/** Reads a folder in order of names, page by page. */
function read(ledger: Ledger, id: number): void {
  let rows = 0;
  let page = ledger.entriesAfter(id, '', PAGE);
  for (; page.length > 0; page = ledger.entriesAfter(id, page.at(-1)!.name, PAGE)) rows += page.length;
  if (rows !== ROWS) throw new Error(`${rows} rows in folder ${id}`);
}

/** The means, and not medians: SQLite moves its log into the file only in some of the checkpoints. */
async function measure(ledger: Ledger): Promise<void> {
  const bench = new Bench({ time: 0, iterations: CHECKPOINTS, warmupTime: 0, warmupIterations: 1, throws: true });
  let reads = 0;
  bench
    .add('insert as synced', () => insert(ledger, SYNCED))
    .add('pending to synced', () => update(ledger), { beforeEach: () => insert(ledger, PENDING) })
    // Folder after folder: together they are larger than SQLite's cache.
    .add('read in order', () => read(ledger, (reads++ % ledger.lastDirId) + 1));
  await bench.run();
  printRates(
    `ledger, in ${tmpdir()}`,
    'row',
    bench.tasks.map(({ name }) => ({ name, ms: latency(bench, name).mean, count: ROWS })),
  );
}

/**
 * Prints what a row costs, by what is done to it, in a ledger on the disk that has the temporary files (TMPDIR names
 * another). Takes 10 to 15 s.
 */
export async function ledger(): Promise<void> {
  const temporary = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  try {
    const opened = new Ledger(openLedgerFile(join(temporary, 'ledger'), { source: '/source', dest: '/dest' }));
    await measure(opened);
    opened.close();
  } finally {
    rmSync(temporary, { recursive: true });
  }
}
