/** What Prometheus reads: it is valid, and every alert fires when it should and not when it should not. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ask } from './programs.ts';
import { ALERT_NAMES, ALERTS, RULES, PROMETHEUS, readYaml, RULE_FILES, RULE_TESTS, type RuleTest } from './rule-files.ts';

const MS_MAX = 240_000;
/** Fires always, so there is nothing it should not fire on. */
const NO_NEAR_MISS = ['NtkWatchdog'];
const CAUSES = ['baselines', 'clickhouse', 'hosts', 'log', 'policy', 'processes', 'scoring', 'state', 'traffic', 'watchdog'];

test('rules and configuration are what Prometheus understands', { timeout: MS_MAX }, async () => {
  const rules = await ask('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', ...RULE_FILES]);
  expect(rules).toEqual({ code: 0, said: expect.stringContaining('SUCCESS') });
  const config = await ask('promtool', ['check', 'config', join(PROMETHEUS, 'prometheus.yaml')]);
  expect(config).toEqual({ code: 0, said: expect.stringContaining('is valid prometheus config file syntax') });
  expect(config.said).toContain(`${RULE_FILES.length} rule files found`);
});

test.each(RULE_TESTS.map((file) => [file.slice(PROMETHEUS.length + 1), file] as const))(
  'alerts fire as %s says, in its words',
  { timeout: MS_MAX },
  async (_, file) => {
    const { code, said } = await ask('promtool', ['test', 'rules', file]);
    expect(said).toContain('SUCCESS');
    expect(code).toBe(0);
  },
);

describe('every alert', () => {
  const checks = RULE_TESTS.flatMap((file) => readYaml<RuleTest>(file).tests.flatMap(({ alert_rule_test }) => alert_rule_test));
  const alerts = ALERTS;

  test.each(ALERT_NAMES)('%s is tested where it fires, with its words, and on the near miss', (name) => {
    const own = checks.filter(({ alertname }) => alertname === name);
    const fired = own.flatMap(({ exp_alerts }) => exp_alerts);
    expect(fired.length).toBeGreaterThan(0);
    // promtool takes a missing block for "no annotations", which fails by itself; said here so that nobody has to know.
    expect(fired.filter((one) => one.exp_annotations === undefined)).toEqual([]);
    if (!NO_NEAR_MISS.includes(name)) expect(own.some(({ exp_alerts }) => exp_alerts.length === 0)).toBe(true);
  });

  test('says how urgent it is, of which cause, what is the matter in words and a number, and where the way on is', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect({ alert, ...labels }).toMatchObject({ alert, severity: expect.stringMatching(/^(?:page|ticket|info)$/) });
      expect(CAUSES).toContain(labels['cause']);
      expect({ alert, ...annotations }).toEqual({
        alert,
        summary: expect.stringMatching(/^[^\n]{5,80}$/),
        description: expect.stringMatching(/\$value|query|\d/),
        runbook_url: `{{ $externalLabels.runbook_base }}/${alert}.md`,
      });
    }
  });

  test('is one of a cause, never one of a program, a user or a purpose', () => {
    for (const { expr } of RULES) expect(expr).not.toMatch(/\b(?:program|user|purpose)\b(?!_)/);
  });

  test('gives times in seconds marked as such, so that they can be compressed for a test', () => {
    for (const rule of RULES) {
      const [name, text] = ['alert' in rule ? rule.alert : rule.record, rule.expr];
      // What is compared with an age or a time since something.
      if (!/(?<!ntk_log_retention|ntk_event_to_verdict|ntk_dedup_window)_seconds\b(?!_)|time\(\)|silence:seconds/.test(text))
        continue;
      const compared = [...text.matchAll(/[<>] (\d\d+)\b(?! # seconds$)/gm)].map(([whole]) => `${name}: ${whole}`);
      expect(compared).toEqual([]);
    }
  });
});

test('what is recorded is named level:metric:operation, and a comment in an expression ends with its line', () => {
  for (const rule of RULES) {
    if ('record' in rule) expect(rule.record).toMatch(/^[a-z_]+:[a-z_]+:[a-z0-9_]+$/);
    // Folded YAML would make one line of several, and a comment of all that follows.
    for (const line of rule.expr.split('\n')) expect(line).toMatch(/^[^#]*(?:# seconds)?$/);
  }
});
