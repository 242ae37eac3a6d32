-- What an accepted gap says (schemas/results/block.ts, docs/gaps.md). A gap may cover no offset at all, and the next block then has the
-- same `first`: `state_to`, which is 0 of blocks only, tells them apart.
ALTER TABLE ntk.blocks
  ADD COLUMN IF NOT EXISTS `state_to` UInt64 COMMENT 'Of a gap: where what the state lacks ends; 0 of a block' CODEC(ZSTD(1)) AFTER `kind`,
  MODIFY ORDER BY (log_id, partition, first, state_to);

ALTER TABLE ntk.blocks
  ADD COLUMN IF NOT EXISTS `state_from` UInt64 COMMENT 'Of a gap: first record that the state behind it lacks' CODEC(ZSTD(1)) AFTER `kind`,
  ADD COLUMN IF NOT EXISTS `accepted_by` String COMMENT 'Of a gap: who accepted it' CODEC(ZSTD(1)) AFTER `erasures`,
  COMMENT COLUMN `reason` 'Of a gap: why it was accepted';
