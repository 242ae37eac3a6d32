/** Reading: segments from an offset on, joined into the columns of one batch. */
import { type AppendStream, LogError, type ReadLimits, type RecordBatch } from '../event-log.ts';
import { type DecodedSegment, decodeSegment } from '../segment.ts';
import type { RecentSegments, SegmentPlace } from './recent-segments.ts';
import type { SegmentRow, Statements } from './statements.ts';

/** A batch's positions are UInt32. */
const BATCH_BYTES_MAX = 1024 * 1024 * 1024;

/** Some records of one segment. */
interface Piece {
  readonly row: SegmentPlace;
  readonly segment: DecodedSegment;
  /** Records `[from, to)` of the segment. */
  readonly from: number;
  readonly to: number;
}

export class BatchReader {
  readonly #statements: Statements;
  readonly #path: string;
  readonly #recent: RecentSegments;

  constructor(statements: Statements, path: string, recent: RecentSegments) {
    this.#statements = statements;
    this.#path = path;
    this.#recent = recent;
  }

  read(stream: AppendStream, partition: number, offset: number, limits: ReadLimits): RecordBatch {
    let pieces = this.#collect(stream, partition, offset, limits);
    if (pieces.length === 0) {
      const { start, end } = this.bounds(stream, partition);
      if (offset < start) throw belowStart(stream, partition, offset, start);
      // Either they were appended just now, or they are lost: an empty batch would let the reader wait for ever.
      if (offset < end) pieces = this.#collect(stream, partition, offset, limits);
      if (offset < end && pieces.length === 0) throw this.#hole(stream, partition, offset);
    }
    const last = pieces.at(-1);
    return join(partition, pieces, last === undefined ? offset : last.row.base + last.to);
  }

  /**
   * A batch ends at the end of a segment rather than in the middle of one, where that costs only some of the records that the
   * limits allow: a segment that is cut has to be decompressed again for the next batch.
   */
  #collect(stream: AppendStream, partition: number, offset: number, limits: ReadLimits): Piece[] {
    const pieces: Piece[] = [];
    let recordsLeft = limits.maxRecords;
    let bytesLeft = Math.min(limits.maxBytes, BATCH_BYTES_MAX);
    let next = offset;
    for (const { row, decoded } of this.#segmentsFrom(stream, partition, offset)) {
      if (row.base + row.count <= offset) continue;
      if (pieces.length > 0) {
        if (row.base !== next) throw this.#hole(stream, partition, next);
        if (row.count > recordsLeft || row.valueBytes > bytesLeft) break;
      } else if (row.base > offset) {
        break;
      }
      const piece = cut(row, decoded(), next - row.base, recordsLeft, bytesLeft);
      pieces.push(piece);
      next = row.base + piece.to;
      recordsLeft -= piece.to - piece.from;
      bytesLeft -= piece.segment.starts[piece.to]! - piece.segment.starts[piece.from]!;
      // Before the next row is fetched: it would be read for nothing.
      if (piece.to < row.count || recordsLeft <= 0 || bytesLeft <= 0) break;
    }
    return pieces;
  }

  /** From the one that holds an offset on; where it was appended just now, perhaps not all of them. */
  *#segmentsFrom(
    stream: AppendStream,
    partition: number,
    offset: number,
  ): Generator<{ readonly row: SegmentPlace; readonly decoded: () => DecodedSegment }> {
    let isRecent = false;
    for (const recent of this.#recent.from(stream, partition, offset)) {
      isRecent = true;
      yield { row: recent, decoded: () => recent.segment };
    }
    if (isRecent) return;
    for (const found of this.#statements.segmentsFrom.iterate(stream, partition, offset)) {
      const row = found as unknown as SegmentRow;
      yield { row, decoded: () => this.#decode(row, stream, partition) };
    }
  }

  last(stream: AppendStream, partition: number): { offset: number; value: Buffer } | null {
    const row = this.#statements.lastSegment.get(stream, partition) as SegmentRow | undefined;
    if (row === undefined) return null;
    const { bytes, starts, count } = this.#decode(row, stream, partition);
    // A copy, which does not hold on to the rest of the segment.
    return { offset: row.base + row.count - 1, value: Buffer.from(bytes.subarray(starts[count - 1], starts[count])) };
  }

  bounds(stream: AppendStream, partition: number): { start: number; end: number } {
    const row = this.#statements.bounds.get(stream, partition) as { first: number | null; next: number | null };
    const end = row.next ?? 0;
    return { start: row.first ?? end, end };
  }

  #decode(row: SegmentRow, stream: AppendStream, partition: number): DecodedSegment {
    const where = `offset ${row.base} of partition ${partition} of '${stream}' in ${this.#path}`;
    try {
      const segment = decodeSegment(row.data);
      if (segment.count !== row.count)
        throw new LogError('log_corrupt', `a segment has ${segment.count} records instead of ${row.count}`);
      return segment;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      throw new LogError('log_corrupt', `${error.message} (${where}); restore the data folder from a copy`, { cause: error });
    }
  }

  #hole(stream: AppendStream, partition: number, offset: number): LogError {
    return new LogError(
      'log_corrupt',
      `records from offset ${offset} on are missing in partition ${partition} of '${stream}' in ${this.#path}; restore the data folder from a copy`,
    );
  }
}

function belowStart(stream: AppendStream, partition: number, offset: number, start: number): LogError {
  return new LogError(
    'log_offset_out_of_range',
    `partition ${partition} of '${stream}' begins at offset ${start}, but ${offset} was asked for: the records before are gone`,
  );
}

/** As many records from `from` on as the limits allow, at least one. */
function cut(row: SegmentPlace, segment: DecodedSegment, from: number, recordsLeft: number, bytesLeft: number): Piece {
  const { starts, count } = segment;
  let to = Math.min(count, from + Math.max(1, recordsLeft));
  const first = starts[from]!;
  while (to > from + 1 && starts[to]! - first > bytesLeft) to--;
  return { row, segment, from, to };
}

function join(partition: number, pieces: readonly Piece[], nextOffset: number): RecordBatch {
  const count = pieces.reduce((sum, { from, to }) => sum + to - from, 0);
  const { bytes, starts } = pieces.length === 1 ? alone(pieces[0]!) : copied(pieces, count);
  const offsets = new Float64Array(count);
  const appendedAtMs = new Float64Array(count);
  const origins = new Uint8Array(count);
  let at = 0;
  for (const { row, from, to } of pieces) {
    const end = at + to - from;
    appendedAtMs.fill(row.appendedAtMs, at, end);
    origins.fill(row.origin, at, end);
    for (let offset = row.base + from; at < end; at++) offsets[at] = offset++;
  }
  return { partition, count, bytes, starts, offsets, appendedAtMs, origins, nextOffset };
}

function alone({ segment, from, to }: Piece): { bytes: Buffer; starts: Uint32Array } {
  return { bytes: segment.bytes, starts: segment.starts.subarray(from, to + 1) };
}

function copied(pieces: readonly Piece[], count: number): { bytes: Buffer; starts: Uint32Array } {
  const total = pieces.reduce((sum, { segment, from, to }) => sum + segment.starts[to]! - segment.starts[from]!, 0);
  const bytes = Buffer.allocUnsafeSlow(total);
  const starts = new Uint32Array(count + 1);
  let at = 0;
  let filled = 0;
  for (const { segment, from, to } of pieces) {
    const first = segment.starts[from]!;
    const shift = filled - first;
    for (let i = from; i < to; i++) starts[at++] = segment.starts[i]! + shift;
    segment.bytes.copy(bytes, filled, first, segment.starts[to]);
    filled += segment.starts[to]! - first;
  }
  starts[count] = filled;
  return { bytes, starts };
}
