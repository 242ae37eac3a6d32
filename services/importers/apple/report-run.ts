/**
 * A run of lines of a report: what they say, gathered until it is put in order. A report of one device fits one run; a run has a limit
 * so that a file of any length is imported in bounded memory (then the order holds within each run).
 */
import { createHash } from 'node:crypto';
import type { Candidate, ConvertOptions } from '../candidate.ts';
import { unreadLine } from '../unread-line.ts';
import { accessEvent } from './access-event.ts';
import { NETWORK_API } from './api-names.ts';
import { durationMsOf, type Interval, IntervalTable } from './intervals.ts';
import { decodeContacts, encodeContacts, NO_CONTACTS, withWindow } from './network-windows.ts';
import type { AccessLine, NetworkRow } from './report-line.ts';

/** Things in a run: intervals, network rows and lines that are passed on. */
const RUN_THINGS_MAX = 131_072;
/** Bytes of the lines in a run. */
const RUN_BYTES_MAX = 64 * 1024 * 1024;

const IMPORTED = Buffer.from('1');

interface Placed {
  readonly us: number;
  readonly order: number;
  readonly candidate: Candidate;
}

export class ReportRun {
  readonly #options: ConvertOptions;
  readonly #intervals: IntervalTable;
  #placed: Placed[] = [];
  #bytes = 0;
  #things = 0;
  /** Things so far in the whole report. */
  #order = 0;
  /** Time of the last line that had one: where a line without a time stands. */
  #lastUs = 0;

  constructor(options: ConvertOptions) {
    this.#options = options;
    this.#intervals = new IntervalTable(options.odd);
  }

  get isFull(): boolean {
    return this.#things >= RUN_THINGS_MAX || this.#bytes >= RUN_BYTES_MAX;
  }

  count(lineBytes: number): void {
    this.#bytes += lineBytes;
  }

  /** False when the line contradicts another one of its identifier. */
  addAccess(access: AccessLine, line: number): boolean {
    this.#lastUs = access.at.us;
    this.#things++;
    return this.#intervals.add(access, this.#order++, line);
  }

  addNetworkRow(row: NetworkRow): void {
    this.#lastUs = row.last.us;
    this.#place(row.last.us, this.#networkCandidate(row));
  }

  /** Passes a line on as it is: it becomes a reject with these bytes. */
  addUnknown(line: Buffer, saysItIsAnEvent: boolean, lineNumber: number): void {
    this.#options.odd.note('unknown_shape', lineNumber);
    this.#place(this.#lastUs, unreadLine(line, saysItIsAnEvent));
  }

  /** What the run came to, by event time, then by place in the file. */
  take(isLast: boolean): Candidate[] {
    for (const interval of this.#intervals.take(isLast)) {
      const { us } = interval.begin ?? interval.end!;
      this.#placed.push({ us, order: interval.order, candidate: this.#intervalCandidate(interval) });
    }
    const candidates = this.#placed.sort((a, b) => a.us - b.us || a.order - b.order).map(({ candidate }) => candidate);
    this.#placed = [];
    this.#bytes = 0;
    this.#things = 0;
    return candidates;
  }

  #place(us: number, candidate: Candidate): void {
    this.#things++;
    this.#placed.push({ us, order: this.#order++, candidate });
  }

  #intervalCandidate(interval: Interval): Candidate {
    const { identifier, program, api, category, begin, end } = interval;
    const { partitions, deviceUser: user } = this.#options;
    const id = `apple/${identifier}`;
    return {
      key: id,
      resolve: (entry) => {
        if (entry !== null) return { record: null, entry };
        const durationMs = durationMsOf(interval);
        const access = {
          id,
          program,
          time: (begin ?? end)!.text,
          user,
          api,
          ...(category === null ? {} : { category }),
          ...(durationMs === undefined ? {} : { durationMs }),
        };
        return { record: accessEvent(access, partitions), entry: IMPORTED };
      },
    };
  }

  #networkCandidate({ program, domain, context, initiatedType, hits, firstUs, lastUs, last }: NetworkRow): Candidate {
    const { partitions, deviceUser: user } = this.#options;
    const what = JSON.stringify([user, program, domain, context, initiatedType]);
    const key = `apple/network/${createHash('sha256').update(what).digest('hex').slice(0, 32)}`;
    const window = { firstUs, lastUs, hits };
    return {
      key,
      resolve: (entry) => {
        const before = entry === null ? NO_CONTACTS : decodeContacts(entry);
        const after = withWindow(before, window);
        const remembered = encodeContacts(after);
        const rows = after.imported - before.imported;
        if (entry !== null && rows === 0) return { record: null, entry: remembered };
        // The id says from which count to which this access leads; counts only grow, so it is not used twice.
        const id = `${key}/${before.imported}-${after.imported}`;
        const access = { id, program, time: last.text, user, api: NETWORK_API, fields: [domain], rows };
        return { record: accessEvent(access, partitions), entry: remembered };
      },
    };
  }
}
