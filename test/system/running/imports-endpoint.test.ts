/** Who may send a file to be imported, how large it may be, and as what it is known. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fastify } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ORIGIN } from '../../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../../services/platform/log/sqlite/sqlite-event-log.ts';
import { registerImports } from '../../../services/system/running/imports-endpoint.ts';

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

test('a file that ends too early is called as it was where it came from', async () => {
  const headers = { authorization: 'Bearer token', 'content-type': 'application/octet-stream' };
  const half = gzipSync('').subarray(0, FILE_BYTES_MAX);
  const response = await fetch(`${url}/v1/imports?name=folder/half.gz`, { method: 'POST', body: half, headers });
  expect(await response.json()).toMatchObject({ problem: { message: expect.stringMatching(/^half\.gz ends in the middle/) } });
});

test('a token of another system is told from none', async () => {
  const asked = async (headers: Record<string, string>): Promise<unknown> =>
    (await fetch(`${url}/v1/imports`, { method: 'POST', headers })).json();
  expect(await asked({})).toEqual({ error: 'a token is needed' });
  expect(await asked({ authorization: 'Bearer another' })).toEqual({
    error: 'that is not the token in system.json of the data folder that is worked on here',
  });
});

test('a file that says that it is too large is refused before it is sent', async () => {
  const headers = { authorization: 'Bearer token', 'content-length': String(FILE_BYTES_MAX + 1) };
  const asking = request(`${url}/v1/imports`, { method: 'POST', headers });
  asking.on('error', () => {});
  const answered = new Promise<number | undefined>((resolve) => asking.once('response', ({ statusCode }) => resolve(statusCode)));
  asking.flushHeaders();
  expect(await answered).toBe(413);
  asking.destroy();
});

test.each([
  ['none', {}],
  ['another', { authorization: 'Bearer another' }],
  ['a part of it', { authorization: 'Bearer toke' }],
  ['an empty one', { authorization: 'Bearer ' }],
  ['a password', { authorization: `Basic ${Buffer.from('x:token').toString('base64')}` }],
])('nothing is taken from who has no token: %s', async (_, headers: Record<string, string>) => {
  const response = await fetch(`${url}/v1/imports`, { method: 'POST', body: '{}\n', headers });
  expect(response.status).toBe(401);
  expect((await log.bounds('access', 0)).end).toBe(0);
});

test('what is sent is known as imported: neither as what a host says now, nor as history', async () => {
  expect(await (await sent('{}\n')).json()).toMatchObject({ status: 'complete', appended: 1 });
  const { origins } = await log.read('access', 0, 0, { maxRecords: 10, maxBytes: 1_000 });
  expect([...origins]).toEqual([ORIGIN.imported]);
});

test('a file of the largest size is taken', async () => {
  const response = await sent(streamed(FILE_BYTES_MAX));
  expect([response.status, await response.json()]).toMatchObject([200, { status: 'complete', records: 0 }]);
});
