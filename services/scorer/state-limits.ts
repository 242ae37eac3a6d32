/**
 * State has limits, stated a partition: alarmed at 80 %, and at the limit the scorer stops with one clear line, because nothing may
 * be evicted by surprise (architecture.md, what exactness rests on, 7).
 */
import type { PartitionState, StateKind } from '../domain/fold/partition-state.ts';
import { PartitionRefused } from './partition-refused.ts';

/** Keys a partition may hold. */
export type StateLimits = Readonly<Record<StateKind, number>>;

const ALARM_SHARE = 0.8;
const SETTING: Readonly<Record<StateKind, string>> = {
  programs: 'NTK_STATE_PROGRAMS',
  consents: 'NTK_STATE_CONSENTS',
  limitKeys: 'NTK_STATE_LIMIT_KEYS',
  baselineKeys: 'NTK_STATE_BASELINE_KEYS',
};

export interface NearLimit {
  readonly kind: StateKind;
  readonly count: number;
  readonly max: number;
}

/** Kinds above 80 % of their limit. @throws PartitionRefused when one is above it */
export function nearLimits(state: PartitionState, limits: StateLimits): NearLimit[] {
  const near: NearLimit[] = [];
  for (const [kind, count] of Object.entries(state.counts()) as [StateKind, number][]) {
    const max = limits[kind];
    if (count > max) {
      throw new PartitionRefused(
        'state_full',
        `partition ${state.partition} holds ${count} ${kind}, more than the ${max} that are allowed: give it more memory and raise ${SETTING[kind]}, or use more partitions; what was committed is safe`,
      );
    }
    if (count > ALARM_SHARE * max) near.push({ kind, count, max });
  }
  return near;
}
