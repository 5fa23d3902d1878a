import { expect, test } from 'vitest';
import { isSameRoot, type RootIdentity } from '../../src/share/identity.js';

const ROOT: RootIdentity = { type: 1, ino: '2', btimeNs: '77', volume: { by: 'id', id: 'a' } };

test.each<[string, Partial<RootIdentity>, boolean]>([
  ['the same', {}, true],
  ['of another type', { type: 2 }, false],
  ['another inode', { ino: '3' }, false],
  ['made at another time', { btimeNs: '78' }, false],
  ['on another filesystem', { volume: { by: 'id', id: 'b' } }, false],
  ['without a known time', { btimeNs: '0' }, true],
  ['on a filesystem that is not known', { volume: undefined }, true],
  ['on a filesystem that is known in another way', { volume: { by: 'source', id: 'b' } }, true],
])('a root that is %s', (_, difference, expected) => {
  expect(isSameRoot(ROOT, { ...ROOT, ...difference })).toBe(expected);
  expect(isSameRoot({ ...ROOT, ...difference }, ROOT)).toBe(expected);
});
