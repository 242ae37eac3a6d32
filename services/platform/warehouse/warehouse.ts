/**
 * Port: where results are stored and asked for. ClickHouse through @clickhouse/client, in three ways that differ only in
 * their connection: in this process (chdb), on a server by URL, or through the running system that holds the data folder.
 */
import type { Readable } from 'node:stream';
import type { Column } from '../../../schemas/results/columns.ts';

/** Values are bound by the server as `{name:Type}`; never put text of others into SQL. */
export type QueryParams = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

export interface RowsInsert {
  /** Table in database `ntk`. */
  readonly table: 'access_results' | 'blocks';
  /** Columns that `bytes` holds, RowBinary, in order. */
  readonly columns: readonly Column[];
  readonly bytes: readonly Uint8Array[];
  /**
   * Further columns as SQL expressions over the others, made by us from numbers and our own ids only, for instance
   * `{log_id: "toUUID('...')", partition: '3', scored_at: '...'}`.
   */
  readonly expressions?: Readonly<Record<string, string>>;
  /** `insert_deduplication_token`; an insert that is repeated with the same token adds nothing. */
  readonly token: string;
}

export interface Warehouse {
  /** What stands in messages: `chdb at ./data/clickhouse` or the URL without user and password. */
  readonly description: string;
  /** Rows as objects; 64-bit integers come as strings (convert with care). */
  query<Row>(sql: string, params?: QueryParams): Promise<Row[]>;
  /** Bytes of the result in a ClickHouse format. `readonly` refuses everything but reading. */
  stream(
    sql: string,
    options: { readonly format: string; readonly params?: QueryParams; readonly readonly?: boolean },
  ): Promise<Readable>;
  /** DDL and mutations; returns when they are done. */
  command(sql: string, params?: QueryParams): Promise<void>;
  insertRows(insert: RowsInsert): Promise<void>;
  /** Waits for what is under way, then closes. Twice is fine. */
  close(): Promise<void>;
}

/** A failure of the warehouse; `retryable` when waiting may help (network, too many parts, memory). */
export class WarehouseError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  constructor(code: string, retryable: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WarehouseError';
    this.code = code;
    this.retryable = retryable;
  }
}
