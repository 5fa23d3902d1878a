/**
 * Names that a destination refuses, as look-alikes that it takes (--rename-invalid): `a:b` becomes `a：b`. Reversible: what
 * looks like one of ours from the start is marked, so that no two names become one, and each leads back. Pure.
 */
import { isPartName } from './partname.js';

/** Sorts of names, as the ledger has them; each is looked for by the sample of ODD_NAMES that has the same one. */
export const RENAMED_SORTS = [
  ...[':', '*', '?', '"', '<', '>', '|', '\\'],
  'newline',
  'control',
  'dot',
  'space',
  'leading space',
  'device',
  'bytes',
] as const;
export type RenamedSort = (typeof RENAMED_SORTS)[number];

/** The mark: the character after it stands for itself; or the two hexadecimal digits after it for a byte that is not UTF-8. */
const MARK = '\u201b';
/** Fullwidth forms of ! to ~ are this far from them. */
const FULLWIDTH = 0xfee0;
const SPACE = '\u2420';
const DOT = '.';
const WIDE_DOT = wide(DOT);
const DEVICE = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(?=\.|$)/i;
const WIDE_LETTER = /^[\uff21-\uff3a\uff41-\uff5a]/;

function wide(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + FULLWIDTH);
}

function narrow(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) - FULLWIDTH);
}

export class Renaming {
  /** What takes the place of single characters, wherever they are. */
  private readonly become = new Map<string, string>();
  private readonly was: ReadonlyMap<string, string>;

  constructor(private readonly sorts: readonly RenamedSort[]) {
    for (const sort of sorts) if (sort.length === 1) this.become.set(sort, wide(sort));
    const control = (code: number) => this.become.set(String.fromCharCode(code), String.fromCharCode(0x2400 + code));
    if (sorts.includes('newline')) control(10);
    if (sorts.includes('control')) for (let code = 1; code < 32; code++) if (code !== 10) control(code);
    this.was = new Map([...this.become].map(([from, to]) => [to, from]));
  }

  get changesNothing(): boolean {
    return this.sorts.length === 0;
  }

  private has(sort: RenamedSort): boolean {
    return this.sorts.includes(sort);
  }

  /** A name of the source as the destination has it. */
  encode(name: string): string {
    if (this.changesNothing || isPartName(name)) return name;
    const characters = [...name];
    const last = characters.length - 1;
    const made = characters.map((character, at) => {
      const other = this.become.get(character);
      if (other !== undefined) return other;
      if (at === 0 && character === ' ' && this.has('leading space')) return SPACE;
      if (at === last && character === ' ' && this.has('space')) return SPACE;
      if (at === last && character === DOT && this.has('dot')) return WIDE_DOT;
      const code = character.charCodeAt(0);
      if (character.length === 1 && code >= 0xdc80 && code <= 0xdcff && this.has('bytes'))
        return MARK + (code - 0xdc00).toString(16);
      return this.isOurs(character, at, last) ? MARK + character : character;
    });
    if (!this.has('device')) return made.join('');
    if (DEVICE.test(name)) made[0] = wide(made[0]!);
    else if (isWideDevice(name)) made[0] = MARK + made[0];
    return made.join('');
  }

  /** Whether a character of a name would be taken for one that took another's place. */
  private isOurs(character: string, at: number, last: number): boolean {
    if (character === MARK || this.was.has(character)) return true;
    if (character === SPACE) return (at === 0 && this.has('leading space')) || (at === last && this.has('space'));
    return character === WIDE_DOT && at === last && this.has('dot');
  }

  /** The name of the source that the destination has as this one; undefined: no name becomes this one. */
  decode(name: string): string | undefined {
    if (this.changesNothing || isPartName(name)) return name;
    const original = this.readBack(name);
    return original !== undefined && this.encode(original) === name ? original : undefined;
  }

  private readBack(name: string): string | undefined {
    const characters = [...name];
    const last = characters.length - 1;
    let original = '';
    for (let at = 0; at <= last; at++) {
      const character = characters[at]!;
      if (character !== MARK) {
        const before = this.was.get(character) ?? (this.isOurs(character, at, last) ? ENDS[character] : undefined);
        original += before ?? character;
        continue;
      }
      const next = characters[++at];
      const digits = `${next ?? ''}${characters[at + 1] ?? ''}`;
      if (/^[89a-f][0-9a-f]$/.test(digits)) {
        original += String.fromCharCode(0xdc00 + Number.parseInt(digits, 16));
        at++;
      } else if (next === undefined) return undefined;
      else original += next;
    }
    const isDevice = this.has('device') && characters[0] !== MARK && isWideDevice(original);
    return isDevice ? narrow(original[0]!) + original.slice(1) : original;
  }

  encodePath(path: string): string {
    if (this.changesNothing) return path;
    return path
      .split('/')
      .map((name) => this.encode(name))
      .join('/');
  }
}

const ENDS: Readonly<Record<string, string>> = { [SPACE]: ' ', [WIDE_DOT]: DOT };

function isWideDevice(name: string): boolean {
  return WIDE_LETTER.test(name) && DEVICE.test(narrow(name[0]!) + name.slice(1));
}
