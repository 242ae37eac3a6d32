-- Rows go when they are `days` old by their arrival, a whole part at a time; the ledger stays, and with it the hashes of what went.
-- From then on reports are not `complete` and `ntk verify` calls the rows missing: docs/clickhouse-at-scale.md. On a single server: the
-- same without ON CLUSTER.
ALTER TABLE ntk.access_results ON CLUSTER '{cluster}'
  MODIFY SETTING ttl_only_drop_parts = 1;

ALTER TABLE ntk.access_results ON CLUSTER '{cluster}'
  MODIFY TTL appended_at + toIntervalDay({days:UInt32}) DELETE;
