/** Whether a log has a policy that counts: without any, every access is let pass, which people should know. */
import type { Authority } from '../../domain/authority/authority.ts';
import { PartitionState } from '../../domain/fold/partition-state.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { CheckpointStore } from '../../scorer/checkpoint-store.ts';
import { policyHistory } from './policy-history.ts';

/** Every partition has every policy, and the newest checkpoint of one mostly says it: only a log without is read. */
export async function hasPolicyInForce(log: EventLog, authority: Authority): Promise<boolean> {
  const checkpoints = new CheckpointStore(log, 0);
  await checkpoints.open();
  const [newest] = checkpoints.candidates(Number.POSITIVE_INFINITY);
  const head = newest === undefined ? null : await checkpoints.head(newest);
  if (head !== null) {
    const state = new PartitionState(log.logId, 0, log.partitions);
    state.restoreHead(head);
    if (state.hasPolicy) return true;
  }
  return (await policyHistory(log, authority)).changes.length > 0;
}
