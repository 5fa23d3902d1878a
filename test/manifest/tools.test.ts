/** Manifests of files with hostile names, as the tools they are for check them. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHasher } from '../../src/hash/registry.js';
import type { SyncedEntry } from '../../src/ledger/synced.js';
import { ManifestText } from '../../src/manifest/text.js';
import { CHECKSUMS, type Checksum, type ManifestFormat } from '../../src/settings.js';
import { findCommand, rawPath, temporaryFolder } from '../helpers/tree.js';

const hashers = new Map(
  await Promise.all(CHECKSUMS.map(async (algorithm) => [algorithm, await createHasher(algorithm)] as const)),
);

/** What means something to a shell, a tool or a format, at the ends of a name and in it; latin1 as in the test's trees. */
const ODD = ['\n', '\r', '\\', '\\n', ' ', '-', '*', '[', '#', '=', ') = ', '\t', '\x1b', '\x7f', '\x80', '\xff', 'ä'];
const piece = fc.oneof(
  fc.constantFrom(...ODD).map((text) => (text === 'ä' ? '\xc3\xa4' : text)),
  fc.constantFrom('a', 'SHA256 (', '.'),
  fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
);
const name = fc
  .array(piece, { minLength: 1, maxLength: 8 })
  .map((pieces) => pieces.join('').replaceAll('/', ''))
  .filter((text) => !['', '.', '..'].includes(text));
const names = fc.uniqueArray(fc.oneof({ weight: 9, arbitrary: name }, fc.constant('\n'.repeat(255))), {
  minLength: 20,
  maxLength: 60,
});

interface Planted {
  readonly folder: string;
  readonly entries: SyncedEntry[];
}

/** Files of these names in the folder and in one beneath it, and their entries in the order of a manifest. */
function plantFiles(list: readonly string[], algorithm: (index: number) => Checksum): Planted {
  const folder = temporaryFolder();
  const times = { mtimeNs: 1_000_000_000n };
  const entries: SyncedEntry[] = [{ path: Buffer.from('.'), kind: 'folder', size: 0, hash: undefined, ...times }];
  for (const below of ['.', './sub dir']) {
    mkdirSync(join(folder, below), { recursive: true });
    if (below !== '.') entries.push({ path: Buffer.from(below), kind: 'folder', size: 0, hash: undefined, ...times });
    for (const [index, text] of list.entries()) {
      const bytes = Buffer.from(text, 'latin1');
      const content = Buffer.from(`content ${index}`);
      const path = rawPath(join(folder, below), bytes);
      writeFileSync(path, content);
      utimesSync(path, 1, 1);
      const hash = { algorithm: algorithm(index), hex: hexOf(algorithm(index), content) };
      entries.push({ path: rawPath(below, bytes), kind: 'file', size: content.length, hash, ...times });
    }
  }
  for (const below of ['sub dir', '.']) utimesSync(join(folder, below), 1, 1);
  return { folder, entries };
}

function hexOf(algorithm: Checksum, content: Buffer): string {
  return Buffer.from(hashers.get(algorithm)!.of(content)).toString('hex');
}

function manifestOf(format: ManifestFormat, entries: readonly SyncedEntry[]): Buffer {
  return Buffer.concat([...new ManifestText(format).pieces(entries)]);
}

function check({ folder }: Planted, manifest: Buffer, tool: string, ...args: string[]) {
  const file = join(temporaryFolder(), 'manifest');
  writeFileSync(file, manifest);
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' };
  const given = args.map((arg) => (arg === 'FILE' ? file : arg));
  const { status, stdout, stderr } = spawnSync(tool, given, { cwd: folder, env, maxBuffer: 2 ** 28 });
  return { status, stdout: stdout.toString('latin1'), stderr: stderr.toString('latin1') };
}

function okLines(stdout: string): number {
  return stdout.match(/: OK\n/g)?.length ?? 0;
}

const RUNS = { numRuns: 10 };

const TOOLS: [ManifestFormat, Checksum][] = [
  ['sha256sum', 'sha256'],
  ['md5sum', 'md5'],
  ['sha1sum', 'sha1'],
  ['sha512sum', 'sha512'],
  ['b2sum', 'blake2b'],
];

describe.each(TOOLS)('%s', (tool, algorithm) => {
  const skipped = findCommand(tool) ? '' : ` (skipped: ${tool} is missing)`;

  test.skipIf(skipped)(`finds every file OK, and one that was changed not${skipped}`, () => {
    fc.assert(
      fc.property(names, (list) => {
        const planted = plantFiles(list, () => algorithm);
        const manifest = manifestOf(tool, planted.entries);
        const ended = check(planted, manifest, tool, '--strict', '--warn', '-c', 'FILE');
        expect(ended).toMatchObject({ status: 0, stderr: '' });
        expect(okLines(ended.stdout)).toBeGreaterThanOrEqual(2 * list.length);
        writeFileSync(rawPath(planted.folder, Buffer.from(list[0]!, 'latin1')), 'contents 0');
        const changed = check(planted, manifest, tool, '-c', 'FILE');
        expect(changed.status).toBe(1);
        expect(changed.stderr).toContain('1 computed checksum did NOT match');
      }),
      RUNS,
    );
  });
});

const TAGGED: readonly Checksum[] = ['md5', 'sha1', 'sha256', 'sha512', 'blake2b'];
// Before version 9, cksum knew no other algorithm than CRC.
const cksum = spawnSync('cksum', ['--check', '/dev/null'], { encoding: 'latin1' }).stderr?.includes('no properly');
const noCksum = cksum ? '' : ' (skipped: cksum --check is missing)';

test.skipIf(noCksum)(`bsd: cksum finds every file OK, of any algorithm${noCksum}`, () => {
  fc.assert(
    fc.property(names, (list) => {
      const planted = plantFiles(list, (index) => TAGGED[index % TAGGED.length]!);
      const ended = check(planted, manifestOf('bsd', planted.entries), 'cksum', '--strict', '--warn', '-c', 'FILE');
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      expect(okLines(ended.stdout)).toBeGreaterThanOrEqual(2 * list.length);
    }),
    RUNS,
  );
});

const noXxhsum = findCommand('xxhsum') ? '' : ' (skipped: xxhsum is missing)';

test.skipIf(noXxhsum)(`bsd: xxhsum reads the tags of xxh128${noXxhsum}`, () => {
  const planted = plantFiles(['a', 'b c'], () => 'xxh128');
  const ended = check(planted, manifestOf('bsd', planted.entries), 'xxhsum', '-c', 'FILE');
  expect(ended).toMatchObject({ status: 0 });
  expect(okLines(ended.stdout)).toBe(4);
});

const noB3sum = findCommand('b3sum') ? '' : ' (skipped: b3sum is missing)';

test.skipIf(noB3sum)(`b3sum finds every file OK whose name is UTF-8${noB3sum}`, () => {
  // Versions before 1.6 do not know \r for a carriage return, without which later ones lose it at the end of a line.
  const known = names.map((list) => list.filter((text) => !text.endsWith('\r')));
  fc.assert(
    fc.property(known, (list) => {
      const planted = plantFiles(list, () => 'blake3');
      const utf8 = list.filter((text) => isWellFormed(Buffer.from(text, 'latin1')));
      const ended = check(planted, manifestOf('b3sum', planted.entries), 'b3sum', '-c', 'FILE');
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      expect(okLines(ended.stdout)).toBeGreaterThanOrEqual(2 * utf8.length);
    }),
    RUNS,
  );
});

function isWellFormed(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes) && !bytes.toString('utf8').includes('\ufffd');
}

const noMtree = findCommand('mtree') ? '' : ' (skipped: mtree is missing)';

test.skipIf(noMtree)(`mtree finds the tree as it is, and what was changed${noMtree}`, () => {
  // NetBSD's mtree takes a name with these for a pattern, however it is encoded: also names that it wrote itself.
  const known = names.map((list) => list.filter((text) => !/[*?[]/.test(text)));
  fc.assert(
    fc.property(known, (list) => {
      const planted = plantFiles(list, (index) => (['md5', 'sha1', 'sha256', 'sha512'] as const)[index % 4]!);
      const manifest = manifestOf('mtree', planted.entries);
      expect(check(planted, manifest, 'mtree', '-f', 'FILE', '-p', '.')).toEqual({ status: 0, stdout: '', stderr: '' });
      const changed = rawPath(planted.folder, Buffer.from(list[1]!, 'latin1'));
      writeFileSync(changed, 'contents 1');
      utimesSync(changed, 1, 1);
      const ended = check(planted, manifest, 'mtree', '-f', 'FILE', '-p', '.');
      expect(ended.status).not.toBe(0);
      expect(ended.stdout).toMatch(/size \(9, 10\)/);
    }),
    RUNS,
  );
});

const noBsdtar = findCommand('bsdtar') && findCommand('python3') ? '' : ' (skipped: bsdtar or python3 is missing)';

test.skipIf(noBsdtar)(`libarchive reads every name, kind and content of an mtree${noBsdtar}`, () => {
  const program = `import sys, tarfile
for m in tarfile.open(fileobj=sys.stdin.buffer, mode='r|', encoding='latin1', errors='strict'):
    print(m.name.encode('latin1').hex(), m.size, m.isdir())`;
  fc.assert(
    fc.property(names, (list) => {
      const planted = plantFiles(list, () => 'sha256');
      const file = join(temporaryFolder(), 'manifest');
      writeFileSync(file, manifestOf('mtree', planted.entries));
      const env = { PATH: process.env.PATH, LC_ALL: 'C' };
      const tar = spawnSync('bsdtar', ['-cf', '-', '--format=gnutar', `@${file}`], { cwd: planted.folder, env });
      expect(tar.stderr.toString()).toBe('');
      const { stdout } = spawnSync('python3', ['-c', program], { input: tar.stdout, encoding: 'latin1' });
      const expected = planted.entries.map(({ path, kind, size }) => {
        return `${path.toString('hex')} ${size} ${kind === 'folder' ? 'True' : 'False'}`;
      });
      expect(stdout.trim().split('\n')).toEqual(expected);
    }),
    RUNS,
  );
});

const FILE: SyncedEntry = {
  path: Buffer.from('./a'),
  kind: 'file',
  size: 1,
  mtimeNs: 0n,
  hash: { algorithm: 'sha256', hex: createHash('sha256').digest('hex') },
};
const EMPTY = FILE.hash!.hex;
const linesOf = (format: ManifestFormat, path: string | Buffer) =>
  manifestOf(format, [FILE, { ...FILE, path: Buffer.from(path) }])
    .toString('latin1')
    .split('\n')
    .slice(1)
    .join('\n');

test('a carriage return is escaped only where a reader would lose it, for older ones do not know it', () => {
  expect(linesOf('sha256sum', './\rb')).toBe(`${EMPTY}  ./\rb\n`);
  expect(linesOf('sha256sum', './b\r')).toBe(`\\${EMPTY}  ./b\\r\n`);
  expect(linesOf('sha256sum', './\\b\r')).toBe(`\\${EMPTY}  ./\\\\b\\r\n`);
  expect(linesOf('bsd', './b\r')).toBe(`SHA256 (./b\r) = ${EMPTY}\n`);
});

test('a path that no tool could open is left out and told', () => {
  const text = new ManifestText('sha256sum');
  const path = (length: number) => Buffer.from(`.${'/x'.repeat(length / 2)}`.slice(0, length));
  const written = Buffer.concat([
    ...text.pieces([
      { ...FILE, path: path(4095) },
      { ...FILE, path: path(4096) },
    ]),
  ]);
  expect(written.toString()).toBe(`${EMPTY}  ${path(4095)}\n`);
  expect(text.missing()).toBe(
    '--format sha256sum leaves out 1 file whose names its tools cannot read or open; jsonl lists every file',
  );
});

test('names that b3sum refuses are left out', () => {
  const blake3 = { ...FILE, hash: { algorithm: 'blake3' as const, hex: 'ab' } };
  const text = new ManifestText('b3sum');
  const refused = [Buffer.from('./\xff', 'latin1'), Buffer.from('./\ufffd')].map((path) => ({ ...blake3, path }));
  expect(Buffer.concat([...text.pieces([blake3, ...refused])]).toString()).toBe('ab  ./a\n');
  expect(text.missing()).toContain('leaves out 2 files whose names');
});

test('in an mtree, folders that are not synced come before what is in them, once', () => {
  const at = (path: string, kind: SyncedEntry['kind'] = 'file') => ({
    ...FILE,
    path: Buffer.from(path),
    kind,
    hash: undefined,
  });
  const entries = [at('./a/b/x'), at('./a/b/y'), at('./a/c', 'folder'), at('./a/c/z'), at('./a b/l', 'link')];
  const lines = manifestOf('mtree', entries).toString().split('\n');
  expect(lines.slice(1, -2)).toEqual([
    '. type=dir',
    './a type=dir',
    './a/b type=dir',
    './a/b/x type=file size=1 time=0.000000000',
    './a/b/y type=file size=1 time=0.000000000',
    './a/c type=dir time=0.000000000',
    './a/c/z type=file size=1 time=0.000000000',
    './a\\040b type=dir',
    './a\\040b/l type=link time=0.000000000',
  ]);
});

test('times before 1970 are seconds rounded down, and nanoseconds', () => {
  const mtimeNs = -1_500_000_001n;
  const told = (format: ManifestFormat) => manifestOf(format, [{ ...FILE, mtimeNs }]).toString();
  expect(told('mtree')).toContain(' time=-2.499999999 ');
  expect(told('csv')).toContain(',1969-12-31T23:59:58.499999999Z,');
  expect(told('jsonl')).toContain('"mtime_ns":"-1500000001"');
});

/** The cells of each record, by the rules of RFC 4180. */
function cellsOf(text: string): string[][] {
  const records: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    records.at(-1)!.push(quoted?.replaceAll('""', '"') ?? bare!);
    if (end === '\r\n') records.push([]);
  }
  expect(records.pop()).toEqual([]);
  return records;
}

test('csv and jsonl lose no byte of a name', () => {
  const anyName = fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  fc.assert(
    fc.property(fc.oneof(name, anyName), (text) => {
      const path = rawPath('.', Buffer.from(text.replaceAll(/[\0/]/g, 'x'), 'latin1'));
      const entries = [{ ...FILE, path }];
      const [line, ...rest] = manifestOf('jsonl', entries).toString().split('\n');
      expect(rest).toHaveLength(2);
      expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
      expect(bytesOf(JSON.parse(line!).path)).toEqual(path);
      const [, [cell]] = cellsOf(manifestOf('csv', entries).toString()) as [string[], [string]];
      expect(bytesOf(uncleaned(cell))).toEqual(path);
    }),
    { numRuns: 2000 },
  );
});

/** PEP 383: a lone surrogate U+DC80 to U+DCFF is a byte that is not UTF-8. */
function bytesOf(text: string): Buffer {
  return Buffer.concat(
    [...text].map((character) => {
      const code = character.codePointAt(0)!;
      return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(character);
    }),
  );
}

/** As docs/manifest.md tells to read a path of a csv. */
function uncleaned(text: string): string {
  if (!/\\[\\ntrxu]/.test(text)) return text;
  return text.replace(/\\(\\|[ntr]|x[0-9a-f]{2}|u[0-9a-f]{4})/g, (_, code: string) => {
    const point = Number.parseInt(code.slice(1), 16);
    if (code[0] === 'x') return String.fromCharCode(point < 0x80 ? point : 0xdc00 + point);
    if (code[0] === 'u') return String.fromCharCode(point);
    return { n: '\n', t: '\t', r: '\r', '\\': '\\' }[code]!;
  });
}
