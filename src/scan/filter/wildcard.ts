/**
 * Wildcards as rsync(1) has them, over text of which each character is one byte (latin1), since `?` and `[...]` stand
 * for one byte there: `?` is any but a slash, `*` any number of those, `**` (or more stars) any number of bytes,
 * `[a-z]` one of a class, which is never a slash, `\x` the character x. Pure.
 */

/** A literal character, one of 256, or a star. */
type Token = string | Uint8Array | typeof STAR | typeof STARS;
const STAR = Symbol('*');
const STARS = Symbol('**');

const SLASH = '/';

export class Wildcard {
  private constructor(
    /** Undefined: it is malformed, and matches nothing. */
    private readonly tokens: readonly Token[] | undefined,
  ) {}

  static of(pattern: string): Wildcard {
    return new Wildcard(tokensOf(pattern));
  }

  /** Whether `?` or a class is in it, which stand for one byte: the text must be bytes then. */
  get countsBytes(): boolean {
    return this.tokens?.some((token) => token instanceof Uint8Array) ?? false;
  }

  /** Whether it stands for all of `text` from `from` on. */
  matches(text: string, from = 0): boolean {
    const { tokens } = this;
    if (!tokens) return false;
    // Most patterns begin with a character, and most names with another.
    if (typeof tokens[0] === 'string' && text[from] !== tokens[0]) return false;
    let at = from;
    let token = 0;
    // Where to go on when what follows the last `*`, or else the last `**`, does not fit: one character later. It is
    // enough to go back to the last of each, since an earlier one could only leave less for those after it.
    let star = -1;
    let starAt = 0;
    let stars = -1;
    let starsAt = 0;
    for (;;) {
      const wanted = tokens[token];
      if (wanted === STARS) {
        stars = ++token;
        starsAt = at;
        star = -1;
        if (stars === tokens.length) return true;
      } else if (wanted === STAR) {
        star = ++token;
        starAt = at;
      } else if (wanted === undefined ? at === text.length : at < text.length && fits(wanted, text, at)) {
        if (wanted === undefined) return true;
        token++;
        at++;
      } else if (star >= 0 && starAt < text.length && text[starAt] !== SLASH) {
        token = star;
        at = ++starAt;
      } else if (stars >= 0 && starsAt < text.length) {
        token = stars;
        at = ++starsAt;
        star = -1;
      } else return false;
    }
  }
}

function fits(token: string | Uint8Array, text: string, at: number): boolean {
  return typeof token === 'string' ? text[at] === token : token[text.charCodeAt(at)] === 1;
}

function tokensOf(pattern: string): Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === '*') {
      const first = at;
      while (pattern[at + 1] === '*') at++;
      tokens.push(at > first ? STARS : STAR);
    } else if (character === '?') tokens.push(ANY);
    else if (character === '[') {
      const read = classAt(pattern, at + 1);
      if (!read) return undefined;
      tokens.push(read.members);
      at = read.end;
    } else if (character === '\\') {
      const escaped = pattern[++at];
      if (escaped === undefined) return undefined;
      tokens.push(escaped);
    } else tokens.push(character);
  }
  return tokens;
}

/** 1 for each byte but the slash. */
const ANY = withoutSlash(new Uint8Array(256).fill(1));

function withoutSlash(members: Uint8Array): Uint8Array {
  members[SLASH.charCodeAt(0)] = 0;
  return members;
}

/** The class that begins after the bracket before `at`, and the place of its closing bracket; undefined: malformed. */
function classAt(pattern: string, start: number): { members: Uint8Array; end: number } | undefined {
  const members = new Uint8Array(256);
  const isInverted = pattern[start] === '!' || pattern[start] === '^';
  let at = isInverted ? start + 1 : start;
  /** The character that may begin a range; undefined after a range or a named class. */
  let previous: string | undefined;
  // A closing bracket that comes first is a member.
  for (let isFirst = true; isFirst || pattern[at] !== ']'; isFirst = false, at++) {
    let character = pattern[at];
    if (character === undefined) return undefined;
    if (character === '[' && pattern[at + 1] === ':') {
      const close = pattern.indexOf(']', at + 2);
      if (close < 0) return undefined;
      // `[:]` has no room for a name, and what does not end in a colon is a set of characters after all.
      if (close > at + 2 && pattern[close - 1] === ':') {
        const named = CLASSES[pattern.slice(at + 2, close - 1)];
        if (!named) return undefined;
        for (let code = 0; code < 128; code++) if (named.test(String.fromCharCode(code))) members[code] = 1;
        previous = undefined;
        at = close;
        continue;
      }
    }
    const next = pattern[at + 1];
    if (character === '-' && previous !== undefined && next !== undefined && next !== ']') {
      at += next === '\\' ? 2 : 1;
      const last = pattern[at];
      if (last === undefined) return undefined;
      members.fill(1, previous.charCodeAt(0), Math.max(previous.charCodeAt(0), last.charCodeAt(0) + 1));
      previous = undefined;
      continue;
    }
    if (character === '\\') {
      character = pattern[++at];
      if (character === undefined) return undefined;
    }
    members[character.charCodeAt(0)] = 1;
    previous = character;
  }
  return { members: withoutSlash(isInverted ? members.map((member) => 1 - member) : members), end: at };
}

/** Of ASCII, as in the C locale. */
const CLASSES: Readonly<Record<string, RegExp | undefined>> = {
  __proto__: null as never,
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: just those
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t-\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};
