/** `millrace report` of the real program, on ledgers that it made itself. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { controlFolder } from '../../src/control/socket.js';
import { Exit } from '../../src/exit.js';
import { openLedgerForReading } from '../../src/ledger/open.js';
import { MIGRATIONS } from '../../src/ledger/schema.js';
import { openDb } from '../../src/ledger/sqlite.js';
import type { JsonReport } from '../../src/report/json.js';
import {
  copy,
  copyAll,
  dir,
  fifo,
  file,
  handOver,
  ledgerFiles,
  link,
  makeTree,
  newUnprivilegedWorld,
  newWorld,
  type Run,
  raw,
  run,
  startCopy,
  type World,
} from '../flow/helpers.js';

/** The text of a report of the world's ledger, in the format of this ending. */
async function reported(world: World, ending: 'html' | 'csv' | 'json'): Promise<string> {
  const output = join(world.root, `report.${ending}`);
  const ended = await run(world, 'report', '--db', world.db, '-o', output);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toMatch(/^millrace: wrote \/.*\/report\.[a-z]+ \([\d.]+ [KM]?i?B\)\n$/);
  expect(statSync(output).mode & 0o777).toBe(0o600);
  return readFileSync(output, 'utf8');
}

async function figures(world: World): Promise<JsonReport> {
  return JSON.parse(await reported(world, 'json'));
}

const HOSTILE = ['<script>alert(1)</script>', '=cmd|calc', 'a "b", c', 'line\nbreak', '\u202egpj.exe'].map(raw);

test('two sessions with failures: all three formats tell the same', async () => {
  const world = newUnprivilegedWorld();
  makeTree(world.source, {
    'projects/x/a': file('12345'),
    'projects/x/b': file(''),
    'projects/x/c': file('1'),
    'home/deep/link': link('nowhere'),
    'home/private': dir(),
    pipe: fifo(),
    ...Object.fromEntries(HOSTILE.map((name) => [`names/${name}`, file('x')])),
    'names/\xff\xfe': file('x'),
  });
  utimesSync(join(world.source, 'projects/x/b'), 0, 0);
  for (const path of ['projects/x/a', 'projects/x/b', 'home/private']) chmodSync(join(world.source, path), 0);
  handOver(world);
  expect((await copy(world)).code).toBe(Exit.someFailed);
  chmodSync(join(world.source, 'projects/x/a'), 0o600);
  expect((await copy(world)).code).toBe(Exit.someFailed);

  const json = await figures(world);
  const denied = expect.stringMatching(/^EACCES: permission denied/);
  expect(json).toMatchObject({
    source: world.source,
    dest: world.dest,
    ledger: world.db,
    state: 'failed',
    state_text: 'Finished, 2 failed',
    synced_files: 9,
    pending_files: 0,
    failed_files: 1,
    failed_folders: 1,
    skipped_entries: 1,
    keeps_history: true,
    sessions: [
      { session: 1, exit_code: 1, copied_files: 8, end_text: 'finished, but some entries failed; each is listed' },
      { session: 2, exit_code: 1, copied_files: 1 },
    ],
    failure_causes: [{ code: 'EACCES', count: 2, example: denied, places: expect.any(Array) }],
    hashes: [{ algorithm: 'sha256', entries: 8 }],
  });
  expect(json.failure_causes[0]!.places).toEqual(
    expect.arrayContaining([
      { folder: 'home', count: 1 },
      { folder: 'projects/x', count: 1 },
    ]),
  );
  expect(json.failures).toEqual([
    { path: 'home/private', kind: 'folder', error: denied },
    { path: 'projects/x/b', kind: 'entry', error: denied },
  ]);
  expect(json.progress.at(-1)).toMatchObject({ session: 2, synced_bytes: json.synced_bytes });
  expect(json.ages.map(({ files }) => files)).toEqual([0, 9, 0, 0, 0, 0, 0, 1]);
  expect(json.sizes[0]).toMatchObject({ from_bytes: 0, below_bytes: 1, files: 1, bytes: 0 });
  expect(json.slowest_folders.map(({ path }) => path)).toContain('names');
  expect(json.sessions[0]!.end! - json.sessions[0]!.begin).toBeCloseTo(json.sessions[0]!.seconds);

  const csv = (await reported(world, 'csv')).split('\r\n');
  expect(csv[0]).toBe('path,kind,size,mtime,status,algorithm,hash,error');
  // The entries, the folder that failed, and the end of the last line.
  expect(csv).toHaveLength(1 + ledgerFiles(world).size + 1 + 1);
  const a = ledgerFiles(world).get('projects/x/a')!;
  const time = new Date(Number(a.modified / 1_000_000n)).toISOString().slice(0, 19);
  const rest = String(a.modified % 1_000_000_000n).padStart(9, '0');
  expect(csv).toContain(`projects/x/a,file,5,${time}.${rest}Z,synced,sha256,${a.hash},`);
  expect(csv.some((line) => /^projects\/x\/b,file,0,1970-01-01T00:00:00.000000000Z,failed,,,EACCES: /.test(line))).toBe(
    true,
  );
  expect(csv.some((line) => line.startsWith('names/line\\nbreak,file'))).toBe(true);
  expect(csv.some((line) => line.startsWith('"names/a ""b"", c",file'))).toBe(true);
  expect(csv.some((line) => line.startsWith('names/\\xff\\xfe,file'))).toBe(true);

  const html = await reported(world, 'html');
  expect(html).toContain('Finished, 2 failed');
  expect(html).toContain('permission denied');
  expect(html.match(/<svg viewBox/g)).toHaveLength(2);
  expect(html).not.toContain('<script');
  expect(Buffer.byteLength(html)).toBeLessThan(100_000);
});

/** A copy of forty files that is under way, and can be asked. */
async function underWay(world: World): Promise<Run> {
  makeTree(
    world.source,
    Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}`, file('x'.repeat(50_000))])),
  );
  const running = startCopy(world, '--bwlimit', '400K');
  await running.until('it can be asked', () => existsSync(join(controlFolder(world.db), 'socket')));
  await running.until('files are there', () => existsSync(world.dest) && readdirSync(world.dest).length > 2);
  return running;
}

test('while a copy runs it says so, and the copy is not disturbed', async () => {
  const world = newWorld();
  const running = await underWay(world);
  const json = await figures(world);
  expect(json).toMatchObject({ state: 'running', sessions: [{ end: null, exit_code: null, end_text: 'running' }] });
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  expect(await figures(world)).toMatchObject({ state: 'done', synced_files: 40 });
});

test('a run that was killed a moment ago does not run any more', async () => {
  const world = newWorld();
  const killed = await underWay(world);
  killed.signal('SIGKILL');
  await killed.ended;
  const cut = { end: null, end_text: 'cut off: killed, or the machine went down' };
  expect(await figures(world)).toMatchObject({ state: 'incomplete', sessions: [cut] });
});

test('a ledger of each earlier version gives a report without history', async () => {
  for (let version = 1; version < MIGRATIONS.length; version++) {
    const world = newWorld();
    makeTree(world.source, { 'a/b': file('12345') });
    await copyAll(world);
    asVersion(world.db, version);
    const json = await figures(world);
    const keeps_history = version >= 3;
    expect(json).toMatchObject({ state: 'done', synced_files: 1, synced_bytes: 5, keeps_history });
    if (keeps_history) continue;
    expect(json).toMatchObject({ sessions: [], progress: [], throughput: [], slowest_folders: [], elapsed_seconds: 0 });
    expect(await reported(world, 'html')).toContain('written by an earlier version of millrace');
    expect(await reported(world, 'csv')).toMatch(/\r\na\/b,file,5,/);
  }
});

/** Makes of a ledger what an earlier version would have written. */
function asVersion(file: string, version: number): void {
  const db = openDb(file);
  if (version < 3) db.exec('DROP TABLE sessions; DROP TABLE history; ALTER TABLE dirs DROP COLUMN work_ms');
  if (version < 2) db.exec('ALTER TABLE dirs DROP COLUMN seal');
  db.exec(`PRAGMA user_version = ${version}`);
  db.close();
}

describe('a file that cannot be a report', () => {
  async function refused(prepare: (root: string) => string, code: number, message: RegExp): Promise<void> {
    const world = newUnprivilegedWorld();
    makeTree(world.source, { file: file('1') });
    handOver(world);
    await copyAll(world);
    const output = prepare(world.root);
    handOver(world);
    const before = readdirSync(world.root, { recursive: true });
    const ended = await run(world, 'report', '--db', world.db, '-o', output);
    expect(ended).toEqual({ code, signal: null, stdout: '', stderr: expect.stringMatching(message) });
    expect(ended.stderr.split('\n')).toHaveLength(2);
    expect(readdirSync(world.root, { recursive: true })).toEqual(before);
  }

  test('in a folder that is missing', async () => {
    await refused((root) => join(root, 'none/r.html'), 2, /its folder does not exist; make it first/);
  });

  test('in a folder that may not be written', async () => {
    await refused(
      (root) => {
        mkdirSync(join(root, 'closed'), { mode: 0o500 });
        return join(root, 'closed/r.html');
      },
      2,
      /cannot be written \(EACCES\); name another file/,
    );
  });

  test.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a link', (path: string) => symlinkSync('/etc/passwd', path)],
  ])('where there is %s', async (_, make) => {
    await refused(
      (root) => {
        make(join(root, 'r.csv'));
        return join(root, 'r.csv');
      },
      2,
      /not a regular file; name a new file, or one that may be replaced/,
    );
  });

  test('of an unknown ending', async () => {
    await refused((root) => join(root, 'r.pdf'), 2, /must end in one of \.html, \.csv, \.json/);
  });
});

test('the ledger itself is never replaced', async () => {
  const world = newWorld();
  const db = join(world.root, 'ledger.json');
  makeTree(world.source, { file: file('1') });
  expect((await run(world, world.source, world.dest, '--db', db, '--readers', '1')).code).toBe(0);
  const ended = await run(world, 'report', '--db', db, '-o', db);
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringMatching(/is the ledger; name another file/) });
  openLedgerForReading(db).close();
});

test('a ledger that is missing or damaged is told of, and a report of before stays', async () => {
  const world = newWorld();
  const output = join(world.root, 'r.csv');
  writeFileSync(output, 'before');
  expect(await run(world, 'report', '--db', world.db, '-o', output)).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/no ledger here/),
  });
  makeTree(world.source, Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${index}`, file('')])));
  await copyAll(world);
  const bytes = readFileSync(world.db);
  rmSync(`${world.db}-wal`, { force: true });
  rmSync(`${world.db}-shm`, { force: true });
  bytes.fill(0xee, 4096 * 4);
  writeFileSync(world.db, bytes);
  const ended = await run(world, 'report', '--db', world.db, '-o', output);
  expect(ended).toMatchObject({ code: 5, stdout: '' });
  expect(ended.stderr).toMatch(/^millrace: .*ledger\.db: damaged \(.*\n$/);
  expect(readFileSync(output, 'utf8')).toBe('before');
  expect(readdirSync(world.root).filter((name) => name.includes('millrace-output'))).toEqual([]);
});

test('a report of before is replaced, whatever its mode', async () => {
  const world = newWorld();
  makeTree(world.source, { file: file('1') });
  await copyAll(world);
  writeFileSync(join(world.root, 'report.json'), 'before', { mode: 0o444 });
  expect(await figures(world)).toMatchObject({ state: 'done' });
});
