/**
 * Names that some shares refuse, or keep as others: one sample of each sort, to be tried, and how to tell which names of
 * a tree are of that sort. Pure.
 */
import { nameBytes } from '../posix/names.js';
import { partName, TAG_LENGTH } from './partname.js';
import type { RenamedSort } from './renaming.js';

export interface OddName {
  /** Of names, as people say it: 'a name with ":"'. */
  readonly what: string;
  /** What is tried. Each is another name also where case, accents, and dots or spaces at the end do not count. */
  readonly sample: string;
  isSuch(name: string): boolean;
  /** With --rename-invalid such names get others. */
  readonly renamed?: RenamedSort;
}

const holds = (what: string, text: string, renamed: RenamedSort): OddName => ({
  what: `with ${what}`,
  sample: `in${text}side`,
  renamed,
  isSuch: (name) => name.includes(text),
});
const matching = (what: string, sample: string, pattern: RegExp, renamed?: RenamedSort): OddName => ({
  what,
  sample,
  ...(renamed && { renamed }),
  isSuch: (name) => pattern.test(name),
});

export const ODD_NAMES: readonly OddName[] = [
  ...([':', '*', '?', '"', '<', '>', '|', '\\'] as const).map((sign) => holds(sign, sign, sign)),
  holds('a newline', '\n', 'newline'),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  matching('with control characters', 'control\x01', /[\x01-\x09\x0b-\x1f]/, 'control'),
  matching('that end with a dot', 'dot.', /\.$/, 'dot'),
  matching('that end with a space', 'space ', / $/, 'space'),
  matching('that begin with a space', ' leading', /^ /, 'leading space'),
  // The devices of DOS; with an ending they are the same names there.
  matching('of DOS devices (CON, NUL, COM1)', 'CON', /^(con|prn|aux|nul|com[1-9]|lpt[1-9])$/i, 'device'),
  matching(
    'of DOS devices with an ending (aux.txt)',
    'aux.txt',
    /^(con|prn|aux|nul|com[1-9]|lpt[1-9])\..*$/i,
    'device',
  ),
  matching('with bytes that are not UTF-8', 'bytes\udcff', /[\udc80-\udcff](?<![\ud800-\udbff].)/, 'bytes'),
  matching('with characters beyond 16 bits (emoji)', 'emoji\u{1f600}', /[\u{10000}-\u{10ffff}]/u),
  { what: 'with composed accents (NFC)', sample: 'nfc\u00e9', isSuch: (name) => name !== name.normalize('NFD') },
  { what: 'with accents of their own (NFD)', sample: 'nfde\u0301', isSuch: (name) => name !== name.normalize('NFC') },
];

/** What the length of a name is counted in. */
export type LengthUnit = 'bytes' | 'UTF-16 units' | 'characters';

export interface NameLimit {
  readonly most: number;
  readonly unit: LengthUnit;
}

/**
 * The limit behind the longest names that were taken: of so many characters of one, two and four bytes (one, one and
 * two units of UTF-16).
 */
export function limitOf(ascii: number, twoByte: number, fourByte: number): NameLimit {
  if (twoByte * 2 <= ascii + 1) return { most: ascii, unit: 'bytes' };
  return { most: ascii, unit: fourByte * 2 <= ascii + 1 ? 'UTF-16 units' : 'characters' };
}

/** Whether a name, and the one that its file has until it is published, are short enough. */
export function fitsLimit(name: string, limit: NameLimit): boolean {
  return [name, partName(name, '0'.repeat(TAG_LENGTH))].every((each) => lengthIn(each, limit.unit) <= limit.most);
}

function lengthIn(name: string, unit: LengthUnit): number {
  if (unit === 'UTF-16 units') return name.length;
  if (unit === 'characters') return [...name].length;
  return nameBytes(name).length;
}

/** Whether a name is of one of these sorts. */
export function isOfSorts(name: string, sorts: readonly RenamedSort[]): boolean {
  return ODD_NAMES.some(({ renamed, isSuch }) => renamed && sorts.includes(renamed) && isSuch(name));
}
