/**
 * One incident seen in four places: `ntk report`, `ntk query` and the SQL of the boards say exactly the same; Prometheus, which samples
 * what a process counts, says it within 1 %. A real system takes the worked example live, and a real Prometheus scrapes it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import { Desk, ntkJson, ntkOk, ROOT, rowsOf } from '../../acceptance/ntk.ts';
import { EVENTS, POLICY_PATH } from '../../conformance/example.ts';
import { linesOf } from '../../reference/records.ts';
import { queriesOf } from './boards.ts';
import { expandPromQl, expandSql } from './plugin-macros.ts';
import { PrometheusServer } from './prometheus-server.ts';

const WAIT_MS_MAX = 60_000;
const POLL_MS = 200;
const OPERATIONAL_SHARE = 0.01;
const SHOWN = { fromMs: 0, toMs: Date.UTC(2254, 11, 31) };

const desk = new Desk();
let child: ChildProcess;
let url: string;
let prometheus: PrometheusServer;
let startedMs: number;
let logId: string;
let report: InterceptionReport;

/** The worked example as if it had happened within the last minutes: figures of the last 24 hours go by event time. */
function happeningNow(): Buffer[] {
  const lines = linesOf(EVENTS);
  return lines.map((line, i) => {
    try {
      const event = JSON.parse(line.toString()) as { time?: unknown };
      if (typeof event.time !== 'string' || Number.isNaN(Date.parse(event.time))) return line;
      return Buffer.from(JSON.stringify({ ...event, time: new Date(Date.now() - 50 * (lines.length - i)).toISOString() }));
    } catch {
      return line;
    }
  });
}

async function eventually<T>(what: string, ask: () => Promise<T> | T, isRight: (answer: T) => boolean): Promise<T> {
  for (let waitedMs = 0; waitedMs < WAIT_MS_MAX; waitedMs += POLL_MS) {
    const answer = await Promise.try(ask).catch(() => undefined);
    if (answer !== undefined && isRight(answer)) return answer;
    await pause(POLL_MS);
  }
  throw new Error(`${what}: not within ${WAIT_MS_MAX / 1000} seconds`);
}

async function startSystem(): Promise<{ url: string; token: string }> {
  child = spawn(process.execPath, [join(ROOT, 'bin/ntk.mjs'), 'up', '--data', desk.data, '--port', '0'], { stdio: 'ignore' });
  return eventually(
    'the system runs',
    () => JSON.parse(readFileSync(join(desk.data, 'system.json'), 'utf8')) as { url: string; token: string; pid: number },
    ({ pid }) => pid === child.pid,
  );
}

async function send(lines: readonly Buffer[], token: string): Promise<void> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    body: Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  });
  if (response.status !== 202) throw new Error(`the gateway answered ${response.status}`);
}

/**
 * What a panel shows, by the legend of each query. As of the newest scrape: behind it Prometheus stretches what it saw to the end of the
 * range, which over half a minute is more than over the hours that people look at.
 */
async function operational(title: string): Promise<Record<string, number>> {
  // A scrape that took too long leaves none until the next one.
  const [scraped] = await eventually(
    'a scrape',
    () => prometheus.query('timestamp(ntk_duplicates_total)'),
    ({ length }) => length === 1,
  );
  const atSeconds = scraped!.value;
  const rangeSeconds = Math.ceil(atSeconds - startedMs / 1000);
  const found: Record<string, number> = {};
  for (const { target } of queriesOf('PromQL').filter(({ panel }) => panel.title === title)) {
    const [sample] = await prometheus.query(
      expandPromQl(target.expr!, { rangeSeconds, rateIntervalSeconds: rangeSeconds }),
      atSeconds,
    );
    found[target.legendFormat!] = sample?.value ?? Number.NaN;
  }
  return found;
}

/** What a panel of the analysts' board shows, asked for with `ntk query`. */
async function exact(title: string): Promise<Record<string, unknown>[]> {
  const query = queriesOf('SQL').find(({ board, panel }) => board.uid === 'ntk-analyst-view' && panel.title === title)!;
  const rows = await rowsOf<Record<string, unknown>>(
    desk.data,
    expandSql(query.target.rawSql!, { ...SHOWN, variables: { log: logId } }),
  );
  const numeric = (value: unknown): unknown => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value);
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, numeric(value)])));
}

function expectWithinOnePercent(value: number | undefined, expected: number): void {
  expect(value).toBeGreaterThanOrEqual(expected * (1 - OPERATIONAL_SHARE));
  expect(value).toBeLessThanOrEqual(expected * (1 + OPERATIONAL_SHARE));
}

beforeAll(async () => {
  const system = await startSystem();
  ({ url } = system);
  await ntkOk(['policy', 'apply', POLICY_PATH, '--data', desk.data]);
  const target = new URL(url).host;
  prometheus = await PrometheusServer.start({
    scrapes: `[{ job_name: ntk, scrape_interval: 2s, scrape_timeout: 2s, static_configs: [{ targets: ['${target}'] }] }]`,
  });
  startedMs = Date.now();
  const scraped = async (expr: string): Promise<number | undefined> => (await prometheus.query(expr))[0]?.value;
  // Its counters have to be seen at 0 before anything happens.
  await eventually(
    'a first scrape',
    () => scraped('ntk_duplicates_total'),
    (value) => value === 0,
  );
  const lines = happeningNow();
  await send(lines.slice(0, 3_000), system.token);
  await send(lines.slice(3_000), system.token);
  report = await eventually(
    'all is judged and stored',
    () => ntkJson<InterceptionReport>(['report', 'interceptions', '--data', desk.data]),
    ({ quality }) => quality.unwritten === 0 && quality.recordsRead >= lines.length,
  );
  const [log] = await rowsOf<{ log: string }>(desk.data, 'SELECT DISTINCT toString(log_id) AS log FROM ntk.blocks');
  logId = log!.log;
  await eventually(
    'a scrape of all of it',
    () => scraped('sum(ntk_results_written_total)'),
    (value) => value === report.accesses,
  );
}, 200_000);

afterAll(async () => {
  child.kill('SIGKILL');
  await prometheus.stop();
  desk.clear();
});

/** Panels that may have nothing to show without a budget in the policy, a past of an hour, a failure, a log that deletes by time, or an aggregator. */
const MAY_BE_SILENT = [
  'Told across programs',
  'Hour of events that the aggregator is behind',
  'False-alarm budget',
  'Hit rate of each reason against its own past week',
  'Inserts that failed',
  'Retention used up by waiting',
];

describe('a running system', () => {
  test('has something to show on every panel', async () => {
    const silent = new Set<string>();
    for (const { panel, target } of queriesOf('PromQL')) {
      const expr = expandPromQl(target.expr!, { rangeSeconds: 20, rateIntervalSeconds: 20 });
      if ((await prometheus.query(expr)).length === 0) silent.add(panel.title);
    }
    expect([...silent].filter((title) => !MAY_BE_SILENT.includes(title))).toEqual([]);
  });
});

describe('an incident', () => {
  test('is one worth looking at', () => {
    expect(report.intercepted.attempts).toBeGreaterThan(500);
    expect(report.intercepted.prevented).toBeGreaterThan(100);
    expect(report.intercepted.alreadyRefused).toBeGreaterThan(100);
    expect(report.intercepted.late).toBeGreaterThan(100);
    expect(report.quality.rejected).toBeGreaterThan(10);
  });

  test('is the same in the report and in the SQL of the boards, to the last one', async () => {
    const { attempts, programs, users, prevented, alreadyRefused, late } = report.intercepted;
    expect(await exact('Intercepted')).toEqual([
      {
        'Attempts intercepted': attempts,
        Programs: programs,
        Users: users,
        Prevented: prevented,
        'Already refused': alreadyRefused,
        Late: late,
      },
    ]);
    expect(await exact('By reason')).toEqual(report.byReason.map(({ reason: name, ...counts }) => ({ name, ...counts })));
    expect(await exact('Top programs')).toEqual(report.topPrograms);
    const { recordsRead, duplicates, rejected, rowsStored } = report.quality;
    expect(await exact('Records by the ledger')).toMatchObject([
      { 'Records read': recordsRead, Duplicates: duplicates, Rejected: rejected, Accesses: report.accesses },
    ]);
    expect(await exact('Rows against the ledger')).toMatchObject([
      { 'Rows stored': rowsStored, 'Rows by the ledger': rowsStored },
    ]);
  }, 60_000);

  test('is the same in Prometheus within 1 %', async () => {
    const shown = await operational('Attempts intercepted, within the time shown');
    expectWithinOnePercent(shown['attempts'], report.intercepted.attempts);
    expectWithinOnePercent(shown['prevented'], report.intercepted.prevented);
    expectWithinOnePercent(shown['already refused'], report.intercepted.alreadyRefused);
    expectWithinOnePercent(shown['late'], report.intercepted.late);
    const { intercepted } = await operational('Share of accesses intercepted');
    expectWithinOnePercent(intercepted, report.intercepted.attempts / report.accesses);
    expect(await operational('Programs intercepted, last 24 hours')).toEqual({ programs: report.intercepted.programs });
  });

  test('by reason and by verdict, too', async () => {
    const byReason = await prometheus.query('sum by (reason) (ntk_interceptions_total) > 0');
    expect(Object.fromEntries(byReason.map(({ metric, value }) => [metric['reason'], value]))).toEqual(
      Object.fromEntries(report.byReason.map(({ reason, attempts }) => [reason, attempts])),
    );
    const byVerdict = await prometheus.query('sum by (verdict) (ntk_verdicts_total)');
    expect(Object.fromEntries(byVerdict.map(({ metric, value }) => [metric['verdict'], value]))).toEqual(report.byVerdict);
  });

  test('leaves nothing behind that is not in these figures', async () => {
    expect(await operational('Not in these figures yet')).toEqual({ 'not judged': 0, 'not stored': 0 });
  });
});
