/**
 * Version 2 ends with its network rows as one JSON object over many lines (`{`, then the programs). From such a line on the rest of
 * the file is gathered, up to a limit, and read as one; if that is no such object, its lines are read one by one like all others.
 */
import { parseJson } from '../../domain/record/json.ts';
import { type NetworkRow, readReportLine } from './report-line.ts';

/** Reports of that version had a few hundred KiB. Each line counts some more, for what it takes to hold it. */
const SECTION_BYTES_MAX = 16 * 1024 * 1024;
const LINE_OVERHEAD_BYTES = 64;
const NEWLINE = Buffer.from('\n');

interface SectionLine {
  readonly bytes: Buffer;
  readonly number: number;
}

export class DomainSection {
  readonly #lines: SectionLine[] = [];
  #bytes = 0;

  /** Such a line is nothing by itself, wherever it stands. */
  static isOpenedBy(line: Buffer): boolean {
    return line.length <= 64 && line.toString('latin1').trim() === '{';
  }

  /** False when the section is longer than it may be; the line was not taken then. */
  add(line: SectionLine): boolean {
    const needed = this.#bytes + line.bytes.length + LINE_OVERHEAD_BYTES;
    if (needed > SECTION_BYTES_MAX) return false;
    this.#bytes = needed;
    this.#lines.push(line);
    return true;
  }

  get lines(): readonly SectionLine[] {
    return this.#lines;
  }

  /** The rows, or null when the lines are not what version 2 wrote. */
  rows(): readonly NetworkRow[] | null {
    const text = Buffer.concat(this.#lines.flatMap(({ bytes }) => [bytes, NEWLINE]));
    const read = readReportLine(parseJson(text, 0, text.length, 'mixed'));
    return read.kind === 'domains' ? read.rows : null;
  }
}
