/**
 * The same decisions as the real rsync, on random trees and rules: what is sent, and what is deleted. FILTER_CASES says
 * how many cases there are, FILTER_SEED repeats a run.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeName, nameBytes } from '../../../src/posix/names.js';
import { chosenRules } from '../../../src/scan/filter/choice.js';
import { Filter } from '../../../src/scan/filter/filter.js';
import { findCommand, rawPath, temporaryFolder } from '../../helpers/tree.js';

const CASES = Number(process.env.FILTER_CASES ?? 1500);
const SEED = Number(process.env.FILTER_SEED ?? Date.now() % 2 ** 31);
// Trees are made and removed by the thousand: in memory where that can be had.
if (existsSync('/dev/shm')) process.env.TMPDIR = '/dev/shm';

/** Cases of one call of rsync: each is a folder of the roots, with a file of its rules in it. */
const BATCH = 100;
const RULES = '.rules';

// ---- random trees

/** Names that patterns could take for others: special characters, a letter of two bytes, a byte that is not UTF-8. */
const NAMES = [
  'a',
  'b',
  'ab',
  'abc',
  'a.c',
  '.a',
  'A',
  '-',
  'a*',
  '*',
  '**',
  'a?',
  '[a]',
  'a\\b',
  '\\',
  'é',
  '\udcff',
  'b-b',
  'a b',
];

/** Paths beneath a root, folders with a slash at their end, parents first. */
type Tree = readonly string[];

const level = (deeper: fc.Arbitrary<Tree> | undefined): fc.Arbitrary<Tree> =>
  fc
    .uniqueArray(fc.constantFrom(...NAMES), { maxLength: 5 })
    .chain((names) =>
      fc.tuple(
        ...names.map((name) =>
          fc.tuple(fc.constant(name), deeper ? fc.option(deeper, { freq: 2 }) : fc.constant(null)),
        ),
      ),
    )
    .map((entries) =>
      entries.flatMap(([name, below]) =>
        below === null ? [name] : [`${name}/`, ...below.map((path) => `${name}/${path}`)],
      ),
    );
const tree = level(level(level(undefined)));

// ---- random rules

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 8, arbitrary: fc.constantFrom('*', '?', '**', '***', '/', '/**', '**/', '/***', '/*', '\\', '\\*', '\\a') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        '[ab]',
        '[!a]',
        '[^a-c]',
        '[]a]',
        '[a-]',
        '[[:alpha:]]',
        '[![:upper:]b]',
        '[[:punct:]]',
        '[[:x:]]',
        '[[:a]',
        '[/]',
      ],
      ...[
        '[',
        '[a',
        '[\\]]',
        '[a\\-z]',
        '[[:]',
        '[[:alpha:]-z]',
        '[c-a]',
        '[!-~]',
        '[[:alpha:',
        '[\\',
        '[]',
        '[\udc80-\udcff]',
      ],
    ),
  },
);
const pattern = fc
  .tuple(
    fc.constantFrom('', '', '', '/', '**/'),
    fc.array(piece, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '/', '/***'),
  )
  .map(([start, pieces, end]) => start + pieces.join('') + end);

const rule = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.constantFrom('-', '-', '-', '+', '+', '-!', '+!', '-s', '-r', '+r', 'exclude,s', 'include', '-,!sr', '+s'),
        pattern,
      )
      .map(([sign, text]) => `${sign} ${text}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('H', 'S', 'P', 'R', 'hide', 'show', 'protect', 'risk', 'P,!'),
        fc.constantFrom(' ', '_'),
        pattern,
      )
      .map(([sign, mark, text]) => sign + mark + text),
  },
  { weight: 1, arbitrary: fc.constantFrom('!', 'clear', '- *', '+ */') },
);
const batches = fc.record({
  cases: fc.array(fc.record({ rules: fc.array(rule, { maxLength: 5 }), source: tree, extras: tree }), {
    minLength: BATCH,
    maxLength: BATCH,
  }),
  deletesExcluded: fc.boolean(),
});

// ---- what both do

function plant(root: string, paths: Tree): void {
  mkdirSync(root, { recursive: true });
  for (const path of paths) {
    if (path.endsWith('/')) mkdirSync(rawPath(root, nameBytes(path)), { recursive: true });
    else writeFileSync(rawPath(root, nameBytes(path)), '');
  }
}

/** Runs rsync, with these bytes on its standard input. */
async function rsync(args: readonly string[], input: Buffer): Promise<void> {
  const child = spawn('rsync', ['-r', '--delete', ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin.end(input);
  let told = '';
  child.stderr.on('data', (data: Buffer) => {
    told += data;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`rsync ended with ${code}: ${told}`);
}

function pathsIn(root: Buffer, path: string): string[] {
  const folder = Buffer.concat([root, Buffer.from('/'), nameBytes(path)]);
  return readdirSync(folder, { encoding: 'buffer', withFileTypes: true }).flatMap((entry) => {
    const bytes = entry.name as unknown as Buffer;
    const below = path + decodeName(bytes, 0, bytes.length);
    return entry.isDirectory() ? [`${below}/`, ...pathsIn(root, `${below}/`)] : [below];
  });
}

function partsOf(path: string): { dir: string; name: string; isFolder: boolean } {
  const isFolder = path.endsWith('/');
  const plain = isFolder ? path.slice(0, -1) : path;
  const slash = plain.lastIndexOf('/');
  return { dir: plain.slice(0, Math.max(0, slash)), name: plain.slice(slash + 1), isFolder };
}

/** What is left by our rules of the trees, in this folder of the roots, and how much of the source was sent. */
function decide(
  { source, dest, rules: texts }: { source: Tree; dest: Tree; rules: readonly string[] },
  deletesExcluded: boolean,
  folder = '',
) {
  const rules = chosenRules(
    texts.map((text) => ({ option: 'filter', text })),
    { deletesExcluded, read: noFile },
  ).map((rule) =>
    rule.pattern.startsWith('/') ? { ...rule, pattern: `${folder && `/${folder}`}${rule.pattern}` } : rule,
  );
  const [hides, protects] = [new Filter(rules, 'source'), new Filter(rules, 'dest')];
  const excludes = (filter: Filter, { dir, name, isFolder }: ReturnType<typeof partsOf>) =>
    filter.excludes([folder, dir].filter((part) => part !== '').join('/'), name, isFolder);
  const sent = new Set<string>(['/']);
  for (const path of source) {
    const parts = partsOf(path);
    if (sent.has(`${parts.dir}/`) && !excludes(hides, parts)) sent.add(path);
  }
  const deleted = new Set<string>();
  const looked = new Set(['/']);
  for (const path of dest) {
    const parts = partsOf(path);
    if (!looked.has(`${parts.dir}/`)) continue;
    const kept = sent.has(path);
    if (!kept && excludes(protects, parts)) {
      // What it is in cannot go either.
      for (let above = `${parts.dir}/`; deleted.delete(above); ) above = `${partsOf(above).dir}/`;
      continue;
    }
    if (parts.isFolder) looked.add(path);
    if (!kept) deleted.add(path);
  }
  sent.delete('/');
  return { sent: sent.size, left: [...new Set([...sent, ...dest.filter((path) => !deleted.has(path))])].sort() };
}

/** No path is a folder on one side and a file on the other. */
function apart(extras: Tree, source: Tree): Tree {
  return extras.filter((path) => {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      if (source.includes(path.slice(0, at))) return false;
    return path.endsWith('/') || !source.includes(`${path}/`);
  });
}

function noFile(): never {
  throw new Error('no file');
}

/** The rules as the lines of a file, each ended with a zero byte. */
function lines(rules: readonly string[]): Buffer {
  return Buffer.concat(rules.flatMap((text) => [nameBytes(text), Buffer.of(0)]));
}

const hasRsync = findCommand('rsync') !== undefined;

test.skipIf(!hasRsync)(
  `decides as rsync does (rsync needed; seed ${SEED}, ${CASES} cases)`,
  { timeout: CASES * 60 + 60_000 },
  async () => {
    const samples = fc.sample(batches, { numRuns: Math.ceil(CASES / BATCH), seed: SEED });
    let entries = 0;
    let sent = 0;
    for (const { cases, deletesExcluded } of samples) {
      const root = temporaryFolder();
      const roots = [join(root, 's'), join(root, 'd')] as const;
      const tried = cases.map(({ rules, source, extras }, at) => ({
        rules,
        source,
        dest: apart(extras, source),
        folder: `${at}`,
      }));
      for (const { rules, source, dest, folder } of tried) {
        plant(join(roots[0], folder), source);
        plant(join(roots[1], folder), dest);
        for (const side of roots) writeFileSync(join(side, folder, RULES), lines(rules));
      }
      const filters = ['--from0', `--filter=:e ${RULES}`, ...(deletesExcluded ? ['--delete-excluded'] : [])];
      // Of the rules' own files neither is copied, nor deleted.
      await rsync([`--filter=-sr ${RULES}`, ...filters, ...roots.map((path) => `${path}/`)], Buffer.of());
      for (const { folder, ...one } of tried) {
        const there = pathsIn(Buffer.from(join(roots[1], folder)), '').filter((path) => path !== RULES);
        const ours = decide(one, deletesExcluded, folder);
        entries += one.source.length;
        sent += ours.sent;
        expect(ours.left, JSON.stringify({ ...one, deletesExcluded, folder })).toEqual(there.sort());
      }
      rmSync(root, { recursive: true });
    }
    // The rules were not all about what is not there.
    expect(sent / entries).toBeGreaterThan(0.2);
    expect(sent / entries).toBeLessThan(0.9);
  },
);

test.skipIf(!hasRsync)(`decides as rsync does in the roots themselves (rsync needed; seed ${SEED})`, async () => {
  const [{ cases, deletesExcluded }] = fc.sample(batches, { numRuns: 1, seed: SEED }) as [
    { cases: { rules: string[]; source: Tree; extras: Tree }[]; deletesExcluded: boolean },
  ];
  for (const { rules, source, extras } of cases.slice(0, 40)) {
    const one = { rules, source, dest: apart(extras, source) };
    const root = temporaryFolder();
    const [from, to] = [join(root, 's'), join(root, 'd')];
    plant(from, source);
    plant(to, one.dest);
    const more = deletesExcluded ? ['--delete-excluded'] : [];
    await rsync(['--from0', '--filter=. -', ...more, `${from}/`, `${to}/`], lines(rules));
    expect(decide(one, deletesExcluded).left, JSON.stringify({ ...one, deletesExcluded })).toEqual(
      pathsIn(Buffer.from(to), '').sort(),
    );
    rmSync(root, { recursive: true });
  }
});
