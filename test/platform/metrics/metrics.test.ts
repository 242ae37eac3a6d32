import fc from 'fast-check';
import { type Metric, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { ALL_METRICS } from '../../../services/platform/metrics/all-metrics.ts';
import { looksLikeAName, SOURCE_NAMES_MAX } from '../../../services/platform/metrics/bounded-names.ts';
import { seriesMax } from '../../../services/platform/metrics/definition.ts';
import { createAggregatorMetrics } from '../../../services/platform/metrics/aggregator-metrics.ts';
import { createHeartbeatMetrics } from '../../../services/platform/metrics/heartbeat-metrics.ts';
import { createMetrics } from '../../../services/platform/metrics/metrics.ts';

/** contracts.md section 7: names and labels. */
const CONTRACT: Readonly<Record<string, readonly string[]>> = {
  ntk_access_events_total: ['category', 'outcome'],
  ntk_verdicts_total: ['verdict', 'category'],
  ntk_interceptions_total: ['category', 'reason', 'timing'],
  ntk_intercepted_attempts_total: ['category', 'timing'],
  ntk_would_intercept_total: ['category', 'reason'],
  ntk_intercepted_programs: [],
  ntk_limit_refusals_total: ['limit', 'shadow'],
  ntk_near_limit_total: ['limit'],
  ntk_baseline_alarms_total: ['reason'],
  ntk_duplicates_total: [],
  ntk_rejects_total: ['reason'],
  ntk_facts_total: ['type'],
  ntk_stale_facts_total: [],
  ntk_lag_records: ['partition'],
  ntk_oldest_unscored_seconds: [],
  ntk_event_to_verdict_seconds: [],
  ntk_event_to_stored_seconds: [],
  ntk_results_written_total: [],
  ntk_write_failures_total: ['code'],
  ntk_state_keys: ['kind'],
  ntk_checkpoint_age_seconds: [],
  ntk_policy_info: ['policy_hash'],
  ntk_policy_rejected_total: [],
  ntk_findings_total: ['reason', 'action'],
  ntk_dedup_window_seconds: [],
  ntk_source_last_seen_seconds: ['source'],
  ntk_position_mismatch_total: [],
  ntk_gaps_accepted_total: [],
};

/** What was added to it; everything is on docs/metrics.md. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  ntk_programs_seen: [],
  ntk_baseline_episodes_total: ['reason'],
  ntk_baseline_late_total: [],
  ntk_reviews_total: ['disposition'],
  ntk_priors_ignored_total: [],
  ntk_priors_published_total: ['kind'],
  ntk_aggregator_failures_total: [],
  ntk_aggregator_event_hour_timestamp_seconds: [],
  ntk_partition_stopped: ['partition'],
  ntk_state_keys_limit: ['kind'],
  ntk_state_fullest_ratio: ['kind'],
  ntk_baseline_budget_alarms_per_program_day: [],
  ntk_log_retention_seconds: ['log'],
  ntk_oldest_unwritten_seconds: [],
  ntk_unwritten_records: ['partition'],
  ntk_heartbeat_stored_timestamp_seconds: ['partition'],
  ntk_heartbeats_sent_total: ['partition'],
  ntk_heartbeat_answered_timestamp_seconds: ['partition'],
  ntk_heartbeat_round_trip_seconds: [],
  ntk_build_info: ['version', 'engine'],
};

/** Made where what they say is at hand. */
const LOOKED_UP = { ntk_build_info: ['version', 'engine'], ntk_aggregator_event_hour_timestamp_seconds: [] };

const labelsOf = (metric: Metric): readonly string[] => (metric as unknown as { labelNames: string[] }).labelNames;

function registered(registry: Registry): Record<string, readonly string[]> {
  return Object.fromEntries(
    registry.getMetricsAsArray().map((metric) => {
      const { name } = metric as unknown as { name: string };
      return [name, labelsOf(registry.getSingleMetric(name)!)];
    }),
  );
}

describe('the metrics', () => {
  test("are those of the contract with its labels, those that were added, and the gateway's", () => {
    const registry = new Registry();
    createMetrics(registry);
    createHeartbeatMetrics(registry);
    createAggregatorMetrics(registry);
    const found = registered(registry);
    expect({ ...found, ...LOOKED_UP }).toEqual({ ...CONTRACT, ...ADDED });
    const all = Object.fromEntries(ALL_METRICS.map(({ name, labels }) => [name, Object.keys(labels)]));
    expect(all).toMatchObject({ ...CONTRACT, ...ADDED });
    expect(
      Object.keys(all)
        .filter((name) => !(name in CONTRACT) && !(name in ADDED))
        .every((name) => name.startsWith('ntk_gateway_')),
    ).toBe(true);
    expect(new Set(ALL_METRICS.map(({ name }) => name)).size).toBe(ALL_METRICS.length);
  });

  test('are of the kind that their names say, in base units', () => {
    for (const { name, type, buckets } of ALL_METRICS) {
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect([name, buckets !== undefined]).toEqual([name, type === 'histogram']);
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(name).not.toMatch(/_(?:ms|millis|kb|mb|percent|minutes|hours)(?:_|$)/);
    }
  });

  test('have no program, user or purpose in a label', () => {
    const names = new Set(ALL_METRICS.flatMap(({ labels }) => Object.keys(labels)));
    for (const name of ['program', 'user', 'purpose', 'subject', 'id', 'page', 'api']) expect(names).not.toContain(name);
  });

  test('are few enough for Prometheus, whatever happens: in the largest log there may be, all in one process', () => {
    for (const one of ALL_METRICS)
      expect([one.name, seriesMax(one) > 0 && Number.isSafeInteger(seriesMax(one))]).toEqual([one.name, true]);
    const most = ALL_METRICS.reduce((sum, one) => sum + seriesMax(one), 0);
    expect(most).toBeLessThan(15_000);
    // Without labels of partitions, of which each scorer has some.
    const fixed = ALL_METRICS.filter(({ labels }) => !('partition' in labels) && !('policy_hash' in labels));
    expect(fixed.reduce((sum, one) => sum + seriesMax(one), 0)).toBeLessThan(6_000);
  });

  test('of a process are those of what it does', () => {
    const registry = new Registry();
    createMetrics(registry, { roles: ['writer'] });
    const writers = Object.keys(registered(registry));
    expect(writers).toContain('ntk_write_failures_total');
    expect(writers).toContain('ntk_partition_stopped');
    expect(writers).not.toContain('ntk_oldest_unscored_seconds');
    expect(writers).not.toContain('ntk_source_last_seen_seconds');
    const ofGateway = new Registry();
    createMetrics(ofGateway, { roles: ['gateway'] });
    expect(registered(ofGateway)).toEqual({});
  });

  test('are there with 0 before anything has happened, where what may happen is known', async () => {
    const registry = new Registry();
    createMetrics(registry);
    const text = await registry.metrics();
    expect(text).toContain('ntk_rejects_total{reason="invalid_json"} 0');
    expect(text).toContain('ntk_facts_total{type="ntk.consent"} 0');
    expect(text).toContain('ntk_duplicates_total 0');
    expect(text).toContain('ntk_write_failures_total{code="UNREACHABLE"} 0');
    expect(text).not.toContain('ntk_facts_total{type="ntk.access"}');
    const small = ALL_METRICS.filter(
      (one) =>
        one.type === 'counter' && seriesMax(one) <= 200 && Object.values(one.labels).every(({ values }) => values !== undefined),
    ).filter(({ by }) => by.some((one) => one === 'scorer' || one === 'writer'));
    for (const one of small)
      expect([one.name, text.split('\n').filter((line) => line.startsWith(one.name)).length]).toEqual([one.name, seriesMax(one)]);
  });

  test('say how long a source has been silent, also while nothing comes', async () => {
    const registry = new Registry();
    let nowMs = 10_000;
    const { sources } = createMetrics(registry, { clock: { nowMs: () => nowMs } });
    sources.seen('host/wechat-ios', 9_000);
    sources.seen('host/wechat-ios', 8_000);
    expect(await registry.metrics()).toContain('ntk_source_last_seen_seconds{source="host/wechat-ios"} 1');
    nowMs = 70_000;
    expect(await registry.metrics()).toContain('ntk_source_last_seen_seconds{source="host/wechat-ios"} 61');
  });

  test('show a source that looks like a name, and none that could be somebody', async () => {
    const shown = ['host/wechat-ios', 'host/apple', 'test', 'a', 'apple-privacy-report', 'host/v2/android14', 'group:host_one'];
    const hidden = [
      'u_8f3a9c12',
      'host/u_8f3a9c12',
      'oX3fT-Zkq',
      'anna@example.com',
      '+8613912345678',
      '1234',
      'host/13912345678',
      '10.0.0.7',
    ];
    const odd = ['', 'Host', 'host//a', 'host/', 'a'.repeat(101), 'host/\u03b1', 'host/a\nb', crypto.randomUUID(), 'other"} 1'];
    for (const source of shown) expect([source, looksLikeAName(source)]).toEqual([source, true]);
    for (const source of [...hidden, ...odd]) expect([source, looksLikeAName(source)]).toEqual([source, false]);
    const ids = fc.oneof(
      fc.uuid(),
      fc.emailAddress(),
      fc.stringMatching(/^[a-z_]{0,3}[0-9a-f]*\d[0-9a-f]*\d[0-9a-f]*\d[0-9a-f]{1,20}$/),
    );
    fc.assert(
      fc.property(ids, (id) => {
        expect(looksLikeAName(`host/${id}`)).toBe(false);
      }),
    );
  });

  test('show listed sources and no others, and miss those that never came', async () => {
    const registry = new Registry();
    let nowMs = 10_000;
    const { sources } = createMetrics(registry, { clock: { nowMs: () => nowMs }, sources: ['host/one', 'Host 2'] });
    sources.seen('host/alice', 10_000);
    nowMs = 40_000;
    sources.seen('Host 2', 39_000);
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('ntk_source_last_seen_seconds{'));
    expect(lines.toSorted()).toEqual([
      'ntk_source_last_seen_seconds{source="Host 2"} 1',
      'ntk_source_last_seen_seconds{source="host/one"} 30',
      'ntk_source_last_seen_seconds{source="other"} 30',
    ]);
  });

  test('stay few, however many sources are made up', async () => {
    const registry = new Registry();
    const { sources } = createMetrics(registry, { clock: { nowMs: () => 1_000 } });
    for (let i = 0; i < 5_000; i++) sources.seen(`host/${word(i)}`, 0);
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('ntk_source_last_seen_seconds{'));
    expect(lines.length).toBe(SOURCE_NAMES_MAX + 1);
    expect(lines.some((line) => line.includes('source="other"'))).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
  });
});

/** Another word for each number. */
function word(number: number): string {
  return [...String(number)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
}
