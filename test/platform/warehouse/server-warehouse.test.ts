import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openServerWarehouse } from '../../../services/platform/warehouse/server/open-server-warehouse.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { plainRows, rowsInsert } from './warehouse-contract.ts';

/** What a server was asked, and what it should answer. */
interface Asked {
  readonly search: URLSearchParams;
  readonly path: string;
  readonly authorization: string;
  readonly body: Buffer;
}

describe('a ClickHouse server', () => {
  let server: Server;
  let url: string;
  let asked: Asked[];
  let answer: (response: ServerResponse, asked: Asked) => void;
  let opened: Warehouse[];

  beforeEach(async () => {
    asked = [];
    opened = [];
    answer = (response) => response.end('');
    server = createServer((request: IncomingMessage, response) => {
      void buffer(request).then((body) => {
        const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
        asked.push({ search: searchParams, path: pathname, authorization: request.headers.authorization ?? '', body });
        answer(response, asked.at(-1)!);
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const warehouse of opened) await warehouse.close();
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });

  function open(options: Partial<Parameters<typeof openServerWarehouse>[0]> = {}): Warehouse {
    const warehouse = openServerWarehouse({ url, ...options });
    opened.push(warehouse);
    return warehouse;
  }
  const failWith = (status: number, body: string): void => {
    answer = (response) => void response.writeHead(status).end(body);
  };

  test('gets rows as they are, with the statement in the URL', async () => {
    const rows = plainRows([1, 2]);
    await open().insertRows(rowsInsert(rows, 'token-1'));
    const [{ search, body } = { search: new URLSearchParams(), body: Buffer.alloc(0) }] = asked;
    expect(body.equals(Buffer.concat(rows))).toBe(true);
    expect(search.get('query')).toMatch(
      /^INSERT INTO ntk\.`access_results` \(`offset`, .*, `log_id`, `partition`, `scored_at`\) SETTINGS /,
    );
    expect(search.get('query')).toMatch(/ FROM input\('`offset` UInt64, .*\) FORMAT RowBinary$/);
    expect(search.get('query')).toContain("insert_deduplication_token = 'token-1'");
  });

  test('is asked to answer only when it is done, and never to queue rows', async () => {
    const warehouse = open();
    await warehouse.insertRows(rowsInsert(plainRows([1]), 'token-1'));
    await warehouse.command('OPTIMIZE TABLE ntk.blocks');
    expect(asked.map(({ search }) => [search.get('async_insert'), search.get('wait_end_of_query')])).toEqual([
      ['0', '1'],
      ['0', '1'],
    ]);
  });

  test('runs a read-only query in its own spelling, read-only', async () => {
    answer = (response, { body }) => response.end(body.includes('formatQuerySingleLine') ? '{"sql":"SELECT 1"}\n' : '1\n');
    expect(await text(await open().stream('select /* x */ 1', { format: 'CSV', readonly: true }))).toBe('1\n');
    expect(asked[0]!.search.get('param_sql')).toBe('select /* x */ 1');
    expect(asked[1]!.body.toString()).toBe('SELECT 1');
    expect([asked[1]!.search.get('readonly'), asked[1]!.search.get('default_format')]).toEqual(['1', 'CSV']);
  });

  test('never sees a query that would write a file', async () => {
    answer = (response) => response.end('{"sql":"SELECT 1 INTO OUTFILE \'/tmp/x\'"}\n');
    await expect(open().stream("select 1 into outfile '/tmp/x'", { format: 'CSV', readonly: true })).rejects.toMatchObject({
      code: 'READONLY',
    });
    expect(asked).toHaveLength(1);
  });

  test('is told the user and password of its URL, which appear nowhere else', async () => {
    failWith(500, 'Code: 241. DB::Exception: too much. (MEMORY_LIMIT_EXCEEDED)');
    const warehouse = open({ url: url.replace('http://', 'http://writer:s3cr%40t@') });
    const error: unknown = await warehouse.query('SELECT 1').catch((reason: unknown) => reason);
    expect(asked[0]!.authorization).toBe(`Basic ${Buffer.from('writer:s3cr@t').toString('base64')}`);
    expect(warehouse.description).toBe(url);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toMatch(/s3cr/);
  });

  test('may lie behind a path', async () => {
    await open({ url: `${url}/clickhouse-eu` }).command('SELECT 1');
    expect(asked[0]!.path).toBe('/clickhouse-eu');
  });

  test.each([
    [
      'Code: 241. DB::Exception: Memory limit exceeded: would use 1 GiB. (MEMORY_LIMIT_EXCEEDED) (version 26.7)',
      'MEMORY_LIMIT_EXCEEDED',
      true,
    ],
    ['Code: 252. DB::Exception: Too many parts (3000). (TOO_MANY_PARTS)', 'TOO_MANY_PARTS', true],
    ['Code: 159. DB::Exception: Timeout exceeded: elapsed 5 s. (TIMEOUT_EXCEEDED)', 'TIMEOUT_EXCEEDED', true],
    [
      'Code: 202. DB::Exception: Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)',
      'TOO_MANY_SIMULTANEOUS_QUERIES',
      true,
    ],
    ['Code: 210. DB::Exception: Broken pipe. (NETWORK_ERROR)', 'NETWORK_ERROR', true],
    ['Code: 425. DB::Exception: System error. (SYSTEM_ERROR)', 'SYSTEM_ERROR', true],
    ['Code: 999. Coordination::Exception: Session expired. (KEEPER_EXCEPTION)', 'KEEPER_EXCEPTION', true],
    ['Code: 62. DB::Exception: Syntax error: failed at position 1 (SELEC): SELEC 1. (SYNTAX_ERROR)', 'SYNTAX_ERROR', false],
    ['Code: 497. DB::Exception: writer: Not enough privileges. (ACCESS_DENIED)', 'ACCESS_DENIED', false],
    ['Code: 516. DB::Exception: writer: Authentication failed. (AUTHENTICATION_FAILED)', 'AUTHENTICATION_FAILED', false],
    ['Code: 53. DB::Exception: Type mismatch. (TYPE_MISMATCH)', 'TYPE_MISMATCH', false],
  ])('that says %s', async (body, code, retryable) => {
    failWith(500, body);
    const error: unknown = await open()
      .command('SELECT 1')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'WarehouseError', code, retryable });
    expect((error as Error).message).not.toMatch(/Code:|DB::|\n/);
  });

  test('behind a load balancer that cannot reach it is worth waiting for', async () => {
    failWith(503, '<html>Service Unavailable\n</html>');
    await expect(open().query('SELECT 1')).rejects.toMatchObject({
      code: 'NOT_A_CLICKHOUSE',
      retryable: true,
      message: `${url}: does not answer like a ClickHouse: <html>Service Unavailable`,
    });
  });

  test('that does not answer in time is worth asking again', async () => {
    answer = () => {};
    await expect(open({ requestTimeoutMs: 100 }).query('SELECT 1')).rejects.toMatchObject({
      code: 'NO_ANSWER_IN_TIME',
      retryable: true,
      message: `${url}: no answer in time`,
    });
  });

  test('that hangs up is worth asking again', async () => {
    answer = (response) => void response.destroy();
    await expect(open().query('SELECT 1')).rejects.toMatchObject({ code: 'UNREACHABLE', retryable: true });
  });

  test('that hangs up in the middle of a result gives no half result', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    };
    const stream = await open().stream('SELECT 1', { format: 'CSV' });
    await expect(text(stream)).rejects.toMatchObject({ name: 'WarehouseError', retryable: true });
  });

  test.each(['http://u:50%@127.0.0.1', 'http://50%zz:p@127.0.0.1'])(
    'whose user or password has a bare %% says how it is written: %j',
    (wrong) => {
      expect(() => openServerWarehouse({ url: wrong })).toThrow(
        /^in the user or password of the ClickHouse URL, write a % as %25$/,
      );
    },
  );

  test.each(['', 'clickhouse', 'ftp://127.0.0.1', 'tcp://:pass@host:9000'])('cannot be at %j', (wrong) => {
    expect(() => openServerWarehouse({ url: wrong })).toThrow(
      /^the ClickHouse URL is none: write it like http:\/\/127\.0\.0\.1:8123$/,
    );
  });
});
