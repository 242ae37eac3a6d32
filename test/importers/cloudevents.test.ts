import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECORD_BYTES_MAX } from '../../schemas/codes.ts';
import { partitionOf } from '../../services/domain/partitioning/murmur2.ts';
import { encodingOf, parseJson } from '../../services/domain/record/json.ts';
import { EVERY_PARTITION, routeLine } from '../../services/domain/partitioning/route-record.ts';
import { scanSubject, type SubjectPlace } from '../../services/domain/partitioning/subject-scan.ts';

const PARTITIONS = 16;

function route(line: string | Buffer, partitions = PARTITIONS): number {
  const bytes = Buffer.from(line);
  return routeLine(bytes, 0, bytes.length, partitions, encodingOf(bytes));
}

/** The subject that a full parse finds, when it is a string. */
function parsedSubject(bytes: Buffer): string | null {
  const event = parseJson(bytes, 0, bytes.length, 'mixed') as { subject?: unknown } | undefined | null;
  return typeof event === 'object' && event !== null && typeof event.subject === 'string' ? event.subject : null;
}

function scannedSubject(bytes: Buffer, start = 0, end = bytes.length): string | null {
  const place: SubjectPlace = { start: 0, end: 0 };
  return scanSubject(bytes, start, end, place) ? bytes.toString('utf8', place.start, place.end) : null;
}

const plainTexts = fc.string({ unit: fc.constantFrom('w', 'x', '7', ' ', 'é', '程', '\u{1f600}', '*', '{', ',') });
const texts = fc.oneof(
  plainTexts,
  plainTexts,
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('{"subject":"no"}', '\\'),
);
const names = fc.oneof(fc.constantFrom('subjec', 'subjects', 'id', 'data', '__proto__', ''), plainTexts, fc.string());
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    texts,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const gaps = fc.constantFrom('', '', '', ' ', '\t', '  ', '\r');
const writtenNames = fc.oneof(
  names.map((name) => JSON.stringify(name)),
  fc.constantFrom('"subject"', '"sub\\u006aect"'),
);
const members = fc.record({ name: writtenNames, value: values.map((value) => JSON.stringify(value)), gap: gaps });
const subjects = fc.record({ name: fc.constant('"subject"'), value: plainTexts.map((text) => JSON.stringify(text)), gap: gaps });

/** Objects in more ways than `JSON.stringify` writes: white space, repeated names, escapes in names. */
const written = fc
  .tuple(fc.array(fc.oneof(members, subjects), { minLength: 1, maxLength: 5 }), gaps)
  .map(
    ([list, around]) =>
      `${around}{${list.map(({ name, value, gap }) => `${gap}${name}${gap}:${gap}${value}${gap}`).join(',')}}${around}`,
  );

const marks = fc.constantFrom('', '\\', '\\u', '\u0001', '\u{1f600}', ...'"{}[],:0-.et '.split(''));
const edits = fc.array(fc.record({ at: fc.nat(), removed: fc.nat(2), put: marks }), { maxLength: 1 });
/** Such lines, half of them with a few bytes removed, replaced or put in. */
const lines = fc.tuple(written, edits).map(([line, list]) => {
  let bytes = Buffer.from(line);
  for (const { at, removed, put } of list) {
    const place = at % (bytes.length + 1);
    bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(put), bytes.subarray(place + removed)]);
  }
  return bytes;
});

describe('the scan for the subject', () => {
  test('never says anything else than a full parse would, and often says something', () => {
    let answers = 0;
    fc.assert(
      fc.property(lines, (line) => {
        fc.pre(isUtf8(line));
        const scanned = scannedSubject(line);
        if (scanned === null) return;
        answers++;
        expect(scanned).toBe(parsedSubject(line));
      }),
      { numRuns: 5_000 },
    );
    expect(answers).toBeGreaterThan(1_000);
  });

  test('looks at nothing outside its line', () => {
    fc.assert(
      fc.property(written, fc.constantFrom('', '{', '"', '}', '\n{"subject":"b"}\n', ','), (line, around) => {
        const bytes = Buffer.from(`${around}${line}${around}`);
        const start = Buffer.byteLength(around);
        expect(scannedSubject(bytes, start, bytes.length - start)).toBe(scannedSubject(Buffer.from(line)));
      }),
    );
  });

  test.each([
    '{"specversion":"1.0","id":"a","subject":"wx9c78850b22aca528","data":{"rows":1,"fields":["a","b"],"x":{"y":[[],{}]}}}',
    ' { "subject" : "程序" , "n" : -0.5e+10 , "t":true,"f":false,"z":null,"s":"\\u00e9\\n\\"" } ',
    '{"subject":"first","subject":"last"}',
    '{"data":{"subject":"inner"},"subject":"outer"}',
  ])('answers by itself for %s', (line) => {
    const bytes = Buffer.from(line);
    expect(scannedSubject(bytes)).not.toBeNull();
    expect(scannedSubject(bytes)).toBe(parsedSubject(bytes));
  });

  test.each([
    ['no object', '"subject"'],
    ['no subject', '{"a":1}'],
    ['a subject that is no string', '{"subject":1}'],
    ['an escape in the subject', '{"subject":"a\\u0062"}'],
    ['an escape in a name', '{"sub\\u006aect":"b","subject":"a"}'],
    ['half a surrogate pair', '{"subject":"a","b":"\\ud83d"}'],
    ['a leading zero', '{"subject":"a","b":01}'],
    ['a number without digits', '{"subject":"a","b":-}'],
    ['a word that is not JSON', '{"subject":"a","b":NaN}'],
    ['a comma at the end', '{"subject":"a",}'],
    ['something behind the object', '{"subject":"a"}x'],
    ['an end that is missing', '{"subject":"a"'],
    ['a control character', '{"subject":"a\u0001"}'],
    ['deep nesting', `{"subject":"a","b":${'['.repeat(40)}${']'.repeat(40)}}`],
  ])('leaves %s to the parser', (_name, line) => {
    expect(scannedSubject(Buffer.from(line))).toBeNull();
  });
});

describe('a line goes to', () => {
  test('the partition of its program, as Kafka would put it', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 64 }), (subject, partitions) => {
        fc.pre(subject !== '' && subject !== '*' && subject.isWellFormed());
        expect(route(JSON.stringify({ subject, data: {} }), partitions)).toBe(partitionOf(subject, partitions));
      }),
    );
  });

  test('the same partition whichever way the answer was found', () => {
    fc.assert(
      fc.property(lines, (line) => {
        const subject = parsedSubject(line);
        fc.pre(subject !== '*');
        expect(route(line)).toBe(subject === null || subject === '' ? 0 : partitionOf(subject, PARTITIONS));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(['ntk.policy', 'ntk.erasure', 'ntk.prior'])('every partition when it is a %s for all', (type) => {
    expect(route(`{"type":"${type}","subject":"*","data":{}}`)).toBe(EVERY_PARTITION);
    expect(route(`{"type":"${type}","subject":"\\u002a"}`)).toBe(EVERY_PARTITION);
    expect(route(`{"type":"${type}","subject":"wx1"}`)).toBe(partitionOf('wx1', PARTITIONS));
  });

  test.each([
    [{ partition: 3 }, 3],
    [{ partition: 15 }, 15],
    [{ partition: 16 }, 0],
    [{ partition: -1 }, 0],
    [{ partition: 1.5 }, 0],
    [{ partition: '3' }, 0],
    [{}, 0],
    [null, 0],
    ['x', 0],
  ])('the partition that a heartbeat with data %j names', (data, partition) => {
    expect(route(JSON.stringify({ type: 'ntk.heartbeat', subject: '*', data }))).toBe(partition);
  });

  test.each([
    ['an access for all programs', '{"type":"ntk.access","subject":"*"}'],
    ['no JSON', 'hello'],
    ['no object', '["subject"]'],
    ['null', 'null'],
    ['no subject', '{"id":"a"}'],
    ['an empty subject', '{"subject":""}'],
    ['bytes that are not UTF-8', Buffer.from('{"subject":"a\xff"}', 'latin1')],
    ['bytes that are not UTF-8 elsewhere', Buffer.from('{"subject":"a","id":"\xff"}', 'latin1')],
    ['half a surrogate pair', '{"subject":"a","id":"\\udc00"}'],
    ['too many levels', `{"subject":"a","b":${'['.repeat(600)}${']'.repeat(600)}}`],
    ['too many bytes', `{"subject":"a","b":"${'b'.repeat(RECORD_BYTES_MAX)}"}`],
  ])('partition 0 when it has %s', (_name, line) => {
    expect(route(line)).toBe(0);
  });
});
