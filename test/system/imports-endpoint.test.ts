/** How large a file may be that is sent to be imported. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../services/platform/log/sqlite/sqlite-event-log.ts';
import { registerImports } from '../../services/system/imports-endpoint.ts';

const FILE_BYTES_MAX = 10;

const folder = mkdtempSync(join(tmpdir(), 'ntk-imports-'));
const spoolFolder = join(folder, 'spool');
const app = fastify();
app.decorateRequest('takeYourTime', () => {});
let log: SqliteEventLog;
let url: string;
beforeAll(async () => {
  log = await openSqliteLog({ path: join(folder, 'log.db'), create: true, clock: { nowMs: () => Date.now() } });
  await registerImports(app, { log, token: 'token', spoolFolder, fileBytesMax: FILE_BYTES_MAX });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A body that is a stream goes without a length. */
const sent = (body: string | ReadableStream): Promise<Response> => {
  const headers = { authorization: 'Bearer token', 'content-type': 'application/octet-stream' };
  return fetch(`${url}/v1/imports`, { method: 'POST', body, headers, duplex: 'half' });
};
const streamed = (bytes: number): ReadableStream => new Blob([Buffer.alloc(bytes - 1, ' '), Buffer.from('\n')]).stream();

test.each([
  ['whose length is told', 'x'.repeat(FILE_BYTES_MAX + 1)],
  ['whose length is not told', streamed(FILE_BYTES_MAX + 1)],
])('a file that is too large, %s, is refused, and nothing of it stays', async (_, body) => {
  const response = await sent(body);
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ message: 'a file may have 10 bytes as it is sent; send it in pieces' });
  expect((await log.bounds('access', 0)).end).toBe(0);
  expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).includes('spool-'))).toEqual([]);
});

test('a file of the largest size is taken', async () => {
  const response = await sent(streamed(FILE_BYTES_MAX));
  expect([response.status, await response.json()]).toMatchObject([200, { status: 'complete', records: 0 }]);
});
