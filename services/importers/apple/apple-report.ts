/**
 * Apple App Privacy Reports to accesses: one for each interval (begin and end share an identifier) and one for each network row. The
 * exported device is one user. Reports overlap, so intervals and network counts are remembered in the import ledger.
 */
import { RECORD_BYTES_MAX } from '../../../schemas/codes.ts';
import { type Encoding, encodingOf, parseJson } from '../../domain/record/json.ts';
import type { Candidate, ConvertOptions } from '../candidate.ts';
import type { LineBatch } from '../lines.ts';
import { DomainSection } from './domain-section.ts';
import { readReportLine } from './report-line.ts';
import { ReportRun } from './report-run.ts';

export async function* convertAppleReport(
  lines: AsyncIterable<LineBatch>,
  options: ConvertOptions,
): AsyncGenerator<readonly Candidate[]> {
  const reader = new ReportReader(options);
  let toSkip = options.skip;
  const left = (candidates: readonly Candidate[]): readonly Candidate[] => {
    const rest = candidates.slice(toSkip);
    toSkip -= candidates.length - rest.length;
    return rest;
  };
  for await (const batch of lines) {
    const { bytes, count, starts, ends } = batch;
    const encoding = count === 0 ? 'ascii' : encodingOf(bytes.subarray(starts[0], ends[count - 1]));
    for (let i = 0; i < count; i++) {
      reader.read(bytes, starts[i]!, ends[i]!, encoding);
      if (reader.run.isFull) yield left(reader.run.take(false));
    }
  }
  reader.end();
  yield left(reader.run.take(true));
}

class ReportReader {
  readonly run: ReportRun;
  #lineNumber = 0;
  #section: DomainSection | null = null;

  constructor(options: ConvertOptions) {
    this.run = new ReportRun(options);
  }

  read(bytes: Buffer, start: number, end: number, encoding: Encoding): void {
    this.#lineNumber++;
    this.run.count(end - start);
    const line = bytes.subarray(start, end);
    if (this.#section === null && DomainSection.isOpenedBy(line)) this.#section = new DomainSection();
    if (this.#section?.add({ bytes: line, number: this.#lineNumber })) return;
    this.#passOnSection();
    this.#take(line, this.#lineNumber, encoding === 'ascii' ? 'ascii' : 'mixed');
  }

  end(): void {
    const rows = this.#section?.rows() ?? null;
    if (rows === null) this.#passOnSection();
    else for (const row of rows) this.run.addNetworkRow(row);
  }

  /** What looked like a section was none, or is too long: its lines are read one by one. */
  #passOnSection(): void {
    const lines = this.#section?.lines ?? [];
    this.#section = null;
    for (const { bytes, number } of lines) this.#take(bytes, number, 'mixed');
  }

  #take(line: Buffer, number: number, encoding: Encoding): void {
    const value = line.length > RECORD_BYTES_MAX ? undefined : parseJson(line, 0, line.length, encoding);
    const read = readReportLine(value);
    switch (read.kind) {
      case 'marker':
        return;
      case 'network':
        this.run.addNetworkRow(read);
        return;
      case 'domains':
        for (const row of read.rows) this.run.addNetworkRow(row);
        return;
      case 'access':
        if (this.run.addAccess(read, number)) return;
        break;
      case 'unknown':
        break;
    }
    const saysItIsAnEvent = typeof value === 'object' && value !== null && 'specversion' in value;
    this.run.addUnknown(line, saysItIsAnEvent, number);
  }
}
