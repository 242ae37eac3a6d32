import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { IMPORT_FORMATS, type ImportFormat } from '../../services/importers/formats.ts';
import { lookedAt } from '../../services/importers/likely-format.ts';
import { LineSplitter, linesOf } from '../../services/importers/lines.ts';
import { OddThings } from '../../services/importers/odd-things.ts';
import { ROOT } from '../acceptance/ntk.ts';

async function noted(content: Buffer, format: ImportFormat): Promise<ReturnType<OddThings['list']>> {
  const odd = new OddThings();
  const chunks = (async function* () {
    yield content;
  })();
  for await (const _ of lookedAt(linesOf(chunks, new LineSplitter()), format, odd));
  return odd.list();
}

const example = (name: string): Buffer => readFileSync(join(ROOT, 'examples', name));
const FILES: readonly (readonly [ImportFormat, Buffer])[] = [
  ['cloudevents', example('ios-week/declarations.ndjson')],
  ['apple-privacy-report', gunzipSync(example('ios-week/App_Privacy_Report_v4_2022-03-30.ndjson.gz'))],
  ['wechat-declarations', example('wechat/programs.ndjson')],
  ['android-appops', Buffer.from('Current AppOps Service state:\n  Uid u0a1:\n    Package a.b:\n')],
];

describe.each(FILES)('a file of %s', (its, content) => {
  test('is known as it', async () => {
    expect(await noted(content, its)).toEqual([]);
  });

  test.each(IMPORT_FORMATS.filter((format) => format !== its))('is noted when it is read as %s', async (format) => {
    expect(await noted(content, format)).toEqual([{ code: 'other_format', count: 1, firstLine: 1, first: its }]);
  });
});

test('a file of no known format is only noted as CloudEvents, which have nothing around them', async () => {
  const text = Buffer.from('[1]\nnull\n{"a": \nx\n');
  expect(await noted(text, 'cloudevents')).toEqual([{ code: 'other_format', count: 1, firstLine: 1 }]);
  expect(await noted(text, 'android-appops')).toEqual([]);
});

test('one good line among the first is enough', async () => {
  expect(await noted(Buffer.from('{"accessor":{}}\nx\n{"specversion":"1.0"}\n'), 'cloudevents')).toEqual([]);
});

test('objects of several lines are noted as such, unless a line among them can be read', async () => {
  const pretty = Buffer.from(JSON.stringify({ specversion: '1.0' }, null, 2));
  for (const format of ['cloudevents', 'apple-privacy-report', 'wechat-declarations'] as const)
    expect(await noted(pretty, format)).toEqual([{ code: 'pretty_json', count: 1, firstLine: 1 }]);
  expect(await noted(Buffer.from('{\n{"specversion":"1.0"}\n'), 'cloudevents')).toEqual([]);
});

test.each(IMPORT_FORMATS)('a file of %s in UTF-16 is noted as such, whichever its byte order', async (format) => {
  const content = FILES.find(([its]) => its === format)![1].toString('utf8');
  const little = Buffer.from(`\ufeff${content}`, 'utf16le');
  for (const bytes of [little, Buffer.from(little).swap16()])
    expect(await noted(bytes, format)).toEqual([{ code: 'utf16', count: 1, firstLine: 1 }]);
});
