import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { completionScript } from '../../src/cli/completion.js';
import { helpText } from '../../src/cli/help.js';
import { parse } from '../../src/cli/parse.js';
import { temporaryFolder } from '../helpers/tree.js';
import { usageMessageOf } from './helpers.js';

const read = (args: string[], env: Record<string, string> = {}) =>
  parse(args, { env: { HOME: temporaryFolder(), ...env }, memory: 8 * 1024 ** 3 });

describe('copy', () => {
  test.each([
    [['copy', '/a', '/b'], '/a', '/b'],
    [['/a', '/b'], '/a', '/b'],
    [['-v', '/a', '--readers', '2', '/b', '--dry-run'], '/a', '/b'],
    [['copy', '--', '/a', '/b'], '/a', '/b'],
    [['--', 'copy', 'status'], `${process.cwd()}/copy`, `${process.cwd()}/status`],
    [['--', '-a', '--help'], `${process.cwd()}/-a`, `${process.cwd()}/--help`],
    [['copy', 'copy', 'status'], `${process.cwd()}/copy`, `${process.cwd()}/status`],
    [['123', '0456'], `${process.cwd()}/123`, `${process.cwd()}/0456`],
    [['state', '/b'], `${process.cwd()}/state`, '/b'],
    [['/a/', '/b//c/.'], '/a', '/b/c'],
    [['/a b\n', '/"c"'], '/a b\n', '/"c"'],
  ])('%j', async (args, source, dest) => {
    expect(await read(args)).toMatchObject({ command: 'copy', settings: { source, dest } });
  });

  test('flags and variables arrive', async () => {
    const made = await read(['/a', '/b', '-n', '--block-size=1M'], { MILLRACE_READERS: '3' });
    expect(made).toMatchObject({ settings: { dryRun: true, blockSize: 1024 ** 2, readers: 3 } });
  });
});

test('report is of the ledger of the pair, and its file is written beneath the working folder', async () => {
  const { ledger } = (await read(['status', '/a', '/b'], { HOME: '/h' })) as { ledger: unknown };
  expect(await read(['report', '/a', '/b', '-o', 'r.csv'], { HOME: '/h' })).toEqual({
    command: 'report',
    ledger,
    output: `${process.cwd()}/r.csv`,
  });
});

describe('status', () => {
  test('the ledger follows from the roots, or is named by flag or variable', async () => {
    const HOME = '/home/ann';
    const copy = await read(['/a', '/b'], { HOME });
    const ledger = copy.command === 'copy' ? copy.settings.ledger : '';
    expect(await read(['status', '/a', '/b/'], { HOME })).toEqual({
      command: 'status',
      ledger: { file: ledger, roots: { source: '/a', dest: '/b' } },
      json: false,
      watch: false,
    });
    expect(await read(['status', '--db', '/x.db', '--json'])).toEqual({
      command: 'status',
      ledger: { file: '/x.db' },
      json: true,
      watch: false,
    });
    expect(await read(['status'], { MILLRACE_DB: '/y.db' })).toMatchObject({ ledger: { file: '/y.db' } });
  });

  test.each([['status'], ['attach'], ['ctl', 'pause']])(
    '%s of no ledger is for the one that is in use',
    async (...args) => {
      const made = await read(args, { HOME: '/home/ann' });
      expect(made).toMatchObject({ ledger: { onlyOneIn: '/home/ann/.local/state/millrace' } });
    },
  );
});

describe('ctl', () => {
  test.each([
    [['pause', '/a', '/b'], { do: 'pause' }],
    [['retry-failed', '--db', '/x'], { do: 'retry-failed' }],
    [['limit', '20M:10M', '/a', '/b'], { do: 'limit', rate: '20M:10M' }],
    [['limit', 'mon-fri 08:00-18:00 20M, off'], { do: 'limit', rate: 'mon-fri 08:00-18:00 20M, off' }],
    [['lanes', '4', 'auto', '/a', '/b'], { do: 'lanes', readers: 4, writers: 0 }],
  ])('%j', async (args, action) => {
    expect(await read(['ctl', ...args])).toMatchObject({ command: 'ctl', action });
  });
});

describe('shown', () => {
  const shipped = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

  test.each([
    [['--help']],
    [['-h']],
    [['help']],
    [['copy', '--help']],
    [['status', '-h', '--json']],
    [['--version', '--help']],
    [['-nvh', '/a', '/b', '/c']],
  ])('%j shows the help', async (args) => {
    expect(await read(args, { MILLRACE_NONSENSE: '1' })).toMatchObject({
      command: 'shown',
      text: expect.stringMatching(/^Usage: millrace/),
    });
  });

  test('the help is of the command that is named', async () => {
    const helpOf = async (...args: string[]) => (await read(args)) as { text: string };
    expect((await helpOf('status', '--help')).text).toBe(helpText('status'));
    expect((await helpOf('--help', 'copy')).text).toBe(helpText('copy'));
    expect((await helpOf('help', 'copy')).text).toBe(helpText('copy'));
    expect((await helpOf('/a', '/b', '--help')).text).toBe(helpText());
    expect((await helpOf('--help', '--', 'copy')).text).toBe(helpText());
    expect(await read(['help', '--', 'copy'])).toMatchObject({ command: 'copy' });
    expect(await read(['./help', 'copy'])).toMatchObject({ command: 'copy' });
    expect(await read(['help', 'new'])).toMatchObject({ command: 'copy' });
  });

  test('the script that completes in a shell, whatever the environment says', async () => {
    expect(await read(['completion', 'fish'], { MILLRACE_NONSENSE: '1' })).toEqual({
      command: 'shown',
      text: completionScript('fish'),
    });
  });

  test('the version of package.json and nothing else', async () => {
    expect(await read(['copy', '--version'])).toEqual({ command: 'shown', text: `${shipped}\n` });
  });
});

describe('refused', () => {
  test.each([
    [[], '<source> and <dest> are missing; see millrace --help'],
    [['copy'], '<source> and <dest> are missing'],
    [['copy', '/a'], "<dest> is missing after '/a'; see millrace --help"],
    [['/a'], "<dest> is missing after '/a'"],
    [['/a', '/b', '/c'], "'/c' is one argument too many: copy takes <source> and <dest>"],
    [['copy', '/a', '--', '/b', '/c'], "'/c' is one argument too many"],
    [['', '/b'], '<source>: the path is empty'],
    [['/a', ''], '<dest>: the path is empty'],
    [['~/a', '/b'], '<source> ~/a: the shell left ~ as it is'],
    [['/a', '/b\ufffd'], '<dest> /b\ufffd: the path has bytes that are not UTF-8'],
    [['stauts'], "unknown command 'stauts' (did you mean status?)"],
    [['sttus', '/a', '/b'], "unknown command 'sttus' (did you mean status?)"],
    [['cpoy', '/a', '/b'], "unknown command 'cpoy' (did you mean copy?)"],
    [['ctl'], 'ctl needs to know what to do: pause, resume'],
    [
      ['ctl', 'puase'],
      'ctl puase: must be one of pause, resume, drain, stop, limit, lanes, retry-failed (did you mean pause?)',
    ],
    [['ctl', 'limit'], 'ctl limit needs RATE'],
    [['ctl', 'limit', '/a', '/b'], 'ctl limit /a: '],
    [['ctl', 'lanes', '4'], 'ctl lanes needs READERS and WRITERS'],
    [['ctl', 'lanes', '4', '99'], 'ctl lanes 99: '],
    [['ctl', 'pause', '/a'], "<dest> is missing after '/a'"],
    [['attach', '/a', '/b', '--readers', '4'], "--readers is an option of 'millrace copy', not of 'millrace attach'"],
    [['/a', '/b', '--detach', '--dry-run'], '--detach: a dry run is over before it could be watched'],
    [['report', '/a', '/b'], 'which file? write -o FILE.html, -o FILE.csv or -o FILE.json'],
    [['/a', '/b', '--output', 'r.html'], "--output is an option of 'millrace report', not of 'millrace copy'"],
    ...['r.pdf', 'report', '.html'].map((file): [string[], string] => [
      ['report', '/a', '/b', '-o', file],
      `--output ${file}: must end in one of .html, .csv, .json`,
    ]),
    [['manifest', '--sign', 'k'], '--sign needs a file, beside which the signature is put: write -o FILE'],
    [
      ['report', '/a', '/b', '--format', 'csv'],
      "--format is an option of 'millrace manifest', not of 'millrace report'",
    ],
    [['status', '/a'], "<dest> is missing after '/a'"],
    [['status', '/a', '/b', '/c'], "'/c' is one argument too many: status takes"],
    [['status', '--db', '/x', '--readers', '4'], "--readers is an option of 'millrace copy'"],
    [['/a', '/b', '--json'], "--json is an option of 'millrace status'"],
    [['completion'], 'the shell is missing; write millrace completion bash|zsh|fish'],
    [
      ['completion', 'fsh'],
      "'fsh' is no shell known here (did you mean zsh?); write millrace completion bash|zsh|fish",
    ],
    [['completion', 'bash', 'zsh'], "'zsh' is one argument too many; write millrace completion"],
    [['completion', 'bash', '--json'], "--json is an option of 'millrace status'"],
    [['/a', '/b', '--config', '/nowhere.toml'], '/nowhere.toml: cannot read the config file'],
    [['/a', '/b', '--bogus', '--help'], 'unknown option --bogus'],
  ])('%j: %s', async (args, message) => {
    expect(await usageMessageOf(read(args))).toContain(message);
  });

  test('a wrong variable', async () => {
    expect(await usageMessageOf(read(['/a', '/b'], { MILLRACE_BLOCK_SIZE: '5X' }))).toMatch(
      /^MILLRACE_BLOCK_SIZE=5X: /,
    );
  });
});
