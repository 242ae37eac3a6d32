/** Questions to a ClickHouse server, asked in a folder that happens to hold a log of its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { InterceptionReport } from '../../schemas/report/interceptions.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { Service } from '../crash/kafka/service.ts';
import { environment } from '../environment.ts';
import { freePort } from '../free-ports.ts';
import { behindItsBack, Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR, ROOT, withLog } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const POLICY = 'version: "1"\nmodes: { default: enforce }\nactions: { undeclared_program: intercept }\n';

let desk: Desk;
let clickhouse: Service;
/** Asks the server, beside a folder whose log is another one and has fewer partitions. */
let asking: string[];
let logId: string;
let before: InterceptionReport;
beforeAll(async () => {
  desk = new Desk();
  const events = Array.from({ length: 40 }, (_, i) => access({ id: `a${i}`, subject: `wx${i}` }));
  const policy = desk.write('policy.yaml', POLICY);
  await ntkOk(['run', '--data', desk.data, '--policy', policy, '--input', desk.write('events.ndjson', ndjson(...events))]);
  before = await ntkJson(['report', '--data', desk.data]);
  logId = await withLog(desk.data, async (log) => log.logId);
  const other = join(desk.path, 'other');
  mkdirSync(other, { mode: 0o700 });
  await (
    await openSqliteLog({ path: join(other, 'log.db'), create: true, partitions: 1, clock: { nowMs: () => Date.now() } })
  ).close();
  const port = await freePort();
  const server = join(ROOT, 'test/crash/kafka/clickhouse-server.ts');
  clickhouse = new Service({
    name: 'clickhouse',
    command: [process.execPath, server, desk.data, String(port)],
    env: environment(),
    outputFile: join(desk.path, 'clickhouse.log'),
  });
  clickhouse.start();
  await clickhouse.says(/ready/);
  asking = ['--data', other, '--clickhouse', `http://127.0.0.1:${port}/clickhouse/`];
});
afterAll(async () => {
  await clickhouse.kill();
  desk.clear();
});

test('a report of the log that is named has all of its partitions, whatever log the folder holds', async () => {
  const { intercepted, accesses, byReason, quality } = await ntkJson<InterceptionReport>(['report', ...asking, '--log', logId]);
  expect(accesses).toBe(40);
  expect({ intercepted, byReason, quality }).toEqual({
    intercepted: before.intercepted,
    byReason: before.byReason,
    quality: before.quality,
  });
});

test.each([[['report']], [['explain', '--program', 'wx1']], [['review', 'list']], [['review', 'rate']], [['drift']]])(
  '%j counts nothing of a log of which the server has nothing, and says which it has',
  async (command) => {
    const { code, stdout, stderr } = await ntk([...command, ...asking]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toContain(`say which with --log: ${logId}`);
  },
);

test('a log that the server has nothing of, asked for by name, is an error and no empty report', async () => {
  const { code, stdout, stderr } = await ntk(['report', ...asking, '--log', '00000000-0000-4000-8000-000000000000']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/no results of log 00000000-0000-4000-8000-000000000000 are stored/);
});

test('what needs the log does not take that of the folder for the one that is named', async () => {
  const { code, stderr } = await ntk(['verify', ...asking, '--log', logId]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/the log is needed/);
});

test('an evaluation asks for more programs with incidents than one URL can name', async () => {
  const [start, end] = ['2026-03-03T10:00:00Z', '2026-03-03T12:00:00Z'];
  const incidents = Array.from({ length: 60_000 }, (_, i) => {
    const strange = { id: `i${i}`, kind: 'rate_burst', category: 'location', start, end };
    return { ...strange, program: i === 0 ? 'wx1' : `a-program-that-is-not-there-${i}` };
  });
  const labels = desk.write('many.json', JSON.stringify({ programs: 60_000, days: 1, incidents }));
  const { stderr } = await ntkOk(['evaluate', '--labels', labels, ...asking, '--log', logId]);
  expect(stderr).toMatch(/59,?999 /);
});

test('a data folder holds one log: another is not reported as empty', async () => {
  const { code, stdout, stderr } = await ntk(['report', '--data', join(desk.path, 'other'), '--log', logId]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/the log at hand is [-0-9a-f]{36}, not /);
});

test('verify says of how many rows it says nothing, because they are another log’s', async () => {
  const data = join(desk.path, 'mixed');
  await ntkOk(['run', '--data', data, '--input', desk.write('mixed.ndjson', ndjson(access({ id: 'm' })))]);
  expect(await ntkJson(['verify', '--data', data])).toMatchObject({ ok: true, rowsOfOtherLogs: 0 });
  await behindItsBack(data, (warehouse) =>
    warehouse.command('INSERT INTO ntk.access_results SELECT * REPLACE(generateUUIDv4() AS log_id) FROM ntk.access_results'),
  );
  const { stdout } = await ntkOk(['verify', '--data', data]);
  expect(stdout).toMatch(
    /1 row of other logs than [-0-9a-f]{36} lies beside these; nothing is said of what is not this log's\nProved: /,
  );
  expect(await ntkJson(['report', '--data', data])).toMatchObject({ accesses: 1, quality: { rowsStored: 1, complete: true } });
});
