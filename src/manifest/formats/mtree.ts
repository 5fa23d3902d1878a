/**
 * mtree(5) with whole paths, as libarchive and the mtree of NetBSD and FreeBSD read it: a folder before what is in it,
 * bytes that are not graphic ASCII or mean something in octal, which all readers of vis(3) know.
 */
import type { SyncedEntry } from '../../ledger/synced.js';
import { type Format, rawText, timeParts } from './format.js';

/** The names that all of them take, sha256 alone is newer. Others have no keyword. */
const KEYWORDS = { md5: 'md5digest', sha1: 'sha1digest', sha256: 'sha256digest', sha512: 'sha512digest' } as const;
type Known = keyof typeof KEYWORDS;
const ALGORITHMS = Object.keys(KEYWORDS) as Known[];

export function mtree(): Format {
  /** The folders from the root to the last entry, that have a line. */
  let open: string[] = [];

  /** Folders above, which are there, though they are not synced themselves. */
  function foldersOf(path: string): string[] {
    const missing: string[] = [];
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash);
      if (open.includes(folder)) break;
      missing.unshift(folder);
    }
    return missing;
  }

  return {
    algorithms: ALGORITHMS,
    listsAll: true,
    head: '#mtree\n',
    lines: (entry) => {
      const path = rawText(entry.path);
      const missing = foldersOf(path);
      open = open.filter((folder) => path.startsWith(`${folder}/`)).concat(missing);
      if (entry.kind === 'folder') open.push(path);
      return [...missing.map((folder) => `${visible(folder)} type=dir\n`), lineOf(path, entry)].join('');
    },
    tail: (root, entries) => `# Merkle root of ${entries} entries: ${root}\n`,
  };
}

function lineOf(path: string, { kind, size, mtimeNs, hash }: SyncedEntry): string {
  const { seconds, digits } = timeParts(mtimeNs);
  const words = [visible(path), `type=${kind === 'folder' ? 'dir' : kind}`];
  if (kind === 'file') words.push(`size=${size}`);
  words.push(`time=${seconds}.${digits}`);
  const keyword = hash && KEYWORDS[hash.algorithm as Known];
  if (keyword) words.push(`${keyword}=${hash.hex}`);
  return `${words.join(' ')}\n`;
}

/** Also what begins a comment, matches other names, escapes, or parts a word from its value. */
function visible(path: string): string {
  return path.replace(
    /[^!-~]|[#*=?[\\\]]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}
