/**
 * The Merkle root of all that is synced: one hash that changes with any of it. A tree as in RFC 6962, section 2.1, with
 * SHA-256; docs/manifest.md says what a leaf is made of.
 */
import { createHash, hash } from 'node:crypto';
import type { SyncedEntry } from '../ledger/synced.js';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** Takes leaves one by one and holds one hash for each bit of their number. */
export class MerkleTree {
  /** Roots of whole subtrees, the largest first; their sizes are the bits of `leaves`. */
  private readonly roots: Buffer[] = [];
  private leaves = 0;

  get count(): number {
    return this.leaves;
  }

  add(data: Uint8Array): void {
    let root = sha256(LEAF, data);
    this.leaves += 1;
    for (let size = this.leaves; size % 2 === 0; size /= 2) root = sha256(NODE, this.roots.pop()!, root);
    this.roots.push(root);
  }

  /** Of the leaves so far; of none the hash of nothing. */
  root(): Buffer {
    if (this.roots.length === 0) return createHash('sha256').digest();
    return this.roots.reduceRight((right, left) => sha256(NODE, left, right));
  }
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer');
}

/** What an entry's leaf is the hash of: its fields with a zero byte between them, which no path holds. */
export function leafOf({ path, kind, size, mtimeNs, hash: known }: SyncedEntry): Buffer {
  const length = kind === 'folder' ? '' : size;
  return Buffer.concat([
    path,
    Buffer.from(`\0${kind}\0${length}\0${mtimeNs}\0${known?.algorithm ?? ''}\0${known?.hex ?? ''}`),
  ]);
}

/** The root over all these entries, in their order, in hex. */
export function merkleRoot(entries: Iterable<SyncedEntry>): string {
  const tree = new MerkleTree();
  for (const entry of entries) tree.add(leafOf(entry));
  return tree.root().toString('hex');
}
