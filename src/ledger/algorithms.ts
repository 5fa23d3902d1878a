import { checksumName } from '../hash/registry.js';
import type { Checksum } from '../settings.js';
import { damaged } from './errors.js';

/** The algorithm of a code in a row. Throws LedgerError for one that none has. */
export function algorithmOf(code: number): Checksum {
  try {
    return checksumName(code);
  } catch {
    throw damaged(`unknown checksum ${code}`);
  }
}
