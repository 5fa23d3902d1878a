import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { dropFd, openRoot } from '../../../src/posix/calls.js';
import { mayBeAlias, moveToName, refuseAlias } from '../../../src/share/local/alias.js';
import { failCall, replaceCall } from '../../helpers/faults.js';
import { harvest, temporaryFolder } from '../../helpers/tree.js';

test.each([
  ['LONGER~1.TXT', true],
  ['longer~1.txt', true],
  ['PROGRA~1', true],
  ['AB12CD~1.H', true],
  ['A~123456', true],
  ['~1', true],
  ['Longer~10.txt', false],
  ['LONGER~1.TEXT', false],
  ['file~', false],
  ['~$letter.doc', false],
  ['notes~draft.txt', false],
  ['a.b~1', false],
  ['plain.txt', false],
])('%s may be a name beside a long one: %s', (name, expected) => {
  expect(mayBeAlias(name)).toBe(expected);
});

describe('moveToName', () => {
  let top: string;
  let folder: number;
  beforeEach(() => {
    top = temporaryFolder();
    writeFileSync(join(top, 'part'), 'new');
    folder = openRoot(top);
  });
  afterEach(() => dropFd(folder));

  it.each([
    ['a name', 'plain', true],
    ['a name that may be an alias', 'LONGER~1.TXT', true],
    ['the same where there are none', 'LONGER~1.TXT', false],
  ])('gives %s, also in the place of what has it', (_, name, hasAliases) => {
    moveToName(folder, 'part', name, hasAliases);
    expect(harvest(top)).toEqual({ [name]: 'new' });
    writeFileSync(join(top, 'part'), 'newer');
    moveToName(folder, 'part', name, hasAliases);
    expect(harvest(top)).toEqual({ [name]: 'newer' });
  });

  it('does so where the filesystem cannot tell whether the name is new', () => {
    failCall('renameat2', 'EINVAL');
    moveToName(folder, 'part', 'LONGER~1.TXT', true);
    expect(harvest(top)).toEqual({ 'LONGER~1.TXT': 'new' });
  });

  it('fails at once where the name may not be replaced', () => {
    writeFileSync(join(top, 'plain'), 'old');
    let calls = 0;
    failCall('renameat', 'EACCES', () => ++calls > 0);
    expect(() => moveToName(folder, 'part', 'plain', true)).toThrow(expect.objectContaining({ code: 'EACCES' }));
    expect(calls).toBe(1);
    expect(readFileSync(join(top, 'plain'), 'utf8')).toBe('old');
  });

  it('hands on what else fails, and leaves what is there', () => {
    writeFileSync(join(top, 'LONGER~1.TXT'), 'old');
    failCall('renameat2', 'EIO');
    expect(() => moveToName(folder, 'part', 'LONGER~1.TXT', true)).toThrow(expect.objectContaining({ code: 'EIO' }));
    expect(readFileSync(join(top, 'LONGER~1.TXT'), 'utf8')).toBe('old');
  });

  it('refuses what is found, and not listed', () => {
    writeFileSync(join(top, 'LONGER~1.TXT'), 'long');
    // As a folder that lists the entry by its long name alone.
    replaceCall('getdents64', () => 0);
    const refused = expect.objectContaining({ code: 'COLLIDES', path: 'LONGER~1.TXT' });
    expect(() => refuseAlias(folder, 'LONGER~1.TXT')).toThrow(refused);
    expect(() => moveToName(folder, 'part', 'LONGER~1.TXT', true)).toThrow(refused);
    expect(readFileSync(join(top, 'LONGER~1.TXT'), 'utf8')).toBe('long');
  });
});
