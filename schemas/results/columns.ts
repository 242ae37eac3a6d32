/**
 * The columns of `ntk.access_results` as a scorer encodes them: one row is these fields in ClickHouse's RowBinary format,
 * in this order, nothing between. The same bytes are chained (SHA-256), stored in the block, inserted, and compared by
 * `ntk verify`, so there is one encoding and no conversion. Inserting RowBinary takes 2.7 times less than TabSeparated
 * (3.7 against 10 microseconds a row, chdb 26.7, one core); Native takes 2.3 but has no canonical row to chain.
 *
 * The remaining columns are the same for a whole block and are added by the writer: {@link BLOCK_COLUMNS}.
 */
const ACTION_ENUM = "Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3)";

export interface Column {
  readonly name: string;
  /** ClickHouse type in the table. */
  readonly type: string;
}

export const ROW_COLUMNS = [
  { name: 'offset', type: 'UInt64' },
  { name: 'event_id', type: 'String' },
  { name: 'source', type: 'LowCardinality(String)' },
  { name: 'event_time', type: "DateTime64(3, 'UTC')" },
  { name: 'appended_at', type: "DateTime64(3, 'UTC')" },
  { name: 'program', type: 'String' },
  { name: 'developer', type: 'String' },
  { name: 'class', type: 'LowCardinality(String)' },
  { name: 'user', type: 'String' },
  { name: 'api', type: 'LowCardinality(String)' },
  { name: 'category', type: 'LowCardinality(String)' },
  { name: 'purpose', type: 'String' },
  { name: 'foreground', type: 'Bool' },
  { name: 'rows', type: 'UInt64' },
  { name: 'bytes', type: 'UInt64' },
  { name: 'outcome', type: 'LowCardinality(String)' },
  { name: 'verdict', type: ACTION_ENUM },
  { name: 'proposed', type: ACTION_ENUM },
  { name: 'reasons', type: 'Array(LowCardinality(String))' },
  { name: 'effective', type: `Array(${ACTION_ENUM})` },
  { name: 'limit', type: 'LowCardinality(String)' },
  { name: 'retry_after_ms', type: 'UInt64' },
  { name: 'page', type: 'String' },
  { name: 'link_kind', type: 'String' },
  { name: 'link_host', type: 'String' },
  { name: 'fields', type: 'Array(LowCardinality(String))' },
  { name: 'duration_ms', type: 'UInt64' },
  { name: 'evidence', type: 'String' },
  { name: 'engine', type: 'UInt16' },
  { name: 'score', type: 'Float32' },
  { name: 'contributions', type: 'Map(LowCardinality(String), Float32)' },
  { name: 'policy_hash', type: 'FixedString(16)' },
  { name: 'declaration_version', type: 'UInt32' },
  { name: 'notes', type: 'Array(LowCardinality(String))' },
] as const satisfies readonly Column[];

export const BLOCK_COLUMNS = [
  { name: 'log_id', type: 'UUID' },
  { name: 'partition', type: 'UInt16' },
  { name: 'scored_at', type: "DateTime64(3, 'UTC')" },
] as const satisfies readonly Column[];

export type RowColumnName = (typeof ROW_COLUMNS)[number]['name'];
