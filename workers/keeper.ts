/** Thread entry for short questions to the shares: the main thread never touches one itself. */
import { inspectRoots, prepareDest, syncRoot } from '../src/share/local/roots.js';

export type KeeperTask =
  | { readonly task: 'inspect'; readonly source: string; readonly dest: string }
  | { readonly task: 'prepare'; readonly dest: string }
  | { readonly task: 'sync'; readonly dest: string };

export default function keeper(task: KeeperTask): unknown {
  switch (task.task) {
    case 'inspect':
      return inspectRoots(task.source, task.dest);
    case 'prepare':
      return prepareDest(task.dest);
    case 'sync':
      return syncRoot(task.dest);
    default:
      task satisfies never;
  }
}
