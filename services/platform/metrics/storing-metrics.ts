/** What the writer tells of rows and blocks. Counted after its position moved behind them. */
import { counter, gauge, histogram } from './definition.ts';
import { PARTITION, WRITE_FAILURE_CODE } from './label-values.ts';

/** Storing waits for a group (1 s) and goes on when ClickHouse is back (an hour and more). */
const STORED_SECONDS = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 900, 3600, 14_400];

export const STORING = {
  eventToStoredSeconds: histogram({
    name: 'ntk_event_to_stored_seconds',
    help: 'From a live record in the log to its row in ClickHouse.',
    buckets: STORED_SECONDS,
    unit: 'seconds',
    by: ['writer'],
    worry: 'the 99th percentile is above 60',
  }),
  resultsWritten: counter({
    name: 'ntk_results_written_total',
    help: 'Rows stored.',
    unit: 'rows',
    by: ['writer'],
    worry: null,
  }),
  writeFailures: counter({
    name: 'ntk_write_failures_total',
    help: 'Inserts that failed and are tried again, by ClickHouse error.',
    labels: { code: WRITE_FAILURE_CODE },
    unit: 'inserts',
    by: ['writer'],
    worry: 'it grows for minutes: blocks wait in the log, and verdicts do not depend on it',
  }),
  oldestUnwrittenSeconds: gauge({
    name: 'ntk_oldest_unwritten_seconds',
    help: 'How long the oldest block that is not stored yet has been waiting.',
    unit: 'seconds',
    by: ['writer'],
    worry: 'it is above 60 for minutes; near `ntk_log_retention_seconds` blocks are about to be lost',
  }),
  unwrittenRecords: gauge({
    name: 'ntk_unwritten_records',
    help: 'Records that are judged and not stored yet.',
    labels: { partition: PARTITION },
    unit: 'records',
    by: ['writer'],
    worry: 'it grows for minutes',
  }),
  gapsAccepted: counter({
    name: 'ntk_gaps_accepted_total',
    help: 'Ledger entries stored of records that were accepted as lost.',
    unit: 'entries',
    by: ['writer'],
    worry: 'it grows: reports over that time say `complete: false`',
  }),
  heartbeatStoredTimestamp: gauge({
    name: 'ntk_heartbeat_stored_timestamp_seconds',
    help: 'When the newest block with a heartbeat was stored; no sample before the first.',
    labels: { partition: PARTITION },
    unit: 'seconds since 1970',
    by: ['writer'],
    worry: 'it is more than five minutes ago while heartbeats are answered',
  }),
};
