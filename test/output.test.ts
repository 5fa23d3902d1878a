import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Exit, ExitError } from '../src/exit.js';
import { writeOutput, writeOutputs } from '../src/output.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-output-'));
  file = join(folder, 'r.csv');
  writeFileSync(file, 'before');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('all pieces in their order, counted in bytes', async () => {
  expect(await writeOutput(file, ['ä', '', 'b'])).toBe(3);
  expect(readFileSync(file, 'utf8')).toBe('äb');
  expect(readdirSync(folder)).toEqual(['r.csv']);
});

test('pieces that break off leave what was there, and no other file', async () => {
  function* broken(): Generator<string> {
    yield 'x';
    expect(readdirSync(folder)).toHaveLength(2);
    throw new Error('broken');
  }
  await expect(writeOutput(file, broken())).rejects.toThrow('broken');
  expect(readFileSync(file, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['r.csv']);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s leaves what was there, and no other file', async (signal) => {
  function* endless(): Generator<string> {
    yield 'x';
    process.kill(process.pid, signal);
    for (;;) yield 'x';
  }
  const listeners = process.listenerCount(signal);
  await expect(writeOutput(file, endless())).rejects.toThrow(
    new ExitError(`${file}: stopped; nothing was written`, Exit.stopped),
  );
  expect(readFileSync(file, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['r.csv']);
  expect(process.listenerCount(signal)).toBe(listeners);
});

const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

test.skipIf(!canMount)(
  'a full disk leaves what was there, and no other file (skipped without the right to mount)',
  () => {
    const program = `import { writeOutput } from ${JSON.stringify(new URL('../dist/src/output.js', import.meta.url))};
    import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
    writeFileSync(process.argv[1], 'before');
    const error = await writeOutput(process.argv[1], Array(100).fill('x'.repeat(65536))).catch((error) => error);
    console.log(JSON.stringify([error.message, error.exitCode, readFileSync(process.argv[1], 'utf8'), readdirSync('.')]));`;
    const script = 'mount -t tmpfs -o size=256k none "$1" && cd "$1" && "$2" --input-type=module -e "$3" "$1/r.csv"';
    const output = execFileSync('unshare', ['-m', 'bash', '-c', script, '-', folder, process.execPath, program], {
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual([
      `${file}: cannot be written (ENOSPC); nothing was written`,
      Exit.stopped,
      'before',
      ['r.csv'],
    ]);
  },
);

test('of several files, all are written or none', async () => {
  writeFileSync(file, 'before');
  const other = join(folder, 'none/other');
  const both = (path: string) =>
    writeOutputs([
      { file, pieces: ['new'] },
      { file: path, pieces: ['other'] },
    ]);
  await expect(both(other)).rejects.toThrow(/its folder does not exist/);
  expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['before', ['r.csv']]);

  expect(await both(join(folder, 'other'))).toBe(3);
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('other');
  expect(readdirSync(folder).sort()).toEqual(['other', 'r.csv']);
});
