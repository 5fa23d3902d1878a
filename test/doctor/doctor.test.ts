/** The program, on real filesystems: what it says of each is so, and nothing of it stays. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statfsSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  canMount,
  canMountExfat,
  canMountImage,
  findCommand,
  harvest,
  isRoot,
  mount,
  mountExfat,
  mountImage,
  mountTmpfs,
  plant,
  rawPath,
  temporaryFolder,
  unmount,
} from '../helpers/tree.js';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const SCRATCH = '.millrace-part.~doctor';

let top: string;
let source: string;
let dest: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  top = temporaryFolder();
  source = plant(join(top, 'source'), { folder: { file: 'text' } });
  dest = join(top, 'dest');
  mkdirSync(dest);
  env = { PATH: process.env.PATH, HOME: top };
});

function doctor(...options: string[]) {
  const args = [MAIN, 'doctor', source, dest, ...options];
  return spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 50_000 });
}

interface Said {
  readonly verdict: 'pass' | 'warn' | 'fail';
  readonly says: string;
  readonly facts: Record<string, unknown>;
}

/** Each check by its name, the paths that were told, and the exit code. */
function examined(...options: string[]) {
  const { status, stdout, stderr } = doctor('--json', ...options);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ type: 'summary', exitCode: status });
  const checks = lines.filter(({ type }) => type === 'check').map((check) => [check.name, check] as const);
  const paths = lines.filter(({ type }) => type === 'path').map(({ path, why }) => `${path}: ${why}`);
  return { status, stderr, paths: paths.sort(), checks: Object.fromEntries(checks) as Record<string, Said> };
}

/** What every filesystem of Linux's own keeps. */
const KEEPS_ALL = {
  'name-folding': { verdict: 'pass', facts: { caseFolds: false, formFolds: false } },
  names: { verdict: 'pass', facts: { lost: [] } },
  'name-length': { facts: { most: 255, unit: 'bytes' } },
  'path-length': { facts: { most: null } },
  holes: { facts: { sparse: true, seekHole: true } },
  'symbolic-links': { facts: { kept: true } },
  'hard-links': { facts: { kept: true } },
  modes: { facts: { kept: true } },
  owners: { facts: isRoot ? { kept: true } : { owners: null } },
  'dest-clock': { verdict: 'pass' },
};
const ATTRIBUTES = { xattrs: { facts: { kept: true } }, acls: { facts: { posixAcls: 'kept' } } };

describe('on this machine', () => {
  test('nothing is left at either side, and roots keep their times', () => {
    plant(dest, { mine: { file: 'precious' } });
    for (const root of [source, dest]) utimesSync(root, 1_000_000_000, 1_000_000_000);
    const before = [source, dest].map(harvest);
    const { status, stdout, stderr } = doctor();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect([source, dest].map(harvest)).toEqual(before);
    for (const root of [source, dest]) expect(statSync(root).mtimeMs).toBe(1_000_000_000_000);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/^pass {2}names {11}all sorts are kept/m);
    expect(readdirSync(top).sort()).toEqual(['dest', 'source']);
  });

  test('a destination that is missing is missing afterwards', () => {
    dest = join(top, 'new');
    expect(examined('--scan')).toMatchObject({
      status: 0,
      paths: [],
      checks: { scan: { facts: { files: 1, bytes: 4 } } },
    });
    expect(readdirSync(top).sort()).toEqual(['dest', 'source']);
  });

  test('what a kill has left is removed', () => {
    plant(dest, { [SCRATCH]: { names: { 'odd:name': '', deep: { er: 'x' } } } });
    symlinkSync(source, join(dest, SCRATCH, 'link'));
    expect(doctor().status).toBe(0);
    expect(readdirSync(dest)).toEqual([]);
    expect(harvest(source)).toEqual({ folder: { file: 'text' } });
  });

  test('Ctrl-C ends it with 3, and nothing is left', async () => {
    const child = spawn(process.execPath, [MAIN, 'doctor', source, dest], { env, stdio: 'ignore' });
    await until(() => readdirSync(dest).includes(SCRATCH));
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([3, null]);
    expect(readdirSync(dest)).toEqual([]);
  });

  test('a source that is missing ends with 4, the same folder twice with 2, no paths with 2', () => {
    expect(spawnSync(process.execPath, [MAIN, 'doctor'], { env }).status).toBe(2);
    const [there, right] = [source, dest];
    source = join(top, 'none');
    expect(doctor()).toMatchObject({ status: 4, stdout: '', stderr: expect.stringContaining('does not exist') });
    [source, dest] = [there, there];
    expect(doctor()).toMatchObject({ status: 2, stderr: expect.stringContaining('are the same folder') });
    expect(readdirSync(right)).toEqual([]);
  });

  test('what the ledger has as not yet synced is what has to fit', () => {
    const copied = spawnSync(process.execPath, [MAIN, source, dest], { env, encoding: 'utf8' });
    expect(copied.status, copied.stderr).toBe(0);
    expect(examined().checks.space).toMatchObject({ verdict: 'pass', facts: { needed: 0, from: 'ledger' } });
    const [db] = readdirSync(join(top, '.local/state/millrace')).filter((name) => name.endsWith('.db'));
    const state = join(top, '.local/state/millrace');
    const before = readdirSync(state);
    dest = join(top, 'another');
    expect(doctor('--db', join(state, db!))).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('belongs to another pair'),
    });
    expect(readdirSync(state)).toEqual(before);
    expect(doctor('--db', join(state, 'none.db'))).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('none.db: no ledger here'),
    });
  });

  test('folders for snapshots that are listed are told', () => {
    mkdirSync(join(source, '.snapshot'));
    expect(examined().checks.snapshots).toMatchObject({
      verdict: 'warn',
      facts: { snapshots: [{ name: '.snapshot', listed: true }] },
    });
  });
});

describe('tells the truth', () => {
  test.skipIf(!canMountImage('ext4'))('of ext4 (skipped without root and loop devices)', () => {
    mountImage(dest, 'ext4', 64, '-I', '256', '-b', '4096');
    const { checks, status } = examined();
    expect(status).toBe(0);
    expect(checks).toMatchObject({ ...KEEPS_ALL, ...ATTRIBUTES });
    expect(checks['time-grain']!.facts).toEqual({ grainNs: 1 });
    expect(checks['time-range']).toMatchObject({
      verdict: 'pass',
      facts: { firstSeconds: null, lastSeconds: 15_032_385_535 },
    });
    expect(checks['file-size']).toMatchObject({ facts: { largest: 2 ** 44 - 4096, tried: true } });
    expect(checks['dest-mount']).toMatchObject({ facts: { type: 'ext4', mountPoint: dest } });
  });

  test.skipIf(!canMountImage('ext4'))('of ext4 with inodes of 128 bytes', () => {
    mountImage(dest, 'ext4', 64, '-I', '128', '-b', '1024');
    utimesSync(join(source, 'folder/file'), 2 ** 31, 2 ** 31);
    const { checks, paths, status } = examined('--scan');
    expect(checks['time-grain']!.facts).toEqual({ grainNs: 1_000_000_000 });
    expect(checks['time-range']).toMatchObject({
      verdict: 'warn',
      facts: { firstSeconds: null, lastSeconds: 2 ** 31 - 1 },
    });
    expect(checks['file-size']).toMatchObject({ facts: { largest: 2 ** 42 - 1024 } });
    expect(paths).toEqual(['folder/file: its time is not kept']);
    expect(status).toBe(1);
  });

  test.skipIf(!canMountImage('xfs'))(
    'of xfs (skipped without root, loop devices, xfsprogs and the kernel module)',
    () => {
      mountImage(dest, 'xfs', 320, '-m', 'bigtime=1');
      const { checks } = examined();
      expect(checks).toMatchObject({ ...KEEPS_ALL, ...ATTRIBUTES });
      expect(checks['time-grain']!.facts).toEqual({ grainNs: 1 });
      expect(checks['time-range']).toMatchObject({ verdict: 'pass', facts: { firstSeconds: null, lastSeconds: null } });
      expect(checks['file-size']!.facts.largest).toBeGreaterThanOrEqual(2 ** 63 - 2 ** 20);
    },
  );

  test.skipIf(!canMountImage('xfs'))('of xfs with times of 32 bits', () => {
    mountImage(dest, 'xfs', 320, '-m', 'bigtime=0');
    expect(examined().checks['time-range']).toMatchObject({ verdict: 'warn', facts: { lastSeconds: 2 ** 31 - 1 } });
  });

  test.skipIf(!canMount)('of tmpfs, its room and its inodes', () => {
    mountTmpfs(dest, 'size=3m,nr_inodes=70');
    for (let n = 0; n < 80; n++) writeFileSync(join(source, `small${n}`), '');
    writeFileSync(join(source, 'large'), Buffer.alloc(4 * 1024 ** 2));
    const { checks, status } = examined('--scan');
    expect(status).toBe(1);
    expect(checks).toMatchObject(KEEPS_ALL);
    expect(checks['time-range']).toMatchObject({ verdict: 'pass', facts: { firstSeconds: null, lastSeconds: null } });
    expect(checks.scan).toMatchObject({ verdict: 'pass', facts: { files: 82, folders: 2, bytes: 4 * 1024 ** 2 + 4 } });
    expect(checks.space).toMatchObject({ verdict: 'fail', facts: { needed: 4 * 1024 ** 2 + 4, from: 'scan' } });
    expect(checks.inodes).toMatchObject({ verdict: 'fail', facts: { needed: 84, from: 'scan' } });
    expect(readdirSync(dest)).toEqual([]);
  });

  test.skipIf(!canMountExfat())(
    'of exFAT, and finds each path that it cannot have (skipped without exfat-fuse)',
    () => {
      mountExfat(dest);
      plant(source, {
        README: 'capitals',
        readme: 'small',
        folder: { 'a:b': 'no', ['\u00e9'.repeat(127)]: 'yes', in: { '\u00e9': 'fine' } },
      });
      writeFileSync(rawPath(source, Uint8Array.of(0x62, 0xff)), 'no');
      symlinkSync('x', join(source, 'link'));
      const { checks, paths, status } = examined('--scan');
      expect(status).toBe(1);
      expect(checks).toMatchObject({
        'time-grain': { facts: { grainNs: 1_000_000_000 } },
        'name-folding': { verdict: 'warn', facts: { caseFolds: true, formFolds: false } },
        'name-length': { facts: { most: 255, unit: 'UTF-16 units' } },
        holes: { verdict: 'warn', facts: { sparse: false } },
        'file-size': { facts: { tried: false } },
        'symbolic-links': { verdict: 'warn' },
        'hard-links': { verdict: 'warn' },
        modes: { verdict: 'warn' },
        xattrs: { verdict: 'warn' },
        acls: { verdict: 'warn' },
        scan: { verdict: 'fail', facts: { misfits: 4, unread: 0 } },
      });
      const { lost } = checks.names!.facts as { lost: { names: string; refused: string }[] };
      expect(lost.map(({ names }) => names)).toEqual(
        expect.arrayContaining(['with :', 'with *', 'with a newline', 'with bytes that are not UTF-8']),
      );
      expect(paths).toEqual([
        'b\\xff: names with bytes that are not UTF-8 are not kept',
        'folder/a:b: names with : are not kept',
        'link: symbolic links are not possible',
        'readme: the destination takes this name for that of README',
      ]);
      expect(readdirSync(dest)).toEqual([]);
    },
  );

  test.skipIf(!canMount)('of a destination that cannot be written: 4, and why', () => {
    mountTmpfs(dest);
    mount(dest, '-o', 'remount,ro');
    expect(doctor()).toMatchObject({ status: 4, stderr: expect.stringContaining('cannot be written: EROFS') });
  });
});

test.skipIf(isRoot ? !findCommand('setpriv') : false)('folders that cannot be read are told by a scan', () => {
  const hidden = join(source, 'hidden');
  mkdirSync(hidden, { mode: 0 });
  const args = [MAIN, 'doctor', source, dest, '--scan', '--json'];
  spawnSync('chmod', ['777', top, dest]);
  const [command, ...before] = isRoot
    ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath]
    : [process.execPath];
  const { status, stdout } = spawnSync(command!, [...before, ...args], { env, encoding: 'utf8' });
  expect(stdout).toContain('"type":"path","path":"hidden","why":"EACCES: permission denied (open)"');
  expect(stdout).toContain('"kept"');
  expect(status).toBe(1);
});

const bindfs = findCommand('bindfs');
describe.skipIf(!canMount || !bindfs)('a share that hangs (skipped without root and bindfs)', () => {
  let server: ChildProcess;
  let point: string;
  async function serve(real: string): Promise<void> {
    point = join(top, 'point');
    mkdirSync(point);
    const before = statfsSync(point).type;
    server = spawn(bindfs!, ['-f', '--no-allow-other', real, point], { stdio: 'ignore' });
    await until(() => statfsSync(point).type !== before);
  }
  afterEach(() => {
    server.kill('SIGCONT');
    unmount(point);
    server.kill('SIGKILL');
  });

  test.each(['source', 'dest'] as const)('is told, with the check, and ends it with 4: the %s', async (side) => {
    await serve(side === 'source' ? source : dest);
    const real = dest;
    if (side === 'source') source = point;
    else dest = point;
    if (side === 'source') server.kill('SIGSTOP');
    const child = spawn(process.execPath, [MAIN, 'doctor', source, dest, '--stall-timeout', '1s'], { env });
    const ended = once(child, 'exit');
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      // In the middle: the next check is under way.
      if (side === 'dest' && out.includes('time-range')) server.kill('SIGSTOP');
    });
    await until(() => out.includes('failed'));
    // Linux may hold a killed thread until the share answers.
    server.kill('SIGCONT');
    const [code] = await ended;
    const [check] = side === 'source' ? ['mount'] : ['[a-z-]+'];
    expect(out).toMatch(
      new RegExp(`^fail {2}${check} +the ${side === 'dest' ? 'destination' : side} gave no answer for`, 'm'),
    );
    expect(code).toBe(4);
    if (side === 'source') expect(readdirSync(real)).toEqual([]);
  });
});

/** Files and what children print are polled: nothing tells of them. */
function until(isSo: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(isSo()).toBe(true), { timeout: 30_000, interval: 10 });
}
