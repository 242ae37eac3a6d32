-- For a server without rows of its own, through which all shards are read: reports, boards and `ntk verify` ask it for the same tables by
-- the same names. It has the macro `cluster` and the cluster's servers in its configuration, and is not one of them.
-- The columns are those of the shards: after a release that adds some, drop these tables and run this again.
-- Rows are never inserted here; where a row belongs is said all the same.
CREATE DATABASE IF NOT EXISTS ntk;

CREATE TABLE IF NOT EXISTS ntk.access_results
ENGINE = Distributed('{cluster}', 'ntk', 'access_results', partition);

CREATE TABLE IF NOT EXISTS ntk.blocks
ENGINE = Distributed('{cluster}', 'ntk', 'blocks', partition);

CREATE TABLE IF NOT EXISTS ntk.access_rollups
ENGINE = Distributed('{cluster}', 'ntk', 'access_rollups', partition);
