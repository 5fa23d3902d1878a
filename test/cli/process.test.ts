import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/tree.js';

const PROCESS = JSON.stringify(new URL('../../dist/src/cli/process.js', import.meta.url));

/** Runs a copy whose engine has this body, with `redirect` after the command. */
function copying(body: string, redirect = '', env: Record<string, string> = {}) {
  const program = `const { runProcess } = await import(${PROCESS});
    await runProcess(['/a', '/b'], { copy: async (settings, io) => { ${body} }, status: async () => 0 });`;
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', `set -o pipefail; "$NODE" --input-type=module -e "$PROGRAM" ${redirect}`],
    {
      env: { ...env, PATH: process.env.PATH, HOME: temporaryFolder(), NODE: process.execPath, PROGRAM: program },
      encoding: 'utf8',
      timeout: 30_000,
    },
  );
  return { status, stdout, stderr };
}

test('ends with the exit code although timers and threads are left over', () => {
  const left = `const { Worker } = await import('node:worker_threads');
    new Worker('setInterval(() => {}, 1000)', { eval: true }); setInterval(() => {}, 1000);`;
  expect(copying(`${left} io.out('done\\n'); return 4;`)).toEqual({ status: 4, stdout: 'done\n', stderr: '' });
});

test('writes all of a long output before it ends', () => {
  const result = copying("io.out('x'.repeat(3_000_000)); return 0;", '| (sleep 0.3; wc -c)');
  expect(result).toEqual({ status: 0, stdout: '3000000\n', stderr: '' });
});

test('a copy whose reader left drains as after a first Ctrl-C', () => {
  const body = `let drain = false;
    process.once('SIGTERM', () => { drain = true; });
    for (let i = 0; i < 500 && !drain; i++) { io.out('line\\n'); await new Promise((go) => setTimeout(go, 10)); }
    io.out('summary\\n');
    await new Promise((go) => setTimeout(go, 50));
    return drain ? 3 : 0;`;
  expect(copying(body, '| head -n 1')).toEqual({ status: 3, stdout: 'line\n', stderr: '' });
});

test('a reader that leaves before the engine listens does not kill it, and is noticed when it does', () => {
  const body = `const lines = async (count) => {
      for (let i = 0; i < count; i++) { io.out('x'); await new Promise((go) => setTimeout(go, 10)); }
    };
    await lines(20);
    let drain = false;
    process.once('SIGTERM', () => { drain = true; });
    await lines(20);
    return drain ? 3 : 0;`;
  expect(copying(body, '| true')).toEqual({ status: 3, stdout: '', stderr: '' });
});

test('a reader that leaves an engine without a listener does not matter', () => {
  const body = "for (let i = 0; i < 20; i++) { io.out('x'); await new Promise((go) => setTimeout(go, 10)); } return 1;";
  expect(copying(body, '| true')).toEqual({ status: 1, stdout: '', stderr: '' });
});

test('a full disk under stdout is told once, and the copy keeps its exit code', () => {
  const body = "for (let i = 0; i < 5; i++) { io.out('x'); await new Promise((go) => setTimeout(go, 10)); } return 0;";
  expect(copying(body, '> /dev/full')).toEqual({
    status: 0,
    stdout: '',
    stderr: 'millrace: cannot write to standard output: ENOSPC\n',
  });
});

test('a stderr that fails does not end a copy', () => {
  const body = "io.err('x'); await new Promise((go) => setTimeout(go, 50)); io.out('done\\n'); return 0;";
  expect(copying(body, '2> /dev/full')).toEqual({ status: 0, stdout: 'done\n', stderr: '' });
});

test.each([
  ['an uncaught exception', "setTimeout(() => { throw new Error('bug'); }); await new Promise(() => {});"],
  ['an unhandled rejection', "Promise.reject(new Error('bug')); await new Promise((go) => setTimeout(go, 5000));"],
  ['a thrown error', "throw new Error('bug');"],
])('%s ends as an internal error, with 3', (_, body) => {
  expect(copying(body)).toEqual({ status: 3, stdout: '', stderr: 'millrace: internal error: bug\n' });
  const debug = copying(body, '', { MILLRACE_INTERNAL_DEBUG: '1' });
  expect(debug.status).toBe(3);
  expect(debug.stderr).toMatch(/^millrace: internal error: bug\nError: bug\n {4}at /);
});
