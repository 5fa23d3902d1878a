/**
 * The recorder: what is to be written to the ledger and the audit log, gathered and written in checkpoints. Rows of
 * files that were copied before their first checkpoint are written once, as synced; others first as pending. The
 * order within a checkpoint is what makes `synced` true: destination flushed, audit lines written, ledger committed.
 */

import type { AuditLine, AuditLog } from '../audit/log.js';
import { checksumCode, digestLength } from '../hash/registry.js';
import { algorithmOf } from '../ledger/algorithms.js';
import { rememberDamaged, rememberDamagedBeneath } from '../ledger/damaged.js';
import { putExtra, removeExtra } from '../ledger/extras.js';
import { putInode } from '../ledger/hardlinks.js';
import type { Ledger } from '../ledger/ledger.js';
import { keptWhilePending } from '../ledger/pendinghash.js';
import { RenamedPaths } from '../ledger/renamed.js';
import type { Dir, Entry, Extra, KeyedEntry, ScanState } from '../ledger/rows.js';
import { DirStatus, EntryStatus } from '../ledger/schema.js';
import { Action } from '../pipeline/record.js';
import { join } from '../posix/names.js';
import type { Checksum } from '../settings.js';
import type { Inode, Meta } from '../share/entries.js';
import { SessionBroken, ThreadDied } from './broken.js';
import { type DirRef, type Item, isAsItWas, isContentThere, isEntry } from './item.js';

export interface RecorderDeps {
  readonly ledger: Ledger;
  /** Undefined in a dry run. */
  readonly log: AuditLog | undefined;
  readonly source: string;
  readonly dest: string;
  readonly checksum: Checksum;
  /**
   * Makes durable what is at these paths beneath the root; an error code where the destination is away, and nothing was
   * tried.
   */
  flushDest(paths: () => readonly string[]): Promise<string | undefined>;
  /** Called with the items that the ledger has as pending now, or already with their results. */
  saved(items: readonly Item[]): void;
  /** Called with the items whose results are in the ledger now. */
  committed(items: readonly Item[]): void;
}

/** The destination cannot be flushed because it is not there; nothing is lost, and another checkpoint may follow. */
export class DestAway extends Error {
  constructor(readonly code: string) {
    super(`the destination is away: ${code}`);
  }
}

export class Recorder {
  /** What the ledger's totals will change by at the next checkpoint. */
  readonly ahead = { pending: emptyTally(), synced: emptyTally(), failed: emptyTally() };
  private unsaved: Item[] = [];
  private done: Item[] = [];
  private readonly dirs = new Map<number, Dir>();
  private rows: { dir: DirRef; name: string; entry: Entry; known: Entry | undefined }[] = [];
  private inodes: { dir: number; name: string; inode: Inode | undefined }[] = [];
  private goneEntries: { entry: KeyedEntry; mayBeLeftOut: boolean }[] = [];
  private goneDirs: { id: number; mayBeLeftOut: boolean }[] = [];
  private extras: Extra[] = [];
  private readonly touched = new Set<number>();
  private lines: AuditLine[] = [];
  private scan: ScanState | undefined;
  private running: Promise<void> | undefined;
  /** What items had as `saved` before the commit under way. */
  private replaced: { item: Item; saved: Item['saved'] }[] = [];
  /** Something was published that is not, and will not be, recorded. */
  doubtful = false;
  private readonly room: Buffer;
  private readonly renamed: RenamedPaths;
  private readonly algorithm: number;

  constructor(private readonly deps: RecorderDeps) {
    this.room = Buffer.alloc(digestLength(deps.checksum));
    this.algorithm = checksumCode(deps.checksum);
    this.renamed = new RenamedPaths(deps.ledger);
  }

  /** Folders of which the ledger does not have the present state. */
  get dirIds(): Pick<ReadonlySet<number>, 'has' | 'size'> {
    return this.dirs;
  }

  /** Things waiting for the next checkpoint. */
  get size(): number {
    return (
      this.unsaved.length +
      this.done.length +
      this.rows.length +
      this.dirs.size +
      this.extras.length +
      this.inodes.length +
      this.goneEntries.length
    );
  }

  get isEmpty(): boolean {
    return (
      this.size === 0 &&
      this.goneDirs.length === 0 &&
      this.touched.size === 0 &&
      this.scan === undefined &&
      this.lines.length === 0
    );
  }

  /** A new item, whose row the ledger does not have as pending yet. */
  add(item: Item): void {
    this.unsaved.push(item);
    this.countUnsaved(item);
  }

  /** An item that is finished or has failed for this session. */
  finish(item: Item): void {
    this.done.push(item);
    this.countDone(item);
  }

  /** What was gathered will not be recorded by this session any more: the ledger alone says how things are. */
  giveUp(): void {
    this.unsaved = [];
    this.done = [];
    this.countAhead();
  }

  private countUnsaved(item: Item): void {
    if (item.saved?.status !== EntryStatus.pending) count(this.ahead.pending, item, 1);
  }

  /** Counts anew what waits for the next checkpoint. */
  private countAhead(): void {
    for (const tally of Object.values(this.ahead)) Object.assign(tally, emptyTally());
    for (const item of this.unsaved) this.countUnsaved(item);
    for (const item of this.done) this.countDone(item);
  }

  private countDone(item: Item): void {
    if (!isEntry(item)) return;
    count(this.ahead.pending, item, -1);
    count(item.result ? this.ahead.synced : this.ahead.failed, item, 1);
  }

  /** A folder whose entries at the destination were changed: its times are to be set again. */
  touch(dir: number): void {
    this.touched.add(dir);
  }

  row(dir: DirRef, name: string, entry: Entry, known: Entry | undefined): void {
    this.rows.push({ dir, name, entry, known });
    if (entry.error === undefined || entry.error === known?.error) return;
    const result = entry.status === EntryStatus.failed ? 'failed' : 'skipped';
    this.line(result, entry.status === EntryStatus.failed ? 'entry' : 'other', join(dir.path, name), entry.error);
  }

  /** See putInode. */
  inode(dir: DirRef, name: string, inode: Inode | undefined): void {
    this.inodes.push({ dir: dir.id, name, inode });
  }

  dir(dir: Dir): void {
    this.dirs.set(dir.id, dir);
  }

  /** `mayBeLeftOut`: it may be at the source all the same, and be copied by a run that does not leave it out. */
  goneEntry(entry: KeyedEntry, mayBeLeftOut = false): void {
    this.goneEntries.push({ entry, mayBeLeftOut });
  }

  goneDir({ id }: Dir, mayBeLeftOut = false): void {
    this.goneDirs.push({ id, mayBeLeftOut });
  }

  extra(extra: Extra): void {
    this.extras.push(extra);
  }

  scanState(state: ScanState): void {
    this.scan = state;
  }

  /** A line of something that was not an item, `path` beneath the root. */
  line(result: AuditLine['result'], kind: AuditLine['kind'], path: string, error: string | undefined): void {
    const { source } = this.deps;
    this.lines.push({ timeMs: Date.now(), result, kind, source: join(source, path), dest: this.destOf(path), error });
  }

  private destOf(path: string): string {
    return join(this.deps.dest, this.renamed.renaming.encodePath(path));
  }

  /** Writes all that was gathered until now; a call during another's wait joins it. */
  checkpoint(): Promise<void> {
    this.running ??= this.write().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async write(): Promise<void> {
    const { log } = this.deps;
    const { done } = this;
    this.done = [];
    // Also what somebody else has put there, perhaps just now.
    const isSynced = this.rows.some(({ entry }) => entry.status === EntryStatus.synced);
    if (log && (isSynced || done.some(isPublished))) await this.flush(done);
    for (const item of done) {
      item.durable = true;
      const line = log && this.lineOf(item);
      if (line) log.write(line);
    }
    for (const line of this.lines) log?.write(line);
    this.lines = [];
    log?.flush();
    const { unsaved } = this;
    this.commit(unsaved, done);
    this.unsaved = [];
    this.rows = [];
    this.dirs.clear();
    this.inodes = [];
    this.goneEntries = [];
    this.goneDirs = [];
    this.extras = [];
    this.touched.clear();
    this.scan = undefined;
    this.countAhead();
    this.deps.saved(unsaved);
    this.deps.committed(done);
  }

  /**
   * Linux tells an error of late writing once: what was published before it is told may be damaged, and another
   * flush that succeeds does not mend that. Such files stay pending, and are copied again.
   */
  private async flush(done: readonly Item[]): Promise<void> {
    try {
      const paths = () => [...done.filter(isPublished), ...this.rows].map(({ dir, name }) => join(dir.path, name));
      const away = await this.deps.flushDest(paths);
      if (away === undefined) return;
      this.done = [...done, ...this.done];
      throw new DestAway(away);
    } catch (error) {
      if (error instanceof DestAway) throw error;
      this.doubtful = true;
      this.done = this.done.filter((item) => !isPublished(item));
      this.countAhead();
      const what = `destination ${this.deps.dest}: flushing failed: ${(error as Error).message}`;
      const told = `${what}; what came since the last checkpoint is copied again by the next run`;
      throw new SessionBroken(told, error instanceof ThreadDied ? 'bug' : 'share');
    }
  }

  private commit(unsaved: readonly Item[], done: readonly Item[]): void {
    this.replaced = [];
    try {
      this.deps.ledger.commit(() => this.putAll(unsaved, done));
    } catch (error) {
      for (const { item, saved } of this.replaced.reverse()) item.saved = saved;
      throw error;
    }
  }

  private putAll(unsaved: readonly Item[], done: readonly Item[]): void {
    const { ledger } = this.deps;
    for (const dir of this.dirs.values()) ledger.putDir(dir);
    for (const { dir, name, entry, known } of this.rows) {
      if (known && entry.status !== EntryStatus.synced) rememberDamaged(ledger, dir.id, name);
      ledger.putEntry(dir.id, name, entry, known && { status: known.status, size: known.meta.size });
      this.renamed.put(dir, name);
    }
    for (const item of unsaved) this.putItem(item);
    for (const item of done) this.putResult(item);
    for (const { dir, name, inode } of this.inodes) putInode(ledger, dir, name, inode);
    for (const { entry, mayBeLeftOut } of this.goneEntries) {
      if (mayBeLeftOut) rememberDamaged(ledger, entry.dir, entry.name);
      ledger.removeEntry(entry.dir, entry.name, entry);
    }
    for (const { id, mayBeLeftOut } of this.goneDirs) {
      if (mayBeLeftOut) rememberDamagedBeneath(ledger, id);
      ledger.removeDir(id);
    }
    for (const extra of this.extras) putExtra(ledger, extra);
    for (const id of this.touched) ledger.touchDir(id);
    if (this.scan) ledger.setMeta('scan', this.scan);
  }

  private putResult(item: Item): void {
    const { ledger } = this.deps;
    switch (item.action) {
      case Action.copy:
      case Action.link:
      case Action.special:
      case Action.stamp:
      case Action.hardLink:
        if (item.saved?.status === EntryStatus.pending) this.putItem(item);
        if (item.result && !isAsItWas(item)) {
          this.touched.add(item.dir.id);
          ledger.addWork(item.dir.id, item.result.endedMs - item.result.startedMs);
        }
        break;
      case Action.makeDir:
      case Action.stampDir: {
        const next = item.action === Action.makeDir ? DirStatus.toStamp : DirStatus.synced;
        ledger.setDirStatus(item.dir.id, item.result ? next : DirStatus.failed, item.failure?.message ?? item.warning);
        if (item.action === Action.makeDir && item.dir.parent !== undefined) this.touched.add(item.dir.parent);
        break;
      }
      case Action.remove:
      case Action.removeDir:
      case Action.removePart:
        // A failed removal is forgotten too: the next scan finds the extra again.
        removeExtra(ledger, item.dir.id, item.name);
        if (item.result) this.touched.add(item.dir.id);
        break;
    }
  }

  private putItem(item: Item): void {
    const entry = this.entryOf(item);
    this.deps.ledger.putEntry(item.dir.id, item.name, entry, item.saved);
    this.renamed.put(item.dir, item.name);
    this.replaced.push({ item, saved: item.saved });
    item.saved = { status: entry.status, size: entry.meta.size };
  }

  private entryOf(item: Item): Entry {
    const { result, failure, kept } = item;
    if (item.durable && result) {
      const meta: Meta = result;
      // Of a name of another file both may be known, or only one.
      const known = item.target?.hash ? item.target : (kept ?? item.target);
      const { algorithm, hash } = known ?? { algorithm: result.hash && this.algorithm, hash: result.hash };
      return { status: EntryStatus.synced, meta, algorithm, hash, error: item.warning };
    }
    const status = item.durable && failure ? EntryStatus.failed : EntryStatus.pending;
    const error = failure?.message;
    if (kept) return { status, meta: item.meta, ...keptWhilePending(kept), error };
    const room = item.action === Action.copy || item.action === Action.hardLink ? this.room : undefined;
    return { status, meta: item.meta, algorithm: room && this.algorithm, hash: room, error };
  }

  /** What the audit log says of an item that is done with, if anything. */
  private lineOf(item: Item): AuditLine | undefined {
    const outcome = outcomeOf(item);
    if (!outcome) return undefined;
    const path = join(item.dir.path, item.name);
    const copied = outcome === 'copied' ? item.result : undefined;
    const hash = item.target && outcome === 'linked' ? item.target.hash : copied?.hash;
    return {
      timeMs: item.result?.endedMs ?? Date.now(),
      result: outcome,
      kind: kindOfAction(item),
      source: join(this.deps.source, path),
      dest: this.destOf(path),
      size: copied?.size,
      hash: hash && Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('hex'),
      algorithm:
        hash && (item.target?.algorithm !== undefined ? algorithmOf(item.target.algorithm) : this.deps.checksum),
      durationMs: copied && Math.round(copied.endedMs - copied.startedMs),
      error: item.failure?.message ?? item.warning,
    };
  }
}

function outcomeOf(item: Item): AuditLine['result'] | undefined {
  const { action, result, failure, warning } = item;
  if (failure) return 'failed';
  if (isAsItWas(item)) return undefined;
  switch (action) {
    case Action.copy:
    case Action.link:
    case Action.special:
      return result && (isContentThere(item) ? 'stamped' : 'copied');
    case Action.stamp:
      return result && 'stamped';
    case Action.hardLink:
      return result && 'linked';
    case Action.remove:
    case Action.removeDir:
      return result ? 'deleted' : 'kept';
    case Action.makeDir:
      return 'made';
    case Action.stampDir:
      return warning === undefined ? undefined : 'stamped';
    case Action.removePart:
      return undefined;
  }
}

function isPublished(item: Item): boolean {
  return item.result !== undefined && isEntry(item);
}

function emptyTally(): { files: number; bytes: number } {
  return { files: 0, bytes: 0 };
}

function count(tally: { files: number; bytes: number }, item: Item, sign: 1 | -1): void {
  tally.files += sign;
  tally.bytes += sign * item.meta.size;
}

function kindOfAction(item: Item): AuditLine['kind'] {
  switch (item.action) {
    case Action.copy:
    case Action.stamp:
    case Action.hardLink:
      return 'file';
    case Action.link:
      return 'link';
    case Action.special:
      return 'other';
    case Action.makeDir:
    case Action.stampDir:
    case Action.removeDir:
      return 'folder';
    default:
      return 'entry';
  }
}
