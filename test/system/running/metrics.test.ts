/** Each metric is moved from where it starts by what really happens. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_METRICS } from '../../../services/platform/metrics/all-metrics.ts';
import { seriesMax } from '../../../services/platform/metrics/definition.ts';
import { ntkJson, ntkOk } from '../../acceptance/ntk.ts';
import { type Scrape, ScrapedSystem } from './scraped-system.ts';

const NOW = new Date().toISOString();
const HOST = 'host/wechat-ios';

const POLICY = `
version: metrics.1
actions: { undeclared_category: intercept, rate_limited: throttle }
modes:
  default: enforce
  overrides:
    - { match: { categories: [photos] }, mode: observe }
limits:
  - { name: ten-places, key: [program], match: { categories: [location] }, count: 10, per: 1h, burst: 10 }
  - { name: ten-tried, key: [program], match: { categories: [location] }, count: 10, per: 1h, burst: 10, shadow: true }
baselines: { falseAlarmsPerProgramDay: 0.02 }
`;

let made = 0;
function event(type: string, data: unknown, more: object = {}): string {
  const subject = ['ntk.policy', 'ntk.erasure', 'ntk.prior', 'ntk.heartbeat'].includes(type) ? '*' : 'wxa';
  return JSON.stringify({ specversion: '1.0', id: `m${made++}`, source: HOST, type, subject, time: NOW, data, ...more });
}
const access = (data: object, more: object = {}): string =>
  event('ntk.access', { user: 'u1', api: 'wx.getLocation', ...data }, more);
const declaration = (): string =>
  event('ntk.declaration', { version: 1, purposes: [{ id: 'p', categories: [{ category: 'location' }] }] });

function traffic(): string[] {
  return [
    declaration(),
    declaration(),
    event('ntk.consent', { user: 'u1', state: 'granted', categories: ['location'] }),
    event('ntk.entitlement', { category: 'sms', granted: true }),
    event('ntk.standing', { state: 'active' }),
    event('ntk.review', { episode: 'e', disposition: 'expected', by: 'r' }),
    event('ntk.erasure', { user: 'u9' }),
    event('ntk.prior', { kind: 'moods' }),
    ...(['pending', 'performed', 'refused'] as const).map((outcome) => access({ category: 'contacts', outcome })),
    access({ category: 'photos' }),
    ...Array.from({ length: 12 }, () => access({})),
    access({}, { id: 'again' }),
    access({}, { id: 'again' }),
    '{',
    '{}',
    event('ntk.nonsense', {}),
    access({ user: '' }),
    access({ page: 'x'.repeat(1_100_000) }),
    event('ntk.policy', { version: 'broken', nonsense: 1 }),
  ];
}

describe('a running system', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-metrics-'));
  const data = join(folder, 'data');
  let system: ScrapedSystem;
  let before: Scrape;
  let after: Scrape;

  beforeAll(async () => {
    const settings = { NTK_HEARTBEAT_SECONDS: '1', NTK_PARTITIONS: '2', NTK_AGGREGATOR: 'on' };
    system = await new ScrapedSystem(['up', '--data', data], settings).ready();
    before = await system.scrape();
    writeFileSync(join(folder, 'policy.yaml'), POLICY);
    await ntkOk(['policy', 'apply', join(folder, 'policy.yaml'), '--data', data]);
    const { token } = JSON.parse(readFileSync(join(data, 'system.json'), 'utf8')) as { token: string };
    const response = await fetch(`${system.url}/v1/events`, {
      method: 'POST',
      body: traffic().join('\n'),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    });
    if (response.status !== 202) throw new Error(await response.text());
    await fetch(`${system.url}/v1/events`, { method: 'POST', body: '{}' });
    after = await system.until(
      (scrape) =>
        scrape.value('ntk_results_written_total') === 17 &&
        Math.min(...scrape.samples('ntk_heartbeat_stored_timestamp_seconds').values()) > 0 &&
        scrape.value('ntk_checkpoint_age_seconds') > 0,
    );
  }, 120_000);
  afterAll(async () => {
    await system.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['ntk_access_events_total{category="contacts",outcome="pending"}', 1],
    ['ntk_access_events_total{category="location",outcome="performed"}', 13],
    ['ntk_verdicts_total{verdict="intercept",category="contacts"}', 3],
    ['ntk_verdicts_total{verdict="throttle",category="location"}', 3],
    ['ntk_interceptions_total{category="contacts",reason="undeclared_category",timing="prevented"}', 1],
    ['ntk_interceptions_total{category="contacts",reason="undeclared_category",timing="late"}', 1],
    ['ntk_interceptions_total{category="contacts",reason="undeclared_category",timing="already_refused"}', 1],
    ['ntk_intercepted_attempts_total{category="contacts",timing="prevented"}', 1],
    ['ntk_would_intercept_total{category="photos",reason="undeclared_category"}', 1],
    ['ntk_intercepted_programs', 1],
    ['ntk_programs_seen', 1],
    ['ntk_findings_total{reason="undeclared_category",action="intercept"}', 4],
    ['ntk_limit_refusals_total{limit="ten-places",shadow="false"}', 3],
    ['ntk_limit_refusals_total{limit="ten-tried",shadow="true"}', 3],
    ['ntk_near_limit_total{limit="ten-places"}', 2],
    ['ntk_duplicates_total', 1],
    ['ntk_rejects_total{reason="invalid_json"}', 1],
    ['ntk_rejects_total{reason="not_cloudevent"}', 1],
    ['ntk_rejects_total{reason="unknown_type"}', 1],
    ['ntk_rejects_total{reason="invalid_data"}', 2],
    ['ntk_rejects_total{reason="too_large"}', 1],
    ['ntk_facts_total{type="ntk.declaration"}', 2],
    ['ntk_facts_total{type="ntk.consent"}', 1],
    ['ntk_facts_total{type="ntk.entitlement"}', 1],
    ['ntk_facts_total{type="ntk.standing"}', 1],
    ['ntk_facts_total{type="ntk.review"}', 1],
    ['ntk_reviews_total{disposition="expected"}', 1],
    ['ntk_priors_ignored_total', 2],
    ['ntk_facts_total{type="ntk.erasure"}', 1],
    ['ntk_facts_total{type="ntk.policy"}', 1],
    ['ntk_facts_total{type="ntk.prior"}', 1],
    ['ntk_stale_facts_total', 1],
    ['ntk_policy_rejected_total', 1],
    ['ntk_results_written_total', 17],
    ['ntk_state_keys{kind="consents"}', 1],
    ['ntk_state_keys{kind="limit_keys"}', 2],
    ['ntk_state_keys{kind="baseline_keys"}', 2],
    ['ntk_baseline_budget_alarms_per_program_day', 0.02],
    ['ntk_gateway_requests_total{code="202"}', 1],
    ['ntk_gateway_requests_total{code="401"}', 1],
    ['ntk_gateway_records_accepted_total', 32],
  ])('says %s %d', (sample, value) => {
    expect(after.value(sample)).toBe(value);
    expect(before.value(sample) || 0).not.toBe(value);
  });

  test.each([
    'ntk_event_to_verdict_seconds_count',
    'ntk_event_to_stored_seconds_count',
    'ntk_dedup_window_seconds',
    'ntk_checkpoint_age_seconds',
    `ntk_source_last_seen_seconds{source="${HOST}"}`,
    'ntk_state_fullest_ratio{kind="programs"}',
    'ntk_heartbeats_sent_total{partition="1"}',
    'ntk_heartbeat_round_trip_seconds_count',
    'ntk_gateway_bytes_accepted_total',
    'ntk_gateway_commit_seconds_count',
  ])('moves %s', (sample) => {
    expect(after.value(sample)).toBeGreaterThan(0);
  });

  test('says which policy is in force, and which release it is', async () => {
    const [{ hash }] = (await ntkJson<{ hash: string }[]>(['policy', 'log', '--data', data])) as [{ hash: string }];
    expect(after.samples('ntk_policy_info')).toEqual(new Map([[`ntk_policy_info{policy_hash="${hash}"}`, 1]]));
    expect(after.text).toMatch(/^ntk_build_info\{version="\d+\.\d+\.\d+",engine="\d+"\} 1$/m);
    expect(after.value('process_start_time_seconds')).toBeGreaterThan(1_700_000_000);
    // Two partitions, each with the default of NTK_STATE_PROGRAMS.
    expect(after.value('ntk_state_keys_limit{kind="programs"}')).toBe(400_000);
    expect(after.sum('ntk_partition_stopped')).toBe(0);
    expect(after.samples('ntk_partition_stopped').size).toBe(2);
  });

  test('has its heartbeats in no figure of a report, and their source is no host that falls silent', async () => {
    const report = (): Promise<{ settled: boolean; quality: object }> => ntkJson(['report', '--data', data]);
    const first = await report();
    const sent = after.sum('ntk_heartbeats_sent_total');
    const later = await system.until((scrape) => scrape.sum('ntk_heartbeats_sent_total') >= sent + 4);
    const second = await report();
    expect({ ...second, asOf: '' }).toEqual({ ...first, asOf: '' });
    expect(second.quality).toMatchObject({ duplicates: 1, rejected: 6, rowsStored: 17, unwritten: 0, complete: true });
    expect([...later.samples('ntk_source_last_seen_seconds').keys()]).toEqual([`ntk_source_last_seen_seconds{source="${HOST}"}`]);
    for (const [, at] of later.samples('ntk_heartbeat_answered_timestamp_seconds'))
      expect(Date.now() / 1000 - at).toBeLessThan(30);
  });

  test('says in /health how old the newest answered heartbeat is', async () => {
    const { checks } = (await (await fetch(`${system.url}/health`)).json()) as { checks: Record<string, { detail: string }> };
    expect(checks['heartbeat']!.detail).toMatch(/sent \d+ s ago/);
  });

  test('has no series that the definitions do not know, and of none more than they say', () => {
    const known = new Map(ALL_METRICS.map((one) => [one.name, one]));
    const counts = new Map<string, number>();
    for (const [, name, labels] of after.text.matchAll(/^(ntk_\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$/gm)) {
      const definition = known.get(name!);
      expect([name, definition === undefined]).toEqual([name, false]);
      counts.set(name!, (counts.get(name!) ?? 0) + 1);
      for (const [, label, value] of (labels ?? '').matchAll(/(\w+)="([^"]*)"/g)) {
        if (label === 'le') continue;
        const values = definition!.labels[label!];
        expect([name, label, values === undefined]).toEqual([name, label, false]);
        if (values!.values !== undefined) expect(values!.values).toContain(value);
      }
    }
    expect([...counts].filter(([name, count]) => count > seriesMax(known.get(name)!))).toEqual([]);
    // All but those that only Kafka has.
    expect([...known.keys()].filter((name) => !counts.has(name)).toSorted()).toEqual(['ntk_log_retention_seconds']);
  });
});

describe('a system whose ClickHouse is away', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-metrics-away-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('judges, says what waits to be stored and for how long, and sends no heartbeats where none are asked for', async () => {
    const away = ['--clickhouse', 'http://127.0.0.1:9'];
    const system = new ScrapedSystem(['up', '--data', join(folder, 'data'), ...away], { NTK_PARTITIONS: '1' });
    try {
      await system.ready();
      const { token } = JSON.parse(readFileSync(join(folder, 'data/system.json'), 'utf8')) as { token: string };
      await fetch(`${system.url}/v1/events`, {
        method: 'POST',
        body: [access({}), access({})].join('\n'),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      });
      const scrape = await system.until(
        (one) =>
          one.value('ntk_write_failures_total{code="UNREACHABLE"}') > 0 &&
          one.value('ntk_unwritten_records{partition="0"}') === 2 &&
          one.value('ntk_oldest_unwritten_seconds') > 0.2,
      );
      expect(scrape.value('ntk_verdicts_total{verdict="allow",category="location"}')).toBe(2);
      expect(scrape.text).not.toContain('ntk_heartbeats_sent_total');
    } finally {
      await system.stop();
    }
  });
});
