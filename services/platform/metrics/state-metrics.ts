/** How a scorer stands: how far it is behind, what it holds, what is in force. */
import { counter, gauge } from './definition.ts';
import { LIMITED_KIND, LOG, PARTITION, POLICY_HASH, STATE_KIND } from './label-values.ts';

export const STATE = {
  lagRecords: gauge({
    name: 'ntk_lag_records',
    help: 'Records of the log that are not judged yet; on Kafka those behind a transaction that has not ended, too.',
    labels: { partition: PARTITION },
    unit: 'records',
    by: ['scorer'],
    worry: 'it grows for minutes',
  }),
  oldestUnscoredSeconds: gauge({
    name: 'ntk_oldest_unscored_seconds',
    help: 'How long the oldest record that is not judged yet has been waiting.',
    unit: 'seconds',
    by: ['scorer'],
    worry: 'it is above 1 for a minute; near `ntk_log_retention_seconds` records are about to be lost',
  }),
  partitionStopped: gauge({
    name: 'ntk_partition_stopped',
    help: '1 while the partition stands still until somebody does what /health says; 0 while it goes on.',
    labels: { partition: PARTITION },
    unit: '0 or 1',
    by: ['scorer', 'writer'],
    worry: 'it is 1',
  }),
  stateKeys: gauge({
    name: 'ntk_state_keys',
    help: 'Keys held in memory, of all partitions of the process.',
    labels: { kind: STATE_KIND },
    unit: 'keys',
    by: ['scorer'],
    worry: null,
  }),
  stateKeysLimit: gauge({
    name: 'ntk_state_keys_limit',
    help: 'Keys that NTK_STATE_* allows for as many partitions as the process has.',
    labels: { kind: LIMITED_KIND },
    unit: 'keys',
    by: ['scorer'],
    worry: null,
  }),
  stateFullestRatio: gauge({
    name: 'ntk_state_fullest_ratio',
    help: 'Keys of the fullest partition of the process, as a share of what NTK_STATE_* allows it.',
    labels: { kind: LIMITED_KIND },
    unit: 'share, 1 is full',
    by: ['scorer'],
    worry: 'it is above 0.8: at 1 the partition stops, for nothing is evicted by surprise',
  }),
  checkpointAgeSeconds: gauge({
    name: 'ntk_checkpoint_age_seconds',
    help: 'Age of the newest checkpoint of that partition whose is oldest; 0 of one that has judged nothing since.',
    unit: 'seconds',
    by: ['scorer'],
    worry: 'it is above 300 while records come in: a restart will fold that much again',
  }),
  dedupWindowSeconds: gauge({
    name: 'ntk_dedup_window_seconds',
    help: 'Age of the oldest record id that is still remembered, of the partition that forgets soonest.',
    unit: 'seconds',
    by: ['scorer'],
    worry:
      'windows are full (`ntk_state_keys{kind="duplicate_ids"}` is 262,144 a partition) and it is below the longest time in which hosts repeat: a later repeat counts again',
  }),
  positionMismatch: counter({
    name: 'ntk_position_mismatch_total',
    help: 'Takings of a partition when somebody else had set what tools for lag are shown, or it had expired, and it was not the end of its last block.',
    unit: 'takings',
    by: ['scorer'],
    worry: "it grows: somebody sets the group's offsets; nothing comes of it",
  }),
  policyInfo: gauge({
    name: 'ntk_policy_info',
    help: '1 for the policy in force.',
    labels: { policy_hash: POLICY_HASH },
    unit: '1',
    by: ['scorer'],
    worry: 'processes differ for more than a minute',
  }),
  baselineBudget: gauge({
    name: 'ntk_baseline_budget_alarms_per_program_day',
    help: 'False alarms of the baselines that the policy in force allows; no sample where it says nothing.',
    unit: 'alarms a program and day',
    by: ['scorer'],
    worry: null,
  }),
  logRetentionSeconds: gauge({
    name: 'ntk_log_retention_seconds',
    help: 'How long the log keeps accesses and results; no sample where nothing is deleted by its age.',
    labels: { log: LOG },
    unit: 'seconds',
    by: ['scorer', 'writer'],
    worry: '`ntk_oldest_unscored_seconds` or `ntk_oldest_unwritten_seconds` comes near it',
  }),
};
