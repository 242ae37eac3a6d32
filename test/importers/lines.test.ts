import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RECORD_BYTES_KEPT } from '../../schemas/codes.ts';
import { LineSplitter, linesOf } from '../../services/importers/lines.ts';

/** The lines that come out when `content` arrives in chunks of these sizes (the last one repeats), and the blank ones counted. */
function split(content: Buffer, sizes: readonly number[] = [content.length]): { lines: string[]; blank: number } {
  const splitter = new LineSplitter();
  const lines: string[] = [];
  const take = (batches: ReturnType<LineSplitter['push']>): void => {
    for (const { bytes, count, starts, ends } of batches) {
      for (let i = 0; i < count; i++) lines.push(bytes.toString('latin1', starts[i], ends[i]));
    }
  };
  for (let at = 0, i = 0; at < content.length; i++) {
    const size = Math.max(1, sizes[Math.min(i, sizes.length - 1)] ?? 1);
    take(splitter.push(Buffer.from(content.subarray(at, at + size))));
    at += size;
  }
  take(splitter.end());
  return { lines, blank: splitter.blankLines };
}

/** The rules of exact-rules.md section 1 the slow way. */
function splitSlowly(content: Buffer): { lines: string[]; blank: number } {
  const text = content.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  const all = text.split('\n').map((line, i, lines) => (i < lines.length - 1 ? line.replace(/\r$/, '') : line));
  if (all.at(-1) === '') all.pop();
  const lines = all.filter((line) => !/^[ \t]*$/.test(line)).map((line) => line.slice(0, RECORD_BYTES_KEPT));
  return { lines, blank: all.length - lines.length };
}

const pieces = fc.constantFrom('\n', '\r', '\r\n', ' ', '\t', '{"a":1}', 'x', '\xef\xbb\xbf', '\xef', '\xff', 'word '.repeat(30));
const contents = fc.array(pieces, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''), 'latin1'));

test('any chunking of any content gives the lines that the rules ask for', () => {
  fc.assert(
    fc.property(contents, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (content, sizes) => {
      const expected = splitSlowly(content);
      expect(split(content, sizes)).toEqual(expected);
      expect(split(content)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['LF and CR LF end a line, and the last may have no end', 'a\nb\r\nc', ['a', 'b', 'c'], 0],
  ['a line end at the end of the file begins no further line', 'a\n', ['a'], 0],
  ['a lone CR is data', 'a\rb\n\r', ['a\rb', '\r'], 0],
  ['lines of spaces and tabs are no records', ' \t\n\n\r\n  \r\na\n\t', ['a'], 5],
  ['other white space is a record', '\u000b\n\xa0\n', ['\u000b', '\xa0'], 0],
  ['a byte-order mark at the start is skipped', '\xef\xbb\xbfa\n\xef\xbb\xbfb', ['a', '\xef\xbb\xbfb'], 0],
  ['only one byte-order mark is skipped', '\xef\xbb\xbf\xef\xbb\xbfa', ['\xef\xbb\xbfa'], 0],
  ['a byte-order mark alone is no record', '\xef\xbb\xbf', [], 0],
  ['half a byte-order mark is data', '\xef\xbb', ['\xef\xbb'], 0],
  ['a file of nothing has no lines', '', [], 0],
])('%s', (_name, content, lines, blank) => {
  const bytes = Buffer.from(content, 'latin1');
  expect(split(bytes)).toEqual({ lines, blank });
  expect(split(bytes, [1])).toEqual({ lines, blank });
});

/** Lengths around the limit, with each line end, whole or in chunks that end inside the line's end. */
const EDGES = [-1, 0, 1, 2, 3].flatMap((over) => ['', '\n', '\r\n', '\r\n\n'].map((end) => ({ over, end })));
test.each(EDGES)(
  'a line of the largest size plus $over bytes before $end keeps what makes it too large, and no more',
  ({ over, end }) => {
    const length = RECORD_BYTES_KEPT + over;
    const content = Buffer.from(`\xef\xbb\xbf${'z'.repeat(length)}${end}`, 'latin1');
    for (const sizes of [[content.length], [length], [length + 1], [length + 2], [length + 3], [length + 4], [65_536]]) {
      const { lines } = split(content, sizes);
      expect(lines.map((line) => line.length)).toEqual([Math.min(length, RECORD_BYTES_KEPT)]);
    }
  },
);

test('a blank line may be longer than any record, and a long line may begin with blanks', () => {
  const blank = Buffer.from(`${' '.repeat(3 * RECORD_BYTES_KEPT)}\r\na\n`);
  expect(split(blank, [300_001])).toEqual({ lines: ['a'], blank: 1 });
  const late = Buffer.from(`${' '.repeat(2 * RECORD_BYTES_KEPT)}x\n`);
  expect(split(late, [300_001])).toEqual({ lines: [' '.repeat(RECORD_BYTES_KEPT)], blank: 0 });
});

test('a line of half a gigabyte needs no more memory than a record', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'y');
  const chunks = 512;
  async function* endless(): AsyncGenerator<Buffer> {
    for (let i = 0; i < chunks; i++) yield chunk;
    yield Buffer.from('\nnext\n');
  }
  const before = process.memoryUsage();
  const lengths: number[] = [];
  let peakBytes = 0;
  for await (const { count, starts, ends } of linesOf(endless())) {
    for (let i = 0; i < count; i++) lengths.push(ends[i]! - starts[i]!);
    peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - before.arrayBuffers);
  }
  expect(lengths).toEqual([RECORD_BYTES_KEPT, 4]);
  expect(peakBytes).toBeLessThan(16 * RECORD_BYTES_KEPT);
});

test('blank lines count where a batch begins, and a line that never ends takes no more memory than one that is too long', () => {
  const splitter = new LineSplitter();
  const batches = ['a\n\n \nb\n', '\n', 'c\nd', '\n\n', 'e'].flatMap((chunk) => splitter.push(Buffer.from(chunk)));
  expect([...batches, ...splitter.end()].map(({ lineEndsBefore, count }) => [lineEndsBefore, count])).toEqual([
    [0, 2],
    [5, 1],
    [6, 1],
    [8, 1],
  ]);
  const endless = new LineSplitter();
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  for (let i = 0; i < 16; i++) expect(endless.push(chunk)).toEqual([]);
  const [last] = endless.end();
  expect(last!.bytes.length).toBeLessThanOrEqual(RECORD_BYTES_KEPT + 1);
  expect(last!.ends[0]).toBe(RECORD_BYTES_KEPT);
});
