import { describe, expect, test } from 'vitest';
import { checksumCode } from '../../src/hash/registry.js';
import type { Entry } from '../../src/ledger/rows.js';
import { EntryStatus } from '../../src/ledger/schema.js';
import { prepare } from '../../src/ledger/sqlite.js';
import { CHECKSUMS } from '../../src/settings.js';
import { FIFO, FILE, LINK, metaWith } from '../helpers/entries.js';
import { dirWith, entryWith, PAIR, scratch } from './rows.js';

const HASH = Buffer.from('00ff10ab', 'hex');

function viewOf(part: Partial<Entry>, path = 'a/b', name = 'name'): Record<string, unknown> {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1, { path }));
    ledger.putEntry(1, name, entryWith(part), undefined);
  });
  return prepare(ledger.db, 'SELECT * FROM files').safeIntegers().get() as Record<string, unknown>;
}

test('a synced file shows all that is known of it', () => {
  const meta = metaWith({ size: 2 ** 40, mtimeNs: 1_600_000_000_123_456_789n, ctimeNs: -7n, btimeNs: 3n, mode: FILE });
  expect(viewOf({ status: EntryStatus.synced, meta, algorithm: checksumCode('sha256'), hash: HASH })).toEqual({
    source_path: `${PAIR.source}/a/b/name`,
    dest_path: `${PAIR.dest}/a/b/name`,
    created: 3n,
    changed: -7n,
    modified: 1_600_000_000_123_456_789n,
    permissions: 0o644n,
    hash: '00ff10ab',
    size: 2n ** 40n,
    status: 'synced',
    error: null,
    kind: 'file',
    algorithm: 'sha256',
    uid: 10n,
    gid: 20n,
    verified_at: null,
    verdict: null,
  });
});

test('an entry of the root has no empty step in its path', () => {
  expect(viewOf({}, '')).toMatchObject({ source_path: '/the/source/name', dest_path: '/the/dest/name' });
});

test.each(Object.entries(EntryStatus))('the status is a word: %s', (word, status) => {
  expect(viewOf({ status })).toMatchObject({ status: word });
});

test.each([
  ['file', FILE],
  ['link', LINK],
  ['other', FIFO],
  ['other', 0],
])('the kind is a word: %s', (kind, mode) => {
  expect(viewOf({ meta: metaWith({ mode }) })).toMatchObject({ kind });
});

test('permissions are the twelve bits of chmod', () => {
  expect(viewOf({ meta: metaWith({ mode: 0o107755 }) })).toMatchObject({ permissions: 0o7755n });
});

test('an unknown creation time is null', () => {
  expect(viewOf({ meta: metaWith({ btimeNs: 0n }) })).toMatchObject({ created: null });
});

test.each(['pending', 'failed', 'skipped'] as const)(
  'the room that is kept for the hash of a %s file is not shown',
  (status) => {
    const part = { status: EntryStatus[status], algorithm: checksumCode('md5'), hash: Buffer.alloc(16) };
    expect(viewOf(part)).toMatchObject({ hash: null, algorithm: null });
  },
);

test('a synced link has no hash and no algorithm', () => {
  const part = { status: EntryStatus.synced, meta: metaWith({ mode: LINK }) };
  expect(viewOf(part)).toMatchObject({ hash: null, algorithm: null });
});

describe.each(CHECKSUMS)('%s', (name) => {
  test('is shown by its name', () => {
    const part = { status: EntryStatus.synced, algorithm: checksumCode(name), hash: HASH };
    expect(viewOf(part)).toMatchObject({ algorithm: name });
  });
});

test('an error is shown as it was', () => {
  const error = "EACCES: permission denied (open) '\n\u001b[31m";
  expect(viewOf({ status: EntryStatus.failed, error })).toMatchObject({ status: 'failed', error });
});

test('a path that is not UTF-8 keeps its bytes', () => {
  const ledger = scratch();
  ledger.commit(() => {
    ledger.putDir(dirWith(1, { path: 'd\udcff' }));
    ledger.putEntry(1, 'n\udcfe', entryWith(), undefined);
  });
  const path = prepare(ledger.db, 'SELECT hex(source_path) FROM files').pluck().get() as string;
  expect(Buffer.from(path, 'hex')).toEqual(
    Buffer.concat([Buffer.from('/the/source/d'), Buffer.of(0xff), Buffer.from('/n'), Buffer.of(0xfe)]),
  );
});
