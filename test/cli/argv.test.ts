import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkCommand, readArguments } from '../../src/cli/argv.js';
import { UsageError } from '../../src/exit.js';
import { always } from '../../src/pace/timetable.js';
import { usageMessage } from './helpers.js';

describe('words', () => {
  test.each([
    [['a', 'b'], ['a', 'b'], 2],
    [['123', '0x10'], ['123', '0x10'], 2],
    [['./123', '1e3', '007', '1.50'], ['./123', '1e3', '007', '1.50'], 4],
    [['true', '-v', 'false'], ['true', 'false'], 2],
    [['--', '-a', '--bogus'], ['-a', '--bogus'], 0],
    [['a', '--', '--', '-n'], ['a', '--', '-n'], 1],
    [['"a"', "'b'"], ['"a"', "'b'"], 2],
    [['', ' '], ['', ' '], 2],
    [['a.b=c', 'd\ne'], ['a.b=c', 'd\ne'], 2],
    [['-'], ['-'], 1],
    [[], [], 0],
  ])('%j stay as they are', (args, words, plain) => {
    expect(readArguments(args)).toMatchObject({ words, plain });
  });

  test('toggles never take the next word', () => {
    expect(readArguments(['--delete-extras', 'true', '-n', 'false'])).toEqual({
      words: ['true', 'false'],
      plain: 2,
      flags: { 'delete-extras': true, 'dry-run': true },
    });
  });
});

describe('flags', () => {
  test.each([
    [['--db', 'x'], { db: 'x' }],
    [['--db=x'], { db: 'x' }],
    [['--db=a=b'], { db: 'a=b' }],
    [['--db="x"'], { db: '"x"' }],
    [['--db', '-'], { db: '-' }],
    [['--db=-x'], { db: '-x' }],
    [['--db=--dry-run'], { db: '--dry-run' }],
    [['--db', '007'], { db: '007' }],
    [['--readers', '4'], { readers: 4 }],
    [['--bwlimit', '1K:off'], { bwlimit: always({ read: 1024, write: 0 }) }],
    [['-n', '-v'], { 'dry-run': true, verbose: true }],
    [['-nv'], { 'dry-run': true, verbose: true }],
    [['-v', '-v', '--verbose'], { verbose: true }],
    [['--no-delete-extras'], { 'delete-extras': false }],
    [['-v', '--no-verbose'], { verbose: false }],
    [['--no-verbose', '-v'], { verbose: true }],
    [['-h'], { help: true }],
    [['report', '-o', 'r.html'], { output: 'r.html' }],
    [['report', '-or.html'], { output: 'r.html' }],
    [['report', '-o=r.html'], { output: 'r.html' }],
    [['report', '-o/tmp/r.html'], { output: '/tmp/r.html' }],
    [['report', '-o5.csv'], { output: '5.csv' }],
    [['report', '-vo', 'r.html'], { verbose: true, output: 'r.html' }],
    [['report', '-vor.html'], { verbose: true, output: 'r.html' }],
    [['report', '-vo-n.json'], { verbose: true, output: '-n.json' }],
    [['--output', 'r.html', '-v'], { output: 'r.html', verbose: true }],
    [[], {}],
  ])('%j', (args, flags) => {
    expect(readArguments(args).flags).toEqual(flags);
  });

  test.each([
    [['--blocksize', '5M'], 'unknown option --blocksize (did you mean --block-size?)'],
    [['--blockSize=5M'], 'unknown option --blockSize (did you mean --block-size?)'],
    [['--delete'], 'unknown option --delete (did you mean --delete-extras?)'],
    [['--dry-rn'], 'unknown option --dry-rn (did you mean --dry-run?)'],
    [['--no-dryrun'], 'unknown option --no-dryrun'],
    [['--compress'], 'unknown option --compress'],
    [['--__proto__=1'], 'unknown option --__proto__'],
    [['--_=x'], 'unknown option --_'],
    [['--$0=x'], 'unknown option --$0'],
    [['--db.x', 'y'], 'unknown option --db.x'],
    [['---'], 'unknown option ---'],
    [['--=x'], 'unknown option --'],
    [['-z'], "unknown option -z; write a path that begins with - as ./- or after '--'"],
    [['-nz'], 'unknown option -nz: there is no -z'],
    [['-n5'], 'unknown option -n5'],
    [['-n=no'], 'unknown option -n=no'],
    [['-n/x'], 'unknown option -n/x'],
    [['-n-'], 'unknown option -n-'],
    [['-5'], 'unknown option -5'],
    [['-.5'], 'unknown option -.5'],
    [['-dry-run'], 'unknown option -dry-run (did you mean --dry-run?)'],
    [['--dry-run=yes'], '--dry-run takes no value; write --dry-run or --no-dry-run'],
    [['--dry-run='], '--dry-run takes no value; write --dry-run or --no-dry-run'],
    [['--no-dry-run=true'], '--no-dry-run takes no value'],
    [['--no-db'], '--no-db: only an option without a value can be negated'],
    [['--no-db=x'], '--no-db: only an option without a value can be negated'],
    [['--db'], '--db needs a value: --db FILE'],
    [['--db='], '--db needs a value: --db FILE'],
    [['--db', ''], '--db needs a value: --db FILE'],
    [['--db', '--dry-run'], '--db needs a value: --db FILE'],
    [['--db', '-n'], '--db needs a value: --db FILE'],
    [['--db', '--', 'x'], '--db needs a value: --db FILE'],
    [['report', '-o'], '--output needs a value: --output FILE'],
    [['report', '-vo'], '--output needs a value: --output FILE'],
    [['report', '-o', ''], '--output needs a value: --output FILE'],
    [['report', '-o='], '--output needs a value: --output FILE'],
    [['report', '-o', '-v'], '--output needs a value: --output FILE'],
    [['report', '-o', '--', 'r.html'], '--output needs a value: --output FILE'],
    [['report', '-o', 'a.csv', '-oa.csv'], '--output was given 2 times; give it once'],
    [['report', '-or/'], '--output r/: names a folder'],
    [['-zo', 'r.html'], 'unknown option -zo'],
    [['--no-output'], '--no-output: only an option without a value can be negated'],
    [['--db', 'a', '--db', 'a'], '--db was given 2 times; give it once'],
    [['--readers=1', '--readers', '2', '--readers=3'], '--readers was given 3 times; give it once'],
    [['--bwlimit', '-5M'], '--bwlimit -5M: must be more than zero'],
    [['--block-size', '5X'], "--block-size 5X: unknown unit 'X'"],
    [['--queue-capacity', '1e2'], '--queue-capacity 1e2: must be a whole number from 2 to 1000'],
    [['--checksum', 'sha265'], '--checksum sha265: must be one of'],
  ])('%j: %s', (args, message) => {
    expect(usageMessage(() => readArguments(args))).toContain(message);
  });

  test('a long wrong value is cut', () => {
    expect(usageMessage(() => readArguments(['--readers', '9'.repeat(5000)])).length).toBeLessThan(150);
  });
});

test('options of another command are refused', () => {
  expect(() => checkCommand({ db: 'x', config: 'y', json: true }, 'status')).not.toThrow();
  expect(usageMessage(() => checkCommand({ readers: 4 }, 'status'))).toBe(
    "--readers is an option of 'millrace copy', not of 'millrace status'",
  );
  expect(usageMessage(() => checkCommand({ json: true }, 'copy'))).toBe(
    "--json is an option of 'millrace status', not of 'millrace copy'",
  );
  expect(usageMessage(() => checkCommand({ output: 'r.html' }, 'copy'))).toBe(
    "--output is an option of 'millrace report', not of 'millrace copy'",
  );
});

describe('any arguments', () => {
  const toggles = fc.constantFrom(['-n'], ['-v'], ['--delete-extras'], ['--no-rescan'], ['-nv']);
  const valued = fc.tuple(
    fc.constantFrom('db', 'log-file', 'config'),
    fc.stringMatching(/^[^-\0~\ufffd/.][^\0\ufffd/.]*$/),
  );
  const values = fc.uniqueArray(valued, { selector: ([name]) => name });
  const spelled = ([name, value]: [string, string], joined: boolean) =>
    joined ? [`--${name}=${value}`] : [`--${name}`, value];
  const word = fc.oneof(
    fc.constantFrom('', '-', 'true', '123', '1e3', 'a=b'),
    fc.string().filter((text) => !text.startsWith('-')),
  );

  test('options and words in any order keep every word and every value as it is', () => {
    const literal = fc.array(fc.oneof(fc.string(), fc.constantFrom('--', '-n', '--db')));
    const all = [
      values,
      fc.boolean(),
      fc.array(toggles),
      fc.array(word),
      literal,
      fc.infiniteStream(fc.nat()),
    ] as const;
    fc.assert(
      fc.property(...all, (named, joined, switches, words, rest, order) => {
        const options = [...named.map((pair) => spelled(pair, joined)), ...switches];
        const pieces = options.map((piece) => ({ piece, at: order.next().value }));
        const places = words.map(() => order.next().value).sort((a, b) => a - b);
        const mixed = [...pieces, ...words.map((text, index) => ({ piece: [text], at: places[index]! }))];
        const args = mixed.sort((a, b) => a.at - b.at).flatMap(({ piece }) => piece);
        const read = readArguments([...args, '--', ...rest]);
        expect(read.words).toEqual([...words, ...rest]);
        expect(read.plain).toBe(words.length);
        expect(read.flags).toMatchObject(Object.fromEntries(named));
      }),
    );
  });

  test('are read, or refused with a usage error', () => {
    const odd = [
      '--',
      '-n',
      '--db',
      '--db=x',
      '--no-verbose',
      '-5',
      '--readers',
      '4',
      '-o',
      '-vo',
      '---',
      '--=',
      '-n=',
      '--_',
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...odd), fc.string()), { maxLength: 6 }), (args) => {
        try {
          const { flags } = readArguments(args);
          if (args.slice(0, args.indexOf('--')).includes('-n')) expect(flags['dry-run']).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('rules', () => {
  test('are gathered in the order in which they were given, whatever their options', () => {
    const args = [
      '--exclude',
      'a',
      '-n',
      '--filter=- b',
      '--include',
      '- c',
      '--filter',
      '-s d',
      '--exclude-from',
      '-',
      '--exclude=--e',
    ];
    expect(readArguments([...args, 'from', 'to'])).toEqual({
      words: ['from', 'to'],
      plain: 2,
      flags: {
        'dry-run': true,
        filter: [
          { option: 'exclude', text: 'a' },
          { option: 'filter', text: '- b' },
          { option: 'include', text: '- c' },
          { option: 'filter', text: '-s d' },
          { option: 'exclude-from', text: '-' },
          { option: 'exclude', text: '--e' },
        ],
      },
    });
  });

  test.each([
    [['--exclude', '--dry-run'], '--exclude needs a value: --exclude PATTERN'],
    [['--filter', '-n'], '--filter needs a value: --filter RULE'],
    [['--exclude='], '--exclude needs a value'],
    [['--exclude', 'a\ufffd'], 'not UTF-8'],
    [['--no-exclude'], 'only an option without a value can be negated'],
  ])('%j is refused', (args, message) => {
    expect(usageMessage(() => readArguments(args))).toContain(message);
  });
});
