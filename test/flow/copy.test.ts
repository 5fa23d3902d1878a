/** A copy into an empty destination, and the run after it: what arrives, and what is recorded. */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  AUTO_LANES,
  at,
  auditLog,
  copyAll,
  dir,
  type Ended,
  expectEqualTrees,
  expectLedgerOf,
  fifo,
  file,
  ledgerFiles,
  link,
  logged,
  makeTree,
  namesIn,
  newWorld,
  partFiles,
  query,
  raw,
  snapshotTree,
  type Tree,
  type World,
  writes,
} from './helpers.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const ODD_NAMES = [
  raw('new\nline'),
  raw('tab\tstop'),
  raw('esc\x1b[31mred'),
  raw('-rf'),
  raw('--delete-extras'),
  raw('it\'s "quoted" `so`'),
  raw('back\\slash \\n'),
  raw('=cmd()'),
  raw(' spaces '),
  raw('emoji 😀'),
  raw('café'.normalize('NFC')),
  raw('café'.normalize('NFD')),
  raw('\u202egnp.exe'),
  raw('\ufffd'),
  raw('12345'),
  'bad \xff',
  'bad \xfe',
  'half \xf0\x9f',
  'surrogate \xed\xa0\x80',
  'n'.repeat(255),
  `${'n'.repeat(254)}\xff`,
  raw('é'.repeat(127)),
];

const oddNames: Tree = Object.fromEntries(
  ODD_NAMES.flatMap((name) => [
    [`names/${name}`, file(`named ${name}`)],
    [`folders/${name}/${name}`, file(`in ${name}`)],
    [`links/${name}`, link(name)],
  ]),
);

/** Around the most that travels in a pack, and around a block of 1 MiB. */
const SIZES = [0, 1, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 11 * 1000 * 1000];

const sizes: Tree = Object.fromEntries(SIZES.map((size) => [`sizes/${size}`, file(randomBytes(size))]));

const MTIMES = [
  0n,
  1n,
  -1n,
  -1_500_000_000n,
  -315_619_200_000_000_001n,
  1_600_000_000_123_456_789n,
  1_600_000_000_999_999_999n,
  2_208_988_800_000_000_001n,
];

const times: Tree = Object.fromEntries(
  MTIMES.flatMap((mtimeNs) => [
    [`times/file ${mtimeNs}`, file(`${mtimeNs}`, mtimeNs)],
    [`times/folder ${mtimeNs}`, dir(mtimeNs)],
    [`times/link ${mtimeNs}`, link('nowhere', mtimeNs)],
  ]),
);

const others: Tree = {
  'deep/folder/file': file('target'),
  'deep/to-file': link('folder/file'),
  'deep/to-folder': link('folder'),
  'deep/folder/loop': link('.'),
  'deep/dangling': link('nowhere/at all'),
  'deep/absolute': link('/etc/passwd'),
  'deep/outside': link('../../../../..'),
  'deep/odd': link('odd \xff\ntarget'),
  [`${'d/'.repeat(40)}file`]: file('40 folders down'),
  'empty/inside/deeper': dir(1_500_000_000_000_000_001n),
  empty: dir(1_500_000_000_500_000_000n),
  'kinds/queue': fifo(),
};

describe('a copy into a destination that is not there yet', () => {
  let world: World;
  let first: Ended;

  beforeAll(async () => {
    world = newWorld();
    makeTree(world.source, { ...oddNames, ...sizes, ...times, ...others });
    linkSync(`${world.source}/deep/folder/file`, `${world.source}/deep/hard-link`);
    makeTree(world.source, { '': dir(1_555_555_555_555_555_555n) });
    first = await copyAll(world, '--block-size', '1M', '-v', '--log-file', world.log, ...AUTO_LANES);
  });

  test('brings every file, folder and link with its content, times and name', () => {
    expectEqualTrees(world.source, world.dest);
    expect(partFiles(world.dest)).toEqual([]);
  });

  test('does not make a FIFO, lists it as skipped, and is content', () => {
    expect([...snapshotTree(world.dest).keys()]).not.toContain('kinds/queue');
    expect(ledgerFiles(world).get('kinds/queue')).toMatchObject({ status: 'skipped', kind: 'other', hash: null });
    expect(ledgerFiles(world).get('kinds/queue')!.error).toMatch(/FIFO/);
    expect(logged(world, 'skipped')).toEqual(['kinds/queue']);
    expect(first.stdout).toMatch(/skipped +1 entry/);
  });

  test('leaves a synced row with size, mtime and hash of every file and link', () => {
    expectLedgerOf(world);
    const algorithms = [...ledgerFiles(world).values()]
      .filter(({ kind }) => kind === 'file')
      .map((row) => row.algorithm);
    expect(new Set(algorithms)).toEqual(new Set(['sha256']));
  });

  test('leaves one log line for every file and link, with its hash, and one for each folder made empty', () => {
    const source = [...snapshotTree(world.source)];
    const lines = auditLog(world).filter(({ result }) => result === 'copied');
    const seen = lines.map(({ path, kind, size, hash, algorithm }) => [path, kind, size, hash, algorithm]);
    const expected = source
      .filter(([, { type }]) => type === 'file' || type === 'link')
      .map(([path, { type, size, target, sha256: hash }]) => {
        return [path, type, size ?? target!.length, hash, hash && 'sha256'];
      });
    expect(seen.sort()).toEqual(expected.sort());
    for (const line of lines) {
      expect(line.dest).toBe(world.dest + line.source.slice(world.source.length));
      expect(Date.parse(line.time)).toBeLessThanOrEqual(Date.now());
      expect(line.duration_ms).toBeGreaterThanOrEqual(0);
    }
    expect(logged(world, 'made')).toContain('empty/inside/deeper');
    expect(logged(world, 'failed')).toEqual([]);
  });

  test('tells in its summary what was copied and where the ledger and the log are', () => {
    const files = [...snapshotTree(world.source).values()].filter(({ type }) => type === 'file' || type === 'link');
    expect(first.stdout).toMatch(/^millrace: all synced in /m);
    expect(first.stdout).toMatch(new RegExp(`^ +copied +${files.length} files, [0-9.]+ MiB$`, 'm'));
    expect(first.stdout).toContain(world.db);
    expect(first.stdout).toContain(world.log);
    expect(first.stdout).not.toContain('Failed');
  });

  test('names each entry with -v, and shows no control character of a name as it is', () => {
    expect(first.stdout).toContain('copied names/new\\nline\n');
    expect(first.stdout).toContain('copied names/bad \\xff\n');
    expect(first.stdout).toContain('linked deep/dangling\n');
    expect(first.stdout).not.toMatch(/[^\n\P{Cc}]|\u202e/u);
  });

  test('keeps the ledger and the log private', () => {
    expect([world.db, world.log].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(['600', '600']);
  });

  describe('and the run after it', () => {
    let before: ReturnType<typeof writes>;
    let lines: number;
    let hashes: unknown;
    let second: Ended;

    beforeAll(async () => {
      before = writes(world.dest);
      lines = auditLog(world).length;
      hashes = query(world.db, 'SELECT * FROM files ORDER BY hex(source_path)');
      second = await copyAll(world, ...AUTO_LANES);
    });

    test('copies nothing and touches nothing at the destination', () => {
      const after = writes(world.dest);
      // The root is looked at with a file of the program's own.
      before.delete('');
      after.delete('');
      expect(after).toEqual(before);
      expect(auditLog(world).slice(lines)).toEqual([]);
      expect(second.stdout).toMatch(/copied +0 files, 0 B/);
      expectEqualTrees(world.source, world.dest);
    });

    test('keeps hashes and all else that the ledger knows', () => {
      expect(query(world.db, 'SELECT * FROM files ORDER BY hex(source_path)')).toEqual(hashes);
    });
  });
});

/** Of the empty input and of "abc": the test vectors that the authors of each algorithm published. */
const VECTORS: readonly (readonly [algorithm: string, empty: string, abc: string])[] = [
  ['md5', 'd41d8cd98f00b204e9800998ecf8427e', '900150983cd24fb0d6963f7d28e17f72'],
  ['sha1', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  [
    'sha512',
    'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
  [
    'blake2b',
    '786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce',
    'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
  ],
  [
    'blake3',
    'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
    '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85',
  ],
  ['xxh128', '99aa06d3014798d86001c324468d497f', '06b05ab6733a618578af5f94892f3950'],
];

test.each(VECTORS)(
  'records the %s hash that everybody computes, also of files of several blocks',
  async (algorithm, empty, abc) => {
    const world = newWorld();
    // Twice the same content: hashed as a whole in a pack, and in pieces in blocks. Only md5sum and its like agree on it.
    makeTree(world.source, { empty: file(), abc: file('abc'), packed: file(PATTERN.subarray(0, 200_000)) });
    makeTree(world.source, { blocks: file(PATTERN) });
    await copyAll(world, '--checksum', algorithm, '--block-size', '64K');
    const rows = ledgerFiles(world);
    expect([rows.get('empty')!.hash, rows.get('abc')!.hash]).toEqual([empty, abc]);
    expect(new Set([...rows.values()].map((row) => row.algorithm))).toEqual(new Set([algorithm]));
    const reference = await referenceHash(algorithm);
    expect(rows.get('packed')!.hash).toBe(reference(PATTERN.subarray(0, 200_000)));
    expect(rows.get('blocks')!.hash).toBe(reference(PATTERN));
    expectEqualTrees(world.source, world.dest);
  },
);

const PATTERN = randomBytes(1_000_003);

/** The whole input in one call, by a library's plain function. */
async function referenceHash(algorithm: string): Promise<(data: Buffer) => string> {
  const { createHash } = await import('node:crypto');
  const { createBLAKE3, createXXHash128 } = await import('hash-wasm');
  if (algorithm === 'blake3') {
    const hasher = await createBLAKE3();
    return (data) => hasher.init().update(data).digest();
  }
  if (algorithm === 'xxh128') {
    const hasher = await createXXHash128();
    return (data) => hasher.init().update(data).digest();
  }
  return (data) =>
    createHash(algorithm === 'blake2b' ? 'blake2b512' : algorithm)
      .update(data)
      .digest('hex');
}

test.each([
  ['one lane of each kind and the smallest ring', ['--readers', '1', '--writers', '1', '--scanners', '1']],
  ['many lanes', ['--readers', '8', '--writers', '8', '--scanners', '4']],
])('copies files of many blocks and small ones with %s', async (_, lanes) => {
  const world = newWorld();
  const small = Array.from({ length: 400 }, (_, i) => [`${i % 7}/${i % 3}/small ${i}`, file(randomBytes(i * 97))]);
  const large = Array.from({ length: 12 }, (_, i) => [
    `${i % 5}/large ${i}`,
    file(randomBytes(300 * KIB + i * 77_777)),
  ]);
  makeTree(world.source, Object.fromEntries([...small, ...large]));
  await copyAll(world, '--block-size', '64K', '--queue-capacity', '2', ...lanes);
  expectEqualTrees(world.source, world.dest);
  expectLedgerOf(world);
});

test('compares a folder of more entries than are held in memory, and finds what is new, changed and gone', async () => {
  const world = newWorld();
  const count = 41_000;
  const odd = 'many/odd \xff';
  for (const root of [world.source, world.dest]) {
    makeTree(root, { 'many/file': file('x', 1_600_000_000_123_456_789n), 'many/folder/inside': file('inside', 1n) });
    // Hard links: quick to make.
    for (let i = 0; i < count; i++) linkSync(`${root}/many/file`, `${root}/many/file ${i}`);
  }
  makeTree(world.source, { [odd]: file('odd') });
  makeTree(world.dest, { 'many/extra': file('extra'), 'many/extra \xfe': file('extra') });
  const first = await copyAll(world, '--delete-extras');
  expect(first.stdout).toMatch(/same +41,002 files/);
  expect(logged(world, 'copied')).toEqual([odd]);
  expect(logged(world, 'deleted')).toEqual(['many/extra', 'many/extra \xfe']);
  expect(query(world.db, 'SELECT count(*) AS files FROM files')).toEqual([{ files: count + 3 }]);

  const lines = auditLog(world).length;
  unlinkSync(at(world.source, 'many/file 7'));
  makeTree(world.source, { [odd]: file('odd, and changed') });
  await copyAll(world, '--delete-extras');
  expect(logged(world, 'copied', lines)).toEqual([odd]);
  expect(logged(world, 'deleted', lines)).toEqual(['many/file 7']);
  expect(query(world.db, 'SELECT count(*) AS files FROM files')).toEqual([{ files: count + 2 }]);
  expect(namesIn(world.dest).sort()).toEqual(namesIn(world.source).sort());
  expect(readFileSync(at(world.dest, odd), 'utf8')).toBe('odd, and changed');
});
