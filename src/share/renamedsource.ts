/** A destination that is listed and read by the names of the source, and has them under others (--rename-invalid). */
import { constants } from 'node:os';
import type { Kind, Stat } from '../posix/stat.js';
import type { Xattr } from './attributes.js';
import type { Entries } from './entries.js';
import { type RenamedSort, Renaming } from './renaming.js';
import type { Leaves, SourceFile, SourceShare } from './share.js';

/** The share itself where no sort of names is refused. */
export function readingRenamed(share: SourceShare, sorts: readonly RenamedSort[]): SourceShare {
  return sorts.length === 0 ? share : new RenamedSource(share, new Renaming(sorts));
}

class RenamedSource implements SourceShare {
  constructor(
    private readonly inner: SourceShare,
    private readonly names: Renaming,
  ) {}

  /** What no name of the source becomes is listed as something of which nothing is known: it is let be. */
  list(dir: string, batch: Entries, full: () => void, leaves?: Leaves): void {
    let from = batch.count;
    const nameBack = () => {
      for (let index = from; index < batch.count; index++) {
        const name = this.names.decode(batch.names[index]!);
        if (name === undefined) batch.fail(index, constants.errno.EILSEQ);
        // As no name of the source can be: it may look like one.
        batch.names[index] = name ?? `/${batch.names[index]}`;
      }
    };
    const passOn = () => {
      nameBack();
      full();
      from = batch.count;
    };
    const left: Leaves | undefined = leaves && ((name, isFolder) => leaves(this.names.decode(name) ?? name, isFolder));
    this.inner.list(this.path(dir), batch, passOn, left);
    nameBack();
  }

  private path(path: string): string {
    return this.names.encodePath(path);
  }

  get foldsNames(): boolean {
    return this.inner.foldsNames;
  }
  isOnRootFilesystem(dir: string): boolean {
    return this.inner.isOnRootFilesystem(this.path(dir));
  }
  listKinds(dir: string, each: (name: string, kind: Kind) => void): void {
    this.inner.listKinds(this.path(dir), (name, kind) => each(this.names.decode(name) ?? name, kind));
  }
  open(dir: string, name: string): SourceFile {
    return this.inner.open(this.path(dir), this.names.encode(name));
  }
  readLink(dir: string, name: string): { target: string; stat: Stat } {
    return this.inner.readLink(this.path(dir), this.names.encode(name));
  }
  look(dir: string, name: string, fresh?: boolean): Stat {
    return this.inner.look(this.path(dir), this.names.encode(name), fresh);
  }
  sameFile(dir: string, name: string, other: string): Stat | undefined {
    return this.inner.sameFile(this.path(dir), this.names.encode(name), this.path(other));
  }
  openDir(path: string): { stat: Stat; xattrs: Xattr[] } {
    return this.inner.openDir(this.path(path));
  }
  close(): void {
    this.inner.close();
  }
}
