/** Entries that may be gone, or not there yet. */
import { statAt } from '../../posix/calls.js';
import { Stat } from '../../posix/stat.js';
import { saysAbsent } from '../failure.js';

/** False when `work` fails since what it is about is not there; throws what else it throws. */
export function wasThere(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!saysAbsent(error)) throw error;
    return false;
  }
}

const stat = new Stat();

/** Something is in `folder` by this name, perhaps by an alias. */
export function isThere(folder: number, name: string): boolean {
  return wasThere(() => statAt(folder, name, stat));
}
