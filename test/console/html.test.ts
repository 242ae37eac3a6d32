/** Templates of markup: every value is text, in elements and in attributes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { html } from '../../services/console/html.ts';

const hostile = fc.string({
  unit: fc.constantFrom('<', '>', '"', "'", '&', ';', 'a', '=', ' ', '\n', '\u202e', '\ud800'),
  maxLength: 40,
});

/** What a browser makes of the five entities. */
function read(text: string): string {
  return text.replace(
    /&(lt|gt|quot|#39|amp);/g,
    (_, name: string) => ({ lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' })[name]!,
  );
}

describe('a value in a template', () => {
  test('stays inside its element and its attribute, and reads as it was', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const { markup } = html`<p title="${value}" lang='${value}'>${value}</p>`;
        const [, title, lang, text] = /^<p title="([^"<>]*)" lang='([^'<>]*)'>([^<>]*)<\/p>$/.exec(markup) ?? [];
        const visible = value.toWellFormed().replaceAll('\n', '\\u{a}').replaceAll('\u202e', '\\u{202e}');
        expect([title, lang, text].map((part) => read(part ?? 'broken out'))).toEqual([visible, visible, visible]);
      }),
    );
  });

  test('is markup only when it was made as such; nothing stands for nothing', () => {
    expect(html`<ul>${[html`<li>${1}</li>`, null, false, '<b>']}</ul>`.markup).toBe('<ul><li>1</li>&lt;b&gt;</ul>');
  });
});
