/**
 * The worked example that comes with the design pages: 6,000 lines of events under one policy, and what an independent
 * checker says about them. `fixtures/worked-example` holds its files, the two large ones compressed.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Action, Reason, RejectReason } from '../../schemas/codes.ts';
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

const FOLDER = new URL('./fixtures/worked-example/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, FOLDER));

const ndjson = <Line>(bytes: Buffer): Line[] =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

export const workedExample = (): WorkedExample => ({
  events: gunzipSync(read('events.ndjson.gz')),
  policyYaml: read('policy.yaml').toString('utf8'),
  verdicts: ndjson(gunzipSync(read('verdicts.ndjson.gz'))),
  rejects: ndjson(read('rejects.ndjson')),
  report: JSON.parse(read('report.json').toString('utf8')) as Report,
});
