/** A destination that is asked for by the names of the source, and has them under others (--rename-invalid). */
import { constants } from 'node:os';
import type { Kind, Stat } from '../posix/stat.js';
import type { Carried } from './attributes.js';
import type { Entries } from './entries.js';
import { type RenamedSort, Renaming } from './renaming.js';
import type { DestFile, DestShare, Leaves, Published, SourceFile, SourceShare, Special, Times } from './share.js';

/** A share that is written, and read where it is verified. */
export type Dest = DestShare & Pick<SourceShare, 'open' | 'readLink' | 'look'>;

/** The share itself where no sort of names is refused. */
export function renaming(share: Dest, sorts: readonly RenamedSort[]): Dest {
  return sorts.length === 0 ? share : new RenamingShare(share, new Renaming(sorts));
}

class RenamingShare implements Dest {
  constructor(
    private readonly inner: Dest,
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
  look(dir: string, name: string): Stat {
    return this.inner.look(this.path(dir), this.names.encode(name));
  }
  create(dir: string, name: string, mode: number, size: number): DestFile {
    return this.inner.create(this.path(dir), this.names.encode(name), mode, size);
  }
  link(dir: string, name: string, target: string, times: Times, carried?: Carried): string[] {
    return this.inner.link(this.path(dir), this.names.encode(name), target, times, carried);
  }
  makeSpecial(dir: string, name: string, what: Special, times: Times, carried?: Carried): string[] {
    return this.inner.makeSpecial(this.path(dir), this.names.encode(name), what, times, carried);
  }
  hardLink(dir: string, name: string, other: string, published: Published): 'linked' | 'was' | 'unlike' {
    return this.inner.hardLink(this.path(dir), this.names.encode(name), this.path(other), published);
  }
  stamp(dir: string, name: string, times: Times, carried?: Carried): string[] {
    return this.inner.stamp(this.path(dir), this.names.encode(name), times, carried);
  }
  makeDir(path: string): void {
    this.inner.makeDir(this.path(path));
  }
  stampDir(path: string, times: Times, mode: number, carried?: Carried): string[] {
    return this.inner.stampDir(this.path(path), times, mode, carried);
  }
  moveTo(folder: string, dir: string, name: string): void {
    this.inner.moveTo(this.path(folder), this.path(dir), this.names.encode(name));
  }
  remove(dir: string, name: string, kind: Kind): void {
    this.inner.remove(this.path(dir), this.names.encode(name), kind);
  }
  close(): void {
    this.inner.close();
  }
}
