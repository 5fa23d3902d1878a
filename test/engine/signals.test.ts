/** What signals do, in a process that sends them to itself. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MODULE = JSON.stringify(new URL('../../dist/src/engine/signals.js', import.meta.url));

/** Plays `body`, in which `get` resolves once a signal was sent and heard; `allDone` is what listening gives. */
function play(body: string) {
  const program = `const { listenForSignals } = await import(${MODULE});
    let draining = false;
    const allDone = listenForSignals({
      drain: () => (console.log('drain'), !draining && (draining = true)),
      stop: () => console.log('stop'),
      hangUp: () => console.log('hang up'),
    });
    const get = (signal) => new Promise((resolve) => {
      process.once(signal, resolve);
      process.kill(process.pid, signal);
    });
    ${body}
    console.log('alive');`;
  const args = [
    '--input-type=module',
    '-e',
    `const alive = setInterval(() => {}, 1000); ${program} clearInterval(alive);`,
  ];
  const { status, signal, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
  return { status, signal, said: stdout.trim().split('\n') };
}

test.each(['SIGINT', 'SIGTERM'])('%s drains, and stops when it comes again', (signal) => {
  expect(play(`await get('${signal}'); await get('${signal}');`)).toEqual({
    status: 0,
    signal: null,
    said: ['drain', 'drain', 'stop', 'alive'],
  });
});

test('SIGHUP is told each time', () => {
  expect(play(`await get('SIGHUP'); await get('SIGHUP');`)).toMatchObject({
    status: 0,
    said: ['hang up', 'hang up', 'alive'],
  });
});

test.each(['SIGINT', 'SIGTERM'])('%s when all is done ends the process at once, with its exit code', (signal) => {
  const got = play(`await get('SIGINT'); allDone(3); await get('SIGHUP'); console.log('on'); await get('${signal}');`);
  expect(got).toEqual({ status: 3, signal: null, said: ['drain', 'on'] });
});
