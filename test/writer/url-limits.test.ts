/** What a ClickHouse server takes in a URL, of a writer that catches up: the most blocks, at the highest offsets, with the longest user ids. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { openServerWarehouse } from '../../services/platform/warehouse/server/open-server-warehouse.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';
import { eraseUsers, insertGroup } from '../../services/writer/insert-group.ts';

/** Defaults of a server. The first is of each value as it stands in the URL, percent signs and all. */
const HTTP_MAX_FIELD_VALUE_SIZE = 128 * 1024;
const HTTP_MAX_URI_SIZE = 1024 * 1024;

const LOG_ID = '6f1c2f0e-6f0b-4c60-9d4e-1f6f0a5b7c11';
const PARTITION = 65_535;
/** readGroup's limit: group.test.ts. */
const BLOCKS = 2_000;
const USERS = 230;
const LONGEST_ID = '\u{1f600}'.repeat(128);
const LAST_OFFSET = Number.MAX_SAFE_INTEGER - BLOCKS;
const SCORED_AT_MS = Date.UTC(2254, 0, 1);

const asked: string[] = [];
const server = createServer({ maxHeaderSize: 2 * HTTP_MAX_URI_SIZE }, (request, response) => {
  asked.push(request.url!);
  request.resume().once('end', () => response.end());
});
let warehouse: Warehouse;
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  warehouse = openServerWarehouse({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterAll(async () => {
  await warehouse.close();
  server.close();
});

function longestValue(): number {
  const urls = asked.splice(0);
  expect(Math.max(...urls.map(({ length }) => length))).toBeLessThan(HTTP_MAX_URI_SIZE);
  const values = urls.flatMap((url) => url.slice(url.indexOf('?') + 1).split('&')).map((field) => field.split('=', 2)[1] ?? '');
  return Math.max(...values.map(({ length }) => length));
}

function block(i: number): BlockHeader {
  const first = LAST_OFFSET + i;
  return {
    logId: LOG_ID,
    partition: PARTITION,
    first,
    next: first + 1,
    engine: 1,
    catalogueHash: '0'.repeat(64),
    accesses: 1,
    facts: {},
    staleFacts: 0,
    duplicates: 0,
    rejects: {},
    heartbeats: 0,
    policyCopies: 0,
    liveRecords: 1,
    scoredAtMs: SCORED_AT_MS + i,
    eventTimeMinMs: 0,
    eventTimeMaxMs: 0,
    rowsHash: '0'.repeat(64),
    entryHash: '0'.repeat(64),
    authority: 'open',
    liveArrivals: [],
    erasures: [],
  };
}

test('rows of as many blocks as go into one insert are named within it', async () => {
  const headers = Array.from({ length: BLOCKS }, (_, i) => block(i));
  const rows = headers.map(() => Buffer.alloc(1));
  const group = { partition: PARTITION, from: LAST_OFFSET, to: LAST_OFFSET + BLOCKS, headers, rows };
  await insertGroup(warehouse, LOG_ID, { ...group, rowCount: BLOCKS, byteCount: BLOCKS });
  expect(asked).toHaveLength(2);
  const length = longestValue();
  expect(length).toBeGreaterThan(100_000);
  expect(length).toBeLessThan(HTTP_MAX_FIELD_VALUE_SIZE);
});

test('users that are erased by one mutation are named within it, whatever their ids', async () => {
  const erasures = Array.from({ length: USERS }, (_, i) => ({ user: LONGEST_ID, offset: LAST_OFFSET + i }));
  await eraseUsers(warehouse, LOG_ID, PARTITION, erasures);
  expect(longestValue()).toBeLessThan(HTTP_MAX_FIELD_VALUE_SIZE);
});
