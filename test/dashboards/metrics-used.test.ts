/** What dashboards and alerts ask for is there, and what is there is asked for. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ALL_METRICS } from '../../services/platform/metrics/all-metrics.ts';
import { ROOT } from '../acceptance/ntk.ts';

/** Of Prometheus and Alertmanager themselves. */
const OTHERS_OWN = /^(?:up|scrape_\w+|prometheus_\w+|alertmanager_\w+|ALERTS|ALERTS_FOR_STATE)$/;

const REGISTRY = new Registry();
collectDefaultMetrics({ register: REGISTRY });
const NODES_OWN = new Set(REGISTRY.getMetricsAsArray().map(({ name }) => name));
const OURS = new Map(ALL_METRICS.map((one) => [one.name, one]));

interface Expression {
  readonly place: string;
  readonly promql: string;
}

function filesIn(folder: string, ending: RegExp): string[] {
  const path = join(ROOT, 'dashboards', folder);
  return existsSync(path)
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter((name) => ending.test(name))
        .map((name) => join(path, name))
    : [];
}

/** Every value of a key, wherever it stands. */
function valuesOf(key: string, tree: unknown): unknown[] {
  if (Array.isArray(tree)) return tree.flatMap((one) => valuesOf(key, one));
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([name, value]) => (name === key ? [value] : valuesOf(key, value)));
}

/** Rules' `expr`, panels' `expr`, and Prometheus variables' `query`: all that asks Prometheus. */
function expressions(): Expression[] {
  const rules = filesIn('prometheus', /\.ya?ml$/).flatMap((place) =>
    valuesOf('expr', parse(readFileSync(place, 'utf8'))).map((promql) => ({ place, promql })),
  );
  const panels = filesIn('grafana', /\.json$/).flatMap((place) =>
    valuesOf('expr', JSON.parse(readFileSync(place, 'utf8'))).map((promql) => ({ place, promql })),
  );
  return [...rules, ...panels].flatMap(({ place, promql }) => (typeof promql === 'string' ? [{ place, promql }] : []));
}

/** Names that rules record, which may be used as metrics are. */
function recorded(): Set<string> {
  return new Set(
    filesIn('prometheus', /\.ya?ml$/).flatMap((place) => valuesOf('record', parse(readFileSync(place, 'utf8'))) as string[]),
  );
}

/** Names of metrics in PromQL: words in front of a selector, a range or an operator that are neither functions, labels nor keywords. */
export function metricsIn(promql: string): string[] {
  const bare = promql
    .replaceAll(/#[^\n]*/g, ' ')
    .replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '""')
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const words = bare.match(/[a-zA-Z_:$][\w:]*(?!\s*\()\b(?!\s*\()/g) ?? [];
  return words.filter((word) => /[a-z]/.test(word) && word.includes('_') && !KEYWORDS.has(word) && !word.startsWith('$'));
}

const KEYWORDS = new Set(['group_left', 'group_right', '__name__']);

/** `ntk_x_seconds` of `ntk_x_seconds_bucket`. */
function metricOf(name: string): string {
  const base = name.replace(/_(?:bucket|sum|count)$/, '');
  return OURS.get(base)?.type === 'histogram' || NODES_OWN.has(base) ? base : name;
}

function problemsOf(all: readonly Expression[], own: ReadonlySet<string> = new Set()): string[] {
  return all.flatMap(({ place, promql }) =>
    metricsIn(promql)
      .map(metricOf)
      .filter((name) => !OURS.has(name) && !NODES_OWN.has(name) && !own.has(name) && !OTHERS_OWN.test(name))
      .map((name) => `${place}: there is no metric ${name}`),
  );
}

describe('what dashboards and alerts ask for', () => {
  test('is there', () => {
    expect(problemsOf(expressions(), recorded())).toEqual([]);
  });

  test('is found in any query, and missed when it is not there', () => {
    const promql =
      'histogram_quantile(0.99, sum by (le) (rate(ntk_event_to_verdict_seconds_bucket{job=~"ntk|ntk-scorer"}[5m]))) > 0.15 and on (partition) max_over_time(ntk_lag_records[1h:1m] offset 5m) unless ntk_no_such_total / ignoring(a_b) group_left ntk_build_info';
    expect(metricsIn(promql).sort()).toEqual([
      'ntk_build_info',
      'ntk_event_to_verdict_seconds_bucket',
      'ntk_lag_records',
      'ntk_no_such_total',
    ]);
    expect(problemsOf([{ place: 'here', promql }])).toEqual(['here: there is no metric ntk_no_such_total']);
  });
});

describe('a metric', () => {
  const used = new Set(
    expressions()
      .flatMap(({ promql }) => metricsIn(promql))
      .map(metricOf),
  );

  test('is in a panel or an alert', () => {
    expect([...OURS.keys()].filter((name) => !used.has(name))).toEqual([]);
  });
});
