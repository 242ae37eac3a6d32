-- Always run first, so that what is applied can be asked. One statement ends with a semicolon at the end of its line.
CREATE DATABASE IF NOT EXISTS ntk;

CREATE TABLE IF NOT EXISTS ntk.migrations
(
  `version` UInt32 COMMENT 'The number in the file name',
  `name` String COMMENT 'The file name',
  `sha256` FixedString(64) COMMENT 'Of the file; an applied file never changes',
  `applied_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY version
COMMENT 'Which files of schemas/clickhouse were applied';
