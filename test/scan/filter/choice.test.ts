import { describe, expect, test } from 'vitest';
import { chosenRules, digestOf, EVERYTHING, type RuleText } from '../../../src/scan/filter/choice.js';
import { Filter } from '../../../src/scan/filter/filter.js';
import { Scope } from '../../../src/scan/filter/scope.js';

type Given = readonly [RuleText['option'], string];

function rulesOf(given: readonly Given[], files: Record<string, string> = {}, deletesExcluded = false) {
  const read = (file: string) => (files[file] ?? '').split('\n');
  return chosenRules(
    given.map(([option, text]) => ({ option, text })),
    { deletesExcluded, read },
  );
}

/** Which of these are left out; those with a slash at the end are folders. */
function left(given: readonly Given[], paths: readonly string[], files: Record<string, string> = {}): string[] {
  const filter = new Filter(rulesOf(given, files), 'source');
  return paths.filter((path) => filter.excludesPath(path.replace(/\/$/, ''), path.endsWith('/')));
}

describe('what options say', () => {
  test('patterns have their sign in front, or that of the option; ! forgets what came before', () => {
    expect(
      left(
        [
          ['exclude', '+ a'],
          ['include', '- b'],
          ['exclude', '*'],
        ],
        ['a', 'b', 'c'],
      ),
    ).toEqual(['b', 'c']);
    expect(
      left(
        [
          ['exclude', 'a'],
          ['exclude', '!'],
          ['exclude', '!b'],
        ],
        ['a', 'b', '!b'],
      ),
    ).toEqual(['!b']);
    expect(
      left(
        [
          ['exclude', 'a'],
          ['filter', 'clear'],
          ['filter', 'exclude b'],
        ],
        ['a', 'b'],
      ),
    ).toEqual(['b']);
  });

  test('files have a pattern a line; comments and empty lines are none', () => {
    const files = { x: '# a\n; a\n\n- b\n+ c\nd', y: 'c\n- e\n' };
    expect(
      left(
        [
          ['exclude-from', 'x'],
          ['include-from', 'y'],
          ['exclude', '*'],
        ],
        ['a', 'b', 'c', 'd', 'e', '# a'],
        files,
      ),
    ).toEqual(['a', 'b', 'd', 'e', '# a']);
  });

  test('a rule may name a file of rules, one that leaves itself out, and one of patterns alone', () => {
    const files = { 'd/x': '- a\n. y', y: '+ b\nS c', z: '- d' };
    const names = ['a', 'b', 'c', 'x', '- d', 'd'];
    expect(
      left(
        [
          ['filter', '.e d/x'],
          ['filter', 'merge,- z'],
          ['exclude', 'b'],
        ],
        names,
        files,
      ),
    ).toEqual(['a', 'x', '- d']);
  });

  test.each([
    ['filter', '', 'not a filter rule'],
    ['filter', '-', 'the pattern is missing'],
    ['filter', '-foo', "unknown modifier 'f'"],
    ['filter', '-/ /a', "unknown modifier '/'"],
    ['filter', 'Hs a', "unknown modifier 's'"],
    ['filter', '! a', 'nothing may follow'],
    ['filter', 'excludes a', 'not a filter rule'],
    ['filter', 'dir-merge .rules', 'dir-merge'],
    ['filter', '.s sided', 'sided:1: the file that it is in is for one side already'],
    ['filter', '. loop', 'loop: files of rules that name each other'],
    ['exclude', 'x'.repeat(5000), 'longer than any path'],
  ] as const)('--%s %j is refused', (option, text, why) => {
    expect(() => rulesOf([[option, text]], { sided: 'H a', loop: '. loop' })).toThrow(why);
  });

  test('with --delete-excluded rules without a side are for the source alone', () => {
    const rules = rulesOf(
      [
        ['exclude', 'a'],
        ['filter', '-r b'],
        ['filter', '-sr c'],
      ],
      {},
      true,
    );
    expect(rules.map(({ source, dest }) => [source, dest])).toEqual([
      [true, false],
      [false, true],
      [true, true],
    ]);
  });
});

test('a digest tells choices apart', () => {
  const rules = rulesOf([
    ['exclude', 'a'],
    ['exclude', 'b'],
  ]);
  const options = { sizeOnly: false, update: false, ignoreExisting: false, existing: false, windowSeconds: 0 };
  const choices = [
    EVERYTHING,
    { ...EVERYTHING, rules },
    { ...EVERYTHING, rules: rules.toReversed() },
    { ...EVERYTHING, minSize: 1 },
    { ...EVERYTHING, comparing: { ...options, update: true } },
    { ...EVERYTHING, comparing: { ...options, windowSeconds: 1 } },
    { ...EVERYTHING, listed: ['a'] },
  ];
  expect(new Set(choices.map(digestOf)).size).toBe(choices.length);
  expect(digestOf({ ...EVERYTHING })).toBe(digestOf(EVERYTHING));
});

test('many stars in a pattern, and a name made for them, take no time', () => {
  const begun = performance.now();
  expect(
    left(
      [
        ['exclude', `${'*a'.repeat(30)}b`],
        ['exclude', `${'**a'.repeat(30)}b`],
      ],
      ['a'.repeat(255)],
    ),
  ).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(2000);
});

describe('listed paths', () => {
  test('are wanted with all beneath, and lead through the folders that they are in', () => {
    const scope = new Scope(['a/b/c', 'a/d', 'e', 'e/f', 'a/d/g']);
    expect([...scope.of('')!]).toEqual([
      ['a', 'through'],
      ['e', 'listed'],
    ]);
    expect([...scope.of('a')!]).toEqual([
      ['b', 'through'],
      ['d', 'listed'],
    ]);
    expect([scope.of('e'), scope.of('a/d/x')]).toEqual([undefined, undefined]);
    expect(scope.beneath('a')).toEqual(['a/b/c', 'a/d']);
  });

  test('are all where there are none, or the root is one', () => {
    expect([new Scope(undefined).of(''), new Scope(['a', '']).of('')]).toEqual([undefined, undefined]);
  });
});
