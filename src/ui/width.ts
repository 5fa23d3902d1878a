/**
 * Terminal columns of a text. There is no right answer that holds for every terminal (they disagree on joined emoji and
 * on presentation selectors), so where they differ this takes the larger figure: a line may end up a little short, but
 * does not wrap.
 */

/** Made by the first text that is not ASCII: Unicode's tables take longer to load than most of the program. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * East Asian wide and fullwidth blocks (Unicode's EastAsianWidth W and F, joined over small gaps), and the emoji
 * blocks. Wide symbols outside them (U+231A, U+2705 ...) all have emoji presentation.
 */
const wide = once(
  () =>
    new RegExp(
      '[\\u1100-\\u115F\\u2329\\u232A\\u2E80-\\u303E\\u3040-\\uA4CF\\uA960-\\uA97F\\uAC00-\\uD7A3\\uF900-\\uFAFF' +
        '\\uFE10-\\uFE19\\uFE30-\\uFE6F\\uFF00-\\uFF60\\uFFE0-\\uFFE6\\u{16FE0}-\\u{18DFF}\\u{1AFF0}-\\u{1B2FF}' +
        '\\u{1D300}-\\u{1D376}\\u{1F200}-\\u{1F2FF}\\u{1F300}-\\u{1FAFF}\\u{20000}-\\u{3FFFD}\\p{Emoji_Presentation}]',
      'u',
    ),
);

/** Drawn over the character before, or not at all. */
const zero = once(() => /[\p{Mn}\p{Me}\u200B-\u200D\u2060\uFEFF]/u);

/** Asks for the character before to be drawn as an emoji, in two columns. */
const AS_EMOJI = '\uFE0F';

/** ASCII, and the lines, blocks and dots that a screen is drawn with: in every terminal of one column, each by itself. */
export const NARROW = /^[\x20-\x7E\u2500-\u259F\u2800-\u28FF]*$/;

/** Columns of a text without control characters; never more than the sum over its parts, however it is cut. */
export function columnsOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let columns = 0;
  let last = 0;
  for (const character of text) {
    if (character === AS_EMOJI) {
      columns += last === 2 ? 0 : 1;
      last = 2;
    } else if (!zero().test(character)) {
      last = wide().test(character) ? 2 : 1;
      columns += last;
    }
  }
  return columns;
}

const clusters = once(() => new Intl.Segmenter('en', { granularity: 'grapheme' }));

/** The characters of a text as a reader counts them: a letter with its accents is one. */
export function charactersOf(text: string): string[] {
  return NARROW.test(text) ? [...text] : Array.from(clusters().segment(text), ({ segment }) => segment);
}

/** As many whole characters from the start as fit in `columns`. */
export function fitStart(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  return takeWhileFits(charactersOf(text), columns).join('');
}

/** The first of `characters` that fit in `columns` together. */
export function takeWhileFits(characters: readonly string[], columns: number): string[] {
  let left = columns;
  const stop = characters.findIndex((character) => {
    left -= columnsOf(character);
    return left < 0;
  });
  return stop < 0 ? [...characters] : characters.slice(0, stop);
}
