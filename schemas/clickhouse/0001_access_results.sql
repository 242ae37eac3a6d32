-- Contract: contracts.md section 4. The same columns, for the writer: schemas/results/columns.ts.
-- Codecs measured on 500,000 made-up rows with random event ids (36 characters) and user hashes (32): 52 bytes a row
-- against 112 with the default (LZ4), of which event_id 19, user 18, program 4, developer 2; inserting takes as long.
-- The window of tokens is 0 by default and would let repeated inserts through; totals do not depend on it.
CREATE TABLE IF NOT EXISTS ntk.access_results
(
  `partition` UInt16 COMMENT 'Of ntk.access.v1' CODEC(ZSTD(1)),
  `offset` UInt64 COMMENT 'Of ntk.access.v1; a row is identified by log_id, partition, offset' CODEC(DoubleDelta, ZSTD(1)),
  `event_id` String COMMENT 'The event''s id, unique within its source' CODEC(ZSTD(1)),
  `source` LowCardinality(String) COMMENT 'The host that reported' CODEC(ZSTD(1)),
  `event_time` DateTime64(3, 'UTC') COMMENT 'When it happened, bounded by when it arrived' CODEC(Delta, ZSTD(1)),
  `appended_at` DateTime64(3, 'UTC') COMMENT 'When it arrived in the log' CODEC(Delta, ZSTD(1)),
  `scored_at` DateTime64(3, 'UTC') COMMENT 'When it was judged' CODEC(Delta, ZSTD(1)),
  `program` String COMMENT 'Program id' CODEC(ZSTD(1)),
  `developer` String COMMENT 'Of the declaration in force; empty without one' CODEC(ZSTD(1)),
  `class` LowCardinality(String) COMMENT 'Of the declaration in force; undeclared without one' CODEC(ZSTD(1)),
  `user` String COMMENT 'Keyed hash of the user id, unless the configuration says plain' CODEC(ZSTD(1)),
  `api` LowCardinality(String) COMMENT 'Host API' CODEC(ZSTD(1)),
  `category` LowCardinality(String) COMMENT 'Kind of personal data' CODEC(ZSTD(1)),
  `purpose` String COMMENT 'Declared purpose that was named; empty without one' CODEC(ZSTD(1)),
  `foreground` Bool COMMENT 'Was the program on screen' CODEC(ZSTD(1)),
  `rows` UInt64 COMMENT 'Rows returned' CODEC(T64, ZSTD(1)),
  `bytes` UInt64 COMMENT 'Bytes returned' CODEC(T64, ZSTD(1)),
  `outcome` LowCardinality(String) COMMENT 'pending, performed or refused' CODEC(ZSTD(1)),
  `verdict` Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3) COMMENT 'In effect' CODEC(ZSTD(1)),
  `proposed` Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3) COMMENT 'Before modes' CODEC(ZSTD(1)),
  `reasons` Array(LowCardinality(String)) COMMENT 'All findings, in the order of the checks' CODEC(ZSTD(1)),
  `effective` Array(Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3)) COMMENT 'Each reason''s action in effect' CODEC(ZSTD(1)),
  `limit` LowCardinality(String) COMMENT 'Name of the limit that refused' CODEC(ZSTD(1)),
  `retry_after_ms` UInt64 COMMENT 'When that limit lets the next one pass' CODEC(T64, ZSTD(1)),
  `page` String COMMENT 'Where in the program the call came from' CODEC(ZSTD(1)),
  `link_kind` String COMMENT 'external, download or share' CODEC(ZSTD(1)),
  `link_host` String COMMENT 'Where the link leads' CODEC(ZSTD(1)),
  `fields` Array(LowCardinality(String)) COMMENT 'Names of the fields returned' CODEC(ZSTD(1)),
  `duration_ms` UInt64 COMMENT 'Of interval accesses' CODEC(T64, ZSTD(1)),
  `evidence` String COMMENT 'JSON: what each check compared' CODEC(ZSTD(1)),
  `engine` UInt16 COMMENT 'Version of the fold' CODEC(ZSTD(1)),
  `log_id` UUID COMMENT 'Id of the log' CODEC(ZSTD(1)),
  `score` Float32 COMMENT '0 is ordinary' CODEC(ZSTD(1)),
  `contributions` Map(LowCardinality(String), Float32) COMMENT 'Sum to score' CODEC(ZSTD(1)),
  `policy_hash` FixedString(16) COMMENT 'Hexadecimal, of the policy in force' CODEC(ZSTD(1)),
  `declaration_version` UInt32 COMMENT 'Of the declaration in force; 0 without one' CODEC(T64, ZSTD(1)),
  `notes` Array(LowCardinality(String)) COMMENT 'clock_skewed, imported, late_for_limit' CODEC(ZSTD(1)),
  -- `ntk explain EVENT_ID` would read 19 bytes of every row without it; it costs 1.3.
  INDEX event_id_bloom event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  -- Event times nearly follow offsets, so a report of a day skips the rest of its month.
  INDEX event_time_minmax event_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
-- By arrival: history and hostile clocks bring event times from 1970 to 2254, a folder of parts for each month of which no
-- engine survives; a row's arrival never changes, so a repeated row meets its twin.
PARTITION BY toYYYYMM(appended_at)
ORDER BY (log_id, partition, offset)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'One row for each access that is no duplicate. Totals: SELECT ... FROM ntk.access_results FINAL';
