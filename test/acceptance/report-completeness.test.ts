/** A report over stored results that lack something, or have what the log does not: it says that it is not complete. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { InterceptionReport } from '../../schemas/report/interceptions.ts';
import { EVENTS_GZ_PATH, POLICY_PATH } from '../conformance/example.ts';
import { behindItsBack, Desk, ntkJson, ntkOk } from './ntk.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const SYNC = 'SETTINGS mutations_sync = 2';
const ENTRY = 'SELECT * FROM ntk.blocks FINAL WHERE partition = 1 ORDER BY first DESC LIMIT 1';

const desk = new Desk();
beforeAll(async () => {
  await ntkOk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', EVENTS_GZ_PATH]);
});
afterAll(() => desk.clear());

async function qualityOf(data: string): Promise<InterceptionReport['quality']> {
  return (await ntkJson<InterceptionReport>(['report', 'interceptions', '--data', data])).quality;
}

test('a report of all that the log gives is complete', async () => {
  expect(await qualityOf(desk.data)).toMatchObject({ complete: true });
});

test.each([
  [
    'an older ClickHouse was restored, and more was judged since: blocks before the last are missing with their rows',
    [
      `INSERT INTO ntk.blocks SELECT * REPLACE (next - 1 AS first, 0 AS accesses) FROM (${ENTRY})`,
      `ALTER TABLE ntk.access_results DELETE WHERE partition = 1 ${SYNC}`,
      `ALTER TABLE ntk.blocks DELETE WHERE partition = 1 AND first < (SELECT max(first) FROM ntk.blocks WHERE partition = 1) ${SYNC}`,
    ],
  ],
  [
    'an older log was restored: the ledger goes on behind its end',
    [`INSERT INTO ntk.blocks SELECT * REPLACE (next AS first, next + 5 AS next, 0 AS accesses) FROM (${ENTRY})`],
  ],
])('it is not where %s', async (name, statements) => {
  const data = join(desk.path, name.slice(0, 8).replaceAll(' ', '-'));
  cpSync(desk.data, data, { recursive: true });
  await behindItsBack(data, async (warehouse) => {
    for (const statement of statements) await warehouse.command(statement);
  });
  const { complete, unwritten } = await qualityOf(data);
  expect({ complete, unwritten }).toEqual({ complete: false, unwritten: 0 });
  const { stdout } = await ntkOk(['report', 'interceptions', '--data', data]);
  expect(stdout).toContain('missing, or there are more than the log gives: ntk verify says which');
  expect(stdout).toContain('NOT complete');
});
