/** Thread entry for short questions to the shares: the main thread never touches one itself. */
import { SysError } from '../src/posix/errno.js';
import type { RootIdentity } from '../src/share/identity.js';
import { type Examination, examine } from '../src/share/local/canary/examine.js';
import { refusedSorts } from '../src/share/local/canary/refused.js';
import { syncMounts, syncRoot } from '../src/share/local/flush.js';
import { dataBytes, rootState } from '../src/share/local/looks.js';
import { inspectRoot, inspectRoots, type OwnFile } from '../src/share/local/roots.js';
import { type DestSeen, prepareDest, type RootCheck, troubleOf } from '../src/share/local/trial.js';
import type { Side } from '../src/share/share.js';

export type KeeperTask =
  | { readonly task: 'inspect'; readonly source: string; readonly dest: string; readonly own: readonly OwnFile[] }
  | { readonly task: 'inspectOne'; readonly side: Side; readonly root: string; readonly own: readonly OwnFile[] }
  | {
      readonly task: 'prepare';
      readonly dest: string;
      readonly trash: string | undefined;
      readonly seen: DestSeen;
      readonly tag: string;
    }
  | { readonly task: 'dataBytes'; readonly root: string; readonly expected: RootIdentity; readonly path: string }
  | { readonly task: 'rootState'; readonly path: string; readonly expected: RootIdentity }
  | { readonly task: 'look'; readonly check: RootCheck; readonly begun: Int32Array }
  | ({ readonly task: 'examine' } & Examination)
  | {
      readonly task: 'refusedSorts';
      readonly dest: string;
      readonly expected: RootIdentity;
      readonly silently: boolean;
    }
  | {
      readonly task: 'sync';
      readonly dest: string;
      readonly expected: RootIdentity | undefined;
      readonly within: readonly string[];
    };

export default function keeper(task: KeeperTask): unknown {
  switch (task.task) {
    case 'inspect':
      return inspectRoots(task.source, task.dest, task.own);
    case 'inspectOne':
      return inspectRoot(task.side, task.root, task.own);
    case 'prepare':
      return prepareDest(task.dest, task.trash, task.seen, task.tag);
    case 'examine':
      return examine(task);
    case 'refusedSorts':
      return refusedSorts(task.dest, task.expected, task.silently);
    case 'dataBytes':
      return dataBytes(task.root, task.expected, task.path);
    case 'rootState':
      return rootState(task.path, task.expected);
    case 'sync':
      return sync(task);
    case 'look':
      Atomics.store(task.begun, 0, 1);
      return troubleOf(task.check);
    default:
      task satisfies never;
  }
}

/** `away`: why nothing was tried, as an error code; `failed`: why it did not work, in words. */
export type Flushed = { readonly away: string | undefined } | { readonly failed: string };

/** Without an identity, the root's files were flushed one by one. */
function sync({ dest, expected, within }: Extract<KeeperTask, { task: 'sync' }>): Flushed {
  try {
    const away = expected && syncRoot(dest, expected);
    if (away === undefined) syncMounts(within);
    return { away };
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { failed: error.message };
  }
}
