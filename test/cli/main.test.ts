import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MAIN } from '../flow/helpers.js';
import { temporaryFolder } from '../helpers/tree.js';

const PACKAGE = new URL('../../package.json', import.meta.url);

/** Runs millrace in an empty folder, which is also its home. */
function millrace(...args: string[]) {
  const folder = temporaryFolder();
  const env = { PATH: process.env.PATH, HOME: folder, LANG: 'de_DE.UTF-8' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr, created: readdirSync(folder) };
}

/** The same through a shell, for redirections; `$M` is millrace. */
function shell(script: string) {
  const env = { PATH: process.env.PATH, HOME: temporaryFolder(), M: `${process.execPath} ${MAIN}` };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test.each([[['--version']], [['copy', '--version']]])('%j prints the version and nothing else', (args) => {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8'));
  expect(millrace(...args)).toEqual({ status: 0, stdout: `${version}\n`, stderr: '', created: [] });
});

test('--version loads nothing but itself', () => {
  // V8 writes which scripts it ran.
  const folder = temporaryFolder();
  const env = { NODE_V8_COVERAGE: folder };
  expect(spawnSync(process.execPath, [MAIN, '--version'], { env }).status).toBe(0);
  const scripts = readdirSync(folder).flatMap((file): { url: string }[] => {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')).result;
  });
  const files = scripts.map(({ url }) => url).filter((url) => url.startsWith('file:'));
  expect(files.map((url) => basename(url)).sort()).toEqual(['main.js', 'version.js']);
});

test('--help ends with 0', () => {
  const { status, stdout, stderr, created } = millrace('--help');
  expect({ status, stderr, created }).toEqual({ status: 0, stderr: '', created: [] });
  expect(stdout).toMatch(
    /^Usage: millrace [\s\S]*\nCommands[\s\S]*\nExamples:\n[\s\S]*\nExit codes:\n( {2}\d {2}.*\n){6}$/,
  );
});

test.each([
  [[], '<source> and <dest> are missing; see millrace --help'],
  [['a', 'b', '--dele'], 'unknown option --dele (did you mean --delete-extras?)'],
  [['a', 'b', '--db'], '--db needs a value: --db FILE'],
  [['a', 'b', '--block-size', '-1'], '--block-size -1: must be more than zero; write for example 64K, 5M or 1.5G'],
  [['a', 'b', '--config', 'none.toml'], /\/none\.toml: cannot read the config file: ENOENT: no such file or directory/],
  [['status'], 'which ledger? nothing runs now; give <source> and <dest>, or --db FILE'],
])('%j: one line, exit 2, nothing created', (args, message) => {
  const result = millrace(...args);
  expect(result).toMatchObject({ status: 2, stdout: '', created: [] });
  expect(result.stderr.split('\n')).toEqual([expect.stringMatching(/^millrace: /), '']);
  expect(result.stderr.slice('millrace: '.length, -1)).toMatch(message);
});

describe('standard output', () => {
  test('a reader that leaves is no error', () => {
    expect(shell('set -o pipefail; $M --help | true')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('a full disk is one', () => {
    expect(shell('$M --help > /dev/full')).toEqual({
      status: 3,
      stdout: '',
      stderr: 'millrace: cannot write to standard output: ENOSPC\n',
    });
  });

  test('one that is closed does not matter', () => {
    expect(shell('$M --help >&-').status).toBe(0);
    expect(shell('$M --bogus 2>&-').status).toBe(2);
  });
});

test('a working folder that is gone is told in one line', () => {
  const { status, stderr } = shell('d=$(mktemp -d) && cd "$d" && rmdir "$d" && $M a b');
  expect(status).toBe(2);
  expect(stderr).toMatch(/^millrace: a: the working folder is gone; .*\n$/);
});
