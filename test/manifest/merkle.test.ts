import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { SyncedEntry } from '../../src/ledger/synced.js';
import { leafOf as leafParts, MerkleTree, merkleRoot } from '../../src/manifest/merkle.js';

function rootOf(leaves: readonly Buffer[]): string {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root().toString('hex');
}

/** MTH of RFC 6962, section 2.1, word by word. */
function mth(leaves: readonly Buffer[]): Buffer {
  const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!);
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return sha256(Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

test('has the roots of the vectors of Certificate Transparency', () => {
  const hex = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const leaves = hex.map((text) => Buffer.from(text, 'hex'));
  expect(rootOf([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(rootOf(leaves.slice(0, 1))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  expect(rootOf(leaves)).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
});

test('is the tree of RFC 6962 for any number of leaves', () => {
  const leaves: Buffer[] = [];
  for (let count = 0; count <= 70; count++) {
    expect(rootOf(leaves), `${count}`).toBe(mth(leaves).toString('hex'));
    leaves.push(Buffer.from(`leaf ${count}`));
  }
});

const FILE: SyncedEntry = {
  path: Buffer.from('./a'),
  kind: 'file',
  size: 5,
  mtimeNs: -1n,
  hash: { algorithm: 'md5', hex: 'ab' },
};

const leafOf = (entry: SyncedEntry) => Buffer.concat(leafParts(entry));

test('a leaf has the fields of an entry, parted by zero bytes', () => {
  expect(leafOf(FILE).toString()).toBe('./a\0file\x005\0-1\0md5\0ab');
  expect(leafOf({ ...FILE, path: Buffer.of(0xff), kind: 'link', hash: undefined }).toString('latin1')).toBe(
    '\xff\0link\x005\0-1\0\0',
  );
  expect(leafOf({ ...FILE, kind: 'folder', size: 0, hash: undefined }).toString()).toBe('./a\0folder\0\0-1\0\0');
});

test.each<Partial<SyncedEntry>>([
  { path: Buffer.from('./b') },
  { kind: 'link' },
  { size: 6 },
  { mtimeNs: 0n },
  { hash: undefined },
  { hash: { algorithm: 'md5', hex: 'ac' } },
])('the root changes with another field %#', (part) => {
  expect(merkleRoot([FILE, { ...FILE, ...part }])).not.toBe(merkleRoot([FILE, FILE]));
});
