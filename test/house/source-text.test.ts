import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOnly, lineAt } from '../../scripts/source-text.ts';

/** Letters that open and close comments, strings, templates and patterns, in any order. */
const marks = ["'", '"', '`', '\\', '/', '*', '$', '{', '}', '[', ']', '(', ')', '\n', ' ', 'a', '.', '=', 'return '];
const hostileSource = fc.string({ unit: fc.constantFrom(...marks, '//', '/*', '*/', '${', 'é', '🙂') });

test('every character keeps its place, whatever the source', () => {
  fc.assert(
    fc.property(hostileSource, (source) => {
      const code = codeOnly(source);
      expect(code.length).toBe(source.length);
      for (let at = 0; at < source.length; at++) {
        if (source[at] === '\n' || code[at] !== ' ') expect(code[at]).toBe(source[at]);
      }
    }),
  );
});

test('quoted text goes and its quotes stay', () => {
  const text = fc.string().map((value) => value.replace(/\n/g, ' '));
  fc.assert(
    fc.property(text, fc.constantFrom("'", '"', '`'), (value, quote) => {
      const inside = value.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`).replaceAll('${', '\\${');
      const source = `a(${quote}${inside}${quote}, b)`;
      expect(codeOnly(source)).toBe(`a(${quote}${' '.repeat(inside.length)}${quote}, b)`);
    }),
  );
});

test.each([
  ['a division is no pattern', 'a = b / c / d', 'a = b / c / d'],
  ['a pattern may hold quotes', 'a = /b"c/g.test(d)', 'a =       .test(d)'],
  ['a pattern may hold a slash in a class', 'return /[/"]/;', 'return       ;'],
  ['a comment may hold a quote', '(a) / 2 // "', '(a) / 2     '],
  ['the first line of a script is a comment', '#!/usr/bin/env node\na', '                   \na'],
  ['a comment keeps its lines', 'a /* " \n " */ b', 'a      \n      b'],
  ['templates nest', '`a ${`b ${c}`} d` + e', '`  ${`  ${c}`}  ` + e'],
  ['braces in an insertion are counted', '`${{ a: { b } }} c` + d', '`${{ a: { b } }}  ` + d'],
])('%s', (_name, source, code) => {
  expect(codeOnly(source)).toBe(code);
});

test('lines are counted from 1', () => {
  expect([0, 1, 2, 3, 4].map((offset) => lineAt('a\n\nb\n', offset))).toEqual([1, 1, 2, 3, 3]);
});
