/**
 * File names as JS strings, without loss. Linux names are bytes; most are valid UTF-8 and become the string that
 * everybody expects. A byte that is not part of valid UTF-8 becomes a lone surrogate U+DC80..U+DCFF (the scheme of
 * PEP 383), which no valid UTF-8 decodes to, so two names that differ only in invalid bytes stay two names.
 */
import { isUtf8 } from 'node:buffer';

/** The name in `bytes[start, end)`. */
export function decodeName(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  // U+FFFD is either what a decoder puts for a broken byte or a real character of the name.
  if (!text.includes('\ufffd') || isUtf8(bytes.subarray(start, end))) return text;
  let name = '';
  for (let at = start; at < end; ) {
    const length = sequenceLength(bytes, at, end);
    name += length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : bytes.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return name;
}

/** Length in bytes of the valid UTF-8 sequence at `at`, 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number, end: number): number {
  const lead = bytes[at]!;
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return at + length <= end && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** True for a name that is valid UTF-8 on disk. */
export function isPlain(name: string): boolean {
  return name.isWellFormed();
}

/** The bytes of a name (or path), as they are on disk. */
export function nameBytes(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name, 'utf8');
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at);
    const next = name.charCodeAt(at + 1);
    if (unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000) at++;
    else if (unit >= 0xdc80 && unit <= 0xdcff) {
      parts.push(Buffer.from(name.slice(from, at), 'utf8'), Buffer.of(unit - 0xdc00));
      from = at + 1;
    }
  }
  parts.push(Buffer.from(name.slice(from), 'utf8'));
  return Buffer.concat(parts);
}

/** What SQLite stores: TEXT for a name that is valid UTF-8, its bytes as a BLOB for one that is not. */
export function toColumn(name: string): string | Buffer {
  return name.isWellFormed() ? name : nameBytes(name);
}

export function fromColumn(value: string | Buffer): string {
  return typeof value === 'string' ? value : decodeName(value, 0, value.length);
}

/** The path of `name` in the folder `dir`, or of the folder itself for ''; the root's own path is ''. */
export function join(dir: string, name: string): string {
  return dir === '' || name === '' ? dir + name : `${dir}/${name}`;
}

export function dirName(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
