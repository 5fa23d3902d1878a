/**
 * What a scan has found so far, and what is made of it: items to copy, rows to record, folders still to be listed,
 * extras. One sink for each folder that is joined.
 */

import { forgetMended, spreadToNames } from '../ledger/damaged.js';
import { forgetInodes } from '../ledger/hardlinks.js';
import type { Ledger } from '../ledger/ledger.js';
import { contentOf } from '../ledger/pendinghash.js';
import { type Dir, type Entry, PROTECTED, type ScanState } from '../ledger/rows.js';
import { DirSide, DirStatus, EntryStatus, Listed } from '../ledger/schema.js';
import { Action } from '../pipeline/record.js';
import { join } from '../posix/names.js';
import { kindOfMode } from '../posix/stat.js';
import type { Verdict } from '../scan/compare.js';
import { type Choice, digestOf } from '../scan/filter/choice.js';
import { Filter } from '../scan/filter/filter.js';
import { Scope, type Wanted } from '../scan/filter/scope.js';
import type { ExtraSort, JoinSink } from '../scan/march.js';
import type { Contents } from '../scan/seal.js';
import { type Meta, metaOf } from '../share/entries.js';
import { COLLIDES, failure, MANGLED } from '../share/failure.js';
import { cleanName } from '../ui/clean.js';
import type { HardLinks } from './hardlinks.js';
import type { InHand } from './inhand.js';
import { type Item, NO_META, newItem } from './item.js';
import type { Recorder } from './recorder.js';

/** Key of the digest of what the last scan chose, among the ledger's own values. */
export const CHOICE = 'choice';
/** The same for whether it followed links: what it found is read the same way. */
export const COPY_LINKS = 'copyLinks';
/** Some scan has followed links. */
const FOLLOWED_LINKS = 'followedLinks';

export interface FindingEvents {
  /** A file or link to be copied. */
  found(item: Item): void;
  /** Files that need no copying, and their bytes. */
  same(files: number, bytes: number): void;
  /** A folder that is missing, or an extra: for dry runs and counting. */
  note(what: 'make' | 'delete', path: string, isFolder: boolean): void;
  /** A folder is missing, or its times or attributes differ. */
  changed(): void;
  /** What differs of a folder, where lines tell it. */
  itemized(path: string, changes: string): void;
  failed(path: string, message: string): void;
  /** See HardLinks. */
  isFirst: HardLinks['isFirst'];
}

/** Takes a folder that is to be listed; `afterCheckpoint`: not before what was found until now is in the ledger. */
export type ToList = (dir: Dir, afterCheckpoint: boolean) => void;

/** The root folder, which no listing shows. */
export interface RootState {
  /** At the source. */
  readonly meta: Meta;
  /** The destination's has the same mtime. */
  readonly isStamped: boolean;
}

/** Something will change in the folder at the destination, and with it the folder's mtime there. */
function changes(dir: Dir): void {
  if (dir.status === DirStatus.synced) dir.status = DirStatus.toStamp;
}

/** Letters of attributes that the scan of this state did not keep. */
export function wantsMore(attributes: string, { attributes: before = '' }: ScanState): boolean {
  return [...attributes].some((letter) => !before.includes(letter));
}

export class Findings {
  readonly seen = { dirs: 0, files: 0, bytes: 0, errors: 0, excluded: 0 };
  /** Of the scan that runs, or ran last. */
  state: ScanState;
  private nextId: number;
  private readonly scope: Scope;
  private readonly hides: Filter;
  private readonly protects: Filter;

  constructor(
    private readonly ledger: Ledger,
    private readonly recorder: Recorder,
    private readonly trash: string | undefined,
    private readonly choice: Choice,
    private readonly events: FindingEvents,
    private readonly toList: ToList,
  ) {
    this.state = ledger.scanState;
    this.scope = new Scope(choice.listed);
    this.hides = new Filter(choice.rules, 'source');
    this.protects = new Filter(choice.rules, 'dest');
    this.nextId = ledger.lastDirId + 1;
  }

  /** What alone is to be listed of a folder of the source; undefined: all. */
  wanted(dir: Dir): Wanted | undefined {
    return dir.side === DirSide.source ? this.scope.of(dir.path) : undefined;
  }

  /** A new scan of everything, which the ledger knows of when this returns. `readsContent`: it goes by what is in files (-c). */
  begin(extras: boolean, attributes: string, { meta, isStamped }: RootState, readsContent = false): void {
    Object.assign(this.seen, { dirs: 0, files: 0, bytes: 0, errors: 0, excluded: 0 });
    const { number, running, areNew } = this.state;
    const isCutOff = running && areNew === true;
    const choice = digestOf(this.choice);
    const isChosenAnew = this.ledger.meta(CHOICE) !== choice;
    // By a whole scan that chose as this one does.
    const isKnownGone = number > 0 && !isChosenAnew && !running && this.state.errors === 0;
    this.state = {
      number: number + 1,
      running: true,
      errors: 0,
      extras,
      attributes,
      areNew: isCutOff || wantsMore(attributes, this.state),
    };
    this.recorder.scanState(this.state);
    const known = this.ledger.dir(1);
    // No listing shows what the destination has of the root's attributes: the ledger does.
    const isUpToDate = known?.status === DirStatus.synced && known.meta?.ctimeNs === meta.ctimeNs && !this.state.areNew;
    const before = known ?? this.newDir(undefined, '', DirSide.source);
    const root: Dir = {
      ...before,
      seal: isChosenAnew ? undefined : before.seal,
      listed: Listed.no,
      meta,
      status: isStamped && (isUpToDate || attributes === '') ? DirStatus.synced : DirStatus.toStamp,
    };
    // All at once: with the old scan's folders forgotten and the new one's not there, a kill would leave nothing to list.
    this.ledger.commit(() => {
      this.ledger.beginScan();
      if (isChosenAnew) this.ledger.forgetSeals();
      spreadToNames(this.ledger);
      // Each name is to be linked to one that was compared by then, which those are that this scan has found.
      if (readsContent && attributes.includes('H')) forgetInodes(this.ledger);
      forgetMended(this.ledger, (path) => isKnownGone && !this.mayBeLeftOut(path, false) && !this.choosesBySize);
      this.ledger.setMeta(CHOICE, choice);
      this.ledger.setMeta(COPY_LINKS, this.choice.copyLinks === true);
      if (this.choice.copyLinks) this.ledger.setMeta(FOLLOWED_LINKS, true);
      this.ledger.putDir(root);
      this.ledger.setMeta('scan', this.state);
    });
    this.toList(root, false);
  }

  /** See Scan. */
  keepOnly(attributes: string): void {
    const kept = [...(this.state.attributes ?? '')].filter((letter) => attributes.includes(letter)).join('');
    if (kept === (this.state.attributes ?? '')) return;
    this.state = { ...this.state, attributes: kept };
    this.ledger.commit(() => this.ledger.setMeta('scan', this.state));
  }

  /** Nothing is left to be listed. */
  end(): void {
    this.state = { ...this.state, running: false };
    this.recorder.scanState(this.state);
  }

  /** What could not be looked at, and is in the ledger and the audit log. */
  fault(path: string, message: string): void {
    this.seen.errors++;
    this.state = { ...this.state, errors: this.state.errors + 1 };
    this.recorder.scanState(this.state);
    this.events.failed(path, message);
  }

  /** Entries of the source, none of which needs copying. */
  same({ files, bytes, skipped }: Contents): void {
    this.saw(files + skipped, bytes);
    this.events.same(files, bytes);
  }

  private saw(files: number, bytes: number): void {
    this.seen.files += files;
    this.seen.bytes += bytes;
  }

  /** What the join of a folder ends in. Everything beneath an extra folder is an extra: it has no side of the source. */
  sink(hand: InHand): JoinSink {
    const { dir } = hand;
    return {
      copy: (name, meta, verdict, known, letters, inode) => {
        const item = this.itemFor(dir, name, meta, verdict, known);
        changes(dir);
        hand.isToChange = true;
        if (letters !== undefined) item.changes = letters;
        item.inode = inode;
        this.events.found(item);
      },
      apart: (name, meta, inode, known) => {
        const { algorithm, hash } = (known && contentOf(known, meta)) ?? { algorithm: undefined, hash: undefined };
        if (this.events.isFirst(dir, name, metaOf(meta), inode, { algorithm, hash })) return false;
        // Most often it is a name of that file already, and nothing in the folder changes.
        this.events.found({ ...this.itemFor(dir, name, meta, 'stamp', known), inode, isApart: true });
        return true;
      },
      inode: (name, inode) => this.recorder.inode(dir, name, inode),
      record: (name, entry, known) => {
        this.saw(1, entry.meta.size);
        this.recorder.row(dir, name, entry, known);
        if (entry.status === EntryStatus.synced) this.events.same(1, entry.meta.size);
      },
      unchanged: (meta) => this.same({ files: 1, bytes: meta.size, skipped: 0 }),
      stillSkipped: (meta) => this.saw(1, meta.size),
      folder: (path, meta, verdict, known, other, letters) => {
        if (verdict === 'makeDir') hand.isToChange = true;
        if (verdict !== 'same' && known?.status !== DirStatus.failed) this.events.changed();
        if (other === 'dest') this.replaced(path);
        if (letters !== undefined) this.events.itemized(path, letters);
        this.folder(dir, path, meta, verdict, known, other !== undefined);
      },
      unreadable: (name, code, known) => {
        const { message } = failure(code, 'stat', name);
        // A link that is to be followed is not to be tried as the link that it was before.
        const isLink = this.choice.copyLinks && known && kindOfMode(known.meta.mode) === 'link';
        const meta = isLink ? NO_META : (known?.meta ?? NO_META);
        this.recorder.row(dir, name, failedEntry(meta, message), known);
        this.fault(join(dir.path, name), message);
      },
      collides: (name, other, meta, known) => {
        const error = `${COLLIDES}: the destination takes this name for that of ${cleanName(other)}`;
        this.refused(dir, name, meta, error, known);
      },
      mangled: (name, meta, known) => {
        const error = `${MANGLED}: the destination lists this name as another; see --rename-invalid`;
        this.refused(dir, name, meta, error, known);
      },
      passedOver: (known) => {
        this.seen.excluded++;
        hand.staysUnlike = true;
        if (known) this.recorder.goneEntry(known, true);
      },
      left: (name, entry, known) => {
        this.seen.excluded++;
        hand.staysUnlike = true;
        if (entry) this.recorder.row(dir, name, entry, known);
      },
      missing: (name) => this.missing(dir, name),
      unseen: (name, code) => {
        hand.staysUnlike = true;
        if (!this.state.extras) return;
        if ((['folder', 'no folder'] as const).some((what) => this.isProtected(hand, name, what))) {
          this.keepAround(dir, name);
          return;
        }
        const { message } = failure(code, 'stat', name);
        const path = join(dir.path, name);
        this.recorder.line('failed', 'entry', path, message);
        this.fault(path, message);
      },
      extra: (name, what) => {
        const isPart = what === 'part';
        if (!isPart && this.state.extras && this.isProtected(hand, name, what)) {
          hand.staysUnlike = true;
          this.keepAround(dir, name);
          return;
        }
        if (isPart || this.state.extras) hand.isToChange = true;
        else hand.staysUnlike = true;
        this.extra(dir, name, what);
      },
      goneEntry: (entry) => this.recorder.goneEntry(entry, this.mayBeLeftOut(join(dir.path, entry.name), false)),
      goneFolder: (gone) => this.recorder.goneDir(gone, this.mayBeLeftOut(gone.path, true)),
    };
  }

  /** An entry that the destination cannot have by its name. */
  private refused(dir: Dir, name: string, meta: Meta, error: string, known: Entry | undefined): void {
    this.recorder.row(dir, name, failedEntry(metaOf(meta), error), known);
    this.events.failed(join(dir.path, name), error);
  }

  private itemFor(dir: Dir, name: string, meta: Meta, verdict: keyof typeof ACTIONS, known: Entry | undefined): Item {
    this.saw(1, meta.size);
    const saved = known && { status: known.status, size: known.meta.size };
    const item = newItem(dir, name, ACTIONS[verdict], meta, saved);
    if (verdict === 'stamp') item.kept = contentOf(known, meta) ?? { algorithm: undefined, hash: undefined };
    return item;
  }

  /** Whether what is not in the source's listings may be there all the same, but for its size. */
  private mayBeLeftOut(path: string, isFolder: boolean): boolean {
    const { listed, oneFilesystem, copyLinks } = this.choice;
    // What only -L sees is beneath links, for all others.
    const isSeen = copyLinks === true || this.ledger.meta(FOLLOWED_LINKS) !== true;
    return listed !== undefined || oneFilesystem || !isSeen || this.hides.excludesPath(path, isFolder);
  }

  private get choosesBySize(): boolean {
    return this.choice.minSize > 0 || Number.isFinite(this.choice.maxSize);
  }

  /** The folders that a protected extra is in have to stay, too. */
  private keepAround(dir: Dir, name: string): void {
    if (dir.side === DirSide.extra) this.recorder.extra({ dir: dir.id, name, kind: PROTECTED });
  }

  /** Whether an extra is none of the copy's business. */
  private isProtected({ dir, wanted, isElsewhere }: InHand, name: string, what: ExtraSort): boolean {
    // Of a list only what was listed is touched, and what is in the way of that.
    if (wanted !== undefined && what !== 'in the way') return true;
    return isElsewhere.dest === true || this.protects.excludes(dir.path, name, what !== 'no folder');
  }

  /** What was listed by name is told if it is not there, unless a rule leaves it out. */
  private missing(dir: Dir, name: string): void {
    const isLeftOut = (isFolder: boolean) => this.hides.excludes(dir.path, name, isFolder);
    if (this.scope.of(dir.path)?.get(name) === 'listed' && (isLeftOut(false) || isLeftOut(true))) return;
    const { message } = failure('ENOENT', 'look for what was listed', name);
    for (const path of this.scope.beneath(join(dir.path, name))) {
      this.recorder.line('failed', 'entry', path, message);
      this.fault(path, message);
    }
  }

  /** What is no folder gives way to one, at the destination. */
  private replaced(path: string): void {
    this.recorder.line('deleted', 'entry', path, 'a folder takes its place');
    this.events.note('delete', path, false);
    if (this.trash !== undefined) this.recorder.touch(1);
  }

  /** `isReplacing`: what had its name before is to be written down before anything is made in the folder. */
  private folder(
    parent: Dir,
    path: string,
    meta: Meta,
    verdict: Verdict,
    known: Dir | undefined,
    isReplacing: boolean,
  ): void {
    const missing = verdict === 'makeDir';
    if (missing) {
      this.events.note('make', path, true);
      changes(parent);
    }
    // The parent's join was cut off, and this folder was joined before that; its entries may be on their way.
    if (known?.scan === this.state.number && known.listed !== Listed.no) return;
    const dir: Dir = {
      ...(known ?? this.newDir(parent, path, DirSide.source)),
      listed: Listed.no,
      status: missing ? DirStatus.toMake : verdict === 'same' ? DirStatus.synced : DirStatus.toStamp,
      // A copy: folders wait longer than the listing they were found in shall be kept.
      meta: metaOf(meta),
      // What the destination did not take of it stays known.
      error: verdict === 'same' && known?.status === DirStatus.synced ? known.error : undefined,
    };
    this.toList(dir, isReplacing);
  }

  private extra(dir: Dir, name: string, what: ExtraSort): void {
    if (what !== 'part' && !this.state.extras) return;
    const kind = REMOVALS[what];
    this.recorder.extra({ dir: dir.id, name, kind });
    if (kind === Action.removeDir) this.toList(this.newDir(dir, join(dir.path, name), DirSide.extra), false);
  }

  private newDir(parent: Dir | undefined, path: string, side: DirSide): Dir {
    return {
      id: this.nextId++,
      parent: parent?.id,
      path,
      depth: parent === undefined ? 0 : parent.depth + 1,
      side,
      listed: Listed.no,
      status: DirStatus.synced,
      scan: 0,
      meta: undefined,
      error: undefined,
      seal: undefined,
    };
  }
}

const REMOVALS: Readonly<Record<ExtraSort, Action>> = {
  part: Action.removePart,
  'other part': Action.removePart,
  'no folder': Action.remove,
  folder: Action.removeDir,
  'in the way': Action.removeDir,
};
const ACTIONS = { copy: Action.copy, link: Action.link, special: Action.special, stamp: Action.stamp } as const;

function failedEntry(meta: Meta, error: string): Entry {
  return { status: EntryStatus.failed, meta, algorithm: undefined, hash: undefined, error };
}
