import type { Member } from '../ledger/hardlinks.js';
import type { Counted } from '../ledger/ledger.js';
import type { Entry } from '../ledger/rows.js';
import { Action, AS_IT_WAS, type RecordFields, STAMPED } from '../pipeline/record.js';
import { kindOfMode } from '../posix/stat.js';
import type { Inode, Meta } from '../share/entries.js';
import type { Failure } from '../share/failure.js';

/** The folder in whose row or among whose rows the item has its place. */
export interface DirRef {
  readonly id: number;
  /** Beneath the root. */
  readonly path: string;
  readonly parent?: number | undefined;
}

/** One piece of work on its way through the window. */
export interface Item {
  readonly dir: DirRef;
  readonly name: string;
  action: Action;
  readonly meta: Meta;
  /** How often it was tried in this session. */
  attempts: number;
  /** How often a lane died with it in hand. */
  deaths: number;
  /** What the ledger has of the entry now. */
  saved: Counted | undefined;
  /** What a lane that has or had it in hand has shown of it: bytes written, and since when, ms since the Unix epoch. */
  shown?: { written: number; readonly startedMs: number } | undefined;
  result?: Readonly<RecordFields> | undefined;
  failure?: Failure | undefined;
  /** Of a stamp: the hash that the ledger has of the content, which stays. */
  kept?: Pick<Entry, 'algorithm' | 'hash'>;
  /** What its names have in common, of a file that has several and where that is to be kept. */
  inode?: Inode | undefined;
  /** Its content and attributes are right, but it may be a file of its own where it should be a name of another. */
  isApart?: boolean;
  /** Of a hard link: the name that it is linked to. */
  target?: Member | undefined;
  /** What differs, where lines tell it and this session found it. */
  changes?: string;
  /** What of it the destination did not take. */
  warning?: string | undefined;
  /** The destination has it for good: the ledger may say synced. */
  durable: boolean;
}

export function newItem(dir: DirRef, name: string, action: Action, meta: Meta, saved: Counted | undefined): Item {
  return { dir, name, action, meta, attempts: 0, deaths: 0, saved, durable: false };
}

const ENTRY_ACTIONS: ReadonlySet<Action> = new Set([
  Action.copy,
  Action.link,
  Action.special,
  Action.stamp,
  Action.hardLink,
]);

/**
 * What brings an entry of this mode, which is no folder, to the destination. `kept`, of one whose content is there: what is no
 * file has no attributes that could be set by themselves.
 */
export function bringing(mode: number, kept?: Item['kept']): Action {
  const kind = kindOfMode(mode);
  if (kind === 'file') return kept ? Action.stamp : Action.copy;
  return kind === 'link' ? Action.link : Action.special;
}

/** Whether the item is about a file, link or special file, which has a row of its own, and not a folder or the end of an extra. */
export function isEntry({ action }: Item): boolean {
  return ENTRY_ACTIONS.has(action);
}

/** Whether the destination was found to have the content, byte by byte: at most time and attributes were set (-c). */
export function isContentThere({ action, result }: Item): boolean {
  return action === Action.copy && result !== undefined && (result.flags & (AS_IT_WAS | STAMPED)) !== 0;
}

/** Whether there was nothing to do: the entry is right, a name of the right file, or gone, already. */
export function isAsItWas({ result }: Item): boolean {
  return result !== undefined && (result.flags & AS_IT_WAS) !== 0;
}

/** Metadata of items that are not files of the source: folders to be made or stamped, extras. */
export const NO_META: Meta = { size: 0, mtimeNs: 0n, ctimeNs: 0n, btimeNs: 0n, mode: 0, uid: 0, gid: 0 };
