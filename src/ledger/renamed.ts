/** Names that the destination has under others (--rename-invalid): which sorts those are, and what became of each. */
import { join, toColumn } from '../posix/names.js';
import { type RenamedSort, Renaming } from '../share/renaming.js';
import type { Ledger } from './ledger.js';
import { prepare } from './sqlite.js';

const KEY = 'renaming';

/** Undefined: none of this ledger's runs was to rename anything. */
export function renamedSorts(ledger: Ledger): readonly RenamedSort[] | undefined {
  return ledger.meta<readonly RenamedSort[]>(KEY);
}

/** For good: what was copied would be taken for something else without it. */
export function setRenamedSorts(ledger: Ledger, sorts: readonly RenamedSort[]): void {
  ledger.commit(() => {
    ledger.setMeta(KEY, sorts);
    // Names that looked like those that are made now were copied as they are.
    if (sorts.length > 0) ledger.wantFullScan();
  });
}

const MANGLED = 'mangled';

/** Sorts of names that the destination seems to take, and lists as others; undefined: that was not tried. */
export function mangledSorts(ledger: Ledger): readonly RenamedSort[] | undefined {
  return ledger.meta<readonly RenamedSort[]>(MANGLED);
}

export function setMangledSorts(ledger: Ledger, sorts: readonly RenamedSort[]): void {
  ledger.commit(() => {
    ledger.setMeta(MANGLED, sorts);
    // What an earlier version has copied by such names is not there for any listing.
    if (sorts.length > 0 && ledger.scanState.number > 0) ledger.wantFullScan();
  });
}

/** Writes down what a path beneath the root became, where that is another. Inside `commit`. */
export class RenamedPaths {
  readonly renaming: Renaming;

  constructor(private readonly ledger: Ledger) {
    this.renaming = new Renaming(renamedSorts(ledger) ?? []);
  }

  put(dir: { readonly id: number; readonly path: string }, name: string): void {
    if (this.renaming.changesNothing) return;
    const path = join(dir.path, name);
    const became = this.renaming.encodePath(path);
    if (became === path) return;
    prepare(this.ledger.db, 'INSERT INTO renamed (dir, name, became) VALUES (?, ?, ?) ON CONFLICT DO NOTHING').run(
      dir.id,
      toColumn(name),
      toColumn(became),
    );
  }
}
