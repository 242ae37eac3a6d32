import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodingOf, parseJson } from '../../../services/domain/record/json.ts';

function parse(bytes: Buffer | string): unknown {
  const buffer = Buffer.from(bytes as string);
  return parseJson(buffer, 0, buffer.length, encodingOf(buffer));
}

describe('the bytes of a record', () => {
  it('give the value that they say, whatever characters it holds', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['a lone high surrogate', String.raw`{"a":"\ud800"}`],
    ['a lone low surrogate', String.raw`{"a":"\udc00"}`],
    ['a high surrogate before another escape', String.raw`{"a":"\ud800\n"}`],
    ['a high surrogate before text', String.raw`{"a":"\ud800x"}`],
    ['a lone surrogate in a name', String.raw`{"\ud800":1}`],
    ['a lone surrogate in a value that a later one replaces', String.raw`{"a":"\ud800","a":1}`],
    ['NaN', '{"a":NaN}'],
    ['Infinity', '{"a":Infinity}'],
    ['a byte-order mark', '\ufeff{}'],
    ['half a document', '{"a":'],
    ['two documents', '{}{}'],
    ['nothing', ''],
    ['a NUL byte', '{"a":"\u0000"}'],
    ['a high surrogate before another escape and a low one', String.raw`{"a":"\ud800\n\udc00"}`],
    ['513 levels', '['.repeat(513) + ']'.repeat(513)],
    ['a million levels', '['.repeat(1_000_000)],
  ])('are no JSON with %s', (_, text) => {
    expect(parse(text)).toBeUndefined();
  });

  it.each([
    ['a pair of escapes', String.raw`{"a":"\ud83d\ude02"}`, { a: '😂' }],
    ['a backslash before the letter u', String.raw`{"a":"\\ud800"}`, { a: String.raw`\ud800` }],
    ['a repeated name: the last counts', '{"a":1,"a":2}', { a: 2 }],
    ['numbers that are integers', '[1.0,1e0,-0]', [1, 1, -0]],
    ['brackets in strings', JSON.stringify(['['.repeat(2_000)]), ['['.repeat(2_000)]],
    ['brackets behind a quote in a string', JSON.stringify([`"${'['.repeat(2_000)}`]), [`"${'['.repeat(2_000)}`]],
  ])('are JSON with %s', (_, text, value) => {
    expect(parse(text)).toEqual(value);
  });

  it('are JSON with 512 levels, however long', () => {
    for (const inside of ['', '1', '"a"'.padEnd(1_000)]) expect(parse('['.repeat(512) + inside + ']'.repeat(512))).toBeDefined();
  });

  it('are judged by themselves: a character split between two records is valid in neither', () => {
    const bytes = Buffer.from('"é""x"');
    // The cut goes through the two bytes of é; the whole is valid UTF-8.
    expect(encodingOf(bytes)).toBe('utf8');
    expect(parseJson(bytes, 0, 2, 'utf8')).toBeUndefined();
    expect(parseJson(bytes, 2, bytes.length, 'utf8')).toBeUndefined();
  });

  it('are what they are by themselves, wherever a batch is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.json({ stringUnit: 'binary' }), { maxLength: 4 }), fc.nat(), fc.nat(), (texts, from, to) => {
        const bytes = Buffer.from(texts.join(''));
        const [start, end] = [from % (bytes.length + 1), to % (bytes.length + 1)].sort((a, b) => a - b) as [number, number];
        expect(parseJson(bytes, start, end, encodingOf(bytes))).toEqual(parse(bytes.subarray(start, end)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('with invalid UTF-8 spoil only their own record', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":1}'), Buffer.from([0x22, 0xff, 0x22]), Buffer.from('"é"')]);
    const encoding = encodingOf(bytes);
    expect(parseJson(bytes, 0, 7, encoding)).toEqual({ a: 1 });
    expect(parseJson(bytes, 7, 10, encoding)).toBeUndefined();
    expect(parseJson(bytes, 10, bytes.length, encoding)).toBe('é');
  });
});
