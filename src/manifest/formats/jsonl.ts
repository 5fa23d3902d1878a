/**
 * One JSON object a line; docs/manifest.md says what the fields are. All that the Merkle root is made of is in them. A byte
 * that is not UTF-8 is an escaped lone surrogate, as in the audit log: `\udc80` to `\udcff` (PEP 383).
 */
import { fromColumn } from '../../posix/names.js';
import { CHECKSUMS } from '../../settings.js';
import { harmlessJson } from '../../ui/clean.js';
import type { Format } from './format.js';

export function jsonl(): Format {
  return {
    algorithms: CHECKSUMS,
    listsAll: true,
    lines: ({ path, kind, size, mtimeNs, hash }) =>
      `${harmlessJson(
        JSON.stringify({
          path: fromColumn(path),
          kind,
          size: kind === 'folder' ? null : size,
          // Most readers of JSON have no whole numbers of that size.
          mtime_ns: String(mtimeNs),
          algorithm: hash?.algorithm ?? null,
          hash: hash?.hex ?? null,
        }),
      )}\n`,
    tail: (root, entries) => `${JSON.stringify({ merkle_root: root, entries })}\n`,
  };
}
