/**
 * A ledger as a migration of three weeks leaves it, made with the ledger's own functions: sessions by day and night
 * limits with pauses between them, one cut off, files of all sizes and ages, failures of several causes. The same each
 * time, for a moment that it is given.
 */
import { Exit } from '../../src/exit.js';
import { checksumCode } from '../../src/hash/registry.js';
import { Ledger } from '../../src/ledger/ledger.js';
import { openLedgerFile } from '../../src/ledger/open.js';
import type { Entry } from '../../src/ledger/rows.js';
import { DirSide, DirStatus, EntryStatus, Listed } from '../../src/ledger/schema.js';
import { closeSession, noteSession, openSession, thinHistory } from '../../src/ledger/sessions.js';
import { metaWith } from '../helpers/entries.js';
import { randomOf } from '../helpers/random.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FILES_IN_FOLDER = 100;

export const PAIR = { source: '/mnt/old', dest: '/mnt/new' };

/** Fills a new ledger at `file` with `count` entries; the last session ended just before `nowMs`. */
export function sampleLedger(file: string, count: number, nowMs: number): Ledger {
  const ledger = new Ledger(openLedgerFile(file, PAIR));
  const random = randomOf(7);
  for (let folder = 0; folder * FILES_IN_FOLDER < count; folder += 500) {
    ledger.commit(() => {
      for (let next = folder; next < folder + 500 && next * FILES_IN_FOLDER < count; next++)
        putFolder(ledger, next + 2, Math.min(FILES_IN_FOLDER, count - next * FILES_IN_FOLDER), random, nowMs);
    });
  }
  ledger.commit(() => ledger.setMeta('scan', { number: 2, running: false, errors: 2, extras: false }));
  putSessions(ledger, random, nowMs);
  return ledger;
}

const TOPS = ['projects', 'projects', 'projects', 'media/raw', 'media/raw', 'archive', 'home', 'home'];
const NAMES = ['atlas', 'borealis', 'cormorant', 'delta', 'ember', 'fjord', 'glacier', 'harbor', 'iris', 'juniper'];

function folderPath(id: number, random: () => number): string {
  const top = TOPS[Math.floor(random() * TOPS.length)]!;
  const name = NAMES[Math.floor(random() * NAMES.length)]!;
  if (top === 'archive') return `${top}/${2009 + Math.floor(random() * 16)}/${name}/${id}`;
  if (top === 'home') return `${top}/${name}/mail/${id}`;
  return `${top}/${name}/shoot-${String(Math.floor(random() * 40)).padStart(2, '0')}/${id}`;
}

function putFolder(ledger: Ledger, id: number, files: number, random: () => number, nowMs: number): void {
  const path = folderPath(id, random);
  const isUnlisted = id === 900 || id === 901;
  ledger.putDir({
    id,
    parent: 1,
    path: isUnlisted ? `home/iris/private/${id}` : path,
    depth: path.split('/').length,
    side: DirSide.source,
    listed: isUnlisted ? Listed.failed : Listed.yes,
    status: isUnlisted ? DirStatus.failed : DirStatus.synced,
    scan: 2,
    meta: metaWith({ size: 0 }),
    error: isUnlisted ? 'EACCES: permission denied (open)' : undefined,
    seal: undefined,
  });
  if (isUnlisted) return;
  const isSlow = random() < 0.02;
  for (let index = 0; index < files; index++) {
    const entry = entryOf(path, random, nowMs);
    ledger.putEntry(id, `${NAMES[index % NAMES.length]}-${String(index).padStart(4, '0')}.dat`, entry, undefined);
    ledger.addWork(id, (3 + entry.meta.size / (30_000 * (isSlow ? 0.2 : 1))) * (0.5 + random()));
  }
}

function entryOf(path: string, random: () => number, nowMs: number): Entry {
  // The sum of a few makes a bell, here of the sizes' logarithm.
  const bell = (random() + random() + random()) / 3;
  const size = random() < 0.01 ? 0 : Math.floor(2 ** (4 + bell * (path.startsWith('media') ? 38.5 : 31)));
  const age = random() < 0.0005 ? -2 : 3000 * random() ** 2 + (path.startsWith('archive') ? 1200 : 0.2);
  const meta = metaWith({ size, mtimeNs: BigInt(Math.round(nowMs - age * DAY)) * 1_000_000n });
  const failed = (error: string): Entry => ({ ...plain, status: EntryStatus.failed, error });
  const plain = { status: EntryStatus.synced, meta, algorithm: undefined, hash: undefined, error: undefined };
  if (path.startsWith('projects/cormorant/shoot-0') && random() < 0.2)
    return failed('EACCES: permission denied (open)');
  if (path.startsWith('home/delta') && random() < 0.012) return failed('CHANGED: changed while it was read (read)');
  if (path.startsWith('archive/2012') && random() < 0.015) return failed('EIO: input/output error (read)');
  if (random() < 0.00005) return failed('ENAMETOOLONG: the name is too long (open)');
  // What the destination had before has no hash.
  if (path.startsWith('archive/2010')) return plain;
  return { ...plain, algorithm: checksumCode('sha256'), hash: Buffer.alloc(32, 1 + Math.floor(random() * 255)) };
}

/** Begin and end of each session in hours before the end, and how it ended. */
const SESSIONS: readonly [from: number, to: number, exitCode: number | undefined][] = [
  [510, 418, Exit.stopped],
  [416, 301, undefined],
  [289, 262, Exit.share],
  [240, 96, Exit.stopped],
  [95.5, 26, Exit.someFailed],
  [3, 0.1, Exit.someFailed],
];

/** Between two rows of the history, and what the limit of the day is of that of the night. */
const STEP = 10 * MINUTE;
const DAY_PART = 0.25;

function putSessions(ledger: Ledger, random: () => number, nowMs: number): void {
  const { syncedBytes, syncedFiles, failedFiles } = ledger.totals;
  // What the copying sessions moved makes up the total; what scans knew grew in the first one.
  const copying = SESSIONS.slice(0, -1);
  const weight = (atMs: number) => (isDay(atMs) ? DAY_PART : 1) * (Math.sin((atMs / DAY) * 1.3) > 0.96 ? 0.55 : 1);
  const moments = copying.flatMap(([from, to]) => range(nowMs - from * HOUR, nowMs - to * HOUR, STEP));
  const weights = moments.map((atMs) => weight(atMs) * (0.9 + 0.1 * random()));
  const unit = syncedBytes / weights.reduce((sum, each) => sum + each, 0);
  const perSecond = (unit / STEP) * 1000;
  let [moved, next] = [0, 0];
  for (const [from, to, exitCode] of SESSIONS) {
    const [begunMs, endedMs] = [nowMs - from * HOUR, nowMs - to * HOUR];
    const session = openSession(ledger, begunMs);
    const isLast = to < 1;
    const before = moved;
    for (const atMs of range(begunMs, endedMs, STEP)) {
      if (!isLast) moved += unit * weights[next++]!;
      const scanned = Math.min(1, (atMs - nowMs + SESSIONS[0]![0] * HOUR) / (70 * HOUR)) ** 0.6;
      const known = Math.max(moved, syncedBytes * scanned);
      const part = moved / syncedBytes;
      const bytes = Math.round(moved - before);
      const copied = Math.round((syncedFiles * bytes) / syncedBytes);
      const limit = perSecond * (isDay(atMs) ? DAY_PART * 1.01 : 1.01);
      const sizes = { readBytes: bytes, writtenBytes: bytes };
      noteSession(
        ledger,
        {
          ...sizes,
          copiedFiles: copied,
          copiedBytes: bytes,
          sameFiles: isLast ? syncedFiles : 0,
          deleted: isLast ? 1204 : 0,
          failed: isLast ? failedFiles : Math.round((failedFiles * bytes) / syncedBytes),
        },
        {
          ...sizes,
          session,
          atMs: Math.min(endedMs, atMs + STEP),
          doneFiles: copied,
          readLimit: limit,
          writeLimit: limit,
          syncedFiles: Math.round(part * syncedFiles),
          syncedBytes: Math.round(moved),
          pendingFiles: Math.round((known - moved) / 500_000_000),
          pendingBytes: Math.round(known - moved),
          failedFiles: Math.round(part * failedFiles),
        },
      );
    }
    if (exitCode !== undefined) closeSession(ledger, session, endedMs, exitCode);
  }
  thinHistory(ledger, nowMs);
}

function isDay(ms: number): boolean {
  const at = new Date(ms);
  return at.getDay() % 6 > 0 && at.getHours() >= 8 && at.getHours() < 18;
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);
}
