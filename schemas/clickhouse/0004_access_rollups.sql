-- Counts of a block's rows, one row a block, written by the writer where NTK_ROLLUPS is on (docs/clickhouse-at-scale.md). A block's rows never
-- change, so neither do its counts: a repeat writes the same ones. What an erasure behind the block removed they still hold: which counts
-- may be used is in services/platform/warehouse/block-counts.ts. No users: what is to be erased is in one place only.
CREATE TABLE IF NOT EXISTS ntk.access_rollups
(
  `log_id` UUID CODEC(ZSTD(1)),
  `partition` UInt16 CODEC(ZSTD(1)),
  `first` UInt64 COMMENT 'Of the block' CODEC(DoubleDelta, ZSTD(1)),
  `next` UInt64 COMMENT 'Of the block' CODEC(DoubleDelta, ZSTD(1)),
  `entry_hash` FixedString(64) COMMENT 'Of the block: another block in its place has other counts' CODEC(ZSTD(1)),
  `accesses` UInt64 COMMENT 'Rows that were counted' CODEC(T64, ZSTD(1)),
  `cells` Array(Tuple(category LowCardinality(String), class LowCardinality(String), outcome LowCardinality(String), verdict Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3), proposed Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3), accesses UInt64)) COMMENT 'Rows by what they have in common' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (log_id, partition, first)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Counts of a block, as it was when it was stored';
