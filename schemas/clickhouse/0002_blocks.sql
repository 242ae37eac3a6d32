-- Contract: contracts.md section 4. Fields of a block: schemas/results/block.ts.
CREATE TABLE IF NOT EXISTS ntk.blocks
(
  `log_id` UUID CODEC(ZSTD(1)),
  `partition` UInt16 CODEC(ZSTD(1)),
  `first` UInt64 COMMENT 'First source offset covered' CODEC(DoubleDelta, ZSTD(1)),
  `next` UInt64 COMMENT 'One past the last source offset covered' CODEC(DoubleDelta, ZSTD(1)),
  `kind` Enum8('block' = 0, 'gap' = 1) DEFAULT 'block' COMMENT 'gap: records that were lost outside and accepted as lost' CODEC(ZSTD(1)),
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
  `reason` String COMMENT 'Of a gap: who accepted it and why' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (log_id, partition, first)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'The ledger: one row for each block of results';
