import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HEADER, type RecordFields, Records, recordLength, results } from '../../src/pipeline/record.js';
import { nameBytes } from '../../src/posix/names.js';
import { anyFields, anyFolder, anyName, FIELDS, fieldsIn } from './arbitrary.js';

interface Entry {
  dir: string;
  name: string;
  data: Uint8Array;
  fields: RecordFields;
}

function put(records: Records, at: number, { dir, name, data, fields }: Entry): number {
  records.bytes.set(data, records.putPath(at, nameBytes(dir), nameBytes(name)));
  return records.putFields(at, fields, data.length);
}

function get(records: Records, at: number): Entry {
  return {
    dir: records.dir(at),
    name: records.name(at),
    data: records.data(at).slice(),
    fields: fieldsIn(records.get(at)),
  };
}

/** Somewhere in the middle of memory that is not empty. */
function dirty(length: number): Records {
  const memory = new SharedArrayBuffer(length + 24);
  new Uint8Array(memory).fill(0xa5);
  return new Records(memory, 16, length);
}

const anyEntry = fc.record({
  dir: anyFolder,
  name: anyName,
  data: fc.uint8Array({ maxLength: 50 }),
  fields: anyFields,
});

test('records put one after another come back as they were, whatever the memory held before', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 8 }), (entries) => {
      const records = dirty(20_000);
      const ends: number[] = [];
      for (const entry of entries) ends.push(put(records, ends.at(-1) ?? 0, entry));
      const seen: Entry[] = [];
      let at = 0;
      for (const end of ends) {
        const entry = get(records, at);
        seen.push({ ...entry, fields: { ...entry.fields, endedMs: 0 } });
        at = records.next(at);
        expect(at).toBe(end);
      }
      expect(seen).toEqual(entries);
    }),
  );
});

test.each<[string, Partial<RecordFields>]>([
  ['sizes and offsets beyond 4 GiB', { size: 2 ** 32 + 1, offset: 2 ** 52 + 3 }],
  [
    'times before 1970 and of all digits',
    { mtimeNs: -1n, atimeNs: -315_619_200_250_000_001n, ctimeNs: 2n ** 62n + 1n },
  ],
  ['a hash of 64 bytes', { hash: Uint8Array.from({ length: 64 }, (_, index) => 255 - index) }],
  ['the largest owner and mode', { uid: 0xffff_ffff, gid: 0xffff_fffe, mode: 0o177777 }],
])('keeps %s', (_, part) => {
  const records = dirty(4096);
  put(records, 0, { dir: '', name: 'x', data: new Uint8Array(0), fields: { ...FIELDS, ...part } });
  expect(fieldsIn(records.get(0))).toMatchObject(part);
});

test('names that differ in invalid bytes only stay two names', () => {
  const records = dirty(4096);
  const names = [Buffer.of(0x61, 0xff), Buffer.of(0x61, 0xfe)];
  let at = 0;
  const found: string[] = [];
  for (const name of names) {
    records.putPath(at, Buffer.alloc(0), name);
    const next = records.putFields(at, FIELDS, 0);
    found.push(records.name(at));
    at = next;
  }
  expect(found).toEqual(['a\udcff', 'a\udcfe']);
  expect(found.map((name) => nameBytes(name))).toEqual(names);
});

test('a record takes as many bytes as was said, a multiple of 8', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      const records = dirty(20_000);
      const length = recordLength(nameBytes(entry.dir).length + nameBytes(entry.name).length, entry.data.length);
      expect(put(records, 0, entry)).toBe(length);
      expect(length % 8).toBe(0);
    }),
  );
});

test('a result is of its own: a slot that is filled anew does not change it', () => {
  const records = dirty(4096);
  put(records, 0, { dir: '', name: 'x', data: new Uint8Array(0), fields: { ...FIELDS, hash: Uint8Array.of(1, 2, 3) } });
  const out = new Uint8Array(HEADER);
  records.copyResult(0, out, 0, 5);
  records.bytes.fill(0);
  expect([...results(out)].map(fieldsIn)).toEqual([{ ...FIELDS, endedMs: 5, hash: Uint8Array.of(1, 2, 3) }]);
});

test('results keep the fields of each record and when it was finished', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 6 }), fc.nat(7), (entries, offset) => {
      const records = dirty(20_000);
      const out = new Uint8Array(offset + entries.length * HEADER).subarray(offset);
      let at = 0;
      for (const [index, entry] of entries.entries()) {
        const next = put(records, at, entry);
        records.copyResult(at, out, index * HEADER, 1000 + index);
        at = next;
      }
      expect([...results(out)].map(fieldsIn)).toEqual(
        entries.map(({ fields }, index) => ({ ...fields, endedMs: 1000 + index })),
      );
    }),
  );
});
