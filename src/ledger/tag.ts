import { randomBytes } from 'node:crypto';
import { TAG_LENGTH } from '../share/partname.js';
import type { Ledger } from './ledger.js';

const KEY = 'tag';

/** The tag in the temporary names of this ledger's runs (see partName), the same for all of them. */
export function partTag(ledger: Ledger): string {
  const known = ledger.meta<string>(KEY);
  if (known !== undefined) return known;
  const tag = randomBytes(TAG_LENGTH / 2).toString('hex');
  ledger.commit(() => ledger.setMeta(KEY, tag));
  return tag;
}
