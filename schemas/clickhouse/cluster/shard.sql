-- One shard of a cluster: the tables of ../*.sql as those files leave them, replicated. docs/clickhouse-at-scale.md says how to run it; the
-- macros of each server are `cluster`, `shards` (how many there are), `shard` (from 0) and `replica`.
--
-- A partition's rows and ledger lie on shard `partition % shards`, where the writer with `--assignment SHARD/SHARDS` puts them: then all
-- copies of a row are on one shard, and FINAL there is FINAL of all. The constraint refuses what belongs elsewhere, whoever inserts it.
--
-- No version column, as on a single server: copies of one row are the same bytes, so that it does not matter which one stays.
-- Tokens are remembered for a week, not for the default hour: a writer that was away repeats its last insert. Totals do not depend on it.
CREATE DATABASE IF NOT EXISTS ntk ON CLUSTER '{cluster}';

CREATE TABLE IF NOT EXISTS ntk.migrations ON CLUSTER '{cluster}'
(
  `version` UInt32 COMMENT 'The number in the file name',
  `name` String COMMENT 'The file name',
  `sha256` FixedString(64) COMMENT 'Of the file; an applied file never changes',
  `applied_at` DateTime64(3, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/ntk/{shard}/migrations', '{replica}')
ORDER BY version
COMMENT 'Which files of schemas/clickhouse were applied';

CREATE TABLE IF NOT EXISTS ntk.access_results ON CLUSTER '{cluster}'
(
  `partition` UInt16 COMMENT 'Of ntk.access.v1' CODEC(ZSTD(1)),
  `offset` UInt64 COMMENT 'Of ntk.access.v1; a row is identified by log_id, partition, offset' CODEC(DoubleDelta, ZSTD(1)),
  `event_id` String COMMENT 'The event\'s id, unique within its source' CODEC(ZSTD(1)),
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
  `effective` Array(Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3)) COMMENT 'Each reason\'s action in effect' CODEC(ZSTD(1)),
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
  INDEX event_id_bloom event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX event_time_minmax event_time TYPE minmax GRANULARITY 1,
  CONSTRAINT of_this_shard CHECK (partition % toUInt16(getMacro('shards'))) = toUInt16(getMacro('shard'))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/ntk/{shard}/access_results', '{replica}')
PARTITION BY toYYYYMM(appended_at)
ORDER BY (log_id, partition, offset)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1, merge_selector_base = 10
COMMENT 'One row for each access that is no duplicate. Totals: SELECT ... FROM ntk.access_results FINAL';

CREATE TABLE IF NOT EXISTS ntk.blocks ON CLUSTER '{cluster}'
(
  `log_id` UUID CODEC(ZSTD(1)),
  `partition` UInt16 CODEC(ZSTD(1)),
  `first` UInt64 COMMENT 'First source offset covered' CODEC(DoubleDelta, ZSTD(1)),
  `next` UInt64 COMMENT 'One past the last source offset covered' CODEC(DoubleDelta, ZSTD(1)),
  `kind` Enum8('block' = 0, 'gap' = 1) DEFAULT 'block' COMMENT 'gap: records that were lost outside and accepted as lost' CODEC(ZSTD(1)),
  `state_from` UInt64 COMMENT 'Of a gap: first record that the state behind it lacks' CODEC(ZSTD(1)),
  `state_to` UInt64 COMMENT 'Of a gap: where what the state lacks ends; 0 of a block' CODEC(ZSTD(1)),
  `engine` UInt16 CODEC(ZSTD(1)),
  `catalogue_hash` String CODEC(ZSTD(1)),
  `accesses` UInt64 COMMENT 'Rows of access_results' CODEC(T64, ZSTD(1)),
  `facts` Map(LowCardinality(String), UInt64) COMMENT 'Accepted facts by type' CODEC(ZSTD(1)),
  `stale_facts` UInt64 CODEC(T64, ZSTD(1)),
  `duplicates` UInt64 CODEC(T64, ZSTD(1)),
  `rejects` Map(LowCardinality(String), UInt64) COMMENT 'By reason' CODEC(ZSTD(1)),
  `heartbeats` UInt64 CODEC(T64, ZSTD(1)),
  `policy_copies` UInt64 COMMENT 'Copies of broadcast records that are counted elsewhere or not at all' CODEC(T64, ZSTD(1)),
  `live_records` UInt64 COMMENT '0 everywhere: the whole log is history' CODEC(T64, ZSTD(1)),
  `scored_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `event_time_min` Nullable(DateTime64(3, 'UTC')) COMMENT 'NULL in a block without rows' CODEC(ZSTD(1)),
  `event_time_max` Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  `rows_hash` FixedString(64) COMMENT 'SHA-256 chained over all rows of the partition up to next' CODEC(ZSTD(1)),
  `entry_hash` FixedString(64) COMMENT 'SHA-256 over the entry before and this one' CODEC(ZSTD(1)),
  `erasures` UInt64 COMMENT 'Users whose rows before this block were erased' CODEC(T64, ZSTD(1)),
  `accepted_by` String COMMENT 'Of a gap: who accepted it' CODEC(ZSTD(1)),
  `reason` String COMMENT 'Of a gap: why it was accepted' CODEC(ZSTD(1)),
  CONSTRAINT of_this_shard CHECK (partition % toUInt16(getMacro('shards'))) = toUInt16(getMacro('shard'))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/ntk/{shard}/blocks', '{replica}')
PRIMARY KEY (log_id, partition, first)
ORDER BY (log_id, partition, first, state_to)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'The ledger: one row for each block of results';

CREATE TABLE IF NOT EXISTS ntk.access_rollups ON CLUSTER '{cluster}'
(
  `log_id` UUID CODEC(ZSTD(1)),
  `partition` UInt16 CODEC(ZSTD(1)),
  `first` UInt64 COMMENT 'Of the block' CODEC(DoubleDelta, ZSTD(1)),
  `next` UInt64 COMMENT 'Of the block' CODEC(DoubleDelta, ZSTD(1)),
  `entry_hash` FixedString(64) COMMENT 'Of the block: another block in its place has other counts' CODEC(ZSTD(1)),
  `accesses` UInt64 COMMENT 'Rows that were counted' CODEC(T64, ZSTD(1)),
  `cells` Array(Tuple(category LowCardinality(String), class LowCardinality(String), outcome LowCardinality(String), verdict Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3), proposed Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3), accesses UInt64)) COMMENT 'Rows by what they have in common' CODEC(ZSTD(1)),
  CONSTRAINT of_this_shard CHECK (partition % toUInt16(getMacro('shards'))) = toUInt16(getMacro('shard'))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/ntk/{shard}/access_rollups', '{replica}')
ORDER BY (log_id, partition, first)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Counts of a block, as it was when it was stored';
