import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutRecords } from '../../services/gateway/cut-records.ts';
import type { BodyForm } from '../../services/gateway/media-type.ts';

const MARK = '\ufeff';

function texts(form: BodyForm, body: string | Buffer, max = 1_000): string[] {
  const records = cutRecords(form, Buffer.from(body), max);
  if ('problem' in records) throw new Error(records.problem);
  return records.map((record) => record.toString());
}

describe('the records of a body', () => {
  it('are one when it is a single event, whatever it holds', () => {
    expect(texts('single', '{"half')).toEqual(['{"half']);
    expect(() => texts('single', '')).toThrow('empty');
  });

  it('are its lines when it is NDJSON: blank lines and line ends are none of it', () => {
    expect(texts('lines', '{"a":1}\r\n\n \t\n{"b":2}\n\r\n{"c":3}\r')).toEqual(['{"a":1}', '{"b":2}', '{"c":3}\r']);
    expect(texts('lines', '')).toEqual([]);
  });

  it('are the lines that were written, for any lines without an end of their own', () => {
    const line = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !/[\r\n\ufeff]/.test(text) && /[^ \t]/.test(text));
    fc.assert(
      fc.property(fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\n\n', '\n \t\n'))), (lines) => {
        expect(texts('lines', lines.map(([text, end]) => text + end).join(''))).toEqual(lines.map(([text]) => text));
      }),
    );
  });

  it('hold no byte-order mark at the beginning of the body, and keep any other', () => {
    expect(texts('single', `${MARK}{}`)).toEqual(['{}']);
    expect(texts('batch', `${MARK}[{}]`)).toEqual(['{}']);
    expect(texts('lines', `${MARK}{}\n${MARK}{}`)).toEqual(['{}', `${MARK}{}`]);
  });

  it('that are too large are kept one byte longer than allowed, so that they are rejected as such', () => {
    expect(texts('lines', `${'x'.repeat(6_000_000)}\n{}`).map(({ length }) => length)).toEqual([4_193_280, 2]);
  });

  it.each(['lines', 'batch'] as const)('as %s are no more than allowed', (form) => {
    const many = form === 'lines' ? '1\n2\n3\n4' : '[1,2,3,4]';
    expect(texts(form, many, 4)).toHaveLength(4);
    expect(cutRecords(form, Buffer.from(many), 3)).toMatchObject({ isTooMany: true });
  });
});
