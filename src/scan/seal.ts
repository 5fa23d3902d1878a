/**
 * Seals: digests of a whole folder's listing. A folder whose listings give the seal that the ledger has of it is as it
 * was when all of it was synced; then nothing of it needs to be looked at one by one. The source's digest is over all
 * metadata of files, the common one over what a copy shares with its source, so both sides of a copied folder give
 * the same. Folders within count with name and kind only: they are compared at each scan.
 */

import { constants } from 'node:fs';
import { createRequire } from 'node:module';
import { kindOfMode, sizeFrom } from '../posix/stat.js';
import { type Attributes, takesSpecial } from '../share/attributes.js';
import { chosen, type EntryData, sorted, WORDS, Word } from '../share/entries.js';
import { isPartName } from '../share/partname.js';
import type { Side } from '../share/share.js';

/** Folders with more entries have no seal: their listings would have to be held in memory. */
const SEALED_MAX = 32_768;
/** Half of a sha256 each, in hexadecimal: two listings that differ do not give the same in practice. */
const DIGITS = 32;

/** Entries that are not folders. */
export interface Contents {
  /** What is copied, and its bytes. */
  readonly files: number;
  readonly bytes: number;
  /** What is not: special files, without -D. */
  readonly skipped: number;
}

/** One folder's listing, gathered batch by batch. */
export class Sealer {
  private batches: EntryData[] = [];
  private count = 0;

  /** `attributes`: those that both sides have in common. */
  constructor(private readonly attributes: Attributes) {}

  add(batch: EntryData): void {
    this.count += batch.names.length;
    if (this.isPossible) this.batches.push(batch);
    else this.batches = [];
  }

  /** False once there are too many entries. */
  get isPossible(): boolean {
    return this.count <= SEALED_MAX;
  }

  /** What was gathered, to be sealed. Undefined where no seal can tell that there is nothing to do. */
  listing(): SealedListing | undefined {
    if (!this.isPossible) return undefined;
    const [first, ...rest] = this.batches;
    const whole = first && rest.length === 0 ? first : together(this.batches);
    const text = whole.names.join('/');
    // Names that are not UTF-8 could look alike in the digest; a part file is to be removed whatever is beside it.
    if (!text.isWellFormed() || whole.names.some(isPartName)) return undefined;
    const words = new Int32Array(whole.data);
    for (let at = Word.errno; at < words.length; at += WORDS) if (words[at] !== 0) return undefined;
    return new SealedListing(whole.names, text, words, this.attributes);
  }
}

/** A whole listing, sorted by name, all of it looked at. */
export class SealedListing {
  private sourceDigest: string | undefined;

  constructor(
    private readonly names: readonly string[],
    private readonly text: string,
    private readonly words: Int32Array,
    private readonly attributes: Attributes,
  ) {}

  /**
   * The seal, of which a listing of the destination has only the end in common. `grainNs`: how finely both shares keep
   * times.
   */
  seal(side: Side, grainNs: number): string {
    return side === 'source' ? this.ofSource() + this.common(grainNs) : this.common(grainNs);
  }

  /** Whether the listing of this side gives the seal. */
  gives(seal: string, side: Side, grainNs: number): boolean {
    return side === 'source' ? this.ofSource() === seal.slice(0, DIGITS) : this.common(grainNs) === seal.slice(DIGITS);
  }

  private ofSource(): string {
    this.sourceDigest ??= this.digestOfSource();
    return this.sourceDigest;
  }

  private digestOfSource(): string {
    const words = this.words.slice();
    for (let at = 0; at < words.length; at += WORDS) {
      if (!isFolder(words[at + Word.mode]!)) continue;
      const mode = words[at + Word.mode]! & constants.S_IFMT;
      words.fill(0, at, at + WORDS);
      words[at + Word.mode] = mode;
    }
    return digest(this.text, words);
  }

  private common(grainNs: number): string {
    const { words } = this;
    const grainSeconds = Math.max(1, Math.floor(grainNs / 1e9));
    const { perms, owner, group } = this.attributes;
    const common = new Float64Array((words.length / WORDS) * 8);
    for (let from = 0, to = 0; from < words.length; from += WORDS, to += 8) {
      const mode = words[from + Word.mode]!;
      common[to] = mode & constants.S_IFMT;
      if (isFolder(mode)) continue;
      common[to + 1] = sizeFrom(words, from + Word.size);
      common[to + 2] = Math.floor(sizeFrom(words, from + Word.mtime) / grainSeconds);
      common[to + 3] = Math.floor(words[from + Word.mtime + 2]! / grainNs);
      common[to + 7] = words[from + Word.target]!;
      if (perms && (mode & constants.S_IFMT) === constants.S_IFREG) common[to + 4] = mode & 0o7777;
      if (owner) common[to + 5] = words[from + Word.uid]!;
      if (group) common[to + 6] = words[from + Word.gid]!;
    }
    return digest(this.text, common);
  }

  /** The folders in it, and how much else there is. */
  summary(): { folders: EntryData; same: Contents } {
    const folders: number[] = [];
    let [bytes, skipped] = [0, 0];
    for (let index = 0; index < this.names.length; index++) {
      const at = index * WORDS;
      const mode = this.words[at + Word.mode]!;
      if (isFolder(mode)) folders.push(index);
      else if (kindOfMode(mode) === 'other' && !takesSpecial(mode, this.attributes)) skipped++;
      else bytes += sizeFrom(this.words, at + Word.size);
    }
    const same = { files: this.names.length - folders.length - skipped, bytes, skipped };
    return { folders: chosen(folders, this.names, this.words), same };
  }
}

function isFolder(mode: number): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFDIR;
}

function together(batches: readonly EntryData[]): EntryData {
  const words = new Int32Array(batches.reduce((sum, { names }) => sum + names.length, 0) * WORDS);
  let at = 0;
  for (const { data } of batches) {
    words.set(new Int32Array(data), at);
    at += data.byteLength / 4;
  }
  return sorted(
    batches.flatMap(({ names }) => names),
    words,
  );
}

/** node:crypto is loaded by the first folder: it takes as long to load as all else that a thread does. */
let crypto: typeof import('node:crypto') | undefined;
function digest(text: string, numbers: Int32Array | Float64Array): string {
  crypto ??= createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto');
  return crypto.createHash('sha256').update(text).update(numbers).digest('hex').slice(0, DIGITS);
}
