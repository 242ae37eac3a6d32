/** What the analysts' board says once somebody was erased: every partition has a copy of an erasure, and people ask for it once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import { Desk, ntkJson, ntkOk, rowsOf } from '../../acceptance/ntk.ts';
import { queriesOf } from './boards.ts';
import { expandSql } from './plugin-macros.ts';

const SHOWN = { fromMs: 0, toMs: Date.UTC(2254, 11, 31) };
const ACCESSES = 40;

const desk = new Desk();
let log: string;
let report: InterceptionReport;

function event(id: string, type: string, subject: string, data: object): string {
  return JSON.stringify({ specversion: '1.0', id, source: 'host/a', type, subject, time: '2026-11-03T09:14:00Z', data });
}

async function shown(title: string): Promise<Record<string, unknown>[]> {
  const { target } = queriesOf('SQL').find(({ board, panel }) => board.uid === 'ntk-analyst-view' && panel.title === title)!;
  return rowsOf(desk.data, expandSql(target.rawSql!, { ...SHOWN, variables: { log } }));
}

beforeAll(async () => {
  // Of programs in all partitions, half of them by the one who wants to be forgotten.
  const accesses = Array.from({ length: ACCESSES }, (_, i) =>
    event(`a-${i}`, 'ntk.access', `program-${i}`, { user: i % 2 === 0 ? 'u_gone' : 'u_stays', api: 'wx.getLocation' }),
  );
  const lines = [...accesses, event('erased', 'ntk.erasure', '*', { user: 'u_gone' })];
  const input = desk.write('events.ndjson', `${lines.join('\n')}\n`);
  await ntkOk(['run', '--data', desk.data, '--input', input]);
  report = await ntkJson<InterceptionReport>(['report', 'interceptions', '--data', desk.data]);
  [{ log }] = (await rowsOf<{ log: string }>(desk.data, 'SELECT DISTINCT toString(log_id) AS log FROM ntk.blocks')) as [
    { log: string },
  ];
}, 120_000);

afterAll(() => desk.clear());

test('an erasure is one, however many partitions have removed rows for it', async () => {
  expect(await shown('Rows against the ledger')).toEqual([
    { 'Rows stored': ACCESSES / 2, 'Rows by the ledger': ACCESSES, Erasures: 1 },
  ]);
  expect(report.quality.rowsStored).toBe(ACCESSES / 2);
});

test('rows of somebody who was erased are not called missing', async () => {
  expect(await shown('Rows missing')).toEqual([{ 'Rows missing': 0, 'Gaps accepted': 0 }]);
  expect(report.quality.complete).toBe(true);
});
