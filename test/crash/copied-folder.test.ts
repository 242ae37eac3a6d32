/** A row of the failure table with real processes: a data folder is copied while both go on with the same ClickHouse server. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { environment } from '../environment.ts';
import { openServerWarehouse } from '../../services/platform/warehouse/server/open-server-warehouse.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { ntkOk, ROOT } from '../acceptance/ntk.ts';
import { access, ndjson } from '../acceptance/records.ts';
import { freePort } from '../free-ports.ts';
import { Service } from './kafka/service.ts';

const TEST_MS_MAX = 300_000;
const STORED_WITHIN = { timeout: 60_000, interval: 100 };
const NODE = join(ROOT, 'node_modules/.bin/node');

let folder: string;
let clickhouse: Service;
let url: string;
let warehouse: Warehouse;
const running: Service[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-copied-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}/clickhouse/`;
  mkdirSync(join(folder, 'server'));
  clickhouse = service('clickhouse', [
    NODE,
    join(import.meta.dirname, 'kafka/clickhouse-server.ts'),
    join(folder, 'server'),
    String(port),
  ]);
  clickhouse.start();
  await clickhouse.says(/ready/);
  warehouse = openServerWarehouse({ url });
}, TEST_MS_MAX);
afterEach(async () => {
  await warehouse.close();
  await Promise.all(running.splice(0).map((each) => each.kill()));
  rmSync(folder, { recursive: true, force: true });
}, TEST_MS_MAX);

function service(name: string, command: readonly string[]): Service {
  const outputFile = join(folder, `${name}.log`);
  const made = new Service({ name, command, env: environment(), outputFile });
  running.push(made);
  return made;
}

const placeOf = (name: string): string => join(folder, name);

/** Runs `ntk up` on the folder, imports accesses, and ends it when so many are stored in all. */
async function takesIn(name: string, ids: string, stored: number): Promise<void> {
  const up = service(name, upOn(name));
  up.start();
  await up.url();
  const file = placeOf(`${ids}.ndjson`);
  writeFileSync(file, ndjson(...Array.from({ length: 60 }, (_, i) => access({ id: `${ids}${i}`, subject: `wx${i % 7}` }))));
  await ntkOk(['ingest', '--data', placeOf(name), file]);
  await vi.waitFor(async () => {
    const [row] = await warehouse.query<{ rows: string }>('SELECT count() AS rows FROM ntk.access_results FINAL');
    expect(Number(row!.rows)).toBe(stored);
  }, STORED_WITHIN);
  expect(await up.stop()).toBe(0);
}

const upOn = (name: string): string[] => [
  NODE,
  join(ROOT, 'bin/ntk.mjs'),
  'up',
  '--data',
  placeOf(name),
  '--port',
  '0',
  '--clickhouse',
  url,
];

test('a copy that lags behind its original writes nothing over its results, and says so in one line', {
  timeout: TEST_MS_MAX,
}, async () => {
  await takesIn('original', 'a', 60);
  cpSync(placeOf('original'), placeOf('copy'), { recursive: true });
  await takesIn('original', 'b', 120);
  const proof = async (): Promise<string> => (await ntkOk(['verify', '--data', placeOf('original'), '--clickhouse', url])).stdout;
  const before = await proof();

  const copy = service('copy', upOn('copy'));
  copy.start();
  await copy.url();
  const other = placeOf('c.ndjson');
  writeFileSync(other, ndjson(access({ id: 'c' }), access({ id: 'd', subject: 'wx2' })));
  await ntkOk(['ingest', '--data', placeOf('copy'), other]);
  await copy.says(/ClickHouse has results of this log up to source offset \d+, which the log itself, at \d+, did not make/);
  expect(copy.output).not.toMatch(/^\s+at /m);
  expect(await proof()).toBe(before);
});
