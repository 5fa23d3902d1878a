/** A destination that is written by the names of the source, and has them under others (--rename-invalid). */
import type { Kind } from '../posix/stat.js';
import type { Carried } from './attributes.js';
import { type RenamedSort, Renaming } from './renaming.js';
import type { DestFile, DestShare, Published, Special, Times } from './share.js';

/** The share itself where no sort of names is refused. */
export function writingRenamed(share: DestShare, sorts: readonly RenamedSort[]): DestShare {
  return sorts.length === 0 ? share : new RenamedDest(share, new Renaming(sorts));
}

class RenamedDest implements DestShare {
  constructor(
    private readonly inner: DestShare,
    private readonly names: Renaming,
  ) {}

  private path(path: string): string {
    return this.names.encodePath(path);
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
  moveTo(folder: string, dir: string, name: string): boolean {
    return this.inner.moveTo(this.path(folder), this.path(dir), this.names.encode(name));
  }
  remove(dir: string, name: string, kind: Kind): boolean {
    return this.inner.remove(this.path(dir), this.names.encode(name), kind);
  }
  close(): void {
    this.inner.close();
  }
}
