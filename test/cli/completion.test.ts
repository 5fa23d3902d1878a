/**
 * The scripts in real shells, on a pseudo terminal: what is typed, Tab included, becomes a command line, and a function
 * named millrace tells which words it got.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMAND_NAMES } from '../../src/cli/commands.js';
import { completionScript } from '../../src/cli/completion.js';
import { OPTION_NAMES, optionOf } from '../../src/cli/options.js';
import { SHELLS, type Shell } from '../../src/cli/shells.js';
import { MAIN } from '../flow/helpers.js';

const has = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const missing = [...SHELLS, 'script'].filter((command) => !has(command));
const unless = (shell: Shell) => missing.find((command) => command === shell || command === 'script');
const title = (shell: Shell) =>
  unless(shell) === undefined ? shell : `${shell} (skipped: ${unless(shell)} is missing)`;

const folder = mkdtempSync(join(tmpdir(), 'millrace-completion-'));
const work = join(folder, 'work');
mkdirSync(join(work, "my folder's/sub"), { recursive: true });
mkdirSync(join(work, 'other'));
writeFileSync(join(work, 'my ledger.db'), '');
for (const shell of SHELLS) writeFileSync(join(folder, `millrace.${shell}`), completionScript(shell));
const READY = `PS1='READY '\nmillrace() { printf '<%s>' "$@"; echo; }\n`;
const COMPINIT = 'autoload -Uz compinit && compinit -u -D\n';
writeFileSync(join(folder, '.bashrc'), `${READY}source ${folder}/millrace.bash\n`);
writeFileSync(join(folder, '.zshrc'), `${READY}${COMPINIT}source ${folder}/millrace.zsh\n`);

const alive = new Set<ChildProcess>();
afterAll(() => {
  for (const child of alive) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const START = { bash: `bash --noprofile --rcfile ${folder}/.bashrc -i`, zsh: 'zsh -d -i' };

/** What millrace gets in a new shell, for each line of keys that is typed after its name. */
async function typed(shell: 'bash' | 'zsh', lines: readonly string[], home = folder): Promise<string[][]> {
  const child = spawn('script', ['-qec', START[shell], '/dev/null'], {
    cwd: work,
    env: { PATH: process.env.PATH, HOME: home, ZDOTDIR: home, TERM: 'xterm', LANG: 'C.UTF-8' },
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  alive.add(child);
  let [shown, isAsked] = ['', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    if (isAsked || !shown.includes('READY ')) return;
    isAsked = true;
    child.stdin.write([...lines.map((keys) => `millrace ${keys}`), 'exit', ''].join('\n'));
  });
  await once(child, 'close');
  alive.delete(child);
  const told = shown.split(/[\r\n]+/).filter((text) => text.startsWith('<'));
  expect(told.length, shown).toBe(lines.length);
  return told.map((line) => line.slice(1, line.lastIndexOf('>')).split('><'));
}

const FOLDER = /^my folder's\/?$/;
const TYPED: readonly (readonly [keys: string, words: readonly unknown[]])[] = [
  ['sta\t', ['status']],
  ['compl\tfi\t', ['completion', 'fish']],
  ['copy my\t', ['copy', expect.stringMatching(FOLDER)]],
  ['copy my\tsu\t', ['copy', expect.stringMatching(/^my folder's\/sub\/?$/)]],
  ['my\t', [expect.stringMatching(FOLDER)]],
  ['copy -n oth\t my\t', ['copy', '-n', expect.stringMatching(/^other\/?$/), expect.stringMatching(FOLDER)]],
  ['copy -- my\t', ['copy', '--', expect.stringMatching(FOLDER)]],
  ['status --js\t', ['status', '--json']],
  ['--db my\\ l\t', ['--db', 'my ledger.db']],
  ['--db=my\\ l\t', ['--db=my ledger.db']],
  ['--db x sta\t', ['--db', 'x', 'status']],
  ['--db=x sta\t', ['--db=x', 'status']],
  ['--bwlimit 20M:10M sta\t', ['--bwlimit', '20M:10M', 'status']],
  ['copy --checksum sha5\t', ['copy', '--checksum', 'sha512']],
  ['copy --progress=js\t', ['copy', '--progress=json']],
  ['copy --js\t', ['copy', '--js']],
];

describe.each(['bash', 'zsh'] as const)('%s', (shell) => {
  describe.skipIf(unless(shell) !== undefined)(title(shell), () => {
    let told: string[][] = [];
    beforeAll(async () => {
      told = await typed(
        shell,
        TYPED.map(([keys]) => keys),
      );
    });

    test.each(TYPED.map(([keys, words], index) => ({ keys, words, index })))('$keys', ({ words, index }) => {
      expect(told[index]).toEqual(words);
    });
  });
});

describe.skipIf(unless('fish') !== undefined)(title('fish'), () => {
  function completed(line: string): string[] {
    const script = `source ${folder}/millrace.fish; complete -C ${JSON.stringify(line)}`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], {
      cwd: work,
      env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' },
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((row) => row.split('\t')[0]!);
  }

  test.each([
    ['sta', ['status']],
    ['completion ', ['bash', 'fish', 'zsh']],
    ['copy my', ["my folder's/"]],
    ["copy 'my folder\\'s/'", ["my folder's/sub/"]],
    ['my', ["my folder's/"]],
    ['copy oth', ['other/']],
    ['status --js', ['--json']],
    ['--db my', ["my folder's/", 'my ledger.db']],
    ['--db x sta', ['status']],
    ['--db=x sta', ['status']],
    ['copy --checksum sha5', ['sha512']],
    ['copy --progress=js', ['--progress=json']],
    ['copy --js', []],
    ['copy --bwlimit ', []],
    ['x sta', []],
  ])('%j', (line, words) => {
    expect(completed(`millrace ${line}`)).toEqual(words);
  });
});

describe.skipIf(!has('bash'))('bash, without a terminal', () => {
  function replies(...words: string[]): string[] {
    const script = `source ${folder}/millrace.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', 'millrace', ...words], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').slice(0, -1);
  }

  test.each(COMMAND_NAMES)('offers all options of %s and no other', (command) => {
    const own = OPTION_NAMES.filter((name) => optionOf(name).commands.includes(command));
    expect(replies(command, '--').sort()).toEqual(own.map((name) => `--${name}`).sort());
    expect(
      replies(command, '-')
        .filter((word) => word.length === 2)
        .sort(),
    ).toEqual(own.flatMap((name) => (optionOf(name).short === undefined ? [] : [`-${optionOf(name).short}`])).sort());
  });

  test.each(OPTION_NAMES.filter((name) => optionOf(name).words !== undefined))('offers all values of --%s', (name) => {
    expect(replies('copy', `--${name}`, '')).toEqual(optionOf(name).words);
    expect(replies('copy', `--${name}`, '=')).toEqual(optionOf(name).words);
  });
});

test.each(SHELLS)('millrace completion %s prints the script', (shell) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'completion', shell], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: completionScript(shell), stderr: '' });
});

test.skipIf(unless('zsh') !== undefined)(`${title('zsh')}: the script works as a file in $fpath too`, async () => {
  const home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(join(home, '_millrace'), completionScript('zsh'));
  writeFileSync(join(home, '.zshrc'), `${READY}fpath=(${home} $fpath)\n${COMPINIT}`);
  expect(await typed('zsh', ['compl\tfi\t'], home)).toEqual([['completion', 'fish']]);
});
