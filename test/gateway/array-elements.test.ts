import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayElements } from '../../services/gateway/array-elements.ts';

const ELEMENTS_MAX = 10_000;

function cut(body: string | Buffer, max = ELEMENTS_MAX): string[] | null {
  const elements = arrayElements(Buffer.from(body), max);
  return 'problem' in elements ? null : elements.map((element) => element.toString());
}

/** What a strict parser makes of a text; undefined for what is no array. */
function parsedArray(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 });
/** Text that is full of what a scanner can stumble over. */
const signs = fc.string({
  unit: fc.constantFrom(
    '[',
    ']',
    '{',
    '}',
    '"',
    '\\',
    ',',
    ':',
    ' ',
    '1',
    'a',
    '\\"',
    '\\\\',
    '\\u0022',
    '{}',
    '""',
    'null',
    'é',
    '\n',
  ),
  maxLength: 40,
});

describe('the elements of a batch', () => {
  it('are those of JSON.parse, whatever stands between and in them', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            space,
            fc.oneof(
              fc.json(),
              signs.map((text) => JSON.stringify(text)),
            ),
            space,
          ),
          { maxLength: 8 },
        ),
        space,
        space,
        (elements, before, after) => {
          const inside = elements.map(([left, json, right]) => left + json + right).join(',');
          const body = `${before}[${inside}]${after}`;
          const found = cut(body);
          expect(found?.map((element) => JSON.parse(element) as unknown)).toEqual(JSON.parse(body));
          expect(found).toEqual(elements.map(([, json]) => json.trim()));
        },
      ),
    );
  });

  it('are all JSON only when the body is a JSON array, and then the same', () => {
    let arrays = 0;
    fc.assert(
      fc.property(signs, (inside) => {
        const body = `[${inside}]`;
        const found = cut(body);
        const expected = parsedArray(body);
        if (expected !== undefined) arrays++;
        const isAllJson = found?.every(isJson) === true;
        expect(isAllJson).toBe(expected !== undefined);
        if (expected !== undefined) expect(found?.map((element) => JSON.parse(element) as unknown)).toEqual(expected);
      }),
      { numRuns: 3_000, seed: 7 },
    );
    expect(arrays).toBeGreaterThan(20);
  });

  it('of any bytes are pieces of them or a problem, however deep they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isArray) => {
        const body = isArray ? Buffer.concat([Buffer.from('['), bytes, Buffer.from(']')]) : Buffer.from(bytes);
        const elements = arrayElements(body, 10);
        if ('problem' in elements) expect(elements.problem).not.toBe('');
        else {
          expect(elements.length).toBeLessThanOrEqual(10);
          let from = 0;
          for (const element of elements) {
            expect(element.length).toBeGreaterThan(0);
            expect(element.byteOffset - body.byteOffset).toBeGreaterThan(from);
            from = element.byteOffset - body.byteOffset + element.length;
          }
          expect(from).toBeLessThan(body.length);
        }
      }),
    );
    const deep = 4_000_000;
    expect(cut(`[${'['.repeat(deep)}${']'.repeat(deep)}]`)?.[0]?.length).toBe(2 * deep);
  });

  it('keep the bytes they had', () => {
    const elements = ['{"n":1e2,"n":1.0,"s":"\\ud800"}', '{ "a" : 12345678901234567890 }', '"\\u0041"'];
    expect(cut(`[ ${elements.join(' ,\n')} ]`)).toEqual(elements);
  });

  it('that are no JSON are cut out all the same', () => {
    expect(cut('[{"a":1}, tru, {"b" 2}, {"c":3], 01]')).toEqual(['{"a":1}', 'tru', '{"b" 2}', '{"c":3]', '01']);
  });

  it.each(['', ' ', '{}', '[', '[1', '[1,', '[,]', '[1,]', '[,1]', '[1,,2]', '[1]x', '[]]', '["a]', '[1}]', '["a\\"]', 'x[1]'])(
    'of %j cannot be told apart',
    (body) => {
      expect(cut(body)).toBeNull();
    },
  );

  it('are counted while they are cut: a million of them are not kept', () => {
    const body = Buffer.from(`[${'1,'.repeat(1_000_000)}1]`);
    expect(arrayElements(body, 1_000_000)).toEqual({ problem: expect.stringContaining('1000000') as string, isTooMany: true });
    expect(arrayElements(body, 1_000_001)).toHaveLength(1_000_001);
  });
});
