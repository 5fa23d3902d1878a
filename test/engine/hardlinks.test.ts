import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HardLinks } from '../../src/engine/hardlinks.js';
import { type Item, newItem } from '../../src/engine/item.js';
import { inodeOf, inodesIn, putInode } from '../../src/ledger/hardlinks.js';
import { EntryStatus } from '../../src/ledger/schema.js';
import { Action } from '../../src/pipeline/record.js';
import type { Inode } from '../../src/share/entries.js';
import { metaWith } from '../helpers/entries.js';
import { dirWith, entryWith, scratch } from '../ledger/rows.js';
import { dirRef, failureWith, resultOf } from './items.js';

const DIR = dirRef(2, 'dir');
const INODE: Inode = { device: 0, number: -7n };
const HASH = Buffer.alloc(16, 0xab);
const META = metaWith();

function setUp() {
  const ledger = scratch();
  ledger.commit(() => ledger.putDir(dirWith(2, { path: 'dir' })));
  const links = new HardLinks(ledger, 1);
  /** The ledger has the name as one of the file, with its content. */
  const synced = (name: string, part = {}) =>
    ledger.commit(() => {
      const entry = entryWith({ status: EntryStatus.synced, algorithm: 1, hash: HASH, ...part });
      ledger.putEntry(2, name, entry, undefined);
      putInode(ledger, 2, name, INODE);
    });
  return { ledger, links, synced };
}

const named = (name: string, part: Partial<Item> = {}): Item => ({
  ...newItem(DIR, name, Action.copy, META, undefined),
  inode: INODE,
  ...part,
});
const kept = { algorithm: 1, hash: HASH };

function succeed(item: Item): Item {
  item.result = resultOf(item);
  return item;
}

function fail(item: Item, code: string): Item {
  item.failure = failureWith(code);
  return item;
}

test('the first that is met brings the file, and the others wait and become its names, with its hash', () => {
  const { links } = setUp();
  const [a, b, c] = [named('a'), named('b'), named('c')];
  expect([a, b, c].map((item) => links.take(item))).toEqual([true, false, false]);
  expect(links.finished(succeed(a))).toEqual([b, c]);
  const target = { path: 'dir/a', algorithm: 1, hash: HASH };
  for (const item of [b, c]) expect(item).toMatchObject({ action: Action.hardLink, target });
  const late = named('late');
  expect(links.take(late)).toBe(true);
  expect(late).toMatchObject({ action: Action.hardLink, target });
});

test('an entry without other names is none of its business', () => {
  const { links } = setUp();
  const alone = named('alone', { inode: undefined });
  expect(links.take(alone)).toBe(true);
  expect(alone.action).toBe(Action.copy);
  expect(links.finished(succeed(alone))).toEqual([]);
  expect(links.letGo(alone)).toEqual([]);
});

test('where the first fails, the next one brings the file', () => {
  const { links } = setUp();
  const [a, b, c] = [named('a'), named('b'), named('c')];
  for (const item of [a, b, c]) links.take(item);
  expect(links.finished(fail(a, 'EACCES'))).toEqual([b]);
  expect(b).toMatchObject({ action: Action.copy });
  expect(links.finished(succeed(b))).toEqual([c]);
  expect(c.target?.path).toBe('dir/b');
});

test('what an earlier session has copied is linked to, if it is of the same content and not the name itself', () => {
  const { links, synced } = setUp();
  synced('a');
  const [b, a] = [named('b'), named('a')];
  expect(links.take(b)).toBe(true);
  expect(b).toMatchObject({ action: Action.hardLink, target: { path: 'dir/a', algorithm: 1, hash: HASH } });
  links.letGo(b);
  links.take(a);
  expect(a.action).toBe(Action.copy);
  links.letGo(a);
  const newer = named('c', { meta: metaWith({ mtimeNs: META.mtimeNs + 1n }) });
  links.take(newer);
  expect(newer.action).toBe(Action.copy);
});

test('where what is at the name is not what was copied, the item brings the file itself', () => {
  const { links, synced } = setUp();
  synced('a');
  const [b, c] = [named('b'), named('c')];
  for (const item of [b, c]) links.take(item);
  expect(links.finished(fail(b, 'UNLIKE'))).toEqual([b]);
  expect(b).toMatchObject({ action: Action.copy, failure: undefined, target: undefined });
  expect(links.finished(fail(c, 'UNLIKE'))).toEqual([]);
  expect(links.finished(succeed(b))).toEqual([c]);
  expect(c.target?.path).toBe('dir/b');
});

test('where several names are not what was copied, one that is becomes the one to link to', () => {
  const { links, synced } = setUp();
  const names = ['gone', 'gone too', 'there'];
  for (const name of names) synced(name);
  const b = named('b');
  links.take(b);
  const tried = [b.target!.path];
  while (tried.at(-1) !== 'dir/there') {
    expect(links.finished(fail(b, 'UNLIKE'))).toEqual([b]);
    expect(b).toMatchObject({ action: Action.hardLink, failure: undefined });
    tried.push(b.target!.path);
  }
  expect(new Set(tried).size).toBe(tried.length);
  const c = named('c');
  links.take(c);
  expect(c.target?.path).toBe('dir/there');
});

test('a file with very many names that are not what was copied is brought anew', () => {
  const { links, synced } = setUp();
  for (let index = 0; index < 1000; index++) synced(`gone ${index}`);
  const b = named('b');
  links.take(b);
  let tries = 0;
  for (; b.action === Action.hardLink; tries++) expect(links.finished(fail(b, 'UNLIKE'))).toEqual([b]);
  expect(tries).toBe(16);
});

test('a link to a name that was made anew while it failed is made to that', () => {
  const { links, synced } = setUp();
  synced('gone');
  const [apart, gone] = [named('apart', { isApart: true, kept }), named('gone')];
  links.take(apart);
  expect(apart.target?.path).toBe('dir/gone');
  expect(links.take(gone)).toBe(true);
  expect(gone.action).toBe(Action.copy);
  expect(links.finished(succeed(gone))).toEqual([]);
  expect(links.finished(fail(apart, 'UNLIKE'))).toEqual([apart]);
  expect(apart).toMatchObject({ action: Action.hardLink, target: { path: 'dir/gone' }, failure: undefined });
});

test.each(['EPERM', 'EMLINK', 'EOPNOTSUPP', 'EXDEV'])(
  'where no link can be made (%s), the item is a file of its own',
  (code) => {
    const { links, synced } = setUp();
    synced('a');
    const [b, c] = [named('b'), named('c', { action: Action.stamp, kept })];
    for (const item of [b, c]) links.take(item);
    expect(links.finished(fail(b, code))).toEqual([b]);
    expect(b).toMatchObject({
      action: Action.copy,
      warning: expect.stringMatching(`^${code}.*: no hard link to dir/a$`),
    });
    expect(links.finished(fail(c, code))).toEqual([c]);
    // Its content is there: it is not copied for that.
    expect(c).toMatchObject({ action: Action.stamp, warning: expect.stringMatching(code) });
    expect(links.finished(succeed(b))).toEqual([]);
  },
);

test('any other failure is the end of it', () => {
  const { links, synced } = setUp();
  synced('a');
  const b = named('b');
  links.take(b);
  expect(links.finished(fail(b, 'EACCES'))).toEqual([]);
  expect(b.failure?.code).toBe('EACCES');
});

test('a name of the right file gets the attributes that it waits for after it is linked, but not one that was only apart', () => {
  const { links, synced } = setUp();
  synced('a');
  const [b, c] = [
    named('b', { action: Action.stamp, kept }),
    named('c', { action: Action.stamp, kept, isApart: true }),
  ];
  for (const item of [b, c]) links.take(item);
  expect(links.finished(succeed(b))).toEqual([b]);
  expect(b).toMatchObject({ action: Action.stamp, result: undefined });
  expect(links.finished(succeed(b))).toEqual([]);
  expect(b.result).toBeDefined();
  expect(links.finished(succeed(c))).toEqual([]);
  expect(c.result).toBeDefined();
});

test('a name whose content is there is the first once, and again after the ledger knows it', () => {
  const { links, synced } = setUp();
  expect(links.isFirst(DIR, 'a', META, INODE, kept)).toBe(true);
  expect(links.isFirst(DIR, 'b', META, INODE, kept)).toBe(false);
  const b = named('b', { action: Action.stamp, kept, isApart: true });
  links.take(b);
  expect(b).toMatchObject({ action: Action.hardLink, target: { path: 'dir/a' } });
  // Of the names with work in hand, the one that the others are linked to.
  expect(links.isFirst(DIR, 'a', META, INODE, kept)).toBe(true);
  links.letGo(b);
  links.committed();
  synced('a');
  expect(links.isFirst(DIR, 'b', META, INODE, kept)).toBe(false);
  expect(links.isFirst(DIR, 'a', META, INODE, kept)).toBe(true);
});

test('items that wait for one that is left to the backlog are left with it', () => {
  const { links } = setUp();
  const [a, b] = [named('a'), named('b')];
  for (const item of [a, b]) links.take(item);
  expect(links.letGo(a)).toEqual([b]);
  expect(links.letGo(b)).toEqual([]);
  const again = named('b');
  expect(links.take(again)).toBe(true);
  expect(again.action).toBe(Action.copy);
});

test('whatever fails, every item is handed out until it is done, and no two bring one file at a time', () => {
  const outcome = fc.constantFrom('ok', 'ok', 'UNLIKE', 'EPERM', 'EACCES');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(outcome, { maxLength: 20 }), (count, outcomes) => {
      const { links } = setUp();
      const items = Array.from({ length: count }, (_, index) => named(`${index}`));
      const handed = items.filter((item) => links.take(item));
      const done = new Set<Item>();
      for (let steps = 0; handed.length > 0; steps++) {
        const brought = handed.filter(({ action, warning }) => action === Action.copy && warning === undefined);
        expect(brought.length).toBeLessThan(2);
        const item = handed.shift()!;
        const came = outcomes[steps] ?? 'ok';
        const next = links.finished(came === 'ok' ? succeed(item) : fail(item, came));
        handed.push(...next);
        if (item.result || item.failure) done.add(item);
        else if (!next.includes(item)) expect(handed.length).toBeGreaterThan(0);
      }
      expect(done.size).toBe(count);
    }),
  );
});

test('the ledger forgets a name with its entry', () => {
  const { ledger, synced } = setUp();
  synced('a');
  synced('b');
  expect(inodesIn(ledger, 2)).toEqual(
    new Map([
      ['a', INODE],
      ['b', INODE],
    ]),
  );
  expect(inodeOf(ledger, 2, 'a')).toEqual(INODE);
  ledger.commit(() => ledger.removeEntry(2, 'a', entryWith({ status: EntryStatus.synced })));
  expect(inodeOf(ledger, 2, 'a')).toBeUndefined();
  ledger.commit(() => putInode(ledger, 2, 'b', undefined));
  expect(inodesIn(ledger, 2)).toEqual(new Map());
});
