import { Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { SOURCES_MAX } from '../../../services/platform/metrics/last-seen.ts';
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

const labelsOf = (metric: Metric): readonly string[] => (metric as unknown as { labelNames: string[] }).labelNames;

describe('the metrics', () => {
  test('are those of the contract, with its labels', () => {
    const registry = new Registry();
    createMetrics(registry);
    const found = Object.fromEntries(
      registry.getMetricsAsArray().map((metric) => {
        const { name } = metric as unknown as { name: string };
        return [name, labelsOf(registry.getSingleMetric(name)!)];
      }),
    );
    expect(found).toEqual(CONTRACT);
  });

  test('are of the kind that their names say', () => {
    const registry = new Registry();
    createMetrics(registry);
    for (const name of Object.keys(CONTRACT)) {
      const kind = name.endsWith('_total') ? Counter : name.startsWith('ntk_event_to_') ? Histogram : Gauge;
      expect(registry.getSingleMetric(name)).toBeInstanceOf(kind);
    }
  });

  test('are there with 0 before anything has happened, where what may happen is known', async () => {
    const registry = new Registry();
    createMetrics(registry);
    const text = await registry.metrics();
    expect(text).toContain('ntk_rejects_total{reason="invalid_json"} 0');
    expect(text).toContain('ntk_facts_total{type="ntk.consent"} 0');
    expect(text).toContain('ntk_duplicates_total 0');
  });

  test('say how long a source has been silent, also while nothing comes', async () => {
    const registry = new Registry();
    let nowMs = 10_000;
    const { sources } = createMetrics(registry, { nowMs: () => nowMs });
    sources.seen('host/wechat-ios', 9_000);
    sources.seen('host/wechat-ios', 8_000);
    expect(await registry.metrics()).toContain('ntk_source_last_seen_seconds{source="host/wechat-ios"} 1');
    nowMs = 70_000;
    expect(await registry.metrics()).toContain('ntk_source_last_seen_seconds{source="host/wechat-ios"} 61');
  });

  test('stay few, however many sources are made up', async () => {
    const registry = new Registry();
    const { sources } = createMetrics(registry, { nowMs: () => 1_000 });
    for (let i = 0; i < 5_000; i++) sources.seen(`host/${i}${'x'.repeat(300)}`, 0);
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('ntk_source_last_seen_seconds{'));
    expect(lines.length).toBe(SOURCES_MAX + 1);
    expect(lines.some((line) => line.includes('source="other"'))).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
  });
});
