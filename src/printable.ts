/**
 * Text on one line that a terminal shows and does not obey: control and format characters (newline, ESC, bidirectional
 * overrides), and halves of surrogate pairs, become `\u{..}`. For messages that quote what a user or a file said.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

/** A value as a message quotes it: whole when short, else its first characters. */
export function quoted(value: string): string {
  const characters = [...value.slice(0, 200)];
  return characters.length <= 60 ? value : `${characters.slice(0, 60).join('')}...`;
}
