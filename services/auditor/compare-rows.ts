/** Stored rows against expected ones, byte for byte, by offset. */
import { ROW_COLUMNS, type Column } from '../../schemas/results/columns.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { decodeRows } from '../platform/warehouse/row-binary.ts';

const COLUMNS: readonly Column[] = ROW_COLUMNS;
const NAMES = COLUMNS.map(({ name }) => `\`${name}\``).join(', ');

export interface ExpectedRow {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly scoredAtMs: number;
}

export interface StoredRow {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** How one offset is not as it should be. `expected` is null for a row that should not be there. */
export interface RowProblem {
  readonly kind: 'missing' | 'doubled' | 'different' | 'unexpected';
  readonly offset: number;
  readonly expected: ExpectedRow | null;
}

export interface RowRange {
  readonly logId: string;
  readonly partition: number;
  /** Source offsets from (included) to (not). */
  readonly from: number;
  readonly to: number;
}

/** Stored rows of a range by offset, as they lie on disk: without FINAL a row may come more than once. */
export async function readStoredRows(
  warehouse: Warehouse,
  { logId, partition, from, to }: RowRange,
  final: boolean,
): Promise<StoredRow[]> {
  const stream = await warehouse.stream(
    `SELECT ${NAMES} FROM ntk.access_results${final ? ' FINAL' : ''}
     WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND offset >= {from:UInt64} AND offset < {to:UInt64} ORDER BY offset`,
    { format: 'RowBinary', params: { logId, partition, from, to } },
  );
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const rows: StoredRow[] = [];
  for (const { start, end, values } of decodeRows(COLUMNS, bytes)) {
    rows.push({ offset: Number(values[0]), bytes: bytes.subarray(start, end) });
  }
  return rows;
}

/** Both lists ascend by offset. */
export function compareRows(expected: readonly ExpectedRow[], stored: readonly StoredRow[]): RowProblem[] {
  const problems: RowProblem[] = [];
  let at = 0;
  for (const row of expected) {
    for (; at < stored.length && stored[at]!.offset < row.offset; at++) {
      problems.push({ kind: 'unexpected', offset: stored[at]!.offset, expected: null });
    }
    const from = at;
    while (at < stored.length && stored[at]!.offset === row.offset) at++;
    const copies = stored.slice(from, at);
    if (copies.length === 0) problems.push({ kind: 'missing', offset: row.offset, expected: row });
    else if (copies.some((copy) => !copy.bytes.equals(row.bytes)))
      problems.push({ kind: 'different', offset: row.offset, expected: row });
    else if (copies.length > 1) problems.push({ kind: 'doubled', offset: row.offset, expected: row });
  }
  for (; at < stored.length; at++) problems.push({ kind: 'unexpected', offset: stored[at]!.offset, expected: null });
  return problems;
}
