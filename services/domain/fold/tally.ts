/** What one batch amounts to, counted for metrics. Plain numbers by index; whoever reports them names them. */
import { ACTIONS, CATEGORIES, type Disposition, DISPOSITIONS, OUTCOMES, REASONS, TIMINGS } from '../../../schemas/codes.ts';
import type { LimitCounts } from '../limits/ask-limits.ts';

export class Tally implements LimitCounts {
  /** By category and outcome: `category * OUTCOMES.length + outcome`. */
  readonly accesses = new Float64Array(CATEGORIES.length * OUTCOMES.length);
  /** By category and verdict. */
  readonly verdicts = new Float64Array(CATEGORIES.length * ACTIONS.length);
  /** By reason and action. */
  readonly findings = new Float64Array(REASONS.length * ACTIONS.length);
  /** Intercepted attempts by category and timing. */
  readonly attempts = new Float64Array(CATEGORIES.length * TIMINGS.length);
  /** By category, intercepting reason and timing: `(category * REASONS.length + reason) * TIMINGS.length + timing`. A map, because few of some thousand happen. */
  readonly interceptions = new Map<number, number>();
  /** What a stricter mode would have intercepted, by category and reason whose action is intercept: `category * REASONS.length + reason`. */
  readonly wouldIntercept = new Map<number, number>();
  /** The same attempts, each counted once whatever its reasons. */
  wouldHave = 0;
  /** Baseline episodes that began, by the reason that says most of their first alarm. */
  readonly episodes = new Float64Array(REASONS.length);
  /** Accesses older than what their baseline's window still holds: scored 0. */
  lateForBaseline = 0;
  /** Priors that are not understood, and classes and fleets of others for which there is no room. */
  priorsIgnored = 0;
  /** Reviews by what they conclude. */
  readonly reviews = new Float64Array(DISPOSITIONS.length);
  /** By the name of the limit, as LimitCounts says. */
  readonly refusals = new Map<string, number>();
  readonly shadowRefusals = new Map<string, number>();
  readonly near = new Map<string, number>();
  /** Intercepted programs and the latest event time of it, milliseconds since 1970. */
  readonly interceptedPrograms = new Map<string, number>();
  /** Sources that report, and the latest append time of a record of theirs. */
  readonly sourcesSeenMs = new Map<string, number>();
  #lastSource = '';
  #lastSourceMs = Number.NaN;

  intercepted(category: number, reason: number, timing: number): void {
    countIn(this.interceptions, (category * REASONS.length + reason) * TIMINGS.length + timing);
  }

  wouldHaveIntercepted(category: number, reason: number): void {
    countIn(this.wouldIntercept, category * REASONS.length + reason);
  }

  /** A review that concludes nothing is a note; it is counted among the facts. */
  reviewed(disposition: Disposition | null): void {
    if (disposition !== null) this.reviews[DISPOSITIONS.indexOf(disposition)]!++;
  }

  sourceSeen(source: string, atMs: number): void {
    if (source === this.#lastSource && atMs === this.#lastSourceMs) return;
    this.#lastSource = source;
    this.#lastSourceMs = atMs;
    this.sourcesSeenMs.set(source, atMs);
  }
}

function countIn(counts: Map<number, number>, place: number): void {
  counts.set(place, (counts.get(place) ?? 0) + 1);
}
