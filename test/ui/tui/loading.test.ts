import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { environment, file, MAIN, makeTree, newWorld } from '../../flow/helpers.js';

test('blessed is loaded for the full screen alone', () => {
  const world = newWorld();
  makeTree(world.source, { file: file('file') });
  const check = join(world.root, 'check.cjs');
  writeFileSync(
    check,
    `process.on('exit', () => {
      const loaded = Object.keys(require.cache).some((path) => path.includes('/node_modules/blessed/'));
      if (require('node:worker_threads').isMainThread) process.stderr.write(loaded ? 'loaded' : 'not loaded');
    });`,
  );
  const stderrOf = (...args: string[]) =>
    spawnSync(process.execPath, ['--require', check, ...args], { env: environment(world), encoding: 'utf8' }).stderr;
  expect(stderrOf(MAIN, '--version')).toBe('not loaded');
  expect(stderrOf(MAIN, world.source, world.dest, '--db', world.db)).toBe('not loaded');
  const screen = JSON.stringify(join(MAIN, '../../ui/tui/fullscreen.js'));
  expect(stderrOf('--input-type=module', '-e', `await import(${screen})`)).toBe('loaded');
});
