/** The paths that alone are copied (--files-from), and the folders that lead to them. Pure. */
import { join } from '../../posix/names.js';

/** What of a folder is wanted: listed is all of an entry, if the rules do not leave it out; through: what is listed beneath. */
export type Wanted = ReadonlyMap<string, 'listed' | 'through'>;

type Node = 'listed' | Map<string, Node>;

export class Scope {
  private readonly root: Node;

  /** Undefined: everything is wanted. */
  constructor(paths: readonly string[] | undefined) {
    const root = new Map<string, Node>();
    this.root = !paths || paths.includes('') ? 'listed' : root;
    if (this.root === root) for (const path of paths ?? []) add(root, path.split('/'));
  }

  /** What is wanted of a folder of the source; undefined: all of it. */
  of(path: string): Wanted | undefined {
    const node = this.at(path);
    if (node === undefined || node === 'listed') return undefined;
    return new Map([...node].map(([name, below]) => [name, below === 'listed' ? 'listed' : 'through'] as const));
  }

  /** The listed paths at or beneath this one, which is listed or leads to what is. */
  beneath(path: string): string[] {
    const node = this.at(path);
    if (node === undefined || node === 'listed') return [path];
    return [...node.keys()].flatMap((name) => this.beneath(join(path, name)));
  }

  private at(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    if (path === '') return node;
    for (const name of path.split('/')) {
      if (node === undefined || node === 'listed') return node;
      node = node.get(name);
    }
    return node;
  }
}

function add(root: Map<string, Node>, names: readonly string[]): void {
  let node = root;
  for (const [at, name] of names.entries()) {
    const below = node.get(name);
    if (below === 'listed') return;
    if (at === names.length - 1) node.set(name, 'listed');
    else {
      const next = below ?? new Map<string, Node>();
      node.set(name, next);
      node = next;
    }
  }
}
