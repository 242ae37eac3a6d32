import { existsSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient } from '@clickhouse/client';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerClickHouseProxy } from '../../../services/platform/http/clickhouse-proxy.ts';
import { Health } from '../../../services/platform/http/health.ts';
import { createHttpServer, type HttpServer } from '../../../services/platform/http/http-server.ts';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../../../services/platform/warehouse/migrations.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { temporaryFolder } from '../warehouse/temporary-folder.ts';

const TOKEN = 'a-token-of-the-running-system';
const AUTHORIZATION = `Bearer ${TOKEN}`;

interface Answer {
  readonly status: number;
  readonly exceptionCode: string | undefined;
  readonly body: string;
}

describe('the ClickHouse endpoint of a running system', () => {
  const folder = temporaryFolder();
  const spoolDir = join(folder.path, 'spool');
  let warehouse: Warehouse;
  let server: HttpServer;
  let url: string;
  beforeAll(async () => {
    warehouse = openChdbWarehouse({ path: join(folder.path, 'clickhouse'), spoolDir });
    await migrate(warehouse);
    server = createHttpServer({ host: '127.0.0.1', port: 0, health: new Health(), registry: new Registry() });
    await registerClickHouseProxy(server.app, { warehouse, spoolDir, token: TOKEN });
    url = await server.start();
  });
  afterAll(async () => {
    await server.stop();
    await warehouse.close();
    folder.remove();
  });

  function post(
    path: string,
    body: string | Buffer,
    headers: Readonly<Record<string, string>> = { authorization: AUTHORIZATION },
    method = 'POST',
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      request(`${url}${path}`, { method, headers }, (response) => {
        const exceptionCode = response.headers['x-clickhouse-exception-code'] as string | undefined;
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, exceptionCode, body: answer }), reject);
      })
        .on('error', reject)
        .end(body);
    });
  }

  test('speaks with the ordinary client', async () => {
    const client = createClient({ url, pathname: '/clickhouse/', access_token: TOKEN });
    const result = await client.query({ query: 'SELECT {x:UInt8} AS x', query_params: { x: 7 }, format: 'JSON' });
    expect(await result.json()).toMatchObject({ data: [{ x: 7 }], rows: 1 });
    expect(await client.ping()).toEqual({ success: true });
    await expect(client.query({ query: 'SELECT nope' })).rejects.toMatchObject({ code: '47', type: 'UNKNOWN_IDENTIFIER' });
    await client.close();
  });

  test.each([
    ['none', {}],
    ['another', { authorization: 'Bearer another' }],
    ['half of it', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['the empty one', { authorization: 'Bearer ' }],
    ['a password', { authorization: `Basic ${Buffer.from(`default:${TOKEN}`).toString('base64')}` }],
  ])('does nothing for somebody with no token: %s', async (_what, headers: Record<string, string>) => {
    expect(await post('/clickhouse/', 'DROP TABLE ntk.blocks', headers)).toMatchObject({
      status: 401,
      exceptionCode: '516',
      body: expect.stringMatching(
        /^Code: 516\. DB::Exception: the token of the running system is needed\. \(AUTHENTICATION_FAILED\)\n$/,
      ),
    });
    expect(await warehouse.query('SELECT count() AS n FROM ntk.blocks')).toEqual([{ n: '0' }]);
  });

  test("does nothing under a name that is not this machine's, token or not", async () => {
    expect(await post('/clickhouse/', 'SELECT 1', { authorization: AUTHORIZATION, host: 'evil.example' })).toMatchObject({
      status: 403,
    });
  });

  test('does nothing for another machine, or under another name, token or not, wherever the server listens', async () => {
    // One that others reach: what it opens to them has no token.
    const open = createHttpServer({ host: '0.0.0.0', port: 0, health: new Health(), registry: new Registry() });
    await registerClickHouseProxy(open.app, { warehouse, spoolDir, token: TOKEN });
    const statusOf = async (remoteAddress: string, host: string): Promise<number> => {
      const headers = { authorization: AUTHORIZATION, host };
      const asked = { method: 'POST', url: '/clickhouse/', payload: 'SELECT 1', headers, remoteAddress } as const;
      return (await open.app.inject(asked)).statusCode;
    };
    for (const address of ['192.168.0.9', '10.0.0.1', '::ffff:192.168.0.9', 'fe80::1'])
      expect(await statusOf(address, '127.0.0.1')).toBe(403);
    expect(await statusOf('127.0.0.1', 'evil.example')).toBe(403);
    expect(await statusOf('127.0.0.1', '127.0.0.1:7077')).toBe(200);
    await open.stop();
  });

  test('answers a ping to anybody here', async () => {
    expect(await post('/ping', '', {}, 'GET')).toMatchObject({ status: 200, body: 'Ok.\n' });
    expect(await post('/clickhouse/ping', '', {}, 'GET')).toMatchObject({ status: 200, body: 'Ok.\n' });
  });

  test.each(['/clickhouse/?asked=/ping', '/clickhouse?query=DROP+TABLE+ntk.blocks&as=/ping', '/clickhouse/?/clickhouse/ping'])(
    'takes nothing for a ping that only ends like one: %s',
    async (path) => {
      expect(await post(path, 'DROP TABLE ntk.blocks', {})).toMatchObject({ status: 401 });
      expect(await warehouse.query('SELECT count() AS n FROM ntk.blocks')).toEqual([{ n: '0' }]);
    },
  );

  test('takes a statement from the URL or the body', async () => {
    expect(await post('/clickhouse/', 'SELECT 1, 2')).toEqual({ status: 200, exceptionCode: undefined, body: '1\t2\n' });
    expect(await post(`/clickhouse?query=${encodeURIComponent('SELECT 3 FORMAT CSV')}`, '')).toMatchObject({
      status: 200,
      body: '3\n',
    });
  });

  test.each([
    '?readonly=1',
    '?readonly=2',
    // As the client asks for rows.
    '?readonly=1&default_format=JSONEachRow&output_format_json_quote_64bit_integers=1',
  ])('writes nothing, and reads no file, when asked to read only: %s', async (asked) => {
    for (const sql of [
      'DROP TABLE ntk.blocks',
      `SELECT 1 INTO OUTFILE '${folder.path}/out'`,
      'SELECT 1; DROP TABLE ntk.blocks',
      "SELECT file('/etc/hostname')",
    ]) {
      expect(await post(`/clickhouse/${asked}`, sql)).toMatchObject({ status: 400 });
    }
    expect(existsSync(join(folder.path, 'out'))).toBe(false);
    expect(await warehouse.query('SELECT count() AS n FROM ntk.blocks')).toEqual([{ n: '0' }]);
  });

  test('says what is wrong as a server does', async () => {
    expect(await post('/clickhouse/', 'SELEC 1')).toMatchObject({
      status: 400,
      exceptionCode: '62',
      body: expect.stringMatching(/^Code: 62\. DB::Exception: Syntax error: .*\(SYNTAX_ERROR\)\n$/),
    });
    expect(await post('/clickhouse/?param_x=1', 'SELECT {x:Array(UInt8)}')).toMatchObject({ status: 400, exceptionCode: '36' });
    expect(await post('/clickhouse/', '')).toMatchObject({ status: 400 });
  });

  test('takes rows only as RowBinary and leaves none in its spool', async () => {
    expect(await post(`/clickhouse/?query=${encodeURIComponent('INSERT INTO ntk.blocks FORMAT CSV')}`, '1,2')).toMatchObject({
      status: 400,
      exceptionCode: '36',
    });
    const insert = "INSERT INTO ntk.migrations (version) SELECT v FROM input('v UInt32') FORMAT RowBinary";
    expect(await post(`/clickhouse/?query=${encodeURIComponent(insert)}`, Buffer.from([1, 2, 3]))).toMatchObject({ status: 400 });
    expect(readdirSync(spoolDir)).toEqual([]);
  });

  test('refuses a statement without end', async () => {
    expect(await post('/clickhouse/', `SELECT '${'x'.repeat(5 * 1024 * 1024)}'`)).toMatchObject({
      status: 413,
      body: expect.stringContaining('(TOO_LARGE)'),
    });
  });
});
