import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FoundLine, findLines, type RecordBytes } from '../../services/importers/find-lines.ts';
import { unreadLine } from '../../services/importers/unread-line.ts';

const recordOf = (value: Uint8Array): RecordBytes => ({
  bytes: value.length,
  sha256: createHash('sha256').update(value).digest('hex'),
});
const ofText = (text: string): RecordBytes => recordOf(Buffer.from(text, 'latin1'));

async function found(
  content: string,
  records: readonly RecordBytes[],
  chunkBytes = content.length,
): Promise<Omit<FoundLine, 'value'>[]> {
  const bytes = Buffer.from(content, 'latin1');
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield Buffer.from(bytes.subarray(at, at + chunkBytes));
  }
  const lines: Omit<FoundLine, 'value'>[] = [];
  for await (const one of findLines({ chunks }, records)) {
    expect(recordOf(one.value).sha256).toBe(one.sha256);
    lines.push({ line: one.line, sha256: one.sha256 });
  }
  return lines;
}

const texts = fc.constantFrom('', ' ', '\t', '{"a":1}', '{"a":2}', 'x', 'word '.repeat(20), '\xff');
const ends = fc.constantFrom('\n', '\r\n', '\n\n');

test('each line of a record is found where an editor shows it, whatever the chunks, line ends and blank lines', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(texts, ends), { maxLength: 40 }),
      texts.filter((text) => text.trim() !== ''),
      fc.integer({ min: 1, max: 60 }),
      async (parts, wanted, chunkBytes) => {
        const content = parts.flat().join('');
        const expected = content.split('\n').flatMap((text, i) => (text.replace(/\r$/, '') === wanted ? [i + 1] : []));
        const lines = await found(content, [ofText(wanted)], chunkBytes);
        expect(lines.map(({ line }) => line)).toEqual(expected);
      },
    ),
  );
});

test('a byte-order mark before the first line is no part of it', async () => {
  expect(await found('\xef\xbb\xbf{"a":1}\n{"b":2}', [ofText('{"a":1}'), ofText('{"b":2}')])).toEqual([
    { line: 1, sha256: ofText('{"a":1}').sha256 },
    { line: 2, sha256: ofText('{"b":2}').sha256 },
  ]);
});

test('a line that was marked on its way into the log is found by what the log has', async () => {
  const marked = recordOf(unreadLine(Buffer.from('{"specversion":"1.0"}'), true).value);
  expect(await found('x\n{"specversion":"1.0"}\n', [marked])).toEqual([{ line: 2, sha256: marked.sha256 }]);
});

test('records that stand in no line are not found', async () => {
  expect(await found('abc\ndef\n', [ofText('abd'), ofText('a')])).toEqual([]);
});
