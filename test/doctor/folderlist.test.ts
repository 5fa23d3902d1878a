import { expect, test } from 'vitest';
import { FolderList } from '../../src/doctor/folderlist.js';

test('gives back each folder once, however many, with the bytes of its name', () => {
  const list = new FolderList();
  const paths = Array.from({ length: 90_000 }, (_, n) => (n % 1000 === 7 ? `bad\udcff${n}` : `folder/${n}`));
  for (const path of paths.slice(0, 60_000)) list.push(path);
  const taken = [list.pop(), list.pop()];
  for (const path of paths.slice(60_000)) list.push(path);
  for (let path = list.pop(); path !== undefined; path = list.pop()) taken.push(path);
  expect(taken.sort()).toEqual(paths.sort());
  expect(list.pop()).toBeUndefined();
  list.close();
});
