/** `millrace manifest` of the real program, checked by the tools that its documentation names. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Exit } from '../../src/exit.js';
import {
  at,
  copy,
  copyAll,
  dir,
  file,
  handOver,
  ledgerPaths,
  link,
  makeTree,
  newUnprivilegedWorld,
  newWorld,
  onceReadable,
  raw,
  run,
  startCopy,
  type Tree,
  type World,
} from '../flow/helpers.js';
import { findCommand } from '../helpers/tree.js';

const DOCS = readFileSync(new URL('../../docs/manifest.md', import.meta.url), 'utf8');

/** The code in the documentation, in this language. */
function documented(language: string): string[] {
  return [...DOCS.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, code]) => code!);
}

const HOSTILE: Tree = {
  'a/b/c': file('1'),
  'a!': file('2'),
  empty: dir(),
  link: link('nowhere'),
  '-': file('3'),
  '--version': file('4'),
  ' lead, "and" trail ': file('5'),
  'line\nbreak\\n': file('6'),
  '=cmd|calc': file('7'),
  'bytes\xff\xfe/\x80': file('8', -1_500_000_001n),
  [raw('ä\u202e')]: file(''),
  ['x'.repeat(255)]: file('9'.repeat(100_000)),
};

interface Made {
  readonly file: string;
  readonly text: string;
  readonly root: string;
}

async function made(world: World, format: string, ...args: string[]): Promise<Made> {
  const output = join(world.root, `manifest.${format}`);
  const ended = await run(world, 'manifest', '--db', world.db, '--format', format, '-o', output, ...args);
  expect(ended).toMatchObject({ code: 0, stdout: '' });
  const [, root] = /^millrace: wrote .*: [\d,]+ synced entries, Merkle root ([0-9a-f]{64})\n$/.exec(ended.stderr)!;
  expect(statSync(output).mode & 0o777).toBe(0o600);
  return { file: output, text: readFileSync(output, 'utf8'), root: root! };
}

function tool(cwd: string, command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'latin1' });
  return { status, stdout, stderr };
}

test('of a copied tree of hostile names: tools find every file OK, and one that was changed not', async () => {
  const world = newWorld();
  makeTree(world.source, HOSTILE);
  await copyAll(world);
  const sums = await made(world, 'sha256sum');
  const checked = tool(world.dest, 'sha256sum', '--strict', '-c', sums.file);
  expect(checked).toMatchObject({ status: 0, stderr: '' });
  expect(checked.stdout.match(/: OK$/gm)).toHaveLength(10);

  const tree = await made(world, 'mtree');
  expect(tree.root).toBe(sums.root);
  expect(tree.text.trimEnd().split('\n').at(-1)).toBe(`# Merkle root of 16 entries: ${sums.root}`);
  if (findCommand('mtree'))
    expect(tool(world.dest, 'mtree', '-f', tree.file, '-p', '.')).toEqual({ status: 0, stdout: '', stderr: '' });

  const lines = (await made(world, 'jsonl')).text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.at(-1)).toEqual({ merkle_root: sums.root, entries: 16 });
  expect(lines.map(({ path }) => path).slice(0, -1)).toEqual([
    '.',
    './ lead, "and" trail ',
    './-',
    './--version',
    './=cmd|calc',
    './a!',
    './line\nbreak\\n',
    './link',
    `./${'x'.repeat(255)}`,
    './ä\u202e',
    './a',
    './a/b',
    './a/b/c',
    './bytes\udcff\udcfe',
    './bytes\udcff\udcfe/\udc80',
    './empty',
  ]);
  const csv = (await made(world, 'csv')).text.split('\r\n');
  expect(csv).toHaveLength(lines.length + 1);
  expect(csv).toContain(
    `./bytes\\xff\\xfe/\\x80,file,1,1969-12-31T23:59:58.499999999Z,sha256,${lines.find(({ path }) => path.endsWith('\udc80')).hash}`,
  );

  // The copy has its own bytes from now on, of the same length.
  writeFileSync(at(world.dest, 'a/b/c'), '2');
  const changed = tool(world.dest, 'sha256sum', '--quiet', '-c', sums.file);
  expect(changed).toMatchObject({ status: 1, stdout: './a/b/c: FAILED\n' });
});

test('on standard output it is the same, and its errors and root are not in it', async () => {
  const world = newWorld();
  makeTree(world.source, { a: file('1'), b: file('2') });
  await copyAll(world);
  const { text, root } = await made(world, 'jsonl');
  const ended = await run(world, 'manifest', '--db', world.db, '--format', 'jsonl');
  expect(ended).toEqual({
    code: 0,
    signal: null,
    stdout: text,
    stderr: `millrace: 3 synced entries, Merkle root ${root}\n`,
  });
});

test('a reader that leaves ends it without a word', async () => {
  const world = newWorld();
  makeTree(world.source, Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`${index}`, file('')])));
  await copyAll(world);
  const main = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;
  const script = '"$0" "$1" manifest --db "$2" --format csv | head -n 1; echo "$PIPESTATUS"';
  const { stdout, stderr } = tool(world.root, 'bash', '-c', script, process.execPath, main, world.db);
  expect({ stdout, stderr }).toEqual({
    stdout: `path,kind,size,mtime,algorithm,hash\r\n${Exit.stopped}\n`,
    stderr: '',
  });
});

const noPython = findCommand('python3') ? '' : ' (skipped: python3 is missing)';

test.skipIf(noPython)(`the documented script finds the root that manifest and report tell${noPython}`, async () => {
  const world = newWorld();
  makeTree(world.source, HOSTILE);
  await copyAll(world);
  const { file: manifest, root } = await made(world, 'jsonl');
  const [script] = documented('python');
  expect(script!.split('\n').length).toBeLessThan(30);
  expect(tool(world.root, 'python3', '-c', script!, manifest)).toEqual({
    status: 0,
    stdout: `${root} 16\n`,
    stderr: '',
  });
  const report = join(world.root, 'report.json');
  expect(await run(world, 'report', '--db', world.db, '-o', report)).toMatchObject({ code: 0 });
  expect(JSON.parse(readFileSync(report, 'utf8')).merkle_root).toBe(root);
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"size":100000', '"size":100001'));
  expect(tool(world.root, 'python3', '-c', script!, manifest)).toMatchObject({ status: 1 });
});

test('the same tree gives the same manifest, whatever the ledger went through', async () => {
  const [one, other] = [newWorld(), newWorld()];
  const timed = Object.fromEntries(
    Object.entries(HOSTILE).map(([path, spec]) => [path, { ...spec, mtimeNs: 5_000_000_000n }]),
  );
  const folders = { '': dir(5n), a: dir(5n), 'a/b': dir(5n), 'bytes\xff\xfe': dir(5n) };
  makeTree(one.source, { ...timed, ...folders });
  await copyAll(one);
  makeTree(other.source, { 'a!': file('before'), 'gone/x': file('') });
  await copyAll(other);
  makeTree(other.source, timed);
  spawnSync('rm', ['-r', join(other.source, 'gone')]);
  makeTree(other.source, folders);
  await copyAll(other);
  expect((await made(other, 'jsonl')).text).toBe((await made(one, 'jsonl')).text);
});

test('while a copy runs, it has what is there by then', async () => {
  const world = newWorld();
  makeTree(
    world.source,
    Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}`, file('x'.repeat(50_000))])),
  );
  const running = startCopy(world, '--bwlimit', '300K');
  await running.until('the ledger is there', () => existsSync(world.db) && existsSync(world.dest));
  await running.until('files are there', () => readdirSync(world.dest).length > 8);
  await running.until('the others are known', () =>
    onceReadable(world, () => ledgerPaths(world, 'pending').length > 0),
  );
  const output = join(world.root, 'm');
  // Until a checkpoint has put the first ones down there is nothing to list, which is fine too.
  const ended = await run(world, 'manifest', '--db', world.db, '-o', output);
  expect(ended).toMatchObject({ code: 0, stdout: '' });
  expect(ended.stderr).toMatch(/ synced entries \(\d+ pending and 0 failed are not in it\), Merkle root /);
  if (statSync(output).size > 0)
    expect(tool(world.dest, 'sha256sum', '--strict', '--quiet', '-c', output)).toMatchObject({ status: 0, stdout: '' });
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
});

describe('files that cannot be checked', () => {
  async function mixed(): Promise<World> {
    const world = newWorld();
    makeTree(world.source, { there: file('1', 0n), md5: file('2') });
    makeTree(world.dest, { there: file('1', 0n) });
    expect((await copy(world, '--checksum', 'md5')).code).toBe(0);
    return world;
  }

  test('are left out and told, with what to do', async () => {
    const world = await mixed();
    makeTree(world.source, { sha1: file('3') });
    expect((await copy(world, '--checksum', 'sha1')).code).toBe(0);
    const ended = await run(world, 'manifest', '--db', world.db, '--format', 'md5sum');
    expect(ended.code).toBe(Exit.someFailed);
    expect(ended.stdout).toMatch(/^[0-9a-f]{32} {2}\.\/md5\n$/);
    expect(ended.stderr.split('\n')[0]).toBe(
      'millrace: --format md5sum leaves out 1 file with sha1, 1 file without a hash, which the destination had before ' +
        'the first copy; bsd and jsonl take every algorithm, jsonl lists every file',
    );
    const bsd = await run(world, 'manifest', '--db', world.db, '--format', 'bsd');
    expect(bsd).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^MD5 \(\.\/md5\) = .*\nSHA1 \(\.\/sha1\) = .*\n$/),
    });
  });

  test('are listed where the format has room for them, and told', async () => {
    const world = await mixed();
    const ended = await run(world, 'manifest', '--db', world.db, '--format', 'csv');
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringMatching(/\n\.\/there,file,1,.*Z,,\r\n$/) });
    expect(ended.stderr).toMatch(/^millrace: --format csv has no hash of 1 file without a hash, [^;]*\n/);
  });

  test('are all there is: nothing is written', async () => {
    const world = await mixed();
    const output = join(world.root, 'm');
    writeFileSync(output, 'before');
    const ended = await run(world, 'manifest', '--db', world.db, '-o', output);
    expect(ended).toEqual({
      code: Exit.usage,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(/^millrace: --format sha256sum leaves out 1 file with md5, .*\n$/),
    });
    expect(readFileSync(output, 'utf8')).toBe('before');
    expect(readdirSync(world.root).filter((name) => name.includes('millrace-output'))).toEqual([]);
  });
});

test.each(['manifest', 'status'])(
  '%s is refused where the ledger is of other shares than are named',
  async (command) => {
    const world = newUnprivilegedWorld();
    makeTree(world.source, { a: file('1') });
    handOver(world);
    await copyAll(world);
    const about = (dest: string) => run(world, command, '--db', world.db, world.source, dest);
    expect((await about(world.dest)).code).toBe(0);
    const { code, stdout, stderr } = await about(`${world.dest}-other`);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toMatch(/^millrace: .*: belongs to another pair, .*\n$/);
  },
);

const noOpenssl = findCommand('openssl') ? '' : ' (skipped: openssl is missing)';

describe('a signature', () => {
  async function copied(): Promise<World> {
    const world = newUnprivilegedWorld();
    makeTree(world.source, { a: file('1') });
    handOver(world);
    await copyAll(world);
    return world;
  }

  test.skipIf(noOpenssl)(`is made and checked as documented${noOpenssl}`, async () => {
    const world = await copied();
    const [keys, check] = documented('sh');
    expect(tool(world.root, 'sh', '-ec', keys!)).toMatchObject({ status: 0 });
    handOver(world);
    const output = join(world.root, 'new.jsonl');
    const key = join(world.root, 'key.pem');
    const ended = await run(world, 'manifest', '--db', world.db, '--format', 'jsonl', '-o', output, '--sign', key);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain(`wrote ${output} and ${output}.sig (`);
    expect(statSync(`${output}.sig`)).toMatchObject({ size: 64 });
    expect(statSync(`${output}.sig`).mode & 0o777).toBe(0o600);
    const good = tool(world.root, 'sh', '-ec', check!);
    expect(good).toMatchObject({ status: 0, stdout: expect.stringContaining('Signature Verified Successfully') });
    appendFileSync(output, '\n');
    expect(tool(world.root, 'sh', '-ec', check!)).toMatchObject({ status: 1 });
  });

  const pem = (key: KeyObject, lock = {}) => String(key.export({ type: 'pkcs8', format: 'pem', ...lock }));
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  const good = pem(ed25519);

  test.each([
    [
      'of another kind',
      pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
      0o600,
      'a key of ec, not of ed25519; make one with: openssl genpkey -algorithm ed25519 -out KEY',
    ],
    ['with a passphrase', pem(ed25519, { cipher: 'aes-256-cbc', passphrase: 'x' }), 0o600, 'has a passphrase'],
    [
      "in OpenSSH's format",
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n',
      0o600,
      "in OpenSSH's own format, not in PKCS #8",
    ],
    ['that is none', 'key', 0o600, 'not a private key in PEM'],
    ['that others can read', good, 0o644, 'others can read or change it; chmod 600 it'],
  ])('a key %s is refused in one line, before anything is made', async (_, content, mode, message) => {
    const world = await copied();
    const key = join(world.root, 'key.pem');
    writeFileSync(key, content);
    chmodSync(key, mode);
    handOver(world);
    const before = readdirSync(world.root);
    const ended = await run(world, 'manifest', '--db', world.db, '-o', join(world.root, 'm'), '--sign', key);
    expect(ended).toMatchObject({ code: Exit.usage, stdout: '' });
    expect(ended.stderr).toContain(`millrace: --sign ${key}: ${message}`);
    expect(ended.stderr.split('\n')).toHaveLength(2);
    expect(readdirSync(world.root)).toEqual(before);
  });

  test('neither the key nor the ledger is written over', async () => {
    const world = await copied();
    const key = join(world.root, 'm.sig');
    writeFileSync(key, good, { mode: 0o600 });
    handOver(world);
    const sign = (output: string) =>
      run(world, 'manifest', '--db', world.db, '-o', join(world.root, output), '--sign', key);
    expect(await sign('m')).toMatchObject({
      code: 2,
      stderr: `millrace: ${key}: is the key; name another file\n`,
    });
    expect(await sign('m.sig')).toMatchObject({
      code: 2,
      stderr: `millrace: ${key}: is the key; name another file\n`,
    });
    expect(await sign('ledger.db')).toMatchObject({ code: 2, stderr: expect.stringContaining('is the ledger;') });
    for (const [output, what] of [
      ['ledger.db-wal', "the ledger's -wal"],
      ['ledger.db-lock', "the ledger's -lock"],
      ['ledger.log', 'the audit log'],
    ] as const)
      expect(await sign(output)).toMatchObject({ code: 2, stderr: expect.stringContaining(`is ${what};`) });
    expect(readFileSync(key, 'utf8')).toBe(good);
  });
});
