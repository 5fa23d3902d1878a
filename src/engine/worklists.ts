/** Items that the ledger's rows ask for beside copies, a page at a time: extras, unfinished folders, what failed. */
import { extrasAfter } from '../ledger/extras.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Dir } from '../ledger/rows.js';
import { type DirStatus, EntryStatus } from '../ledger/schema.js';
import type { Action } from '../pipeline/record.js';
import type { Meta } from '../share/entries.js';
import { LASTING } from '../share/failure.js';
import { codeOf } from '../stats/tally.js';
import { type Item, NO_META, newItem } from './item.js';

/** Rows of a page. */
const PAGE = 1024;

/** Returns the next items each time it is called, none at the end. */
export type WorkList = () => Item[];

/** Extras that `kind` removes; of folders only those of one depth. */
export function extrasOf(ledger: Ledger, kind: Action, depth?: number): WorkList {
  let at = { dir: 0, name: '' };
  return () => {
    const page = extrasAfter(ledger, kind, depth, at.dir, at.name, PAGE);
    at = page.at(-1) ?? at;
    return page.map((extra) => newItem({ id: extra.dir, path: extra.path }, extra.name, kind, NO_META, undefined));
  };
}

/** All of a list, a page at a time. */
export function* itemsOf(next: WorkList): Generator<Item> {
  for (let items = next(); items.length > 0; items = next()) yield* items;
}

/** What `action` does to the folders of a status. */
export function foldersOf(ledger: Ledger, status: DirStatus, action: Action, rootMeta: Meta): WorkList {
  const next = dirPages(ledger, status);
  return () => next().map((dir) => newItem(dir, '', action, dir.meta ?? rootMeta, undefined));
}

/** The folders of a status, a page with each call. */
export function dirPages(ledger: Ledger, status: DirStatus): () => Dir[] {
  let after = 0;
  return () => {
    const page = ledger.dirsByStatus(status, after, PAGE);
    after = page.at(-1)?.id ?? after;
    return page;
  };
}

/** Makes failed entries pending again whose error code is `wanted`; how many those are. */
export function requeueFailed(ledger: Ledger, wanted: (code: string) => boolean): number {
  let count = 0;
  for (let at = { dir: 0, name: '' }; ; ) {
    const page = ledger.failedAfter(at.dir, at.name, PAGE);
    const last = page.at(-1);
    if (!last) return count;
    at = last;
    // A name that collides is not to be tried: it would be written over the other.
    const again = page.filter(({ error = '', meta }) => {
      const code = codeOf(error);
      return meta.mode !== 0 && !LASTING.includes(code) && wanted(code);
    });
    ledger.commit(() => {
      for (const entry of again)
        ledger.putEntry(
          entry.dir,
          entry.name,
          { ...entry, status: EntryStatus.pending, error: undefined },
          { status: entry.status, size: entry.meta.size },
        );
    });
    count += again.length;
  }
}
