/** Bytes of a CSV file to the rows of a series, one at a time. */
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { type SeriesProblem, type SeriesRow, timeOf, valueOf } from './series-row.ts';

/** A row has two short fields; what is longer is another kind of file, or a quote that was never closed. */
const RECORD_CHARACTERS_MAX = 65_536;
const SHOWN_CHARACTERS = 40;
const NAMES = ['timestamp', 'value'] as const;
const SHAPE = 'rows are timestamp,value, with or without a header that names them';

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

interface Columns {
  readonly stamp: number;
  readonly value: number;
  readonly count: number;
}

/**
 * With a header the columns are found by their names and others may stand beside them. CR LF, quotes, blank lines and a byte-order mark
 * are fine. The first problem is the last thing that comes.
 */
export async function* readSeries(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SeriesRow | SeriesProblem, void> {
  const source = Readable.from(chunks);
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
    max_record_size: RECORD_CHARACTERS_MAX,
  });
  source.once('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let columns: Columns | null = null;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      if (columns === null) {
        const header: Columns | SeriesProblem | null = headerOf(record, info.lines);
        if (header !== null && 'message' in header) {
          yield header;
          return;
        }
        columns = header ?? { stamp: 0, value: 1, count: NAMES.length };
        if (header !== null) continue;
      }
      const row = rowOf(record, columns, info.lines);
      yield row;
      if ('message' in row) return;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    yield { line: lineOf(error), message: csvMessage(error.code) };
  } finally {
    source.destroy();
    parser.destroy();
  }
}

/** Null where the first row is a row. */
function headerOf(record: readonly string[], line: number): Columns | SeriesProblem | null {
  const names = record.map((name) => name.toLowerCase());
  const [stamp, value] = NAMES.map((name) => names.indexOf(name)) as [number, number];
  if (stamp < 0 && value < 0) return null;
  if (stamp >= 0 && value >= 0) return { stamp, value, count: record.length };
  return { line, message: `the header has no column '${stamp < 0 ? NAMES[0] : NAMES[1]}': ${SHAPE}` };
}

function rowOf(record: readonly string[], columns: Columns, line: number): SeriesRow | SeriesProblem {
  if (record.length !== columns.count)
    return { line, message: `${record.length} fields where ${columns.count} are expected: ${SHAPE}` };
  const stamp = record[columns.stamp]!;
  const text = record[columns.value]!;
  const timeMs = timeOf(stamp);
  if (timeMs === null)
    return {
      line,
      message: `timestamp '${shown(stamp)}' is no time: write it like 2026-03-02 14:05:00, with Z or an offset if it is not UTC`,
    };
  const value = valueOf(text);
  if (value === null)
    return {
      line,
      message: `value '${shown(text)}' is no finite decimal number: mend the row, or leave it out if nothing was measured`,
    };
  return { stamp, text, timeMs, value };
}

function shown(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text;
}

function lineOf(error: CsvError): number {
  return typeof error.lines === 'number' ? error.lines : 1;
}

function csvMessage(code: string): string {
  if (code === 'CSV_MAX_RECORD_SIZE') return `a row is longer than ${RECORD_CHARACTERS_MAX} characters: ${SHAPE}`;
  if (code.includes('QUOTE')) return 'a quote is not closed, or stands inside of a field: close it, or double it';
  return `this is no CSV (${code}): ${SHAPE}`;
}
