/**
 * The march: one folder's listings of both sides, and what the ledger knows of it, joined by name. Each entry ends
 * in exactly one call of the sink. A generator that yields now and then, so that a huge folder does not keep the
 * main thread from everything else.
 */

import { inodesIn } from '../ledger/hardlinks.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Dir, Stamp } from '../ledger/rows.js';
import { errnoName } from '../posix/errno.js';
import { kindOfMode } from '../posix/stat.js';
import { takesSpecial } from '../share/attributes.js';
import type { Inode } from '../share/entries.js';
import { folds } from '../share/folding.js';
import { isOfSorts } from '../share/oddnames.js';
import { isPartName, isPartOf } from '../share/partname.js';
import { Finder } from './finder.js';
import { EntryJoin, isPassedOver } from './joinentry.js';
import { IN_MEMORY, YIELD_EVERY } from './largest.js';
import type { Found } from './listing.js';
import type { ExtraSort, JoinInput, JoinSink } from './march.js';
import { Twins } from './twins.js';

/** An unfinished file of another ledger that nothing was written to for so long, ns, was left for good: a week. */
const LEFT_NS = 604_800_000_000_000n;

/** What Samba lists in the place of a name that it calls illegal (`mangling method` in smb.conf(5)): `AHY9U3~9.TXT`. */
const SHORT_NAME = /^[^~]{1,6}~[0-9A-Z](\.[^.]{1,3})?$/i;

const NO_INODES = new Map<string, Inode>();

export function* joinFolder(input: JoinInput, ledger: Ledger, sink: JoinSink): Generator<void> {
  const { folding, sealed, source, dest } = input;
  if (sealed && source.count === 0) return;
  const twins = folds(folding) ? yield* Twins.of(folding, source, dest) : undefined;
  try {
    yield* joinNames(input, twins, ledger, sink);
  } finally {
    twins?.close();
  }
}

function* joinNames(input: JoinInput, twins: Twins | undefined, ledger: Ledger, sink: JoinSink): Generator<void> {
  const { dir, known, sealed, source, dest, complete } = input;
  const trash = dir.path === '' ? input.trash : undefined;
  const rows = known && !sealed ? knownRows(dir, source.count, ledger) : NO_ROWS;
  const folders = new Map((known ? ledger.childDirs(dir.id) : []).map((child) => [child.path, child]));
  const inodes = known && input.attributes.hardLinks ? inodesIn(ledger, dir.id) : NO_INODES;
  const entry = new EntryJoin(input, folders, inodes, ledger, sink);
  const { mangled } = input;
  const isMangled = (name: string) => mangled.length > 0 && isOfSorts(name, mangled);
  let steps = 0;

  for (const entries of source.each()) {
    for (let index = 0; index < entries.count; index++) {
      if (++steps % YIELD_EVERY === 0) yield;
      const name = entries.names[index]!;
      const row = rows.find(name);
      if (name === trash) {
        sink.unreadable(name, 'TRASH', row && ledger.entry(dir.id, name));
        continue;
      }
      const errno = entries.errno(index);
      const other = twins?.collision(name);
      const there = twins ? twins.counterpart(name) : dest.find(name);
      if (isMangled(name)) sink.mangled(name, entries.meta(index), row && ledger.entry(dir.id, name));
      else if (other !== undefined) sink.collides(name, other, entries.meta(index), row && ledger.entry(dir.id, name));
      else if (errno === 0) entry.join(name, { entries, index }, there, row);
      else sink.unreadable(name, errnoName(errno), row && ledger.entry(dir.id, name));
    }
  }

  for (const entries of dest.each()) {
    for (let index = 0; index < entries.count; index++) {
      if (++steps % YIELD_EVERY === 0) yield;
      const name = entries.names[index]!;
      if (name === trash) continue;
      const isFolder = entries.kind(index) === 'dir';
      if (isPartName(name) && !isFolder) {
        const changedNs = entries.errno(index) === 0 ? entries.meta(index).ctimeNs : undefined;
        const sort = partSort(name, changedNs, input);
        if (sort) sink.extra(name, sort);
        continue;
      }
      if (!complete) continue;
      const counterpart = source.find(twins?.original(name) ?? name);
      // Perhaps what an earlier version has copied by a name of the source.
      if (!counterpart && mangled.length > 0 && SHORT_NAME.test(name)) continue;
      const errno = entries.errno(index);
      if (errno !== 0) {
        // What no name of the source becomes (see RenamedSource) is let be.
        if (!counterpart && !name.startsWith('/')) sink.unseen(name, errnoName(errno));
        continue;
      }
      const mayGiveWay = isFolder && !input.choice.comparing?.ignoreExisting;
      if (!counterpart) sink.extra(name, isFolder ? 'folder' : 'no folder');
      else if (mayGiveWay && isToBeThere(name, counterpart, input)) sink.extra(name, 'in the way');
    }
  }

  if (!complete) return;
  for (const name of input.wanted?.keys() ?? []) if (!source.find(name)) sink.missing(name);
  for (const page of rows.pages()) {
    for (const { name } of page) {
      const found = source.find(name);
      // What collides, is mangled, or has the name of the trash, has its row by now, of whatever kind it is.
      if (found && (name === trash || twins?.collision(name) !== undefined || isMangled(name))) continue;
      if (!found || isKnownFolder(found)) sink.goneEntry(ledger.entry(dir.id, name)!);
    }
    yield;
  }
  for (const [path, child] of folders) {
    const found = source.find(path.slice(path.lastIndexOf('/') + 1));
    if (!found || isKnownNoFolder(found)) sink.goneFolder(child);
  }
}

/** What an unfinished file is; undefined: another run may be writing it, from another source, or nothing is known of it. */
function partSort(name: string, changedNs: bigint | undefined, { beganNs, partTag }: JoinInput): ExtraSort | undefined {
  if (beganNs === undefined) return 'part';
  if (changedNs === undefined || changedNs >= beganNs) return undefined;
  return isPartOf(name, partTag) || changedNs < beganNs - LEFT_NS ? 'part' : 'other part';
}

function isKnownNoFolder({ entries, index }: Found): boolean {
  return entries.errno(index) === 0 && entries.kind(index) !== 'dir';
}

/** Something that is copied, and no folder. */
function isToBeThere(name: string, found: Found, { attributes, choice }: JoinInput): boolean {
  if (!isKnownNoFolder(found) || isPartName(name) || found.entries.leadsOut(found.index)) return false;
  const meta = found.entries.meta(found.index);
  if (kindOfMode(meta.mode) === 'other') return takesSpecial(meta.mode, attributes);
  return !isPassedOver(meta, choice);
}

function isKnownFolder({ entries, index }: Found): boolean {
  return entries.errno(index) === 0 && entries.kind(index) === 'dir';
}

interface KnownRows {
  find(name: string): Stamp | undefined;
  pages(): Iterable<readonly Stamp[]>;
}

const NO_ROWS: KnownRows = { find: () => undefined, pages: () => [] };

function knownRows(dir: Dir, count: number, ledger: Ledger): KnownRows {
  // Of a larger folder, row by row.
  if (count <= IN_MEMORY) {
    const rows = ledger.stampsAfter(dir.id, '', IN_MEMORY + 1);
    if (rows.length <= IN_MEMORY) {
      const finder = new Finder(rows.map(({ name }) => name));
      return { find: (name) => rows[finder.find(name)], pages: () => [rows] };
    }
  }
  return {
    find: (name) => ledger.stamp(dir.id, name),
    *pages() {
      let page = ledger.stampsAfter(dir.id, '', 1000);
      while (page.length > 0) {
        yield page;
        page = ledger.stampsAfter(dir.id, page[page.length - 1]!.name, 1000);
      }
    },
  };
}
