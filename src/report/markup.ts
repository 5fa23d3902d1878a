/** HTML in which every text is escaped, because only this file can make markup of a text. */

export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The literal parts are markup, the values between them text, unless they are markup themselves, or lists of both. */
export function html(literals: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return new Markup(
    literals.map((literal, index) => literal + (index < values.length ? inserted(values[index]!) : '')).join(''),
  );
}

function inserted(value: Part): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(inserted).join('');
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
