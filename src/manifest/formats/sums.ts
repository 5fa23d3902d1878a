/**
 * Lists of hashes as the tools of GNU coreutils and b3sum write and check them: `HASH  NAME`, or by BSD's habit
 * `SHA256 (NAME) = HASH`. Where a name has a newline or a backslash the line begins with a backslash, and the name has
 * them as `\n` and `\\` (coreutils manual, "md5sum invocation").
 */
import { isUtf8 } from 'node:buffer';
import type { SyncedEntry } from '../../ledger/synced.js';
import type { Checksum } from '../../settings.js';
import { CHECKSUMS } from '../../settings.js';
import { type Format, rawBytes, rawText } from './format.js';

/** Linux opens no longer path, with the zero byte at its end (PATH_MAX). */
const PATH_MAX = 4096;

export function sums(algorithm: Checksum): Format {
  return {
    algorithms: [algorithm],
    listsAll: false,
    lines: (entry) => (canOpen(entry) ? sumLine(entry) : undefined),
  };
}

/** b3sum reads text in UTF-8, and refuses U+FFFD, which may have been another byte. */
export function b3sums(): Format {
  const canRead = ({ path }: SyncedEntry) => isUtf8(path) && !path.includes('\ufffd');
  return { ...sums('blake3'), lines: (entry) => (canRead(entry) && canOpen(entry) ? sumLine(entry) : undefined) };
}

/** As the tools' --tag writes them. */
const TAGS: Readonly<Record<Checksum, string>> = {
  md5: 'MD5',
  sha1: 'SHA1',
  sha256: 'SHA256',
  sha512: 'SHA512',
  blake2b: 'BLAKE2b',
  blake3: 'BLAKE3',
  xxh128: 'XXH128',
};

export function bsd(): Format {
  return {
    algorithms: CHECKSUMS,
    listsAll: false,
    lines: (entry) => {
      if (!canOpen(entry)) return undefined;
      const { mark, name } = escaped(rawText(entry.path));
      return rawBytes(`${mark}${TAGS[entry.hash!.algorithm]} (${name}) = ${entry.hash!.hex}\n`);
    },
  };
}

function canOpen({ path }: SyncedEntry): boolean {
  return path.length < PATH_MAX;
}

function sumLine({ path, hash }: SyncedEntry): Buffer {
  const text = rawText(path);
  // Readers take a carriage return at a line's end for a part of that end. Escaped in other places, older ones refuse it.
  const { mark, name } = text.endsWith('\r')
    ? { mark: '\\', name: `${escaped(text.slice(0, -1)).name}\\r` }
    : escaped(text);
  return rawBytes(`${mark}${hash!.hex}  ${name}\n`);
}

function escaped(text: string): { mark: '' | '\\'; name: string } {
  if (!/[\\\n]/.test(text)) return { mark: '', name: text };
  return { mark: '\\', name: text.replace(/[\\\n]/g, (character) => (character === '\n' ? '\\n' : '\\\\')) };
}
