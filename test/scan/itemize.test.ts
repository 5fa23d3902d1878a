import { expect, it } from 'vitest';
import type { Seen } from '../../src/scan/compare.js';
import { type Changing, changesOf, unknownChanges } from '../../src/scan/itemize.js';
import { type Attributes, NO_ATTRIBUTES } from '../../src/share/attributes.js';

const file: Seen = { kind: 'file', size: 10, mtimeNs: 0n, target: 0, mode: 0o100644, uid: 1, gid: 1 };
const link: Seen = { ...file, kind: 'link', mode: 0o120777 };
const dir: Seen = { ...file, kind: 'dir', mode: 0o40755 };
const owned: Attributes = { ...NO_ATTRIBUTES, perms: true, owner: true, group: true };
const all: Attributes = { ...owned, acls: true, xattrs: true, atimes: true };
const other = { size: 9, mtimeNs: 50n, mode: 0o600, uid: 2, gid: 2 };

it.each<[string, Changing, Seen, Seen | undefined, Attributes]>([
  ['>f+++++++++', 'copy', file, undefined, all],
  ['>f+++++++++', 'copy', file, link, all],
  ['>f.st......', 'copy', file, { ...file, ...other }, NO_ATTRIBUTES],
  ['>f.stpog...', 'copy', file, { ...file, ...other }, owned],
  ['>f.s....???', 'copy', file, { ...file, size: 9 }, all],
  ['>f..t......', 'copy', file, { ...file, mtimeNs: 10n }, NO_ATTRIBUTES],
  ['>f.........', 'copy', file, { ...file, mtimeNs: 9n }, NO_ATTRIBUTES],
  ['.f...p.....', 'stamp', file, { ...file, mode: 0o100600 }, owned],
  ['cL+++++++++', 'link', link, file, all],
  ['cLc.t......', 'link', link, { ...link, target: 1, mtimeNs: 50n }, NO_ATTRIBUTES],
  ['.L..t.og...', 'link', link, { ...link, ...other }, all],
  ['cd+++++++++', 'makeDir', dir, file, all],
  ['.d..t......', 'stampDir', dir, { ...dir, ...other }, NO_ATTRIBUTES],
  ['.d..tpog.??', 'stampDir', dir, { ...dir, ...other }, all],
])('%s: %s', (letters, verdict, source, dest, attributes) => {
  expect(changesOf(verdict, source, dest, 10n, attributes)).toBe(letters);
});

it('has a question mark for each letter of what is not known', () => {
  expect(unknownChanges('copy', file.mode)).toBe('>f?????????');
  expect(unknownChanges('special', 0o020666)).toBe('cD?????????');
});
