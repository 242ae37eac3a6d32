/**
 * HTML from templates in which every value is text unless it was made here: names of programs and developers are hostile. Besides the
 * five characters of markup, what could hide or turn text is made visible, because such a page is read by people who decide by it.
 */
import { printable } from '../../schemas/policy/wording.ts';

/** Finished markup. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

export type HtmlValue = Html | string | number | null | false | readonly HtmlValue[];

/** Of one value; far above what any field of a record shows. */
const TEXT_CHARACTERS_MAX = 4_000;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text, for between tags and inside quoted attributes. */
export function escaped(text: string): string {
  return printable(text, TEXT_CHARACTERS_MAX).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A template of ours; null and false stand for nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = parts[0]!;
  for (const [i, value] of values.entries()) markup += `${markupOf(value)}${parts[i + 1]!}`;
  return new Html(markup);
}

function markupOf(value: HtmlValue): string {
  if (value instanceof Html) return value.markup;
  if (value === null || value === false) return '';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return value.map(markupOf).join('');
}
