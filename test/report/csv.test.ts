import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ListedEntry } from '../../src/ledger/statistics.js';
import { csvOf, isoTime } from '../../src/report/csv.js';
import { HOSTILE } from './figures.js';

const ENTRY: ListedEntry = {
  path: 'a/b',
  kind: 'file',
  size: 5,
  mtime: { seconds: 0, rest: 1 },
  status: 'synced',
  hash: { algorithm: 'sha256', hex: 'ab' },
  error: '',
};

function textOf(...entries: Partial<ListedEntry>[]): string {
  return [...csvOf([entries.map((part) => ({ ...ENTRY, ...part }))])].join('');
}

/** The cells of each record, by the rules of RFC 4180. */
function parsed(text: string): string[][] {
  const records: string[][] = [[]];
  for (const [whole, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    expect(whole).not.toBe('');
    records.at(-1)!.push(quoted?.replaceAll('""', '"') ?? bare!);
    if (end === '\r\n') records.push([]);
  }
  expect(records.pop()).toEqual([]);
  return records;
}

test('a line for each entry after the names of the columns', () => {
  expect(
    textOf(
      {},
      { kind: 'folder', path: '', size: 0, status: 'failed', hash: undefined, mtime: undefined, error: 'EIO: x' },
    ),
  ).toBe(
    'path,kind,size,mtime,status,algorithm,hash,error\r\n' +
      'a/b,file,5,1970-01-01T00:00:00.000000001Z,synced,sha256,ab,\r\n' +
      ',folder,,,failed,,,EIO: x\r\n',
  );
});

test.each([
  ['=cmd|calc', "'=cmd|calc"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(1)', "'@SUM(1)"],
  ['＝1', "'＝1"],
  ['\t=1', '\\t=1'],
  ['\r=1', '\\r=1'],
  ['a,b', '"a,b"'],
  ['="a"', `"'=""a"""`],
  ['a\nb', 'a\\nb'],
  ['\udcff', '\\xff'],
  ['\u202e', '\\u202e'],
  ['a=1-2', 'a=1-2'],
])('%j is written as %s', (path, cell) => {
  expect(textOf({ path }).split('\r\n')[1]).toBe(`${cell},file,5,1970-01-01T00:00:00.000000001Z,synced,sha256,ab,`);
});

describe('any names and errors', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE, '=1', '"', '","', '\r\n', "'"));

  test('stay in their cells, none of which begins like a formula', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ path: text, error: text })), (entries) => {
        const records = parsed(textOf(...entries));
        expect(records).toHaveLength(entries.length + 1);
        for (const record of records) {
          expect(record).toHaveLength(8);
          for (const cell of record) expect(cell).not.toMatch(/^[=+\-@\t\r]|[\n\r\0]/);
        }
      }),
    );
  });

  test('two names never become one', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        fc.pre(a !== b && !/^'/.test(a) && !/^'/.test(b));
        expect(textOf({ path: a })).not.toBe(textOf({ path: b }));
      }),
    );
  });
});

test.each([
  [0, 0, '1970-01-01T00:00:00.000000000Z'],
  [0, -1, '1969-12-31T23:59:59.999999999Z'],
  [-1, 0, '1969-12-31T23:59:59.000000000Z'],
  [-1, -500_000_000, '1969-12-31T23:59:58.500000000Z'],
  [1_795_288_190, 896_148, '2026-11-21T19:09:50.000896148Z'],
  [9_223_372_036, 854_775_807, '2262-04-11T23:47:16.854775807Z'],
])('%d s and %d ns are %s', (seconds, rest, text) => {
  expect(isoTime({ seconds, rest })).toBe(text);
});
