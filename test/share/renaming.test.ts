import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partName } from '../../src/share/partname.js';
import { RENAMED_SORTS, type RenamedSort, Renaming } from '../../src/share/renaming.js';

const ALL = new Renaming(RENAMED_SORTS);

describe('a name that is refused', () => {
  it.each([
    ['a:b', 'a：b'],
    ['who? *me*', 'who？ ＊me＊'],
    ['"<|>"\\', '＂＜｜＞＂＼'],
    ['line\nbreak\x01', 'line␊break␁'],
    ['end.', 'end．'],
    ['end..', 'end.．'],
    ['end ', 'end␠'],
    [' lead', '␠lead'],
    [' ', '␠'],
    ['CON', 'ＣON'],
    ['aux.txt', 'ａux.txt'],
    ['console', 'console'],
    ['nul.', 'ｎul．'],
    ['ｎul．', 'ｎul‛．'],
    ['ｎul.', '‛ｎul．'],
    ['caf\udce9', 'caf‛e9'],
    ['a.b c', 'a.b c'],
    ['\u{1f600}', '\u{1f600}'],
  ])('%j becomes %j, and leads back', (name, became) => {
    expect(ALL.encode(name)).toBe(became);
    expect(ALL.decode(became)).toBe(name);
  });

  it.each([
    ['a：b', 'a‛：b'],
    ['‛', '‛‛'],
    ['‛e9', '‛‛e9'],
    ['ＣON', '‛ＣON'],
    ['Ｃonsole', 'Ｃonsole'],
    ['end．', 'end‛．'],
    ['in．side', 'in．side'],
    ['␠lead', '‛␠lead'],
  ])('%j looks like one of ours, and is marked: %j', (name, became) => {
    expect(ALL.encode(name)).toBe(became);
    expect(ALL.decode(became)).toBe(name);
  });

  it.each(['a:b', '‛x', 'end.', '‛zz', 'nul', '‛'])('%j is what no name becomes', (name) => {
    expect(ALL.decode(name)).toBeUndefined();
  });
});

const odd = fc.constantFrom(...':*?"<>|\\\n\x01. ‛：＊．␠␊ＣcoOnN1é9eＡ', '\udce9', '\udcff', '\u{1f600}');
const names = fc.oneof(
  fc.array(odd, { minLength: 1, maxLength: 8 }).map((characters) => characters.join('')),
  fc.constantFrom('con', 'CON.x', 'ｃon', 'Ｌpt1.a.', 'com0', 'nul.', 'Aux.', 'ｎul.', 'ｎul．', 'con. ', 'con .'),
);
const sortsOf = fc.subarray([...RENAMED_SORTS]);

describe('whatever is refused', () => {
  it('each name leads back, and no other becomes the same', () => {
    fc.assert(
      fc.property(names, names, sortsOf, (one, other, sorts) => {
        const renaming = new Renaming(sorts);
        expect(renaming.decode(renaming.encode(one))).toBe(one);
        if (one !== other) expect(renaming.encode(one)).not.toBe(renaming.encode(other));
      }),
      { numRuns: 5000 },
    );
  });

  it('nothing is left of it', () => {
    const refused =
      /[:*?"<>|\\]|[. ]$|^ |[\udc80-\udcff](?<![\ud800-\udbff].)|^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)/i;
    fc.assert(
      fc.property(names, (name) => {
        expect(ALL.encode(name)).not.toMatch(refused);
        expect([...ALL.encode(name)].every((character) => character >= ' ')).toBe(true);
        expect(ALL.encode(name)).not.toContain('/');
      }),
      { numRuns: 5000 },
    );
  });

  it('what the destination lists is the name of one at most', () => {
    fc.assert(
      fc.property(names, sortsOf, (listed, sorts) => {
        const renaming = new Renaming(sorts);
        const original = renaming.decode(listed);
        if (original !== undefined) expect(renaming.encode(original)).toBe(listed);
      }),
      { numRuns: 5000 },
    );
  });
});

it('a name that is taken stays, and so do those of unfinished files', () => {
  const colons = new Renaming([':' as RenamedSort]);
  expect(colons.encode('a*b.')).toBe('a*b.');
  expect(colons.encodePath('a:b/c/d:')).toBe('a：b/c/d：');
  const part = partName('x');
  expect(ALL.encode(part)).toBe(part);
  expect(ALL.decode(part)).toBe(part);
  expect(new Renaming([]).decode('：')).toBe('：');
});
