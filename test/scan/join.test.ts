import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { Ledger } from '../../src/ledger/ledger.js';
import { openScratchLedger } from '../../src/ledger/open.js';
import type { Dir, Entry } from '../../src/ledger/rows.js';
import { DirSide, DirStatus, EntryStatus, Listed, Verdict } from '../../src/ledger/schema.js';
import { putFinding } from '../../src/ledger/verification.js';
import { EVERYTHING } from '../../src/scan/filter/choice.js';
import { joinFolder } from '../../src/scan/join.js';
import { Listing } from '../../src/scan/listing.js';
import type { JoinInput, JoinSink } from '../../src/scan/march.js';
import { NO_ATTRIBUTES } from '../../src/share/attributes.js';
import { Entries, type Meta, metaOf } from '../../src/share/entries.js';
import { foldName, NO_FOLDING } from '../../src/share/folding.js';
import { partName, probeName } from '../../src/share/partname.js';
import { DIR, entriesWith, FIFO, FILE, LINK, type Made, metaWith, statWith } from '../helpers/entries.js';

let ledger: Ledger;
const open: Listing[] = [];
beforeEach(() => {
  ledger = new Ledger(openScratchLedger({ source: '/s', dest: '/d' }));
});
afterEach(() => {
  ledger.close();
  for (const listing of open.splice(0)) listing.close();
});

function folderRow(id: number, parent: number | undefined, path: string): Dir {
  return {
    id,
    parent,
    path,
    depth: path === '' ? 0 : path.split('/').length,
    side: DirSide.source,
    listed: Listed.yes,
    status: DirStatus.synced,
    scan: 1,
    meta: undefined,
    error: undefined,
    seal: undefined,
  };
}
const ROOT = folderRow(1, undefined, '');

const HASH = Buffer.from('0123456789abcdef');
function entryRow(part: Partial<Entry> = {}): Entry {
  return { status: EntryStatus.synced, meta: metaWith(), algorithm: 6, hash: HASH, error: undefined, ...part };
}

function remember(entries: Record<string, Entry>, folders: readonly string[] = []): void {
  ledger.commit(() => {
    ledger.putDir(ROOT);
    for (const [at, path] of folders.entries()) ledger.putDir(folderRow(at + 2, 1, path));
    for (const [name, entry] of Object.entries(entries)) ledger.putEntry(1, name, entry, undefined);
  });
}

type Event = { [K in keyof JoinSink]: [K, ...Parameters<JoinSink[K]>] }[keyof JoinSink];

/** Metadata is a look into a listing's memory; what a test compares is a copy. */
function settled(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null) return arg;
  if ('mtimeNs' in arg) return metaOf(arg as Meta);
  return 'status' in arg && 'meta' in arg && arg.meta ? { ...arg, meta: metaOf(arg.meta as Meta) } : arg;
}

function recording(events: Event[]): JoinSink {
  return new Proxy({} as JoinSink, {
    get:
      (_, call: keyof JoinSink) =>
      (...args: unknown[]) => {
        // What differs is told only where lines are asked for.
        const told = { copy: 4, folder: 5 }[call as string];
        if (told !== undefined && args[told] === undefined) args.length = told;
        events.push([call, ...args.map(settled)] as Event);
      },
  });
}

interface Sides {
  readonly source?: readonly Made[] | Entries;
  readonly dest?: readonly Made[] | Entries;
}

function march(sides: Sides, more: Partial<JoinInput> = {}): Event[] {
  const events: Event[] = [];
  const [source, dest] = [sides.source ?? [], sides.dest ?? []].map((side) => {
    const listing = new Listing();
    open.push(listing);
    listing.add(side instanceof Entries ? side : entriesWith(side));
    return listing;
  });
  const input: JoinInput = {
    dir: ROOT,
    known: true,
    sealed: false,
    source: source!,
    dest: dest!,
    complete: true,
    wanted: undefined,
    choice: EVERYTHING,
    grainNs: 1n,
    range: undefined,
    trash: undefined,
    mangled: [],
    folding: NO_FOLDING,
    beganNs: undefined,
    partTag: 'tagtag',
    distrustNs: undefined,
    damaged: new Set<string>(),
    attributes: NO_ATTRIBUTES,
    areNew: false,
    itemizes: false,
    ...more,
  };
  for (const _ of joinFolder(input, ledger, recording(events)));
  return events;
}

/** What happened to which name. */
const short = (events: Event[]) => events.map(([call, first]) => [call, nameIn(first)]).sort();
function nameIn(first: unknown): unknown {
  if (typeof first !== 'object' || first === null) return first;
  const { name, path } = first as { name?: string; path?: string };
  return name ?? path ?? '';
}

describe('a row that waits for attributes which are no longer wanted', () => {
  it.each([
    ['keeps the hash of its content', HASH, { algorithm: 6, hash: HASH }],
    ['has none where none was made', new Uint8Array(0), { algorithm: undefined, hash: undefined }],
  ])('%s', (_, hash, kept) => {
    remember({ f: entryRow({ status: EntryStatus.pending, hash }) });
    const there: Made[] = [{ name: 'f', meta: metaWith() }];
    const [event] = march({ source: there, dest: there });
    expect(event!.slice(0, 3)).toEqual(['record', 'f', entryRow(kept)]);
  });
});

describe('a sealed folder', () => {
  it('has its folders compared, and nothing else of it looked at', () => {
    remember({ f: entryRow(), gone: entryRow() }, ['known', 'vanished']);
    const folders = (mtimeNs: bigint): Made[] =>
      ['known', 'new'].map((name) => ({ name, meta: { mode: DIR, mtimeNs } }));
    const events = march({ source: folders(2n), dest: folders(1n) }, { sealed: true });
    expect(short(events)).toEqual([
      ['folder', 'known'],
      ['folder', 'new'],
      ['goneFolder', 'vanished'],
    ]);
    expect(events.filter(([call]) => call === 'folder').map(([, , , verdict]) => verdict)).toEqual([
      'stampDir',
      'stampDir',
    ]);
  });

  it('without folders is not looked at', () => {
    remember({ f: entryRow() });
    expect(march({}, { sealed: true })).toEqual([]);
  });
});

describe('an unfinished file at the destination', () => {
  const WEEK_NS = 604_800_000_000_000n;
  const beganNs = 2n * WEEK_NS;
  const found = (name: string, ctimeNs: bigint) => march({ dest: [{ name, meta: { ctimeNs } }] }, { beganNs });

  it.each([partName('f', 'tagtag'), probeName('probe', 'tagtag')])(
    'of this ledger is an extra (%s), unless it changed since the session began',
    (name) => {
      expect(found(name, beganNs - 1n)).toEqual([['extra', name, 'part']]);
      expect(found(name, beganNs)).toEqual([]);
    },
  );

  it.each([partName('f', 'others'), probeName('probe', 'others'), partName('f')])(
    'of another ledger (%s) is one of ours to remove once nothing was written to it for a week',
    (name) => {
      expect(found(name, beganNs)).toEqual([]);
      expect(found(name, beganNs - WEEK_NS)).toEqual([['extra', name, 'other part']]);
      expect(found(name, beganNs - WEEK_NS - 1n)).toEqual([['extra', name, 'part']]);
    },
  );

  it('that cannot be looked at is left alone', () => {
    expect(march({ dest: [{ name: partName('f', 'others'), errno: 13 }] }, { beganNs })).toEqual([]);
  });
});

describe('a destination that lists names as others', () => {
  const known = { CON: entryRow(), plain: entryRow() };
  const source = [{ name: 'CON' }, { name: 'plain' }];
  const dest = [{ name: 'CSHOFG~F' }, { name: 'plain' }, { name: 'extra' }];

  it('gets no entry of such a name, and what it lists in its place is no extra', () => {
    remember(known);
    expect(short(march({ source, dest }, { mangled: ['device'] }))).toEqual([
      ['extra', 'extra'],
      ['mangled', 'CON'],
      ['unchanged', ''],
    ]);
  });

  it('gets all others as any destination does', () => {
    const calls = march({ source, dest }, { mangled: ['dot'] }).map(([call, name]) => [call, nameIn(name)]);
    expect(calls).toContainEqual(['copy', 'CON']);
    expect(calls.filter(([call]) => call === 'mangled')).toEqual([]);
  });
});

describe('a destination that folds names', () => {
  const folding = { case: true, form: true };

  it('gets one of those that it takes for one, in each scan the same, and the others are told', () => {
    const source: Made[] = [{ name: 'readme' }, { name: 'README', meta: { size: 7 } }, { name: 'other' }];
    for (const made of [source, [...source].reverse()])
      expect(march({ source: made }, { folding }).sort()).toEqual([
        ['collides', 'readme', 'README', metaWith(), undefined],
        ['copy', 'README', metaWith({ size: 7 }), 'copy', undefined],
        ['copy', 'other', metaWith(), 'copy', undefined],
      ]);
  });

  it('has a row for a folder that collides, which no scan forgets', () => {
    remember({ readme: entryRow() });
    const source: Made[] = [{ name: 'readme', meta: { mode: DIR } }, { name: 'README' }];
    expect(short(march({ source }, { folding }))).toEqual([
      ['collides', 'readme'],
      ['copy', 'README'],
    ]);
  });

  it('keeps the one that it has', () => {
    const sides: Sides = { source: [{ name: 'README' }, { name: 'readme' }], dest: [{ name: 'readme' }] };
    expect(short(march(sides, { folding }))).toEqual([
      ['collides', 'README'],
      ['record', 'readme'],
    ]);
  });

  it('has what is spelled otherwise there, which is no extra', () => {
    const sides: Sides = {
      source: [{ name: 'caf\u00e9' }, { name: 'New', meta: { size: 2 } }],
      dest: [{ name: 'CAFE\u0301' }, { name: 'NEW' }, { name: 'extra' }],
    };
    expect(short(march(sides, { folding }))).toEqual([
      ['copy', 'New'],
      ['extra', 'extra'],
      ['record', 'caf\u00e9'],
    ]);
    expect(short(march(sides, { folding: { case: true, form: false } }))).toContainEqual(['copy', 'caf\u00e9']);
  });

  it('gets a folder or a file of one name, not both', () => {
    const source: Made[] = [{ name: 'a', meta: { mode: DIR } }, { name: 'A' }];
    expect(short(march({ source }, { folding }))).toEqual([
      ['collides', 'a'],
      ['copy', 'A'],
    ]);
  });

  it('loses nothing, whatever the names: each of the source is copied or told, and no two that are one are copied', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'A', '\u00e9', 'e\u0301', 'E\u0301', '\u00df', 'S', '\udc80'),
      minLength: 1,
      maxLength: 4,
    });
    const names = fc.uniqueArray(name, { maxLength: 12 });
    fc.assert(
      fc.property(names, names, (source, dest) => {
        const events = march(
          { source: source.map((n) => ({ name: n, meta: { size: 9 } })), dest: dest.map((n) => ({ name: n })) },
          { folding },
        );
        const of = (call: string) => events.filter(([c]) => c === call).map(([, first]) => nameIn(first) as string);
        expect([...of('copy'), ...of('collides')].sort()).toEqual([...source].sort());
        const keys = of('copy').map((n) => foldName(n, folding));
        expect(new Set(keys).size).toBe(keys.length);
        for (const extra of of('extra')) expect(keys).not.toContain(foldName(extra, folding));
      }),
    );
  });

  it('of very many names needs a table of its own', () => {
    const many = Array.from({ length: 45_000 }, (_, i) => ({ name: `n${i}` }));
    const events = march(
      { source: [...many, { name: 'N7' }, { name: 'n\udcff' }], dest: [{ name: 'N9' }] },
      { folding },
    );
    expect(events.filter(([call]) => call === 'collides').map(([, name]) => name)).toEqual(['n7']);
    expect(events.filter(([call]) => call === 'copy')).toHaveLength(45_000);
  });
});

describe('a file at the source', () => {
  it('is copied when it is new', () => {
    expect(march({ source: [{ name: 'f', meta: { size: 7 } }] })).toEqual([
      ['copy', 'f', metaWith({ size: 7 }), 'copy', undefined],
    ]);
  });

  it.each([
    ['another size', { size: 2 }],
    ['another time', { mtimeNs: 1_001n }],
    ['another kind', { mode: LINK }],
  ])('is copied when the destination has %s, and the ledger row goes with it', (_, meta) => {
    remember({ f: entryRow() });
    const [event, ...rest] = march({ source: [{ name: 'f' }], dest: [{ name: 'f', meta }] });
    expect(rest).toEqual([]);
    expect(event).toEqual(['copy', 'f', metaWith(), 'copy', expect.objectContaining({ name: 'f', hash: HASH })]);
  });

  it('is copied when the destination has it and could not look at it', () => {
    expect(short(march({ source: [{ name: 'f' }], dest: [{ name: 'f', errno: 13 }] }))).toEqual([['copy', 'f']]);
  });

  it('is copied when the destination has lost it, whatever the ledger says', () => {
    remember({ f: entryRow() });
    expect(short(march({ source: [{ name: 'f' }] }))).toEqual([['copy', 'f']]);
  });

  it('is unchanged when both sides and the ledger have it', () => {
    remember({ f: entryRow() });
    expect(march({ source: [{ name: 'f' }], dest: [{ name: 'f' }] })).toEqual([['unchanged', metaWith()]]);
  });

  it('is recorded without a hash when the ledger does not know it', () => {
    expect(march({ source: [{ name: 'f' }], dest: [{ name: 'f' }] })).toEqual([
      ['record', 'f', entryRow({ algorithm: undefined, hash: undefined }), undefined],
    ]);
  });

  it.each([
    ['permissions', { mode: FILE | 0o111 }],
    ['owner', { uid: 99 }],
    ['group', { gid: 99 }],
    ['change time', { ctimeNs: 9n }],
    ['creation time', { btimeNs: 9n }],
  ])('is recorded anew, its hash kept, when only the %s changed', (_, meta) => {
    remember({ f: entryRow() });
    expect(march({ source: [{ name: 'f', meta }], dest: [{ name: 'f' }] })).toEqual([
      ['record', 'f', entryRow({ meta: metaWith(meta) }), expect.objectContaining({ name: 'f' })],
    ]);
  });

  it.each([
    ['size', { size: 9 }],
    ['mtime', { mtimeNs: 9n }],
  ])('loses a hash that was made of another %s', (_, meta) => {
    remember({ f: entryRow() });
    const events = march({ source: [{ name: 'f', meta }], dest: [{ name: 'f', meta }] });
    expect(events).toEqual([
      [
        'record',
        'f',
        entryRow({ meta: metaWith(meta), algorithm: undefined, hash: undefined }),
        expect.objectContaining({ name: 'f' }),
      ],
    ]);
  });

  it.each([
    ['pending', EntryStatus.pending],
    ['failed', EntryStatus.failed],
  ])('becomes synced, without a hash where its row was %s', (_, status) => {
    remember({ f: entryRow({ status, algorithm: undefined, hash: undefined }) });
    const [event] = march({ source: [{ name: 'f' }], dest: [{ name: 'f' }] });
    expect(event!.slice(0, 3)).toEqual(['record', 'f', entryRow({ algorithm: undefined, hash: undefined })]);
  });

  it('is the same within the grain of the shares', () => {
    const sides = {
      source: [{ name: 'f', meta: { mtimeNs: 1_999n } }],
      dest: [{ name: 'f', meta: { mtimeNs: 1_000n } }],
    };
    expect(short(march(sides, { grainNs: 1_000n }))).toEqual([['record', 'f']]);
    expect(short(march(sides, { grainNs: 999n }))).toEqual([['copy', 'f']]);
  });

  it('is not looked up in the ledger when the folder is new', () => {
    remember({ f: entryRow(), gone: entryRow() }, ['gone folder']);
    const events = march({ source: [{ name: 'f' }], dest: [{ name: 'f' }] }, { known: false });
    expect(events).toEqual([['record', 'f', entryRow({ algorithm: undefined, hash: undefined }), undefined]]);
  });
});

test('a time that the destination cannot keep is the same as the nearest that it can', () => {
  const second = 1_000_000_000n;
  const range = { firstNs: 0n, lastNs: 9n * second };
  const made = (mtimeNs: bigint) => [{ name: 'f', meta: { mtimeNs } }];
  const calls = (source: bigint, dest: bigint) =>
    march({ source: made(source), dest: made(dest) }, { range }).map(([call]) => call);
  expect(calls(50n * second, 9n * second)).toEqual(['record']);
  expect(calls(-5n, 0n)).toEqual(['record']);
  expect(calls(50n * second, 9n * second - 1n)).toEqual(['copy']);
  expect(calls(9n * second - 1n, 9n * second)).toEqual(['copy']);
  // Of the first and the last second no fraction is kept.
  expect(calls(second - 1n, 0n)).toEqual(['record']);
  expect(calls(second, 0n)).toEqual(['copy']);
  expect(calls(9n * second + 5n, 9n * second)).toEqual(['record']);
  // Some servers do.
  expect(calls(9n * second + 5n, 9n * second + 5n)).toEqual(['record']);
  expect(calls(second - 1n, second - 1n)).toEqual(['record']);
});

describe('after a session that was cut off', () => {
  const late = { name: 'f', meta: { ctimeNs: 5_000n } };
  const early = { name: 'f', meta: { ctimeNs: 4_999n } };

  it.each([
    ['what it put there and did not record', undefined, late, 'copy'],
    ['what it put there and recorded as pending', EntryStatus.pending, late, 'copy'],
    ['what it put there and recorded as failed', EntryStatus.failed, late, 'copy'],
    ['nothing that is recorded as synced', EntryStatus.synced, late, 'unchanged'],
    ['nothing that was there before', undefined, early, 'record'],
    ['nothing that was pending and is older', EntryStatus.pending, early, 'record'],
  ])('copies again %s', (_, status, dest, call) => {
    if (status !== undefined) remember({ f: entryRow({ status }) });
    const events = march({ source: [{ name: 'f' }], dest: [dest] }, { distrustNs: 5_000n });
    expect(events.map(([name]) => name)).toEqual([call]);
  });

  it('copies again what has changed between two times that 64 bits of ns do not hold', () => {
    const mtimeNs = 2n ** 63n - 1n;
    const row = metaWith({ mtimeNs, ctimeNs: 1n });
    remember({ f: entryRow({ status: EntryStatus.synced, meta: row }) });
    const dest = { name: 'f', meta: { mtimeNs } };
    const told = (ctimeNs: bigint) => march({ source: [{ name: 'f', meta: { mtimeNs, ctimeNs } }], dest: [dest] });
    expect(told(1n).map(([name]) => name)).toEqual(['unchanged']);
    expect(told(2n).map(([name]) => name)).toEqual(['copy']);
  });

  it('copies again what it put there in the place of what is recorded', () => {
    remember({ f: entryRow({ meta: metaWith({ size: 4 }) }) });
    const events = march({ source: [{ name: 'f' }], dest: [late] }, { distrustNs: 5_000n });
    expect(events.map(([name]) => name)).toEqual(['copy']);
  });

  it.each([
    [Verdict.equal, 'unchanged'],
    [Verdict.differs, 'copy'],
    [Verdict.unreadable, 'copy'],
    [Verdict.sourceDiffers, 'unchanged'],
    [Verdict.unhashed, 'unchanged'],
  ])('copies again what a verification found damaged there, though it looks the same (verdict %i)', (verdict, call) => {
    remember({ f: entryRow() });
    ledger.commit(() => putFinding(ledger, { dir: 1, name: 'f', verdict, difference: 'why' }, 7));
    const events = march({ source: [{ name: 'f' }], dest: [{ name: 'f' }] });
    expect(events.map(([name]) => name)).toEqual([call]);
  });

  it.each([EntryStatus.pending, EntryStatus.failed])(
    'copies what was to be copied, though it looks the same (status %i)',
    (status) => {
      const owed = { status, algorithm: 3, hash: Buffer.alloc(32) };
      const waiting = { status, algorithm: 3, hash: Buffer.alloc(32, 7) };
      remember({ owed: entryRow(owed), waiting: entryRow(waiting) });
      const names = [{ name: 'owed' }, { name: 'waiting' }];
      const events = march({ source: names, dest: names });
      expect(events.map(([call, name]) => [call, name])).toEqual([
        ['copy', 'owed'],
        ['record', 'waiting'],
      ]);
    },
  );

  it('does not make a folder again', () => {
    const sides = {
      source: [{ name: 'd', meta: { mode: DIR } }],
      dest: [{ name: 'd', meta: { mode: DIR, ctimeNs: 9_000n } }],
    };
    expect(march(sides, { distrustNs: 5_000n })[0]).toEqual([
      'folder',
      'd',
      metaWith({ mode: DIR }),
      'same',
      undefined,
      undefined,
    ]);
  });
});

describe('a link at the source', () => {
  it('is made when it is new, and kept when it is there', () => {
    const meta = { mode: LINK, size: 4 };
    expect(march({ source: [{ name: 'l', meta }] })).toEqual([['copy', 'l', metaWith(meta), 'link', undefined]]);
    expect(short(march({ source: [{ name: 'l', meta }], dest: [{ name: 'l', meta }] }))).toEqual([['record', 'l']]);
  });
});

describe('a folder at the source', () => {
  const d: Made = { name: 'd', meta: { mode: DIR } };

  it.each([
    ['to be made when it is missing', [], 'makeDir'],
    ['to be made when a file is in its place', [{ name: 'd' }], 'makeDir'],
    ['to be made when a link is in its place', [{ name: 'd', meta: { mode: LINK } }], 'makeDir'],
    ['to get its time', [{ name: 'd', meta: { mode: DIR, mtimeNs: 5n } }], 'stampDir'],
    ['the same', [d], 'same'],
  ])('is %s, and nothing is an extra', (_, dest: Made[], verdict) => {
    const other = dest.some(({ meta }) => meta?.mode !== DIR) ? 'dest' : undefined;
    expect(march({ source: [d], dest })).toEqual([['folder', 'd', metaWith({ mode: DIR }), verdict, undefined, other]]);
  });

  it('comes with the news that the ledger has something else by its name', () => {
    remember({ d: entryRow() });
    expect(march({ source: [d] })[0]).toEqual(['folder', 'd', metaWith({ mode: DIR }), 'makeDir', undefined, 'ledger']);
  });

  it('comes with its path and what the ledger knows of it', () => {
    const parent = folderRow(1, undefined, 'a/b');
    ledger.commit(() => {
      ledger.putDir(parent);
      ledger.putDir(folderRow(2, 1, 'a/b/d'));
      ledger.putDir(folderRow(3, 1, 'a/b/d d'));
    });
    const events = march({ source: [d, { name: 'd d', meta: { mode: DIR } }] }, { dir: parent });
    expect(events.map(([call, path, , , known]) => [call, path, (known as Dir).id])).toEqual([
      ['folder', 'a/b/d', 2],
      ['folder', 'a/b/d d', 3],
    ]);
  });
});

describe('a special file at the source', () => {
  it('is skipped with its reason, also when the destination has something there', () => {
    const source = [{ name: 'p', meta: { mode: FIFO } }];
    for (const dest of [[], [{ name: 'p' }]])
      expect(march({ source, dest })).toEqual([
        [
          'record',
          'p',
          {
            status: EntryStatus.skipped,
            meta: metaWith({ mode: FIFO }),
            algorithm: undefined,
            hash: undefined,
            error: 'FIFO: not copied',
          },
          undefined,
        ],
      ]);
  });

  it.each([
    [0o020600, 'character device: not copied'],
    [0o060600, 'block device: not copied'],
    [0o140600, 'socket: not copied'],
    [0o150600, 'special file: not copied'],
  ])('of mode %i is named', (mode, error) => {
    expect(march({ source: [{ name: 'x', meta: { mode } }] })[0]![2]).toMatchObject({ error });
  });

  it('is unchanged when it was skipped before', () => {
    const meta = metaWith({ mode: FIFO });
    remember({ p: entryRow({ status: EntryStatus.skipped, meta, error: 'FIFO: not copied' }) });
    expect(march({ source: [{ name: 'p', meta }] })).toEqual([['stillSkipped', meta]]);
  });
});

describe('an entry of the source that could not be looked at', () => {
  it('is unreadable, and neither gone nor an extra', () => {
    remember({ x: entryRow() }, ['y']);
    const events = march({
      source: [
        { name: 'x', errno: 13 },
        { name: 'y', errno: 5 },
      ],
      dest: [{ name: 'x' }, { name: 'y', meta: { mode: DIR } }],
    });
    expect(events).toEqual([
      ['unreadable', 'x', 'EACCES', expect.objectContaining({ name: 'x' })],
      ['unreadable', 'y', 'EIO', undefined],
    ]);
  });
});

describe('at the destination only', () => {
  const dest: Made[] = [
    { name: 'f' },
    { name: 'l', meta: { mode: LINK } },
    { name: 'p', meta: { mode: FIFO } },
    { name: 'd', meta: { mode: DIR } },
  ];

  it('files, links, special files and folders are extras', () => {
    expect(march({ dest })).toEqual([
      ['extra', 'f', 'no folder'],
      ['extra', 'l', 'no folder'],
      ['extra', 'p', 'no folder'],
      ['extra', 'd', 'folder'],
    ]);
  });

  it('what could not be looked at is told, and is no extra', () => {
    expect(march({ dest: [{ name: 'f', errno: 13 }] })).toEqual([['unseen', 'f', 'EACCES']]);
    expect(march({ dest: [{ name: 'f', errno: 13 }] }, { complete: false })).toEqual([]);
    expect(march({ dest: [{ name: '/no name of the source', errno: 84 }] })).toEqual([]);
  });

  it('nothing is an extra when the listing of the source is not complete', () => {
    expect(march({ source: [{ name: 'a' }], dest }, { complete: false }).map(([call]) => call)).toEqual(['copy']);
  });

  it('names that differ only in invalid bytes, or in case, are different names', () => {
    const events = march({
      source: [{ name: 'a\udcfe' }, { name: 'A' }],
      dest: [{ name: 'a\udcff' }, { name: 'a' }],
    });
    expect(short(events)).toEqual([
      ['copy', 'A'],
      ['copy', 'a\udcfe'],
      ['extra', 'a'],
      ['extra', 'a\udcff'],
    ]);
  });
});

describe('part files', () => {
  const part = '.millrace-part.f';

  it('at the destination are removed as such, also when the listing of the source is not complete', () => {
    for (const complete of [true, false])
      expect(march({ dest: [{ name: part }, { name: `${part}.l`, meta: { mode: LINK } }] }, { complete })).toEqual([
        ['extra', part, 'part'],
        ['extra', `${part}.l`, 'part'],
      ]);
  });

  it('at the source are skipped with their reason', () => {
    const [event] = march({ source: [{ name: part }] });
    expect(event!.slice(0, 2)).toEqual(['record', part]);
    expect(event![2]).toMatchObject({ status: EntryStatus.skipped, error: 'unfinished file of a millrace run' });
  });

  it('on both sides are skipped at the source and removed at the destination', () => {
    expect(short(march({ source: [{ name: part }], dest: [{ name: part }] }))).toEqual([
      ['extra', part],
      ['record', part],
    ]);
  });

  it('of which the source has a link are not both made and removed', () => {
    const meta = { mode: LINK };
    const events = march({ source: [{ name: part, meta }], dest: [{ name: part, meta }] });
    expect(short(events)).toEqual([
      ['extra', part],
      ['record', part],
    ]);
    expect(events[0]![2]).toMatchObject({ status: EntryStatus.skipped });
  });

  it('are never folders', () => {
    const meta = { mode: DIR };
    expect(short(march({ source: [{ name: part, meta }], dest: [{ name: part, meta }] }))).toEqual([['folder', part]]);
    expect(march({ dest: [{ name: part, meta }] })).toEqual([['extra', part, 'folder']]);
  });
});

describe('what the ledger has and the source no longer', () => {
  it('is gone: entries and folders', () => {
    remember({ kept: entryRow(), gone: entryRow(), 'gone \udcff': entryRow() }, ['folder', 'gone folder']);
    const events = march({
      source: [{ name: 'kept' }, { name: 'folder', meta: { mode: DIR } }],
      dest: [{ name: 'kept' }, { name: 'folder', meta: { mode: DIR } }],
    });
    expect(short(events)).toEqual([
      ['folder', 'folder'],
      ['goneEntry', 'gone'],
      ['goneEntry', 'gone \udcff'],
      ['goneFolder', 'gone folder'],
      ['unchanged', ''],
    ]);
  });

  it('is not gone when the listing of the source is not complete', () => {
    remember({ gone: entryRow() }, ['gone folder']);
    expect(march({}, { complete: false })).toEqual([]);
  });

  it('does not reach into other folders', () => {
    remember({}, ['other']);
    ledger.commit(() => ledger.putEntry(2, 'f', entryRow(), undefined));
    expect(short(march({ source: [{ name: 'other', meta: { mode: DIR } }] }))).toEqual([['folder', 'other']]);
  });
});

describe('another kind by the same name', () => {
  it('a file where the destination has a folder: the file is copied, the folder is an extra', () => {
    const events = march({ source: [{ name: 'x' }], dest: [{ name: 'x', meta: { mode: DIR } }] });
    expect(short(events)).toEqual([
      ['copy', 'x'],
      ['extra', 'x'],
    ]);
    expect(events).toContainEqual(['extra', 'x', 'in the way']);
  });

  it('a folder where the ledger has a file: the file is gone', () => {
    remember({ x: entryRow() });
    expect(short(march({ source: [{ name: 'x', meta: { mode: DIR } }] }))).toEqual([
      ['folder', 'x'],
      ['goneEntry', 'x'],
    ]);
  });

  it('a file where the ledger has a folder: the folder is gone', () => {
    remember({}, ['x']);
    expect(short(march({ source: [{ name: 'x' }] }))).toEqual([
      ['copy', 'x'],
      ['goneFolder', 'x'],
    ]);
  });
});

describe('any folder', () => {
  const NAMES = ['a', 'b', 'c', 'd', 'a\udcfe', 'a\udcff', '.millrace-part.a'];
  const side = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...NAMES),
      meta: fc.record({
        mode: fc.constantFrom(FILE, DIR, FIFO),
        size: fc.nat(1),
        mtimeNs: fc.bigInt({ min: 0n, max: 1n }),
      }),
      errno: fc.constantFrom(0, 0, 0, 13),
    }),
    { selector: ({ name }) => name },
  );
  const names = fc.uniqueArray(fc.constantFrom(...NAMES));
  const at = (made: readonly Made[], name: unknown) => made.find((one) => one.name === name);
  const isDir = (one: Made | undefined) => one?.errno === 0 && one.meta?.mode === DIR;

  it('has every entry end in exactly one call, deletes and forgets nothing without proof', () => {
    fc.assert(
      fc.property(side, side, names, names, fc.boolean(), (source, dest, rows, folders, complete) => {
        ledger.close();
        ledger = new Ledger(openScratchLedger({ source: '/s', dest: '/d' }));
        remember(Object.fromEntries(rows.map((name) => [name, entryRow()])), folders);
        const events = march({ source, dest }, { complete });

        const forSource = events.filter(([call]) =>
          ['copy', 'record', 'unchanged', 'folder', 'unreadable'].includes(call),
        );
        expect(forSource).toHaveLength(source.length);
        const unchanged = events.filter(([call]) => call === 'unchanged').length;
        const named = forSource.filter(([call]) => call !== 'unchanged').map(([, first]) => first);
        expect(new Set(named).size).toBe(source.length - unchanged);

        for (const event of events) {
          const name = nameIn(event[1]);
          const there = at(source, name);
          switch (event[0]) {
            case 'extra':
              if (event[2] === 'part') break; // ours, whatever else is known of it
              expect(complete).toBe(true);
              expect(event[2] === 'in the way').toBe(there !== undefined);
              expect(!there || (there.errno === 0 && !isDir(there))).toBe(true);
              expect(at(dest, name)?.errno).toBe(0);
              break;
            case 'goneEntry':
              expect(complete && (!there || isDir(there))).toBe(true);
              break;
            case 'goneFolder':
              expect(complete && (!there || (there.errno === 0 && !isDir(there)))).toBe(true);
              break;
          }
        }
        if (!complete) return;
        const extras = dest.filter((one) => one.errno === 0 && !at(source, one.name));
        const told = events.filter(([call]) => call === 'extra').map(([, name]) => name);
        expect(told).toEqual(expect.arrayContaining(extras.map(({ name }) => name)));
        const gone = events.filter(([call]) => call === 'goneEntry').map(([, row]) => nameIn(row));
        expect(gone).toEqual(expect.arrayContaining(rows.filter((name) => !at(source, name))));
      }),
      { numRuns: 150 },
    );
  });
});

describe('a huge folder', () => {
  /** More than are held in memory, of a listing and of the ledger's rows. */
  const MANY = 40_001;

  it('is joined as a small one is, and lets others have their turn', () => {
    const known = 2_500;
    ledger.commit(() => {
      ledger.putDir(ROOT);
      for (let number = 0; number < known; number++) {
        ledger.putEntry(1, `n${number}`, entryRow(), undefined);
        ledger.putEntry(1, `gone ${number} \udcff`, entryRow(), undefined);
      }
    });
    const stat = statWith(metaWith());
    const entries = Entries.withRoom(MANY);
    for (let number = 0; number < MANY; number++) entries.add(`n${number}`, stat);
    const [source, dest] = [new Listing(), new Listing()];
    open.push(source, dest);
    source.add(entries);
    dest.add(entriesWith([{ name: 'n0' }, { name: 'n1', meta: { size: 2 } }, { name: 'extra \udcff' }]));
    const counts = new Map<string, number>();
    const sink = new Proxy({} as JoinSink, {
      get: (_, call: string) => () => counts.set(call, (counts.get(call) ?? 0) + 1),
    });
    let turns = 0;
    const input = {
      dir: ROOT,
      known: true,
      sealed: false,
      source,
      dest,
      complete: true,
      wanted: undefined,
      choice: EVERYTHING,
      grainNs: 1n,
      range: undefined,
      trash: undefined,
      mangled: [],
      folding: NO_FOLDING,
      beganNs: undefined,
      partTag: 'tagtag',
      distrustNs: undefined,
      damaged: new Set<string>(),
      attributes: NO_ATTRIBUTES,
      areNew: false,
      itemizes: false,
    };
    for (const _ of joinFolder(input, ledger, sink)) turns++;
    expect(Object.fromEntries(counts)).toEqual({ unchanged: 1, copy: MANY - 1, extra: 1, goneEntry: known });
    expect(turns).toBeGreaterThan(MANY / 4096 - 1);
  });
});

describe('with options on what is left', () => {
  const comparing = { sizeOnly: false, update: false, ignoreExisting: false, existing: false, windowSeconds: 0 };
  const leaving = (option: Partial<typeof comparing>) => ({
    choice: { ...EVERYTHING, comparing: { ...comparing, ...option } },
  });
  const one = (name: string, part: Partial<Meta> = {}): Made[] => [
    { name, meta: { mode: FILE, size: 1, mtimeNs: 5n, ...part } },
  ];

  it('records what is left once, with the reason, and does not call it an extra', () => {
    const sides = { source: one('f'), dest: one('f', { mtimeNs: 9n }) };
    const events = march(sides, leaving({ update: true }));
    const error = 'left: it is newer at the destination (--update)';
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject(['left', 'f', { status: EntryStatus.skipped, error }, undefined]);
    remember({ f: (events[0] as unknown as [string, string, Entry])[2] });
    expect(march(sides, leaving({ update: true }))).toMatchObject([['left', 'f', undefined, { error }]]);
  });

  it('forgets what the ledger has of a folder that is not to be made, and leaves it', () => {
    remember({}, ['sub']);
    const events = march({ source: [{ name: 'sub', meta: { mode: DIR } }] }, leaving({ existing: true }));
    expect(short(events)).toEqual([
      ['goneFolder', 'sub'],
      ['left', 'sub'],
    ]);
  });

  it.each([5n, 4n])('mends what a cut-off session has published, which has the time of the source (%d)', (mtimeNs) => {
    const sides = { source: one('f'), dest: one('f', { mtimeNs, ctimeNs: 100n }) };
    const events = march(sides, { distrustNs: 50n, ...leaving({ ignoreExisting: true }) });
    expect(short(events)).toEqual([[mtimeNs === 5n ? 'copy' : 'left', 'f']]);
  });

  it('takes what the destination has, and cannot be looked at, for neither there nor missing', () => {
    const dest = entriesWith([{ name: 'f', errno: 13 }]);
    for (const option of [{ existing: true }, { ignoreExisting: true }, { update: true }])
      expect(short(march({ source: one('f'), dest }, leaving(option)))).toEqual([['unreadable', 'f']]);
  });
});
