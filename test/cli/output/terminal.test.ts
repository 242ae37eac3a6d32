import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brief, safe, SafeBytes, safeLines } from '../../../services/cli/output/terminal.ts';

describe('text of others on a terminal', () => {
  test.each([
    ['a cursor movement', 'a\u001b[2Jb', 'a\\u{1b}[2Jb'],
    ['a line end', 'a\r\nb', 'a\\u{d}\\u{a}b'],
    ['a turned reading direction', 'a\u202eb', 'a\\u{202e}b'],
    ['a width of nothing', 'a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
    ['an invisible tag', 'a\u{e0041}', 'a\\u{e0041}'],
    ['a C1 control', 'a\u009bb', 'a\\u{9b}b'],
  ])('has %s made visible', (_name, text, shown) => {
    expect(safe(text)).toBe(shown);
  });

  test('keeps every other letter of every language', () => {
    for (const text of ['微信小程序', 'Ünïcödé', '🙂 smile', 'עברית', "it's 100% \\ fine"]) expect(safe(text)).toBe(text);
  });

  test('never holds a control character, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // oxlint-disable-next-line no-control-regex -- these must not be there
        expect(safe(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
        expect(safe(safe(text))).toBe(safe(text));
      }),
    );
  });

  test('keeps its lines and columns where it has some, and no other control', () => {
    expect(safeLines('a\tb\r\nc\rd\n\u000b\u001b')).toBe('a\tb\r\nc\\u{d}d\n\\u{b}\\u{1b}');
  });

  test('is the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 5 }), (text, size) => {
        const bytes = Buffer.from(`${text}\r\n🙂\r`, 'utf8');
        const pieces = new SafeBytes();
        let shown = '';
        for (let at = 0; at < bytes.length; at += size) shown += pieces.push(bytes.subarray(at, at + size));
        expect(shown + pieces.end()).toBe(safeLines(bytes.toString('utf8')));
      }),
    );
  });

  test('is cut where it would not fit a line, never inside a letter', () => {
    expect(brief('🙂'.repeat(10), 4)).toBe('🙂🙂🙂…');
    expect(brief('abcd', 4)).toBe('abcd');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, max) => {
        expect(brief(text, max).isWellFormed()).toBe(true);
        expect([...brief(text.replaceAll(/\p{C}/gu, 'x'), max)].length).toBeLessThanOrEqual(Math.max(max, 1));
      }),
    );
  });
});
