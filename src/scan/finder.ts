/**
 * The place of a name in a list. Names are mostly asked for in the order of the list, since both sides of a folder and
 * its rows in the ledger are sorted alike and mostly have the same names: then the next name is the one that is wanted,
 * and no index is made.
 */
export class Finder {
  private next = 0;
  private index: Map<string, number> | undefined;

  constructor(private readonly names: readonly string[]) {}

  /** -1: it is not there. */
  find(name: string): number {
    if (this.names[this.next] === name) return this.next++;
    if (this.names.length === 0) return -1;
    if (this.next === this.names.length) {
      this.next = 0; // asked for all of them once more
      if (this.names[0] === name) return this.next++;
    }
    this.index ??= new Map(this.names.map((known, at) => [known, at]));
    const at = this.index.get(name);
    if (at === undefined) return -1;
    this.next = at + 1;
    return at;
  }
}
