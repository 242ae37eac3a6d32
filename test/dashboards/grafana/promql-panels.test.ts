/**
 * Every PromQL panel returns what its title says: its query in a real Prometheus over made metrics whose rates are known (made-metrics.ts),
 * against figures worked out by hand.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queriesOf } from './boards.ts';
import { END_SECONDS, HOUR_SECONDS, madeMetrics } from './made-metrics.ts';
import { expandPromQl } from './plugin-macros.ts';
import { PrometheusServer, type Sample } from './prometheus-server.ts';

const QUERIES = queriesOf('PromQL');
const RANGE_SECONDS = 6 * HOUR_SECONDS;
/** Four times the 5 minutes between the made samples, as Grafana makes it four scrapes. */
const RATE_INTERVAL_SECONDS = 1_200;
const A_MINUTE = 60;

const ofPartitions = (zero: number, one: number): Figures => ({ 'partition 0': zero, 'partition 1': one });
/** Of 200, 50 are up to 0.1 and 190 up to 0.2. The 100th lies 50/140 of the way from 0.1 to 0.2, the 198th 8/10 of that from 0.2 to 0.4. */
const quantiles = (unit: number): Figures => ({
  'half of them': (0.1 + (0.1 * 50) / 140) * unit,
  '95 %': 0.2 * unit,
  '99 %': 0.36 * unit,
});
const PROCESSES = [
  'ntk-gateway gateway-1:8080',
  'ntk-scorer scorer-1:8080',
  'ntk-scorer scorer-2:8080',
  'ntk-writer writer-1:8080',
];
const ofProcesses = (...values: readonly number[]): Figures => Object.fromEntries(PROCESSES.map((name, i) => [name, values[i]!]));

/** By the legend, or by the labels in a table. */
type Figures = Readonly<Record<string, number>>;

const EXPECTED: Readonly<Record<string, Figures>> = {
  'service-health / Oldest heartbeat answer': { 'since it was sent': 200 },
  'service-health / Partitions that stand still': { partitions: 2 },
  'service-health / Processes that do not answer': { processes: 1 },
  'service-health / Oldest record not judged': { waiting: 2 },
  'service-health / Oldest block not stored': { waiting: 30 },
  'service-health / What runs': { 'engine=6,version=0.1.0': 1, 'engine=7,version=0.1.0': 3 },
  'service-health / Since the newest answered heartbeat': ofPartitions(45, 200),
  'service-health / Since the newest stored heartbeat': ofPartitions(50, 260),
  'service-health / Heartbeat round trip': quantiles(0.5),
  'service-health / Heartbeats sent': ofPartitions(2, 2),
  'service-health / Records not judged yet': ofPartitions(40, 100),
  'service-health / Age of the oldest record not judged': { waiting: 2 },
  'service-health / From a record to its verdict': quantiles(1),
  'service-health / Accesses judged': { pending: 4, performed: 14, refused: 2 },
  'service-health / Facts accepted': { 'ntk.consent': 3, 'ntk.declaration': 0.5, stale: 0.1 },
  'service-health / Rejects and duplicates': { invalid_data: 0.5, duplicates: 0.4 },
  'service-health / State against its limits': { programs: 0.85, consents: 0.01 },
  'service-health / Age of the oldest checkpoint': { oldest: 70 },
  'service-health / Reach of the duplicate window': { 'reaches back': 4_000 },
  'service-health / Must not happen, within the time shown': { 'positions moved': 4, 'policies refused': 2, 'gaps accepted': 6 },
  'service-health / From a record to its row': quantiles(10),
  'service-health / Rows stored': { rows: 19 },
  'service-health / Inserts that failed': { TOO_MANY_PARTS: 0.05 },
  'service-health / Records judged and not stored': ofPartitions(500, 700),
  'service-health / Retention used up by waiting': { access: 2 / 4_000, results: 30 / 300 },
  'service-health / Requests to the gateways': { 202: 7, 503: 0.5 },
  'service-health / Records through the gateways': { accepted: 21, 'refused 403': 0.25 },
  'service-health / Acknowledgement by the log': quantiles(0.1),
  'service-health / Transactions that the log did not take': { log_unreachable: 0.125 },
  'service-health / Bytes in and under way': { 'accepted a second': 7_000, 'under way, fullest gateway': 65_536 },
  'service-health / Requests under way': { 'under way': 11, 'in the queue': 3 },
  'service-health / Tokens': { 'in force': 5, 'files broken': 2 },
  'service-health / Hosts, by when they were last heard of': { 'source=host/wechat-ios': 3, 'source=host/android': 7_200 },
  'service-health / Memory': ofProcesses(1e8, 2e8, 3e8, 4e8),
  'service-health / CPU': ofProcesses(0.1, 0.2, 0.3, 0.4),
  'service-health / Event loop delay': ofProcesses(0.01, 0.02, 0.03, 0.04),
  'service-health / Starts': ofProcesses(0, 0, 1, 0),

  'interceptions / Attempts intercepted, within the time shown': {
    attempts: 7 * RANGE_SECONDS,
    prevented: 5.5 * RANGE_SECONDS,
    'already refused': 0.5 * RANGE_SECONDS,
    late: RANGE_SECONDS,
  },
  'interceptions / Share of accesses intercepted': { intercepted: 7 / 20 },
  'interceptions / Programs intercepted, last 24 hours': { programs: 42 },
  'interceptions / Programs seen, last 24 hours': { programs: 6_000 },
  'interceptions / Interceptions by reason': { consent_missing: 6 * A_MINUTE, undeclared_category: A_MINUTE },
  'interceptions / Intercepted attempts by category': { photos: 2 * A_MINUTE, location: 5 * A_MINUTE },
  'interceptions / Intercepted attempts by timing': {
    prevented: 5.5 * A_MINUTE,
    already_refused: 0.5 * A_MINUTE,
    late: A_MINUTE,
  },
  'interceptions / Verdicts': { allow: 9 * A_MINUTE, flag: A_MINUTE, throttle: 3 * A_MINUTE, intercept: 7 * A_MINUTE },
  'interceptions / Hit rate of each reason against its own past week': { consent_missing: 6, external_link: 1 },
  'interceptions / Would have been intercepted': { external_link: 0.75 * A_MINUTE },
  'interceptions / Findings by action': { intercept: 6 * A_MINUTE, flag: 0.25 * A_MINUTE },
  'interceptions / Refusals of limits': { 'program-location': A_MINUTE, 'tighter (shadow)': 2 * A_MINUTE },
  'interceptions / Near a limit': { 'program-location': 0.75 * A_MINUTE },
  'interceptions / Baseline findings, last 24 hours': { rate_above_baseline: 3, periodic_polling: 6 },
  'interceptions / Baseline episodes, last 24 hours': { rate_above_baseline: 1, periodic_polling: 2 },
  'interceptions / Reviews, last 7 days': { true_positive: 5, false_positive: 1 },
  'interceptions / Too late for a baseline': { 'of all accesses': 2 / 20 },
  'interceptions / Told across programs': { classes: 1, fleets: 4, 'without an effect': 3, 'tried again': 6 },
  'interceptions / Hour of events that the aggregator is behind': { behind: 5000 },
  'interceptions / False-alarm budget': { 'of the budget': 3 / 6, 'alarms allowed a day': 6 },
  'interceptions / Policy in force': { 'policy_hash=0123456789abcdef': 2 },

  'analyst-view / Not in these figures yet': { 'not judged': 140, 'not stored': 1_200 },
};

/** As Grafana names a series: the legend with its labels filled in; without a legend, as in tables, the labels. */
function nameOf(legend: string | undefined, { metric }: Sample): string {
  if (legend === undefined || legend === '')
    return Object.entries(metric)
      .map(([label, value]) => `${label}=${value}`)
      .toSorted()
      .join();
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (whole, label: string) => metric[label] ?? whole);
}

let server: PrometheusServer;
beforeAll(async () => {
  server = await PrometheusServer.start({ openMetrics: madeMetrics() });
}, 60_000);
afterAll(async () => {
  await server.stop();
});

const PANELS = [...new Set(QUERIES.map(({ name }) => name))];

test('every PromQL panel is looked at here', () => {
  expect(PANELS.toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

describe('what a panel shows is what its title says', () => {
  test.each(PANELS)('%s', async (name) => {
    const figures: Record<string, number> = {};
    for (const { target } of QUERIES.filter((query) => query.name === name)) {
      const expr = expandPromQl(target.expr!, { rangeSeconds: RANGE_SECONDS, rateIntervalSeconds: RATE_INTERVAL_SECONDS });
      const samples = await server.query(expr, END_SECONDS);
      if (samples.length === 0) throw new Error(`nothing for ${expr}`);
      for (const sample of samples) {
        const legend = nameOf(target.legendFormat, sample);
        expect(Object.keys(figures)).not.toContain(legend);
        figures[legend] = sample.value;
      }
    }
    const expected = EXPECTED[name]!;
    expect(Object.keys(figures).toSorted()).toEqual(Object.keys(expected).toSorted());
    // Rates and quantiles are floating point; more than that is not allowed to differ.
    for (const [legend, value] of Object.entries(expected))
      expect([legend, figures[legend]]).toEqual([legend, expect.closeTo(value, 6)]);
  });

  test('the hosts that are silent for longest come first', async () => {
    const { target } = QUERIES.find(({ name }) => name.endsWith('last heard of'))!;
    const ages = (await server.query(target.expr!, END_SECONDS)).map(({ value }) => value);
    expect(ages).toEqual(ages.toSorted((a, b) => b - a));
  });
});

describe('where nothing has happened', () => {
  test('no process that does not answer is 0 and not nothing', async () => {
    const { target } = QUERIES.find(({ name }) => name.endsWith('Processes that do not answer'))!;
    expect(await server.query(target.expr!.replaceAll('up{', 'ntk_build_info{'), END_SECONDS)).toEqual([
      { metric: {}, value: 0 },
    ]);
  });
});
