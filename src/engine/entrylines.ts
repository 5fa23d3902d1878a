/** What is said of single entries (-v, -i). */
import { Action, isDeletion } from '../pipeline/record.js';
import { kindOfMode } from '../posix/stat.js';
import { unknownChanges, withoutContent } from '../scan/itemize.js';
import { pathOf } from './conveyor.js';
import { type Item, isAsItWas, isContentThere } from './item.js';

export const DELETING = '*deleting  ';

/** The line of --itemize; that of a folder of the source is told when it is found. */
export function itemLine(item: Item): string | undefined {
  const path = pathOf(item);
  switch (item.action) {
    case Action.copy: {
      const changes = changesIn(item);
      const told = isAsItWas(item) ? undefined : isContentThere(item) ? withoutContent(changes) : changes;
      return told && `${told} ${path}`;
    }
    case Action.link:
    case Action.special:
      return `${changesIn(item)} ${path}`;
    case Action.hardLink:
      return isAsItWas(item) ? undefined : `h${changesIn(item).slice(1)} ${path} => ${item.target!.path}`;
    case Action.stamp:
      return `${item.changes ?? unknownChanges('stamp', item.meta.mode)} ${path}`;
    case Action.remove:
      return isAsItWas(item) ? undefined : `${DELETING} ${path}`;
    case Action.removeDir:
      return isAsItWas(item) ? undefined : `${DELETING} ${path}/`;
    default:
      return undefined;
  }
}

/** Of an item that is brought to the destination. */
function changesIn({ changes, meta }: Item): string {
  const kind = kindOfMode(meta.mode);
  return changes ?? unknownChanges(kind === 'link' ? 'link' : kind === 'other' ? 'special' : 'copy', meta.mode);
}

const VERBS: Readonly<Record<Action, string>> = {
  [Action.copy]: 'copied',
  [Action.link]: 'linked',
  [Action.special]: 'made',
  [Action.hardLink]: 'linked',
  [Action.makeDir]: 'made',
  [Action.stampDir]: 'stamped',
  [Action.stamp]: 'stamped',
  [Action.remove]: 'deleted',
  [Action.removeDir]: 'deleted',
  [Action.removePart]: 'removed',
};

/** The line of --verbose for an item that is done with. */
export function doneLine(item: Item): string {
  const verb = item.failure
    ? 'failed'
    : isContentThere(item)
      ? 'compared'
      : isDeletion(item) && isAsItWas(item)
        ? 'gone'
        : VERBS[item.action];
  return `${verb} ${pathOf(item) || '.'}`;
}
