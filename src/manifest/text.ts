/** A manifest as it is written: its pieces, and what became of the entries. */
import { UsageError } from '../exit.js';
import type { SyncedEntry } from '../ledger/synced.js';
import type { Checksum, ManifestFormat } from '../settings.js';
import { formatCount } from '../stats/format.js';
import type { Format } from './formats/format.js';
import { createFormat } from './formats/formats.js';
import { leafOf, MerkleTree } from './merkle.js';

/** Bytes of a piece, about. */
const PIECE = 128 * 1024;

export class ManifestText {
  private readonly format: Format;
  private readonly tree = new MerkleTree();
  /** Files that cannot be checked by this manifest: by the hash that they have, if any ... */
  private readonly unhashed = new Map<Checksum | undefined, number>();
  /** ... or since the tools of this format cannot use their names. */
  private unnamed = 0;
  private lines = 0;

  constructor(private readonly name: ManifestFormat) {
    this.format = createFormat(name);
  }

  /** Entries so far, in the manifest or not, and the Merkle root over them, in hex. */
  get entries(): number {
    return this.tree.count;
  }
  get root(): string {
    return this.tree.root().toString('hex');
  }

  /** The text of these entries. Throws a UsageError at its end when there was something to write and nothing was. */
  *pieces(entries: Iterable<SyncedEntry>): Generator<Uint8Array> {
    const { format } = this;
    let gathered: Uint8Array[] = [];
    let bytes = 0;
    const take = (text: string | Uint8Array) => {
      const data = typeof text === 'string' ? Buffer.from(text) : text;
      gathered.push(data);
      bytes += data.length;
    };
    take(format.head ?? '');
    for (const entry of entries) {
      this.tree.add(...leafOf(entry));
      take(this.linesOf(entry));
      if (bytes < PIECE) continue;
      yield Buffer.concat(gathered);
      [gathered, bytes] = [[], 0];
    }
    const missing = this.missing();
    if (this.lines === 0 && missing !== undefined) throw new UsageError(missing);
    take(format.tail?.(this.root, this.entries) ?? '');
    yield Buffer.concat(gathered);
  }

  private linesOf(entry: SyncedEntry): string | Uint8Array {
    const { algorithms, listsAll } = this.format;
    const algorithm = entry.hash?.algorithm;
    const isHashed = algorithm !== undefined && algorithms.includes(algorithm);
    if (entry.kind === 'file' && !isHashed) this.unhashed.set(algorithm, (this.unhashed.get(algorithm) ?? 0) + 1);
    if (!isHashed && !listsAll) return '';
    const lines = this.format.lines(entry);
    if (lines === undefined) this.unnamed += 1;
    else this.lines += 1;
    return lines ?? '';
  }

  /** In one line which files cannot be checked by this manifest, why, and what to do; undefined: none. */
  missing(): string | undefined {
    const { listsAll } = this.format;
    const known = [...this.unhashed].filter(([algorithm]) => algorithm !== undefined);
    const never = this.unhashed.get(undefined) ?? 0;
    const parts = [
      ...known.map(([algorithm, count]) => `${files(count)} with ${algorithm}`),
      ...(never > 0 ? [`${files(never)} without a hash, which the destination had before the first copy`] : []),
      ...(this.unnamed > 0 ? [`${files(this.unnamed)} whose names its tools cannot read or open`] : []),
    ];
    if (parts.length === 0) return undefined;
    const advice = [
      ...(known.length > 0 ? ['bsd and jsonl take every algorithm'] : []),
      ...(!listsAll && never + this.unnamed > 0 ? ['jsonl lists every file'] : []),
    ];
    const which = listsAll ? 'has no hash of' : 'leaves out';
    return `--format ${this.name} ${which} ${parts.join(', ')}${advice.length > 0 ? `; ${advice.join(', ')}` : ''}`;
  }
}

function files(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'file' : 'files'}`;
}
