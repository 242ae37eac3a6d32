/** Programs of a labels file that are looked up: as many at once as a ClickHouse server takes in one value of a URL. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServerWarehouse } from '../../../services/platform/warehouse/server/open-server-warehouse.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { inPieces } from '../../../services/system/questions/evaluate.ts';

/** A server's default, of the value as it stands in the URL. */
const HTTP_MAX_FIELD_VALUE_SIZE = 128 * 1024;

const asked: string[] = [];
const server = createServer({ maxHeaderSize: 1024 * 1024 }, (request, response) => {
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

/** Bytes of each question's names in its URL. */
async function lengths(names: readonly string[]): Promise<number[]> {
  for (const programs of inPieces(names)) await warehouse.query('SELECT 1', { programs });
  return asked
    .splice(0)
    .map((url) => new URL(url, 'http://here').search.split(/[?&]/).find((f) => f.startsWith('param_'))!.length);
}

test.each([
  ['letters', 'p'.repeat(60)],
  ['one letter', 'p'],
  ['emoji', '\u{1f600}'.repeat(40)],
  ['quotes', "'".repeat(100)],
  ['backslashes', '\\'.repeat(100)],
  ['ends of lines', '\r\n'.repeat(50)],
  ['tabs', '\t'.repeat(100)],
])('names of %s', async (_, name) => {
  const names = Array.from({ length: 3_000 }, (__, i) => `${name}${i}`);
  expect([...inPieces(names)].flat()).toEqual(names);
  const found = await lengths(names);
  expect(Math.max(...found)).toBeLessThan(HTTP_MAX_FIELD_VALUE_SIZE);
});

test('a name goes alone where it fills a question by itself, and no question has none', () => {
  const long = 'p'.repeat(50 * 1024);
  expect([...inPieces(['a', long, 'b', 'c'])]).toEqual([['a'], [long], ['b', 'c']]);
  expect([...inPieces([])]).toEqual([]);
});
