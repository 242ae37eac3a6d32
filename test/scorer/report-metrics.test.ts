import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { BatchOutcome } from '../../services/domain/fold/batch-outcome.ts';
import { PartitionState } from '../../services/domain/fold/partition-state.ts';
import { type CompiledPolicy, compilePolicy } from '../../services/domain/policy/compiled.ts';
import { parsePolicyDocument } from '../../services/domain/policy/document.ts';
import { RowWriter } from '../../services/domain/results/row-writer.ts';
import { createMetrics } from '../../services/platform/metrics/metrics.ts';
import { ScorerMetrics } from '../../services/scorer/report-metrics.ts';

const NOW_MS = 1_790_000_000_000;
const LOG_ID = '6f1c2f0e-6f0b-4c60-9d4e-1f6f0a5b7c11';

test('the window for repeats is that of the partition that forgets soonest', async () => {
  const clock = { nowMs: () => NOW_MS };
  const metrics = createMetrics(new Registry(), { clock });
  const states = [3_600, 28, 600].map((secondsAgo, partition) => {
    const state = new PartitionState(LOG_ID, partition, 4);
    state.window.add(Uint32Array.of(1, 2, 3, partition), NOW_MS - secondsAgo * 1000);
    return state;
  });
  // A partition without any record forgets nothing.
  states.push(new PartitionState(LOG_ID, 3, 4));
  new ScorerMetrics(metrics, clock).observe(states, [], null);
  expect((await metrics.dedupWindowSeconds.get()).values).toEqual([{ value: 28, labels: {} }]);
});

test('programs intercepted are those of the last day, each by its latest interception, of the partitions that are judged here', async () => {
  const clock = { nowMs: () => NOW_MS };
  const metrics = createMetrics(new Registry(), { clock });
  const scorer = new ScorerMetrics(metrics, clock);
  const [kept, given] = [0, 1].map((partition) => new PartitionState(LOG_ID, partition, 2)) as [PartitionState, PartitionState];
  const intercepted = (state: PartitionState, hoursAgo: Record<string, number>): void => {
    const outcome = new BatchOutcome(state, '', NOW_MS, new RowWriter());
    for (const [program, hours] of Object.entries(hoursAgo))
      outcome.tally.interceptedPrograms.set(program, NOW_MS - hours * 3_600_000);
    scorer.scored(outcome, state);
  };
  const counted = async (states: readonly PartitionState[]): Promise<number | undefined> => {
    scorer.observe(states, [], null);
    return (await metrics.interceptedPrograms.get()).values[0]?.value;
  };
  intercepted(kept, { recent: 1, yesterday: 23, before: 25 });
  // What comes late does not make an interception older than it is.
  intercepted(kept, { recent: 30 });
  intercepted(given, { elsewhere: 2 });
  expect(await counted([kept, given])).toBe(3);
  expect(await counted([kept])).toBe(2);
});

interface Reported {
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly scorer: ScorerMetrics;
  readonly value: (name: string, labels?: Record<string, string>) => Promise<number | undefined>;
}

function reported(): Reported {
  const registry = new Registry();
  const clock = { nowMs: () => NOW_MS };
  const metrics = createMetrics(registry, { clock });
  const value: Reported['value'] = async (name, labels = {}) => {
    const metric = (await registry.getMetricsAsJSON()).find((one) => one.name === name.replace(/_(sum|count)$/, ''));
    const all = (metric?.values ?? []) as { metricName?: string; value: number; labels: Record<string, string> }[];
    const isIt = (of: Record<string, string>): boolean => Object.entries(labels).every(([label, text]) => of[label] === text);
    return all.find((one) => (one.metricName ?? name) === name && isIt(one.labels))?.value;
  };
  return { metrics, scorer: new ScorerMetrics(metrics, clock), value };
}

function policyOf(version: string, more: object = {}): CompiledPolicy {
  const checked = parsePolicyDocument({ version, ...more });
  if (!checked.ok) throw new Error('the policy of the test does not check');
  return compilePolicy(checked.policy, checked.hash, checked.document);
}

function stateUnder(partition: number, policy: CompiledPolicy): PartitionState {
  const state = new PartitionState(LOG_ID, partition, 2);
  state.policy = policy;
  return state;
}

const outcomeOf = (state: PartitionState): BatchOutcome => new BatchOutcome(state, '', NOW_MS, new RowWriter());

test('of programs that were intercepted so many are remembered, the newest', async () => {
  const { scorer, value } = reported();
  const state = new PartitionState(LOG_ID, 0, 1);
  const outcome = outcomeOf(state);
  for (let i = 0; i < 200_010; i++) outcome.tally.interceptedPrograms.set(`wx${i}`, NOW_MS - 1000);
  scorer.scored(outcome, state);
  scorer.observe([state], [], null);
  expect(await value('ntk_intercepted_programs')).toBe(200_000);
});

test('policies in force are those of the partitions that are judged here, with the strictest of their budgets', async () => {
  const { metrics, scorer, value } = reported();
  const budget = (falseAlarmsPerProgramDay: number) => ({ baselines: { enabled: true, falseAlarmsPerProgramDay } });
  const [old, next] = [policyOf('old', budget(0.02)), policyOf('next', budget(0.001))];
  const inForce = async (): Promise<unknown[]> =>
    (await metrics.policyInfo.get()).values.map(({ labels }) => labels['policy_hash']);
  scorer.observe([stateUnder(0, old), stateUnder(1, next)], [], null);
  expect(await inForce()).toEqual([old.hash, next.hash]);
  expect(await value('ntk_baseline_budget_alarms_per_program_day')).toBe(0.001);
  scorer.observe([stateUnder(0, old), stateUnder(1, old)], [], null);
  expect(await inForce()).toEqual([old.hash]);
  expect(await value('ntk_baseline_budget_alarms_per_program_day')).toBe(0.02);
  scorer.observe([], [], null);
  expect(await inForce()).toEqual([]);
  expect((await metrics.baselineBudget.get()).values).toEqual([]);
});

test('the fullest partition is a share of what one may hold, all of them may hold so many times as much, and ages are seconds', async () => {
  const { scorer, value } = reported();
  const states = [0, 1].map((partition) => new PartitionState(LOG_ID, partition, 2));
  for (let i = 0; i < 3; i++) states[1]!.programs.of(`wx${i}`);
  scorer.observe(states, [1_500, 90_000], { programs: 4, consents: 10, limitKeys: 10, baselineKeys: 10 });
  expect(await value('ntk_state_fullest_ratio', { kind: 'programs' })).toBe(0.75);
  expect(await value('ntk_state_keys_limit', { kind: 'programs' })).toBe(8);
  expect(await value('ntk_checkpoint_age_seconds')).toBe(90);
});

test('a limit that intercepts by itself has its series from the start, and its long or many names no more than there may be', async () => {
  const { scorer, value, metrics } = reported();
  const limit = (name: string, more: object = {}) => ({ name, key: ['program'], count: 1, per: '1m', burst: 1, ...more });
  const state = stateUnder(0, policyOf('limits', { limits: [limit('a'), limit('b', { action: 'intercept' })] }));
  const outcome = outcomeOf(state);
  outcome.unauthorisedCopies = 2;
  for (let i = 0; i < 300; i++) outcome.tally.refusals.set(`${i}`.padEnd(150, 'x'), 1);
  outcome.liveArrivals.set(NOW_MS - 2_500, 2);
  outcome.liveArrivals.set(NOW_MS + 2_500, 1);
  scorer.scored(outcome, state);
  const ofLimit = { category: 'location', reason: 'rate_limited', timing: 'prevented' };
  expect(await value('ntk_interceptions_total', ofLimit)).toBe(0);
  expect(await value('ntk_rejects_total', { reason: 'unauthorised' })).toBe(2);
  expect(await value('ntk_event_to_verdict_seconds_sum')).toBe(5);
  const labels = new Set((await metrics.limitRefusals.get()).values.map(({ labels: { limit: name } }) => String(name)));
  expect(labels.size).toBeLessThanOrEqual(201);
  expect(Math.max(...[...labels].map(({ length }) => length))).toBe(100);
});
