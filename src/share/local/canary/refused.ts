/** Which sorts of names a destination does not take, tried out in a folder of our own. */
import { asSysError } from '../../../posix/errno.js';
import type { RootIdentity } from '../../identity.js';
import { ODD_NAMES } from '../../oddnames.js';
import type { RenamedSort } from '../../renaming.js';
import type { Refusal } from '../roots.js';
import { tryNames } from './names.js';
import { Pulse } from './pulse.js';
import { inScratch, makeScratch, removeScratch } from './scratch.js';

/** Of the destination with this identity, which is there; `silently`: those that it seems to take, and lists as others. */
export function refusedSorts(dest: string, expected: RootIdentity, silently: boolean): RenamedSort[] | Refusal {
  const pulse = new Pulse();
  try {
    makeScratch(dest, pulse);
    try {
      const lost = inScratch(dest, expected, (folder) => tryNames(folder, pulse));
      const meant = silently ? lost.filter(({ refused }) => refused === undefined) : lost;
      return meant.flatMap(({ odd }) => ODD_NAMES[odd]!.renamed ?? []);
    } finally {
      removeScratch(dest, expected, false, pulse);
    }
  } catch (error) {
    const { code, op } = asSysError(error, 'try names', dest);
    return { refused: 'share', message: `destination ${dest}: names cannot be tried: ${code} (${op})` };
  }
}
