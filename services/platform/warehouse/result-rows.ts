/** The two inserts of the house: rows of results and entries of the ledger. */
import type { BlockHeader } from '../../../schemas/results/block.ts';
import { ROW_COLUMNS } from '../../../schemas/results/columns.ts';
import { LEDGER_COLUMNS, ledgerRow } from './ledger-row.ts';
import type { RowsInsert } from './warehouse.ts';

interface ResultRows {
  readonly logId: string;
  readonly partition: number;
  /** RowBinary, see schemas/results/columns.ts. */
  readonly bytes: readonly Uint8Array[];
  /** SQL for when a row was scored, milliseconds since 1970: a number, or an expression over the columns. */
  readonly scoredAtMs: string;
  readonly token: string;
}

export function resultRowsInsert({ logId, partition, bytes, scoredAtMs, token }: ResultRows): RowsInsert {
  return {
    table: 'access_results',
    columns: ROW_COLUMNS,
    bytes,
    expressions: {
      log_id: `toUUID('${logId}')`,
      partition: String(partition),
      scored_at: `fromUnixTimestamp64Milli(toInt64(${scoredAtMs}), 'UTC')`,
    },
    token,
  };
}

/** @param erasures how many users had rows erased with each. @default those that it names */
export function ledgerInsert(headers: readonly BlockHeader[], token: string, erasures?: number): RowsInsert {
  const rows = headers.map((header) => ledgerRow(header, erasures));
  return { table: 'blocks', columns: LEDGER_COLUMNS, bytes: [Buffer.concat(rows)], token };
}
