/**
 * Which format the first lines of a file are of. A file that is read in another one is no error, since every line of it becomes a reject, and
 * looks like a success to whoever does not read the figures.
 */
import type { ImportFormat } from './formats.ts';
import type { LineBatch } from './lines.ts';
import type { OddThings } from './odd-things.ts';

const LINES_MAX = 20;
/** A longer line is not looked at. */
const LINE_BYTES_MAX = 64 * 1024;
/** Enough to see what a line begins with. */
const HEAD_BYTES = 16;

/** Keys of which one is in every line of a format whose lines are JSON objects; formats.md. */
const KEYS: readonly (readonly [ImportFormat, readonly string[]])[] = [
  ['cloudevents', ['specversion']],
  ['apple-privacy-report', ['accessor', 'domain', 'stream', 'tccService']],
  [
    'wechat-declarations',
    ['appid', 'authorizer_appid', 'getprivacysetting', 'setting_list', 'privacy_list', 'appJson', 'calledApis'],
  ],
];
/** How Windows' shell begins a file that a command's output was sent to (`adb shell dumpsys appops > appops.txt`). */
const UTF16_MARKS: readonly Buffer[] = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];
/** Headings of `dumpsys appops`. */
const APP_OPS = /^\s*(?:Current AppOps Service state|Uid (?:u\d+[a-z]+\d+|\d+)):/;

/** How an array of records begins, in one line or in many; no line of a format does. */
const ARRAY = /^\ufeff?\s*\[\s*(?:\{|$)/;
/** The first line of an object that has more than one. */
const OPEN_OBJECT = /^\ufeff?\s*\{\s*$/;

/**
 * Passes the lines on, and notes when none of the first is of `format`, with the one that they are of instead, or that they are no UTF-8, one array
 * of records, or records of several lines.
 */
export async function* lookedAt(
  lines: AsyncIterable<LineBatch>,
  format: ImportFormat,
  odd: OddThings,
): AsyncGenerator<LineBatch> {
  let isFirst = true;
  for await (const batch of lines) {
    if (isFirst && batch.count > 0) {
      isFirst = false;
      const mark = batch.bytes.subarray(batch.starts[0], Math.min(batch.starts[0]! + 2, batch.ends[0]!));
      const isUtf16 = UTF16_MARKS.some((known) => known.equals(mark));
      if (isUtf16) odd.note('utf16', 1);
      const head = batch.bytes.toString('utf8', batch.starts[0], Math.min(batch.starts[0]! + HEAD_BYTES, batch.ends[0]!));
      const isArray = format !== 'android-appops' && ARRAY.test(head);
      if (isArray) odd.note('json_array', 1);
      const found = formatsIn(batch);
      const isPretty = format !== 'android-appops' && found.size === 0 && OPEN_OBJECT.test(head);
      if (isPretty) odd.note('pretty_json', 1);
      // Other formats begin with what belongs to no record, so that only another one's lines say anything.
      if (!isUtf16 && !isArray && !isPretty && !found.has(format) && (found.size > 0 || format === 'cloudevents'))
        odd.note('other_format', 1, [...found][0]);
    }
    yield batch;
  }
}

function formatsIn({ bytes, count, starts, ends }: LineBatch): Set<ImportFormat> {
  const found = new Set<ImportFormat>();
  for (let i = 0; i < Math.min(count, LINES_MAX); i++) {
    if (ends[i]! - starts[i]! > LINE_BYTES_MAX) continue;
    const format = formatOf(bytes.toString('utf8', starts[i], ends[i]));
    if (format !== null) found.add(format);
  }
  return found;
}

function formatOf(line: string): ImportFormat | null {
  if (APP_OPS.test(line)) return 'android-appops';
  if (!line.trimStart().startsWith('{')) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const [format = null] = KEYS.find(([, keys]) => keys.some((key) => Object.hasOwn(value as object, key))) ?? [];
  return format;
}
