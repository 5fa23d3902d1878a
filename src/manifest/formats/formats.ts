/** The formats by their names. */
import type { ManifestFormat } from '../../settings.js';
import { csv } from './csv.js';
import type { Format } from './format.js';
import { jsonl } from './jsonl.js';
import { mtree } from './mtree.js';
import { b3sums, bsd, sums } from './sums.js';

const FORMATS: Readonly<Record<ManifestFormat, () => Format>> = {
  sha256sum: () => sums('sha256'),
  b3sum: b3sums,
  md5sum: () => sums('md5'),
  sha1sum: () => sums('sha1'),
  sha512sum: () => sums('sha512'),
  b2sum: () => sums('blake2b'),
  bsd,
  csv,
  jsonl,
  mtree,
};

export function createFormat(name: ManifestFormat): Format {
  return FORMATS[name]();
}
