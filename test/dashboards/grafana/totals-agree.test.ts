/**
 * One incident seen in four places: `ntk report`, `ntk query` and the SQL of the boards say exactly the same; Prometheus, which samples
 * what a process counts, says it within 1 %. A real system takes the worked example live, and a real Prometheus scrapes it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import { Desk, ntkJson, ntkOk, ROOT, rowsOf } from '../../acceptance/ntk.ts';
import { EVENTS, POLICY_PATH } from '../../conformance/example.ts';
import { linesOf } from '../../reference/records.ts';
import { queriesOf } from './boards.ts';
import { expandPromQl, expandSql } from './plugin-macros.ts';
import { PrometheusServer } from './prometheus-server.ts';

const WAIT = { timeout: 40_000, interval: 200 };
const SCRAPE_MS = 150;
/** Figures that Prometheus samples: what was counted between its first and last sample of a stretch is stretched to all of it. */
const OPERATIONAL_SHARE = 0.01;
const SHOWN = { fromMs: 0, toMs: Date.UTC(2254, 11, 31) };

const desk = new Desk();
let child: ChildProcess;
let url: string;
let prometheus: PrometheusServer;
let startedMs: number;
let logId: string;
let report: InterceptionReport;

async function startSystem(): Promise<{ url: string; token: string }> {
  child = spawn(process.execPath, [join(ROOT, 'bin/ntk.mjs'), 'up', '--data', desk.data, '--port', '0'], { stdio: 'ignore' });
  return vi.waitFor(() => {
    const file = JSON.parse(readFileSync(join(desk.data, 'system.json'), 'utf8')) as { url: string; token: string; pid: number };
    expect(file.pid).toBe(child.pid);
    return file;
  }, WAIT);
}

async function send(lines: readonly Buffer[], token: string): Promise<void> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    body: Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  });
  expect(response.status).toBe(202);
}

/** What a panel shows, by the legend of each query. */
async function operational(title: string): Promise<Record<string, number>> {
  const rangeSeconds = Math.ceil((Date.now() - startedMs) / 1000);
  const found: Record<string, number> = {};
  for (const { target } of queriesOf('PromQL').filter(({ panel }) => panel.title === title)) {
    const [sample] = await prometheus.query(expandPromQl(target.expr!, { rangeSeconds, rateIntervalSeconds: rangeSeconds }));
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
  expect(Math.abs(value! - expected), `${value} instead of ${expected}`).toBeLessThanOrEqual(expected * OPERATIONAL_SHARE);
}

beforeAll(async () => {
  const system = await startSystem();
  ({ url } = system);
  await ntkOk(['policy', 'apply', POLICY_PATH, '--data', desk.data]);
  const target = new URL(url).host;
  prometheus = await PrometheusServer.start({
    scrapes: `[{ job_name: ntk, scrape_interval: ${SCRAPE_MS}ms, scrape_timeout: ${SCRAPE_MS}ms, static_configs: [{ targets: ['${target}'] }] }]`,
  });
  startedMs = Date.now();
  // Its counters have to be seen at 0 before anything happens.
  await vi.waitFor(async () => expect(await prometheus.query('ntk_duplicates_total')).toHaveLength(1), WAIT);
  const lines = linesOf(EVENTS);
  await send(lines.slice(0, 3_000), system.token);
  await send(lines.slice(3_000), system.token);
  report = await vi.waitFor(
    async () => {
      const now = await ntkJson<InterceptionReport>(['report', 'interceptions', '--data', desk.data]);
      expect(now.quality).toMatchObject({ unwritten: 0, recordsRead: expect.any(Number) });
      expect(now.quality.recordsRead).toBeGreaterThanOrEqual(lines.length);
      return now;
    },
    { timeout: 60_000, interval: 500 },
  );
  const [log] = await rowsOf<{ log: string }>(desk.data, 'SELECT DISTINCT toString(log_id) AS log FROM ntk.blocks');
  logId = log!.log;
  // Scraped since, as long as it takes for one interval between scrapes to be well below 1 % of the whole.
  await vi.waitFor(async () => {
    const [scraped] = await prometheus.query('sum(ntk_results_written_total)');
    expect(scraped?.value).toBe(report.accesses);
    expect(Date.now() - startedMs).toBeGreaterThan((SCRAPE_MS / OPERATIONAL_SHARE) * 1.2);
  }, WAIT);
}, 150_000);

afterAll(async () => {
  child.kill('SIGKILL');
  await prometheus?.stop();
  desk.clear();
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
