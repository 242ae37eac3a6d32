/** Tells the metrics what a committed batch amounts to. Labels are closed lists, limit names of the policy, and bounded sources. */
import type { Counter } from 'prom-client';
import { ACTIONS, BASELINE_REASONS, CATEGORIES, DISPOSITIONS, OUTCOMES, REASONS, TIMINGS } from '../../schemas/codes.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import type { PartitionState, StateKind } from '../domain/fold/partition-state.ts';
import type { Tally } from '../domain/fold/tally.ts';
import type { CompiledPolicy } from '../domain/policy/compiled.ts';
import { BoundedNames, LIMIT_NAMES_MAX } from '../platform/metrics/bounded-names.ts';
import type { Metrics } from '../platform/metrics/metrics.ts';
import type { StateLimits } from './state-limits.ts';

const INTERCEPT = ACTIONS.indexOf('intercept');
const DAY_MS = 86_400_000;
/** Programs of a partition remembered for `ntk_intercepted_programs`; beyond it the oldest leave first. */
const INTERCEPTED_PROGRAMS_MAX = 200_000;

const BASELINES: readonly { readonly reason: (typeof BASELINE_REASONS)[number]; readonly index: number }[] = BASELINE_REASONS.map(
  (reason) => ({ reason, index: REASONS.indexOf(reason) }),
);
/** Labels of the kinds of state that have a limit. */
const KIND_LABELS: Readonly<Record<StateKind, string>> = {
  programs: 'programs',
  consents: 'consents',
  limitKeys: 'limit_keys',
  baselineKeys: 'baseline_keys',
};
/** As many as there can be, and no limit of the configuration's. */
const DUPLICATE_IDS = 'duplicate_ids';

export class ScorerMetrics {
  readonly #metrics: Metrics;
  readonly #clock: { nowMs(): number };
  /** Of each partition that is judged here, the programs by their latest interception. One that is given away takes its own along. */
  readonly #intercepted = new WeakMap<PartitionState, Map<string, number>>();
  readonly #limitNames = new BoundedNames(LIMIT_NAMES_MAX);
  /** Policies whose counters have been started. */
  #started = new Set<string>();

  constructor(metrics: Metrics, clock: { nowMs(): number }) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** After the commit of a batch. */
  scored(outcome: BatchOutcome, state: PartitionState): void {
    const metrics = this.#metrics;
    this.#tally(outcome.tally);
    this.#remember(outcome.tally.interceptedPrograms, state);
    add(metrics.duplicates, outcome.duplicates);
    add(metrics.staleFacts, outcome.staleFacts);
    for (const [type, n] of Object.entries(outcome.facts)) metrics.facts.inc({ type }, n);
    for (const [reason, n] of Object.entries(outcome.rejects)) metrics.rejects.inc({ reason }, n);
    add(metrics.rejects, outcome.unauthorisedCopies, { reason: 'unauthorised' });
    add(metrics.policyRejected, outcome.policiesRejected);
    for (const [source, atMs] of outcome.tally.sourcesSeenMs) metrics.sources.seen(source, atMs);
    for (const [arrivedMs, records] of outcome.liveArrivals) {
      const seconds = Math.max(0, outcome.scoredAtMs - arrivedMs) / 1000;
      for (let i = 0; i < records; i++) metrics.eventToVerdictSeconds.observe(seconds);
    }
    if (state.hasPolicy) this.#startAtZero(state.policy);
  }

  /** What can be counted under a policy starts at zero with it, once: its limits, and interceptions for the reasons that intercept. */
  #startAtZero({ hash, limits, actions }: CompiledPolicy): void {
    if (this.#started.has(hash)) return;
    this.#started.add(hash);
    const { limitRefusals, nearLimit, interceptions, wouldIntercept } = this.#metrics;
    for (const { name } of limits) {
      const limit = this.#limitNames.label(name);
      for (const shadow of ['true', 'false']) limitRefusals.inc({ limit, shadow }, 0);
      nearLimit.inc({ limit }, 0);
    }
    const canLimit = limits.some(({ action }) => action === INTERCEPT);
    const reasons = REASONS.filter((reason, index) => actions[index] === INTERCEPT || (canLimit && reason === 'rate_limited'));
    for (const reason of reasons) {
      for (const category of CATEGORIES) {
        wouldIntercept.inc({ category, reason }, 0);
        for (const timing of TIMINGS) interceptions.inc({ category, reason, timing }, 0);
      }
    }
  }

  #tally(tally: Tally): void {
    const { accessEvents, verdicts, findings, interceptedAttempts, interceptions, wouldIntercept } = this.#metrics;
    const { limitRefusals, nearLimit } = this.#metrics;
    eachCount(tally.accesses, OUTCOMES.length, (category, outcome, n) =>
      accessEvents.inc({ category: CATEGORIES[category]!, outcome: OUTCOMES[outcome]! }, n),
    );
    eachCount(tally.verdicts, ACTIONS.length, (category, verdict, n) =>
      verdicts.inc({ category: CATEGORIES[category]!, verdict: ACTIONS[verdict]! }, n),
    );
    eachCount(tally.findings, ACTIONS.length, (reason, action, n) =>
      findings.inc({ reason: REASONS[reason]!, action: ACTIONS[action]! }, n),
    );
    eachCount(tally.attempts, TIMINGS.length, (category, timing, n) =>
      interceptedAttempts.inc({ category: CATEGORIES[category]!, timing: TIMINGS[timing]! }, n),
    );
    for (const [place, n] of tally.interceptions) {
      const timing = TIMINGS[place % TIMINGS.length]!;
      interceptions.inc({ ...ofReason(Math.floor(place / TIMINGS.length)), timing }, n);
    }
    for (const [place, n] of tally.wouldIntercept) wouldIntercept.inc(ofReason(place), n);
    this.#tallyBaselines(tally);
    const label = (limit: string): string => this.#limitNames.label(limit);
    for (const [limit, n] of tally.refusals) limitRefusals.inc({ limit: label(limit), shadow: 'false' }, n);
    for (const [limit, n] of tally.shadowRefusals) limitRefusals.inc({ limit: label(limit), shadow: 'true' }, n);
    for (const [limit, n] of tally.near) nearLimit.inc({ limit: label(limit) }, n);
  }

  #remember(programs: ReadonlyMap<string, number>, state: PartitionState): void {
    if (programs.size === 0) return;
    const known = this.#intercepted.get(state) ?? new Map<string, number>();
    this.#intercepted.set(state, known);
    for (const [program, atMs] of programs) {
      const latestMs = Math.max(atMs, known.get(program) ?? 0);
      known.delete(program);
      known.set(program, latestMs);
    }
  }

  #tallyBaselines({ findings, episodes, lateForBaseline, reviews, priorsIgnored: ignored }: Tally): void {
    const { baselineAlarms, baselineEpisodes, baselineLate, priorsIgnored, reviews: reviewed } = this.#metrics;
    for (const { reason, index } of BASELINES) {
      const found = findings.subarray(index * ACTIONS.length, (index + 1) * ACTIONS.length);
      const alarms = found.reduce((sum, n) => sum + n, 0);
      add(baselineAlarms, alarms, { reason });
      add(baselineEpisodes, episodes[index]!, { reason });
    }
    add(baselineLate, lateForBaseline);
    add(priorsIgnored, ignored);
    for (const [i, disposition] of DISPOSITIONS.entries()) add(reviewed, reviews[i]!, { disposition });
  }

  /** What is asked at each scrape rather than counted: state, lag and ages. */
  observe(states: readonly PartitionState[], checkpointAgesMs: readonly number[], limits: StateLimits | null): void {
    this.#observePolicies(states);
    if (limits !== null) this.#observeLimits(states, limits);
    const nowMs = this.#clock.nowMs();
    let programsSeen = 0;
    let programsIntercepted = 0;
    const kinds = Object.fromEntries([...Object.values(KIND_LABELS), DUPLICATE_IDS].map((kind) => [kind, 0]));
    // Of the partition that forgets soonest: its oldest id is the youngest of these.
    let oldestIdMs = Number.NEGATIVE_INFINITY;
    for (const state of states) {
      for (const [kind, n] of Object.entries(state.counts()) as [StateKind, number][]) kinds[KIND_LABELS[kind]]! += n;
      kinds[DUPLICATE_IDS]! += state.window.count;
      oldestIdMs = Math.max(oldestIdMs, state.window.oldestMs ?? Number.NEGATIVE_INFINITY);
      // A program is in one partition, so that none is counted twice.
      programsSeen += state.active.lastDay(nowMs);
      programsIntercepted += this.#interceptedSince(nowMs - DAY_MS, state);
    }
    for (const [kind, n] of Object.entries(kinds)) this.#metrics.stateKeys.set({ kind }, n);
    this.#metrics.dedupWindowSeconds.set(oldestIdMs === Number.NEGATIVE_INFINITY ? 0 : (nowMs - oldestIdMs) / 1000);
    this.#metrics.checkpointAgeSeconds.set(Math.max(0, ...checkpointAgesMs) / 1000);
    this.#metrics.interceptedPrograms.set(programsIntercepted);
    this.#metrics.programsSeen.set(programsSeen);
  }

  /** Partitions may be at different places of their logs, and for a moment under different policies. */
  #observePolicies(states: readonly PartitionState[]): void {
    const { policyInfo, baselineBudget } = this.#metrics;
    const policies = new Map(states.filter(({ hasPolicy }) => hasPolicy).map(({ policy }) => [policy.hash, policy]));
    policyInfo.reset();
    for (const policy of policies.values()) {
      policyInfo.set({ policy_hash: policy.hash }, 1);
      this.#startAtZero(policy);
    }
    // Of those that are over nothing is kept.
    this.#started = new Set(policies.keys());
    const budgets = [...policies.values()].flatMap(({ falseAlarmsPerProgramDay }) => falseAlarmsPerProgramDay ?? []);
    if (budgets.length === 0) baselineBudget.remove();
    else baselineBudget.set(Math.min(...budgets));
  }

  #observeLimits(states: readonly PartitionState[], limits: StateLimits): void {
    for (const [kind, max] of Object.entries(limits) as [StateKind, number][]) {
      const label = { kind: KIND_LABELS[kind] };
      this.#metrics.stateKeysLimit.set(label, max * states.length);
      this.#metrics.stateFullestRatio.set(label, Math.max(0, ...states.map((state) => state.counts()[kind] / max)));
    }
  }

  #interceptedSince(sinceMs: number, state: PartitionState): number {
    const known = this.#intercepted.get(state);
    if (known === undefined) return 0;
    for (const [program, atMs] of known) {
      if (atMs < sinceMs || known.size > INTERCEPTED_PROGRAMS_MAX) known.delete(program);
    }
    return known.size;
  }
}

/** Most of what there is to count did not happen in a batch of some accesses, and looking up a series takes longer than that; those of closed lists are there from the start. */
function add<Label extends string>(counter: Counter<Label>, n: number, labels: Partial<Record<Label, string>> = {}): void {
  if (n > 0) counter.inc(labels, n);
}

/** Labels of a place in a table by category and reason. */
function ofReason(place: number): { category: (typeof CATEGORIES)[number]; reason: (typeof REASONS)[number] } {
  return { category: CATEGORIES[Math.floor(place / REASONS.length)]!, reason: REASONS[place % REASONS.length]! };
}

/** Calls `count` for each number above 0 of a table with `columns` columns. */
function eachCount(table: Float64Array, columns: number, count: (row: number, column: number, n: number) => void): void {
  for (let i = 0; i < table.length; i++) if (table[i]! > 0) count(Math.floor(i / columns), i % columns, table[i]!);
}
