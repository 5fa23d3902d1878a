import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { COMMAND_NAMES, commandRow } from '../../src/cli/commands.js';
import { manPage } from '../../src/cli/manpage.js';
import { OPTION_NAMES, optionOf } from '../../src/cli/options.js';
import { EXIT_MEANINGS } from '../../src/exit.js';

const FILE = fileURLToPath(new URL('../../man/millrace.1', import.meta.url));
const lines = manPage().split('\n');

test('the page in man/ is the one of these tables; else: npm run man', () => {
  expect(readFileSync(FILE, 'utf8')).toBe(manPage());
});

test('is what npm installs as the manual, and in the package', () => {
  const { man, files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(man).toBe('man/millrace.1');
  expect(files).toContain('man');
});

test('has the sections in the usual order', () => {
  expect(lines.filter((line) => line.startsWith('.SH ')).map((line) => line.slice(4))).toEqual([
    'NAME',
    'SYNOPSIS',
    'DESCRIPTION',
    'COMMANDS',
    'OPTIONS',
    'ENVIRONMENT',
    'FILES',
    'EXIT STATUS',
    'EXAMPLES',
    'SEE ALSO',
  ]);
});

test('makes a request of nothing but its own macros', () => {
  const requests = lines.filter((line) => /^[.']/.test(line)).map((line) => /^\S+/.exec(line)![0]);
  expect([...new Set(requests)].sort()).toEqual(
    ['.\\"', '.B', '.BR', '.EE', '.EX', '.I', '.PP', '.SH', '.SS', '.TH', '.TP', '.br'].sort(),
  );
});

const hasMan = spawnSync('man', ['--version']).status === 0;
const skipped = hasMan ? '' : ' (skipped: man is missing)';

function man(...args: string[]) {
  return spawnSync('man', [...args, FILE], {
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', MANROFFSEQ: '', MANWIDTH: '200' },
    encoding: 'utf8',
  });
}

test.skipIf(!hasMan)(`is set without a warning${skipped}`, () => {
  const { status, stderr } = man('--warnings', '-E', 'UTF-8', '-Tutf8', '-Z', '-l');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test.skipIf(!hasMan)(`shows what is to be typed in ASCII, as it is typed${skipped}`, () => {
  const { status, stdout } = man('-P', 'cat', '-l');
  expect(status).toBe(0);
  for (const name of OPTION_NAMES) {
    const { short, metavar } = optionOf(name);
    const shown = `${short === undefined ? '' : `-${short}, `}--${name}${metavar === undefined ? '' : ` ${metavar}`}`;
    expect(
      stdout.split('\n').filter((line) => line.trim().startsWith(shown)),
      shown,
    ).not.toEqual([]);
  }
  for (const name of COMMAND_NAMES) {
    expect(stdout).toContain(`millrace ${commandRow(name).usage}\n`);
    for (const example of commandRow(name).examples) expect(stdout).toContain(`       ${example}\n`);
  }
  for (const [code, meaning] of Object.entries(EXIT_MEANINGS)) expect(stdout).toContain(`${code}      ${meaning}.`);
  expect(stdout).toContain('~/.local/state/millrace/*.db');
});
