/** The worked example of the contract: events, and what an independent checker made of them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const HERE = new URL('.', import.meta.url);

function unzip(name: string): Buffer {
  return gunzipSync(readFileSync(new URL(name, HERE)));
}

function lines<T>(name: string): T[] {
  return unzip(name)
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

export interface ExpectedVerdict {
  readonly event_id: string;
  readonly source: string;
  readonly program: string;
  readonly event_time: string;
  readonly verdict: string;
  readonly proposed: string;
  readonly reasons: readonly string[];
  readonly effective: Readonly<Record<string, string>>;
  readonly limit: string;
  readonly class: string;
  readonly declaration_version: number;
  readonly policy_hash: string;
}

export const EVENTS: Buffer = unzip('events.ndjson.gz');
export const EVENTS_GZ_PATH = new URL('events.ndjson.gz', HERE).pathname;
export const POLICY_PATH = new URL('policy.yaml', HERE).pathname;
export const POLICY_YAML: string = readFileSync(POLICY_PATH, 'utf8');
export const VERDICTS = lines<ExpectedVerdict>('verdicts.ndjson.gz');
export const REJECTS = lines<{ readonly record: number; readonly reason: string }>('rejects.ndjson.gz');
export const REPORT = JSON.parse(readFileSync(new URL('report.json', HERE), 'utf8')) as Record<string, unknown>;
