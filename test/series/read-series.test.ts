import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { readSeries } from '../../services/series/read-series.ts';
import { isSeriesProblem, type SeriesProblem, type SeriesRow, timeOf, valueOf } from '../../services/series/series-row.ts';

async function* piecesOf(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

function read(text: string, pieceBytes = 64): Promise<(SeriesRow | SeriesProblem)[]> {
  return Array.fromAsync(readSeries(piecesOf(Buffer.from(text), pieceBytes)));
}

async function rowsOf(text: string): Promise<[string, number][]> {
  return (await read(text)).map((row) => {
    if (isSeriesProblem(row)) throw new Error(row.message);
    return [new Date(row.timeMs).toISOString(), row.value];
  });
}

async function problemOf(text: string): Promise<SeriesProblem> {
  const last = (await read(text)).at(-1)!;
  if (!isSeriesProblem(last)) throw new Error('there is no problem');
  return last;
}

const EXPECTED = [
  ['2026-03-02T14:00:00.000Z', 1],
  ['2026-03-02T14:05:00.000Z', -2.5],
];

describe('rows of a series', () => {
  test.each([
    ['with a header', 'timestamp,value\n2026-03-02 14:00:00,1\n2026-03-02 14:05:00,-2.5\n'],
    ['without a header and without a last line end', '2026-03-02 14:00:00,1\n2026-03-02 14:05:00,-2.5'],
    [
      'with CR LF, quotes and a byte-order mark',
      '\ufeff"timestamp","value"\r\n"2026-03-02 14:00:00","1"\r\n2026-03-02T14:05,"-2.5"\r\n',
    ],
    ['with blank lines and spaces', '\n2026-03-02 14:00:00 , 1\n\n \n2026-03-02 14:05:00,-2.50\n\n'],
    [
      'with columns in another order and others between',
      'Value,label,Timestamp\n1,x,2026-03-02 14:00:00\n-2.5,,2026-03-02 14:05:00.000\n',
    ],
    ['with offsets', '2026-03-02T15:00:00+01:00,1\n2026-03-02T07:05:00-0700,-2.5\n'],
    ['with fractions of seconds since 1970', '1772460000.00,1\n1772460300.0,-2.5\n'],
    ['with seconds and milliseconds since 1970', '1772460000,1\n1772460300000,-25e-1\n'],
  ])('are read %s', async (_, text) => {
    expect(await rowsOf(text)).toEqual(EXPECTED);
  });

  test('are the same wherever the bytes were cut', async () => {
    const text = '\ufefftimestamp,value\r\n"2026-03-02 14:00:00","1"\r\n\r\n2026-03-02 14:05:00,-2.5\r\n';
    const whole = await read(text, 1000);
    for (let length = 1; length < 20; length++) expect(await read(text, length)).toEqual(whole);
  });

  test('end with a problem that names line, field and what to do', async () => {
    const good = 'timestamp,value\r\n\r\n2026-03-02 14:00:00,1\r\n';
    expect(await problemOf(`${good}2026-03-02 14:05:00,NaN\n`)).toEqual({
      line: 4,
      message: "value 'NaN' is no finite decimal number: mend the row, or leave it out if nothing was measured",
    });
    expect(await problemOf(`${good}02.03.2026,1\n`)).toMatchObject({
      line: 4,
      message: expect.stringMatching(/^timestamp '02.03.2026' is no time: write/) as string,
    });
    expect(await problemOf(`${good}2026-03-02 14:05:00,1,2\n`)).toMatchObject({
      line: 4,
      message: expect.stringMatching(/^3 fields where 2 are expected/) as string,
    });
    expect(await problemOf('timestamp,count\n')).toEqual({
      line: 1,
      message: expect.stringContaining("no column 'value'") as string,
    });
    expect(await problemOf(`${good}"2026-03-02 14:05:00","1\n`)).toMatchObject({
      message: expect.stringMatching(/^a quote is not closed/) as string,
    });
    expect(await problemOf('x'.repeat(100_000))).toMatchObject({
      message: expect.stringMatching(/^a row is longer than 65536/) as string,
    });
  });

  test('end with what the file that they are read from ends with, and it is let go of', async () => {
    let isLetGo = false;
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('2026-03-02 14:00:00,1\n');
      throw new Error('the disk is gone');
    }
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from('2026-03-02 14:00:00,x\n');
      } finally {
        isLetGo = true;
      }
    }
    await expect(Array.fromAsync(readSeries(failing()))).rejects.toThrow('the disk is gone');
    expect(await Array.fromAsync(readSeries(endless()))).toHaveLength(1);
    await vi.waitFor(() => expect(isLetGo).toBe(true));
  });

  test('of any bytes are rows and at most one problem, the last', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('1', '-', ',', '"', '\n', '\r', ' ', 'e') })),
        async (text) => {
          const all = await read(text, 7);
          expect(all.slice(0, -1).filter(isSeriesProblem)).toEqual([]);
          for (const row of all) if (!isSeriesProblem(row)) expect(Number.isFinite(row.value + row.timeMs)).toBe(true);
        },
      ),
    );
  });
});

describe('a field', () => {
  test('is a number as it was written, and no other', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(valueOf(String(value))).toBe(value === 0 ? 0 : value);
      }),
    );
    for (const text of ['', ' ', 'NaN', 'Infinity', '0x10', '1e999', '1,5', '1_000', '1n', '--1', '.'])
      expect(valueOf(text)).toBeNull();
  });

  test('is a time as it was written, and no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1, 0), max: Date.UTC(9999, 11) }), (timeMs) => {
        const text = new Date(timeMs).toISOString();
        fc.pre(/^\d{4}-/.test(text) && text >= '0100');
        expect(timeOf(text)).toBe(timeMs);
        expect(timeOf(text.slice(0, 19).replace('T', ' '))).toBe(Math.floor(timeMs / 1000) * 1000);
      }),
    );
    // Not 1926, which is what the calendar of JavaScript makes of it.
    expect(timeOf('0026-03-02 14:05:00')).toBeNull();
    // Cut, as times of records are.
    expect(timeOf('2026-03-02T14:05:00.9999Z')).toBe(Date.UTC(2026, 2, 2, 14, 5, 0, 999));
    for (const text of [
      '',
      '2026-02-29',
      '2026-13-01',
      '2026-01-01 24:00:00',
      '2026-01-01 10:00:60',
      '2026-01-01 10',
      '1',
      '2026-01-01T10:00:00+99:00',
    ])
      expect(timeOf(text)).toBeNull();
  });
});
