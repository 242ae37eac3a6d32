/**
 * The worked example that comes with the design pages: 6,000 lines of events under one policy, and what an independent
 * checker says about them (test/conformance), in the reference judge's own terms.
 */
import type { Action, Reason, RejectReason } from '../../schemas/codes.ts';
import { EVENTS, POLICY_YAML, REJECTS, REPORT, VERDICTS } from '../conformance/example.ts';
import type { Report } from './report.ts';

/** One line of `verdicts.ndjson`; the reasons are sorted by name. */
export interface PublishedVerdict {
  readonly event_id: string;
  readonly source: string;
  readonly program: string;
  readonly event_time: string;
  readonly verdict: Action;
  readonly proposed: Action;
  readonly reasons: readonly Reason[];
  readonly effective: Readonly<Partial<Record<Reason, Action>>>;
  readonly limit: string;
  readonly class: string;
  readonly declaration_version: number;
  readonly policy_hash: string;
}
export interface WorkedExample {
  /** The bytes of `events.ndjson`. */
  readonly events: Buffer;
  readonly policyYaml: string;
  readonly verdicts: readonly PublishedVerdict[];
  readonly rejects: readonly { readonly record: number; readonly reason: RejectReason }[];
  /** Over all times. */
  readonly report: Report;
}

export const workedExample = (): WorkedExample => ({
  events: EVENTS,
  policyYaml: POLICY_YAML,
  verdicts: VERDICTS as readonly PublishedVerdict[],
  rejects: REJECTS as WorkedExample['rejects'],
  report: REPORT as unknown as Report,
});
