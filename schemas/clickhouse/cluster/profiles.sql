-- What users of the cluster need so that a total is whole or fails, never short.
-- The writer of a shard inserts one thing at a time: each is on most replicas before its position moves on.
CREATE SETTINGS PROFILE IF NOT EXISTS ntk_cluster_writer ON CLUSTER '{cluster}'
SETTINGS insert_quorum = 'auto', insert_quorum_parallel = 0, select_sequential_consistency = 1, alter_sync = 2, mutations_sync = 2;

-- A replica that lacks acknowledged rows, and a shard that is away, are an error to who asks.
CREATE SETTINGS PROFILE IF NOT EXISTS ntk_cluster_reader ON CLUSTER '{cluster}'
SETTINGS select_sequential_consistency = 1, skip_unavailable_shards = 0, fallback_to_stale_replicas_for_distributed_queries = 0;
