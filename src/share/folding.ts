/** Names that a share takes for one: spelled in capitals or not, composed (é) or not. Pure. */

export interface Folding {
  /** `Readme` and `README` are one name. */
  readonly case: boolean;
  /** A letter with its accent and the two one after the other (Unicode's NFC and NFD) are one name. */
  readonly form: boolean;
}

/** Every name is its own. */
export const NO_FOLDING: Folding = { case: false, form: false };

export function folds(folding: Folding): boolean {
  return folding.case || folding.form;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/**
 * The same for all names that the share takes for one. Capitals are mapped one character to one, as the tables of exFAT
 * and NTFS do; what a share maps otherwise (ß to SS) is not found.
 */
export function foldName(name: string, folding: Folding): string {
  // One to one, and its own normal form.
  if (ASCII.test(name)) return folding.case ? name.toUpperCase() : name;
  const composed = folding.form ? name.normalize('NFC') : name;
  return folding.case ? composed.replace(/\p{L}/gu, capital) : composed;
}

function capital(letter: string): string {
  const upper = letter.toUpperCase();
  return upper.length === letter.length ? upper : letter;
}
