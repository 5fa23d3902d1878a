/** What the documentation tells people to type is what the program takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from '../src/cli/parse.js';
import { temporaryFolder } from './helpers/tree.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Commands in indented lines, comments and unit files, without what follows them on the line. */
function commandsIn(text: string): string[] {
  const lines = text.matchAll(/^(?: {4}|# {3}|ExecStart=)\S*?millrace ((?!sample-data)[^\n#]*)/gm);
  return [...lines].map(([, line]) => line!.split(/ {3,}|[|>;&]|\$\(/)[0]!.trim());
}

/** Words of a shell command without anything but quotes. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c!);
}

const FILES = [
  'README.md',
  ...readdirSync(`${ROOT}/docs`)
    .filter((name) => /\.(md|service)$/.test(name))
    .map((name) => `docs/${name}`),
];
const COMMANDS = FILES.flatMap((file) =>
  commandsIn(readFileSync(`${ROOT}/${file}`, 'utf8')).map((command) => [file, command] as const),
);

test('there are commands in the documentation', () => {
  expect(COMMANDS.length).toBeGreaterThan(8);
});

test.each(COMMANDS)('%s: millrace %s', async (_, command) => {
  const machine = { env: { HOME: temporaryFolder() }, memory: 8 * 1024 ** 3 };
  await expect(parse(wordsOf(command), machine)).resolves.toBeDefined();
});
