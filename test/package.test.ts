import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('the package has the program, the file of its threads, the manual and the sample data', () => {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd, encoding: 'utf8' });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'dist/src/cli/main.js',
      'dist/lanes.cjs',
      'man/millrace.1',
      'docs/grafana.json',
      'README.md',
    ]),
  );
  expect(paths.some((path) => path.startsWith('sample-data/'))).toBe(true);
  expect(paths.filter((path) => /^(test|src|node_modules)\//.test(path))).toEqual([]);
});
