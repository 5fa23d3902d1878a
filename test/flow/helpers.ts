/**
 * Tools for tests that run the real program as a child process, in a temporary folder of its own. Paths of entries are
 * "raw" here: relative to a root, one character (latin1) for each byte of the name, so that no name is lost. ASCII
 * paths are the same raw; `raw()` makes one of any other text.
 */
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect } from 'vitest';
import { openDb, prepare } from '../../src/ledger/sqlite.js';

/** The program. */
export const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
/** No child lives longer than this. */
const LONGEST_MS = 40_000;
/** `until` gives up after this. */
const PATIENCE_MS = 30_000;
const POLL_MS = 10;
/** Unfinished files at a destination are known by this prefix. */
export const PART = '.millrace-part.';

/** What a copy is given when a test does not name readers: most of a short run's time goes into starting threads. */
const FEW_LANES = ['--readers', '1', '--writers', '1', '--scanners', '1'];
/** As many lanes as the program finds right. */
export const AUTO_LANES = ['--readers', 'auto'];

// ---- names

/** The raw form of a text. */
export function raw(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function bytes(rawPath: string): Buffer {
  return Buffer.from(rawPath, 'latin1');
}

/** The absolute path of a raw one beneath `root`. */
export function at(root: string, rawPath: string): Buffer {
  return rawPath === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), bytes(rawPath)]);
}

// ---- a place for one test

/** Where one test has its shares, its ledger and its home. */
export interface World {
  readonly root: string;
  readonly source: string;
  /** Not made yet. */
  readonly dest: string;
  readonly db: string;
  readonly log: string;
  /** The user that the program runs as; undefined: whoever runs the tests. */
  readonly uid: number | undefined;
  /** A file that Node loads before the program, in each of its threads. */
  preload?: string | undefined;
}

const worlds: World[] = [];

/** A new place with an empty source; gone after the file's tests. */
export function newWorld(): World {
  return makeWorld(undefined);
}

/** The same for a user whom permissions hold back, which they do not hold back root: then it is nobody's. */
export function newUnprivilegedWorld(): World {
  return makeWorld(process.getuid?.() === 0 ? 65534 : undefined);
}

function makeWorld(uid: number | undefined): World {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-flow-')));
  const world = { root, source: join(root, 'source'), dest: join(root, 'dest'), uid };
  for (const folder of [world.source, join(root, 'home'), join(root, 'state')]) mkdirSync(folder);
  if (uid !== undefined)
    for (const path of [root, ...readdirSync(root).map((name) => join(root, name))]) own(path, uid);
  const made = { ...world, db: join(root, 'ledger.db'), log: join(root, 'ledger.log') };
  worlds.push(made);
  return made;
}

function own(path: string, uid: number): void {
  chownSync(path, uid, uid);
}

/** Gives everything in the world to the user that the program runs as. */
export function handOver({ root, uid }: World): void {
  if (uid !== undefined) spawnSync('chown', ['-Rh', `${uid}:${uid}`, root]);
}

afterEach(() => {
  for (const child of alive) child.kill('SIGKILL');
});

afterAll(() => {
  for (const world of worlds.splice(0)) removeWorld(world);
});

/** For a test with many worlds: it need not keep them all until the end. */
export function removeWorld({ root }: World): void {
  if (!existsSync(root)) return;
  spawnSync('chmod', ['-R', 'u+rwX', root]);
  rmSync(root, { recursive: true });
}

// ---- trees

export type Spec =
  | { readonly kind: 'file'; readonly content: string | Buffer; readonly mtimeNs?: bigint }
  | { readonly kind: 'link'; readonly target: string; readonly mtimeNs?: bigint }
  | { readonly kind: 'dir'; readonly mtimeNs?: bigint }
  | { readonly kind: 'fifo' };

/** Raw paths and what is there; folders above are made. */
export type Tree = Readonly<Record<string, Spec>>;

export function file(content: string | Buffer = '', mtimeNs?: bigint): Spec {
  return { kind: 'file', content, ...(mtimeNs !== undefined && { mtimeNs }) };
}

/** `target` is raw. */
export function link(target: string, mtimeNs?: bigint): Spec {
  return { kind: 'link', target, ...(mtimeNs !== undefined && { mtimeNs }) };
}

export function dir(mtimeNs?: bigint): Spec {
  return { kind: 'dir', ...(mtimeNs !== undefined && { mtimeNs }) };
}

export function fifo(): Spec {
  return { kind: 'fifo' };
}

/** Makes or replaces the entries; times are set last, those of folders after those of what is in them. */
export function makeTree(root: string, tree: Tree): void {
  const made = new Set<string>();
  for (const [path, spec] of Object.entries(tree)) {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (!made.has(folder)) mkdirSync(at(root, folder), { recursive: true });
    made.add(folder);
    makeEntry(at(root, path), spec);
  }
  const timed = Object.entries(tree).flatMap(([path, spec]) =>
    'mtimeNs' in spec && spec.mtimeNs !== undefined ? [{ path, mtimeNs: spec.mtimeNs }] : [],
  );
  timed.sort((a, b) => b.path.split('/').length - a.path.split('/').length);
  for (const { path, mtimeNs } of timed) setMtime(root, path, mtimeNs);
}

function makeEntry(path: Buffer, spec: Spec): void {
  switch (spec.kind) {
    case 'file':
      writeFileSync(path, spec.content);
      break;
    case 'link':
      symlinkSync(bytes(spec.target), path);
      break;
    case 'dir':
      mkdirSync(path, { recursive: true });
      break;
    case 'fifo':
      onPaths('mkfifo', [], [path]);
      break;
  }
}

/** Sets the mtime of an entry, a link's own included, to the nanosecond; fs.utimes takes doubles and loses digits. */
export function setMtime(root: string, rawPath: string, mtimeNs: bigint): void {
  const size = mtimeNs < 0n ? -mtimeNs : mtimeNs;
  const digits = size.toString().padStart(10, '0');
  const text = `${mtimeNs < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
  onPaths('touch', ['-h', '-d', `@${text}`], [at(root, rawPath)]);
}

/** Writes other bytes of the same length into a file, at the same times. */
export function damage(path: string, at: number): void {
  const { mtimeMs, atimeMs } = statSync(path);
  const { mtimeNs } = statSync(path, { bigint: true });
  const fd = openSync(path, 'r+');
  writeSync(fd, '\x00', at);
  closeSync(fd);
  utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
  setMtime(path, '', mtimeNs);
}

/** Runs a tool on paths of any bytes, which arguments of Node's child processes cannot hold. */
function onPaths(tool: string, args: readonly string[], paths: readonly Buffer[]): void {
  const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.of(0)]));
  const { status, stderr } = spawnSync('xargs', ['-0', tool, ...args, '--'], {
    input,
    env: { ...process.env, TZ: 'UTC' },
  });
  if (status !== 0) throw new Error(`${tool}: ${stderr}`);
}

export interface Entry {
  readonly type: 'file' | 'dir' | 'link' | 'other';
  readonly mtimeNs: bigint;
  /** Of files. */
  readonly size?: number;
  readonly sha256?: string;
  /** Of links, raw. */
  readonly target?: string;
}

/** All of a tree, the root included as '', by raw path in order. */
export function snapshotTree(root: string): Map<string, Entry> {
  const found: [string, Entry][] = [];
  const walk = (path: string) => {
    const entry = look(at(root, path));
    found.push([path, entry]);
    if (entry.type !== 'dir') return;
    for (const name of readdirSync(at(root, path), { encoding: 'buffer' }))
      walk(path === '' ? name.toString('latin1') : `${path}/${name.toString('latin1')}`);
  };
  walk('');
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function look(path: Buffer): Entry {
  const stat = lstatSync(path, { bigint: true });
  const { mtimeNs } = stat;
  if (stat.isDirectory()) return { type: 'dir', mtimeNs };
  if (stat.isSymbolicLink())
    return { type: 'link', mtimeNs, target: readlinkSync(path, { encoding: 'buffer' }).toString('latin1') };
  if (!stat.isFile()) return { type: 'other', mtimeNs };
  return { type: 'file', mtimeNs, size: Number(stat.size), sha256: sha256(readFileSync(path)) };
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** One line for each entry, without what is not copied: FIFOs and their like. */
function described(root: string): string[] {
  return [...snapshotTree(root)]
    .filter(([, { type }]) => type !== 'other')
    .map(([path, { type, mtimeNs, size, sha256: hash, target }]) =>
      [JSON.stringify(path), type, mtimeNs, size, hash?.slice(0, 16), target && JSON.stringify(target)]
        .filter((part) => part !== undefined)
        .join(' '),
    );
}

/** Kinds, sizes, contents, link targets and mtimes to the nanosecond are the same, of the roots too. */
export function expectEqualTrees(source: string, dest: string): void {
  expect(described(dest)).toEqual(described(source));
}

/** The names of each file that has several in this tree, sorted: what is one file is one line. */
export function groupsOf(root: string): string[] {
  const names = new Map<bigint, string[]>();
  for (const path of namesIn(root)) {
    const stat = lstatSync(at(root, path), { bigint: true });
    if (!stat.isDirectory()) names.set(stat.ino, [...(names.get(stat.ino) ?? []), path]);
  }
  const groups = [...names.values()].filter(({ length }) => length > 1);
  return groups.map((group) => group.sort().join(' ')).sort();
}

export function expectSameGroups({ source, dest }: World): void {
  expect(groupsOf(dest)).toEqual(groupsOf(source));
}

/** Raw path of the unfinished file that is to be this one; undefined: there is none now. */
export function partOf(root: string, rawPath: string): string | undefined {
  const cut = rawPath.lastIndexOf('/') + 1;
  const folder = at(root, rawPath.slice(0, Math.max(0, cut - 1)));
  const names = existsSync(folder) ? readdirSync(folder, { encoding: 'latin1' }) : [];
  const part = names.find((name) => name.startsWith(PART) && name.endsWith(`.${rawPath.slice(cut)}`));
  return part && rawPath.slice(0, cut) + part;
}

/** Raw paths of unfinished files. */
export function partFiles(root: string): string[] {
  const found: string[] = [];
  const walk = (path: string) => {
    for (const entry of entriesIn(at(root, path))) {
      const name = entry.name.toString('latin1');
      const inner = path === '' ? name : `${path}/${name}`;
      if (name.startsWith(PART)) found.push(inner);
      if (entry.isDirectory()) walk(inner);
    }
  };
  walk('');
  return found;
}

/** None of a folder that is gone by now: a run may be changing the tree. */
function entriesIn(folder: Buffer) {
  return existsSync(folder) ? readdirSync(folder, { encoding: 'buffer', withFileTypes: true }) : [];
}

/** All names beneath a folder, at once and without a look at the entries. */
export function namesIn(root: string): string[] {
  return existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'latin1' }) : [];
}

// ---- the program

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const alive = new Set<ChildProcess>();

/** A run of the program that is under way. */
export class Run {
  stdout = '';
  stderr = '';
  /** Rejects when the run had to be killed because it did not end by itself. */
  readonly ended: Promise<Ended>;
  private over = false;
  private readonly child: ChildProcess;

  constructor(world: World, args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      cwd: world.root,
      env: environment(world),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
      ...(world.uid !== undefined && { uid: world.uid, gid: world.uid }),
    });
    const { child } = this;
    alive.add(child);
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    const begun = performance.now();
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        this.over = true;
        alive.delete(child);
        if (performance.now() - begun >= LONGEST_MS) reject(new Error(this.told('did not end')));
        else resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    this.ended.catch(() => {});
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Sends the signal; the run must be under way. */
  signal(signal: NodeJS.Signals): void {
    if (this.over || !this.child.kill(signal)) throw new Error(this.told(`ended before ${signal}`));
  }

  /** Waits until `isSo` gives something truthy, and gives that; throws when the run ends before. */
  async until<T>(what: string, isSo: () => T): Promise<NonNullable<T>> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const value = isSo();
      if (value) return value;
      if (this.over) throw new Error(this.told(`ended before this: ${what}`));
      if (performance.now() > deadline) throw new Error(this.told(`waited in vain for this: ${what}`));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private told(what: string): string {
    return `the program ${what}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }
}

/** Runs a program to its end and gives what it prints; throws when it fails. */
export function command(name: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** What rsync would still do to make the destination like the source. */
export function rsyncFinds({ source, dest }: World, letters: string): string {
  return command('rsync', '-nic', letters, '--delete', `${source}/`, `${dest}/`);
}

/** The user's own settings and state play no part. */
export function environment({ root, uid, preload }: World): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_'));
  const env: NodeJS.ProcessEnv = { ...Object.fromEntries(own), HOME: join(root, 'home') };
  if (preload !== undefined) env.NODE_OPTIONS = `--require ${preload}`;
  env.XDG_STATE_HOME = join(root, 'state');
  env.XDG_CONFIG_HOME = join(root, 'home', '.config');
  // Another user may not write where coverage is gathered. Node would hand on a variable that is not set.
  if (uid !== undefined) env.NODE_V8_COVERAGE = '';
  return env;
}

/** Begins any command. */
export function start(world: World, ...args: string[]): Run {
  return new Run(world, args);
}

/** Begins a copy of the world's source to its destination, with the world's ledger. */
export function startCopy(world: World, ...args: string[]): Run {
  const lanes = args.includes('--readers') ? [] : FEW_LANES;
  return start(world, 'copy', world.source, world.dest, '--db', world.db, ...lanes, ...args);
}

export function run(world: World, ...args: string[]): Promise<Ended> {
  return start(world, ...args).ended;
}

export function copy(world: World, ...args: string[]): Promise<Ended> {
  return startCopy(world, ...args).ended;
}

/** A copy by the world's ledger that another program runs, such as `strace -f`: its exit code and what it said. */
export function copyUnder(world: World, prefix: readonly string[], ...args: string[]): SpawnSyncReturns<string> {
  const [command, ...rest] = [...prefix, process.execPath, MAIN, 'copy', world.source, world.dest, '--db', world.db];
  return spawnSync(command!, [...rest, ...args], {
    cwd: world.root,
    env: environment(world),
    encoding: 'utf8',
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
}

/** A copy that must end with exit code 0 and without a word on stderr. */
export async function copyAll(world: World, ...args: string[]): Promise<Ended> {
  const ended = await copy(world, ...args);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return ended;
}

// ---- what it recorded

export interface LogLine {
  readonly time: string;
  readonly result: string;
  readonly kind: string;
  readonly source: string;
  readonly dest: string;
  readonly size?: number;
  readonly hash?: string;
  readonly algorithm?: string;
  readonly duration_ms?: number;
  readonly error?: string;
}

/** A path as the log has it, where a lone surrogate U+DC80..U+DCFF stands for a byte that is not UTF-8, as a raw one. */
function rawOf(logged: string): string {
  const pieces = [...logged].map((character) => {
    const code = character.codePointAt(0)!;
    return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(character);
  });
  return Buffer.concat(pieces).toString('latin1');
}

/** The lines of the audit log, all of which must be JSON; `path` is raw and beneath the source. */
export function auditLog({ log, source }: World): (LogLine & { readonly path: string })[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((text) => {
    const line = JSON.parse(text) as LogLine;
    return { ...line, path: rawOf(line.source.slice(source.length + 1)) };
  });
}

/** Paths that the log, after its first `skip` lines, says were given this result; sorted. */
export function logged(world: World, result: string, skip = 0): string[] {
  return auditLog(world)
    .slice(skip)
    .filter((line) => line.result === result)
    .map(({ path }) => path)
    .sort();
}

/** Rows of a query; integers as they are, but beyond 2^53 as bigint. */
export function query<T = Record<string, unknown>>(db: string, sql: string): T[] {
  const ledger = openDb(db, { readonly: true, timeout: 10_000 });
  try {
    return prepare(ledger, sql).safeIntegers().all().map(narrowed) as T[];
  } finally {
    ledger.close();
  }
}

/** Changes the ledger behind millrace's back. */
export function change(db: string, sql: string): void {
  const ledger = openDb(db);
  ledger.exec(sql);
  ledger.close();
}

function narrowed(row: unknown): unknown {
  return Object.fromEntries(
    Object.entries(row as object).map(([key, value]) => [
      key,
      typeof value === 'bigint' && BigInt(Number(value)) === value ? Number(value) : value,
    ]),
  );
}

export interface LedgerRow {
  readonly status: string;
  readonly kind: string;
  readonly size: number;
  readonly modified: bigint;
  readonly hash: string | null;
  readonly algorithm: string | null;
  readonly error: string | null;
}

/** The view `files` by raw path beneath the source. */
export function ledgerFiles({ db, source }: World): Map<string, LedgerRow> {
  const sql = 'SELECT hex(source_path) AS path, status, kind, size, modified, hash, algorithm, error FROM files';
  const rows = query<LedgerRow & { path: string }>(db, sql).map(({ path, ...row }) => {
    const absolute = Buffer.from(path, 'hex').toString('latin1');
    return [absolute.slice(raw(source).length + 1), { ...row, modified: BigInt(row.modified) }] as const;
  });
  return new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Raw paths of the ledger's rows of one status, sorted; none while there is no ledger to be read. */
export function ledgerPaths(world: World, status: string): string[] {
  const rows = onceReadable(world, () => [...ledgerFiles(world)]) ?? [];
  return rows.filter(([, row]) => row.status === status).map(([path]) => path);
}

/** What `look` finds in the ledger, undefined while the program has not made it. */
export function onceReadable<T>({ db }: World, look: () => T): T | undefined {
  if (!existsSync(db)) return undefined;
  try {
    return look();
  } catch (error) {
    if (/no such table|SQLITE_(CANTOPEN|BUSY|READONLY)/.test(`${(error as { code?: string }).code} ${error}`))
      return undefined;
    throw error;
  }
}

/** The ledger has exactly the source's files and links, synced, and of files the true hash (where it has to have one). */
export function expectLedgerOf(world: World): void {
  const expected = [...snapshotTree(world.source)]
    .filter(([, { type }]) => type === 'file' || type === 'link')
    .map(([path, { type, size, mtimeNs, sha256: hash, target }]) => {
      return [path, type, 'synced', size ?? target!.length, mtimeNs, hash ?? null];
    });
  const rows = [...ledgerFiles(world)]
    .filter(([, { kind }]) => kind !== 'other')
    .map(([path, row]) => [path, row.kind, row.status, row.size, row.modified, row.hash]);
  expect(rows).toEqual(expected);
  expect(query(world.db, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
}

/** What would show that a file was written anew: the inode and the time of its last change. */
export function writes(root: string): Map<string, string> {
  const stats = [...snapshotTree(root)].map(([path]) => {
    const { ino, ctimeNs } = lstatSync(at(root, path), { bigint: true });
    return [path, `${ino} ${ctimeNs}`] as const;
  });
  return new Map(stats);
}
