/** Tells the metrics what a committed batch amounts to. Labels are closed lists, limit names of the policy, and bounded sources. */
import { ACTIONS, CATEGORIES, OUTCOMES, REASONS } from '../../schemas/codes.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import type { PartitionState } from '../domain/fold/partition-state.ts';
import { type Tally, TIMINGS } from '../domain/fold/tally.ts';
import type { Metrics } from '../platform/metrics/metrics.ts';

const DAY_MS = 86_400_000;
/** Programs remembered for `ntk_intercepted_programs`; beyond it the oldest leave first. */
const INTERCEPTED_PROGRAMS_MAX = 200_000;

export class ScorerMetrics {
  readonly #metrics: Metrics;
  readonly #clock: { nowMs(): number };
  readonly #intercepted = new Map<string, number>();
  #policyHash = '';

  constructor(metrics: Metrics, clock: { nowMs(): number }) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** After the commit of a batch. */
  scored(outcome: BatchOutcome, state: PartitionState): void {
    const metrics = this.#metrics;
    this.#tally(outcome.tally);
    metrics.duplicates.inc(outcome.duplicates);
    metrics.staleFacts.inc(outcome.staleFacts);
    for (const [type, n] of Object.entries(outcome.facts)) metrics.facts.inc({ type }, n);
    for (const [reason, n] of Object.entries(outcome.rejects)) metrics.rejects.inc({ reason }, n);
    metrics.rejects.inc({ reason: 'unauthorised' }, outcome.unauthorisedCopies);
    metrics.policyRejected.inc(outcome.policiesRejected);
    for (const [source, atMs] of outcome.tally.sourcesSeenMs) metrics.sources.seen(source, atMs);
    for (const [arrivedMs, records] of outcome.liveArrivals) {
      const seconds = Math.max(0, outcome.scoredAtMs - arrivedMs) / 1000;
      for (let i = 0; i < records; i++) metrics.eventToVerdictSeconds.observe(seconds);
    }
    if (state.policy.hash !== this.#policyHash) {
      this.#policyHash = state.policy.hash;
      metrics.policyInfo.reset();
      metrics.policyInfo.set({ policy_hash: state.policy.hash }, 1);
    }
  }

  #tally(tally: Tally): void {
    const { accessEvents, verdicts, findings, interceptedAttempts, interceptions, wouldIntercept, limitRefusals, nearLimit } =
      this.#metrics;
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
    eachCount(tally.interceptions, TIMINGS.length, (place, timing, n) => {
      const category = CATEGORIES[Math.floor(place / REASONS.length)]!;
      interceptions.inc({ category, reason: REASONS[place % REASONS.length]!, timing: TIMINGS[timing]! }, n);
    });
    eachCount(tally.wouldIntercept, REASONS.length, (category, reason, n) =>
      wouldIntercept.inc({ category: CATEGORIES[category]!, reason: REASONS[reason]! }, n),
    );
    for (const [limit, n] of tally.refusals) limitRefusals.inc({ limit, shadow: 'false' }, n);
    for (const [limit, n] of tally.shadowRefusals) limitRefusals.inc({ limit, shadow: 'true' }, n);
    for (const [limit, n] of tally.near) nearLimit.inc({ limit }, n);
    for (const [program, atMs] of tally.interceptedPrograms) {
      this.#intercepted.delete(program);
      this.#intercepted.set(program, atMs);
    }
  }

  /** What is asked at each scrape rather than counted: state, lag and ages. */
  observe(states: Iterable<PartitionState>, checkpointAgesMs: readonly number[]): void {
    const kinds = { programs: 0, consents: 0, limit_keys: 0, duplicate_ids: 0 };
    let oldestIdMs = Number.POSITIVE_INFINITY;
    for (const state of states) {
      kinds.programs += state.programs.count;
      kinds.consents += state.consents.count;
      kinds.limit_keys += state.limits.count;
      kinds.duplicate_ids += state.window.count;
      oldestIdMs = Math.min(oldestIdMs, state.window.oldestMs ?? Number.POSITIVE_INFINITY);
    }
    const nowMs = this.#clock.nowMs();
    for (const [kind, n] of Object.entries(kinds)) this.#metrics.stateKeys.set({ kind }, n);
    this.#metrics.dedupWindowSeconds.set(oldestIdMs === Number.POSITIVE_INFINITY ? 0 : (nowMs - oldestIdMs) / 1000);
    this.#metrics.checkpointAgeSeconds.set(Math.max(0, ...checkpointAgesMs) / 1000);
    this.#metrics.interceptedPrograms.set(this.#interceptedSince(nowMs - DAY_MS));
  }

  #interceptedSince(sinceMs: number): number {
    for (const [program, atMs] of this.#intercepted) {
      if (atMs < sinceMs || this.#intercepted.size > INTERCEPTED_PROGRAMS_MAX) this.#intercepted.delete(program);
    }
    return this.#intercepted.size;
  }
}

/** Calls `count` for each number above 0 of a table with `columns` columns. */
function eachCount(table: Float64Array, columns: number, count: (row: number, column: number, n: number) => void): void {
  for (let i = 0; i < table.length; i++) if (table[i]! > 0) count(Math.floor(i / columns), i % columns, table[i]!);
}
