/**
 * Names of one file (-H): the first that is met brings its content to the destination, and the others become names of
 * that. Who is first is decided as items are handed out, by what the ledger has and by what is on its way, so that it
 * does not matter in which lane or session each is met.
 */

import { type Member, otherName } from '../ledger/hardlinks.js';
import type { Ledger } from '../ledger/ledger.js';
import { Action } from '../pipeline/record.js';
import { join } from '../posix/names.js';
import type { Inode, Meta } from '../share/entries.js';
import { UNLIKE, UNLINKABLE } from '../share/failure.js';
import { cleanName } from '../ui/clean.js';
import { pathOf } from './conveyor.js';
import { bringing, type DirRef, type Item } from './item.js';

/** How many names of a file that are not (any more) what the ledger says are tried before the file is brought anew. */
const MOST_UNLIKE = 16;

/** A file that items of this session are about. */
interface Group {
  /** The name at the destination that the others are linked to. */
  first: Member | undefined;
  /** The item that brings it there, or sees to its attributes. */
  bringer: Item | undefined;
  /** Not handed out before that is done. */
  readonly waiting: Set<Item>;
  /** Paths of names that are no longer this file's: a folder that was renamed has left them in the ledger. */
  readonly unlike: Set<string>;
  readonly key: string;
  /** Between `take` and `letGo`. */
  items: number;
}

/** Right at the destination, and with its row not in the ledger yet. */
type Fresh = Member & Pick<Meta, 'size' | 'mtimeNs'>;

export class HardLinks {
  private readonly groups = new Map<string, Group>();
  /** Of the items between `take` and `letGo`. */
  private readonly groupOf = new Map<Item, Group>();
  private readonly fresh = new Map<string, Fresh>();

  /** `algorithm`: the code of this session's hash. */
  constructor(
    private readonly ledger: Ledger,
    private readonly algorithm: number,
  ) {}

  /** Whether a name whose content is right at the destination is the first of its file: it need not be linked. */
  isFirst(dir: DirRef, name: string, meta: Meta, inode: Inode, content: Omit<Member, 'path'>): boolean {
    const key = keyOf(inode);
    const path = join(dir.path, name);
    const group = this.groups.get(key);
    if (group) return group.first?.path === path;
    if (this.fresh.has(key) || otherName(this.ledger, inode, meta, dir.id, name)) return false;
    const { size, mtimeNs } = meta;
    this.fresh.set(key, { path, size, mtimeNs, ...content });
    return true;
  }

  /** Takes an item that is to be handed out into its group; false when it has to wait, and `finished` gives it back. */
  take(item: Item): boolean {
    if (!item.inode) return true;
    const key = keyOf(item.inode);
    const group = this.groups.get(key) ?? this.newGroup(key, item);
    group.items++;
    this.groupOf.set(item, group);
    return this.place(item, group);
  }

  private newGroup(key: string, item: Item): Group {
    const { size, mtimeNs } = item.meta;
    const fresh = this.fresh.get(key);
    const isFresh = fresh?.size === size && fresh.mtimeNs === mtimeNs;
    const first = isFresh ? fresh : this.otherName(item);
    const group: Group = { key, first, bringer: undefined, waiting: new Set(), unlike: new Set(), items: 0 };
    this.groups.set(key, group);
    return group;
  }

  /**
   * Lanes are done with an item, which has its result or failure: gives the items that can be handed out now. The item
   * itself may not be done: it is among them, or waits, and has neither result nor failure any more.
   */
  finished(item: Item): Item[] {
    const group = this.groupOf.get(item);
    if (!group) return [];
    if (item.action === Action.hardLink) return this.finishedLink(item, group);
    if (group.bringer !== item) return [];
    group.bringer = undefined;
    const waiting = [...group.waiting];
    group.waiting.clear();
    if (item.failure) group.first = undefined;
    else {
      const hash = item.kept?.hash ?? item.result?.hash;
      const algorithm = item.kept?.algorithm ?? (hash && this.algorithm);
      group.first = { path: pathOf(item), algorithm, hash, warning: item.warning };
    }
    return waiting.filter((other) => this.place(other, group));
  }

  /** Makes an item of a group what it is to be now: the one that brings the file, a link, or one that waits (false). */
  private place(item: Item, group: Group): boolean {
    if (group.bringer) {
      group.waiting.add(item);
      return false;
    }
    // Made anew, it would not be the file that names in folders are of which nobody looks at.
    if (group.first?.path === pathOf(item)) group.first = this.otherName(item, group.unlike);
    if (group.first) {
      item.action = Action.hardLink;
      item.target = group.first;
    } else {
      item.action = ownAction(item);
      group.bringer = item;
    }
    return true;
  }

  private otherName({ inode, meta, dir, name }: Item, but?: ReadonlySet<string>): Member | undefined {
    return otherName(this.ledger, inode!, meta, dir.id, name, but);
  }

  private finishedLink(item: Item, group: Group): Item[] {
    const { failure, target } = item;
    if (!failure) {
      // What the destination did not take of the file it did not take by this name either.
      item.warning = target!.warning;
      // Its attributes are still to be set, for all names of the file.
      if (!item.kept || item.isApart) return [];
      item.result = undefined;
      item.action = Action.stamp;
      return [item];
    }
    if (failure.code !== UNLIKE && !UNLINKABLE.includes(failure.code)) return [];
    item.failure = undefined;
    item.action = ownAction(item);
    item.target = undefined;
    if (failure.code !== UNLIKE) {
      item.warning = `${failure.message}: no hard link to ${cleanName(target!.path)}`;
      return [item];
    }
    // By now it may have been made anew, and be right.
    if (group.first === target) {
      group.unlike.add(target!.path);
      group.first = group.unlike.size < MOST_UNLIKE ? this.otherName(item, group.unlike) : undefined;
    }
    return this.place(item, group) ? [item] : [];
  }

  /** The item is in the ledger with what became of it, or is left to the backlog; gives those that were left with it. */
  letGo(item: Item): Item[] {
    const group = this.groupOf.get(item);
    if (!group) return [];
    const left = group.bringer === item ? [...group.waiting] : [];
    for (const gone of [item, ...left]) this.groupOf.delete(gone);
    group.items -= 1 + left.length;
    if (group.items === 0 || group.bringer === item) this.end(group);
    return left;
  }

  /** A checkpoint was committed: the ledger knows all that was right at the destination. */
  committed(): void {
    this.fresh.clear();
  }

  private end(group: Group): void {
    if (this.groups.get(group.key) === group) this.groups.delete(group.key);
  }
}

function keyOf({ device, number }: Inode): string {
  return `${device}/${number}`;
}

/** What an item is that is not linked to another name of its file. */
function ownAction({ kept, meta }: Item): Action {
  return bringing(meta.mode, kept);
}
