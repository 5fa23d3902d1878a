/** Which removals of a lease may go ahead: the source is asked folder by folder, just before they are handed on. */
import { join } from '../posix/names.js';
import type { Kind } from '../posix/stat.js';
import { failure, failureOf, UNLISTED } from '../share/failure.js';
import { confirmAbsent, type Questioned } from './absence.js';
import type { FailedItem, Lease } from './messages.js';
import type { LeaseItem, ReaderDeps } from './reader.js';
import { Action, isDeletion, MISSING } from './record.js';

interface Extra {
  readonly id: number;
  readonly kind: Kind;
}

/** Since when the source is known not to have an extra, ms since the Unix epoch; `flags`: MISSING or 0. */
export interface Proven {
  readonly askedMs: number;
  readonly flags: number;
}

export class Removals {
  /** By folder and name: those that nothing is known of yet, in their order. */
  private readonly unasked = new Map<string, Map<string, Extra>>();
  private readonly proven = new Map<number, Proven>();

  constructor(
    lease: Lease,
    private readonly deps: ReaderDeps,
    private readonly failed: FailedItem[],
  ) {
    for (const [index, name] of lease.names.entries()) {
      const action = lease.actions[index] as Action;
      if (!isDeletion({ action })) continue;
      const dir = lease.dirs[lease.dirOf[index]!]!;
      const extras = this.unasked.get(dir) ?? new Map<string, Extra>();
      this.unasked.set(
        dir,
        extras.set(name, { id: lease.ids[index]!, kind: action === Action.removeDir ? 'dir' : 'file' }),
      );
    }
  }

  /** Asks the source. Undefined: it is not to be removed, and was reported as kept or failed. */
  proofOf({ dir, name, id }: LeaseItem): Proven | undefined {
    const extras = this.unasked.get(dir)!;
    // The first that nothing is known of is asked for in any case.
    if (extras.has(name)) this.ask(dir, extras);
    return this.proven.get(id);
  }

  private ask(dir: string, extras: Map<string, Extra>): void {
    const { deps, failed } = this;
    const fail = (name: string, code: string) =>
      failed.push({
        id: extras.get(name)!.id,
        failure: failure(code, 'live check at the source', join(dir, name)),
        side: 'source',
      });
    try {
      const kinds = new Map([...extras].map(([name, { kind }]) => [name, kind]));
      const { absent, missing, hidden, unasked, askedMs } = confirmAbsent(questioned(deps), dir, kinds, deps.filter);
      const kept: number[] = [];
      for (const [name, { id }] of extras) {
        if (unasked.has(name)) continue;
        if (absent.has(name)) this.proven.set(id, { askedMs, flags: missing.has(name) ? MISSING : 0 });
        else if (hidden.has(name)) fail(name, UNLISTED);
        else kept.push(id);
        extras.delete(name);
      }
      if (kept.length > 0) deps.report({ type: 'kept', ids: kept });
    } catch (error) {
      const { code } = failureOf(error, 'readdir', dir);
      for (const name of extras.keys()) fail(name, code);
      extras.clear();
    }
  }
}

/** The source, of which each question is one operation of the limit, and a call that can be seen to hang. */
function questioned({ source, pace, counters }: ReaderDeps): Questioned {
  const ask = <T>(question: () => T): T => {
    pace.take(0, 1);
    return counters.during(question);
  };
  return {
    listKinds: (...about) => ask(() => source.listKinds(...about)),
    look: (...about) => ask(() => source.look(...about)),
    foldsNames: source.foldsNames,
  };
}
