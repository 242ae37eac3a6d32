/** A data folder that has lost its log, and what is said of the rows that it still has. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { behindItsBack, Desk, ntk, ntkOk } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let desk: Desk;
beforeAll(async () => {
  desk = new Desk();
  const events = ndjson(...Array.from({ length: 40 }, (_, i) => access({ id: `a${i}`, subject: `wx${i}` })));
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('events.ndjson', events)]);
  rmSync(join(desk.data, 'log.db'));
});
afterAll(() => desk.clear());

test('verify says that the log is lost, what can be told without it, and proves nothing', async () => {
  const { code, stdout, stderr } = await ntk(['verify', '--data', desk.data]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/has no log\.db any more; restore it from a copy/);
  expect(stderr).toMatch(/the log is needed to prove what is stored.*the hashes tell whether rows and ledger entries/);
  expect(stdout).toMatch(/NOT proved, as the log is not at hand: no fault is known/);
  expect(stdout).not.toMatch(/^Proved/m);
  const json = await ntk(['verify', '--data', desk.data, '--json']);
  expect([json.code, JSON.parse(json.stdout)]).toMatchObject([1, { ok: false, isLogAtHand: false, unwritten: null }]);
});

test('a row that was changed is found without the log, and repair says that it needs it', async () => {
  await behindItsBack(desk.data, (warehouse) =>
    warehouse.command("ALTER TABLE ntk.access_results UPDATE api = 'other' WHERE program = 'wx7' SETTINGS mutations_sync = 2"),
  );
  const { code, stdout } = await ntk(['verify', '--data', desk.data]);
  expect([code, stdout]).toEqual([1, expect.stringContaining('NOT as it was stored')]);
  const repair = await ntk(['repair', '--data', desk.data]);
  expect([repair.code, repair.stdout, repair.stderr]).toEqual([1, '', expect.stringContaining('has no log.db any more')]);
});
