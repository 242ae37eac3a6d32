/** How many blocks are inserted together. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { encodeBlock } from '../../services/domain/results/block.ts';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { type GroupLimits, readGroup } from '../../services/writer/group.ts';

const NO_LIMITS: GroupLimits = { rowsMax: Number.MAX_SAFE_INTEGER, bytesMax: Number.MAX_SAFE_INTEGER };
const BLOCKS = 2_003;
const ROW_BYTES = 10;

const folder = mkdtempSync(join(tmpdir(), 'ntk-group-'));
let log: EventLog;
beforeAll(async () => {
  log = await openSqliteLog({
    path: join(folder, 'log.db'),
    create: true,
    partitions: 2,
    clock: { nowMs: () => 0 },
    syncMode: 'off',
  });
  await log.commit({
    appends: [
      { stream: 'results', partition: 0, values: Array.from({ length: BLOCKS }, (_, i) => blockOf(i, i + 1)) },
      { stream: 'results', partition: 1, values: [blockOf(0, 5), blockOf(5, 7), blockOf(8, 9)] },
    ],
  });
});
afterAll(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

/** With a row for each record; what else is in its header has no say here. */
function blockOf(first: number, next: number): Buffer {
  const header = { first, next, accesses: next - first } as Partial<BlockHeader> as BlockHeader;
  return encodeBlock({ header, rows: Buffer.alloc((next - first) * ROW_BYTES) });
}

test('a statement that names each of its blocks has no more than a server takes in its URL', async () => {
  const group = (await readGroup(log, 0, 0, NO_LIMITS, null))!;
  expect(group).toMatchObject({ from: 0, to: 2_000, rowCount: 2_000, byteCount: 2_000 * ROW_BYTES });
  expect([group.headers.length, group.rows.length]).toEqual([2_000, 2_000]);
  expect(await readGroup(log, 0, group.to, NO_LIMITS, null)).toMatchObject({ from: 2_000, to: BLOCKS, rowCount: 3 });
  expect(await readGroup(log, 0, BLOCKS, NO_LIMITS, null)).toBeNull();
});

test('the last block is the one that reaches a limit, wherever in what was read at once it lies', async () => {
  expect(await readGroup(log, 0, 3, { ...NO_LIMITS, rowsMax: 30 }, null)).toMatchObject({ from: 3, to: 33, rowCount: 30 });
  expect(await readGroup(log, 0, 3, { ...NO_LIMITS, rowsMax: 100 }, null)).toMatchObject({ from: 3, to: 103, rowCount: 100 });
  expect(await readGroup(log, 0, 3, { ...NO_LIMITS, bytesMax: 95 }, null)).toMatchObject({ from: 3, to: 13, byteCount: 100 });
  expect(await readGroup(log, 0, 3, { rowsMax: 1, bytesMax: 1 }, null)).toMatchObject({ from: 3, to: 4, rowCount: 1 });
});

test('a range that was noted is read to its end and not beyond, whatever the limits are', async () => {
  expect(await readGroup(log, 0, 0, { rowsMax: 1, bytesMax: 1 }, 2_002)).toMatchObject({ from: 0, to: 2_002, rowCount: 2_002 });
  expect(await readGroup(log, 0, 7, NO_LIMITS, 8)).toMatchObject({ from: 7, to: 8, rowCount: 1 });
});

test('a block that does not follow the one before is of another group', async () => {
  expect(await readGroup(log, 1, 0, NO_LIMITS, null)).toMatchObject({ from: 0, to: 2, rowCount: 7 });
  expect(await readGroup(log, 1, 2, NO_LIMITS, null)).toMatchObject({ from: 2, to: 3, rowCount: 1, headers: [{ first: 8 }] });
});
