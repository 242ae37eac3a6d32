/**
 * ClickHouse's HTTP interface, as much as @clickhouse/client uses, in front of the warehouse of this process: the embedded engine
 * lets only one process have a data folder, so commands beside a running system ask through it.
 *
 * For processes of this machine that know the token (it lies in the data folder, readable by its owner only).
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { numberOf, OWN_CODES, toWarehouseError, warehouseError } from '../warehouse/error-codes.ts';
import { bodyToFile } from '../warehouse/insert-sql.ts';
import { Spool } from '../warehouse/spool.ts';
import { type Warehouse, WarehouseError } from '../warehouse/warehouse.ts';
import { BearerToken } from './bearer.ts';
import { BadRequest, type ClickHouseRequest, readRequest } from './clickhouse-request.ts';
import { isLoopbackAddress, isLoopbackHost } from './loopback.ts';

interface ClickHouseProxyOptions {
  readonly warehouse: Warehouse;
  /** Where rows lie while they are inserted. */
  readonly spoolDir: string;
  readonly token: string;
}

const STATEMENT_BYTES_MAX = 4 * 1024 * 1024;
/** Groups of rows are up to 64 MB and a block more. */
const ROWS_BYTES_MAX = 256 * 1024 * 1024;

export async function registerClickHouseProxy(
  app: FastifyInstance,
  { warehouse, spoolDir, token }: ClickHouseProxyOptions,
): Promise<void> {
  const spool = await Spool.open(spoolDir, 'proxy');
  const bearer = new BearerToken(token);
  await app.register(async (scope) => {
    // The body comes as it is: text or rows, whatever it is called.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.addHook('onRequest', async (request, reply) => {
      if (!isLoopbackAddress(request.ip) || !isLoopbackHost(request.headers.host)) {
        return refuse(reply, 403, 'ask from this machine, by 127.0.0.1 or localhost');
      }
      if (!isPing(request) && !bearer.matches(request.headers.authorization)) {
        return refuse(reply, 401, 'the token of the running system is needed');
      }
    });
    scope.setErrorHandler((error, _request, reply) => sendError(reply, toProxyError(error, warehouse.description)));
    const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      handle(warehouse, spool, request, reply);
    for (const url of ['/clickhouse', '/clickhouse/']) scope.post(url, { bodyLimit: ROWS_BYTES_MAX }, answer);
    for (const url of ['/ping', '/clickhouse/ping'])
      scope.get(url, async (_request, reply) => reply.type('text/plain').send('Ok.\n'));
  });
}

function isPing(request: FastifyRequest): boolean {
  return request.method === 'GET' && (request.routeOptions.url ?? '').endsWith('/ping');
}

async function handle(warehouse: Warehouse, spool: Spool, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const search = new URL(request.url, 'http://localhost').searchParams;
  const body = request.body instanceof Readable ? request.body : Readable.from([]);
  const inUrl = search.get('query');
  // What is left of a body when it is refused is let through, or neither side would be done with the connection.
  reply.raw.once('finish', () => body.resume());
  const asked = readRequest(search, inUrl ?? (await readText(body)));
  if (asked.sql === '') throw new BadRequest('a statement is missing');
  if (asked.readonly || asked.reads) return sendResult(warehouse, asked, reply);
  if (inUrl === null) await warehouse.command(asked.sql, asked.params);
  else await insertBody(warehouse, spool, asked, body);
  return reply.type('text/plain').send('');
}

/** Rows in the body: they go in by a file, because the embedded engine takes no stream of bytes. */
async function insertBody(warehouse: Warehouse, spool: Spool, { sql, params }: ClickHouseRequest, body: Readable): Promise<void> {
  if (bodyToFile(sql, '') === null)
    throw new BadRequest('beside a statement in the URL only INSERT ... FROM input(...) FORMAT RowBinary takes a body');
  await spool.withStream(undestroyed(body), ROWS_BYTES_MAX, (path) => warehouse.command(bodyToFile(sql, path)!, params));
}

async function sendResult(warehouse: Warehouse, asked: ClickHouseRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { sql, format, params, readonly } = asked;
  reply.header('X-ClickHouse-Format', format).type('application/octet-stream');
  if (asked.quotes64Bit && format === 'JSONEachRow' && !readonly) {
    const rows = await warehouse.query<unknown>(sql, params);
    return reply.send(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  const bound = Object.keys(params).length === 0 ? {} : { params };
  // Breaks the connection when the result fails midway, so that half a result never looks like a whole one.
  return reply.send(await warehouse.stream(sql, { format, readonly, ...bound }));
}

/** Leaving off reading does not tear the connection down, over which the answer still has to go. */
function undestroyed(body: Readable): AsyncIterable<unknown> {
  return { [Symbol.asyncIterator]: () => body.iterator({ destroyOnReturn: false }) };
}

async function readText(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of undestroyed(body)) {
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes > STATEMENT_BYTES_MAX)
      throw warehouseError(OWN_CODES.tooLarge, `a statement has more than ${STATEMENT_BYTES_MAX} bytes`);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function refuse(reply: FastifyReply, status: 401 | 403, message: string): FastifyReply {
  return sendError(reply.code(status), warehouseError('AUTHENTICATION_FAILED', message));
}

function toProxyError(error: unknown, where: string): WarehouseError {
  if (error instanceof BadRequest) return warehouseError('BAD_ARGUMENTS', error.message);
  const { statusCode } = error as { statusCode?: number };
  if (statusCode === 413) return warehouseError(OWN_CODES.tooLarge, `a body has more than ${ROWS_BYTES_MAX} bytes`);
  const known = toWarehouseError(error, where);
  return known instanceof WarehouseError ? known : warehouseError('LOGICAL_ERROR', 'the request failed inside', { cause: error });
}

/** As a server says it: a status, the number in a header, number, message and name in the text. */
function sendError(reply: FastifyReply, { code, message, retryable }: WarehouseError): FastifyReply {
  if (reply.statusCode < 400)
    reply.code(code === OWN_CODES.tooLarge ? 413 : code === 'LOGICAL_ERROR' ? 500 : retryable ? 503 : 400);
  const number = numberOf(code);
  return reply
    .header('X-ClickHouse-Exception-Code', String(number))
    .type('text/plain; charset=UTF-8')
    .send(`Code: ${number}. DB::Exception: ${message}. (${code})\n`);
}
