/**
 * The HTTP server of a long-running process: `GET /health` (200 or 503), `GET /metrics`, and what is registered on it. Bound to
 * this machine unless the configuration says otherwise; then only what has no token of its own is open to others.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Health } from './health.ts';
import { isLoopbackAddress, isLoopbackHost } from './loopback.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Lets the body take as long as it needs; who calls it bounds for how long nothing of it may come. */
    takeYourTime: () => void;
  }
}

interface HttpServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly health: Health;
  readonly registry: Registry;
  /** For answers under way when the server is stopped. Default 5 s. */
  readonly stopWaitMs?: number;
  /** Of all headers of a request. Default 1 MiB, for statements in the URL; a process without ClickHouse's door needs 16 KiB. */
  readonly headerBytesMax?: number;
  /** Connections at once; one more is closed. Default 1,024: what they take before anybody knows who they are has to be bounded. */
  readonly connectionsMax?: number;
  /** For a request to come in whole, unless its route lets it take its time. Default 5 min. */
  readonly requestTimeoutMs?: number;
}

export interface HttpServer {
  /** Routes may be added before {@link start}. */
  readonly app: FastifyInstance;
  /** Listens; answers where, for instance `http://127.0.0.1:7077`. */
  start(): Promise<string>;
  /** Finishes requests under way within a time, then closes. Twice is fine. */
  stop(): Promise<void>;
}

/** Statements travel in the URL when the body holds rows; the default of 16 KiB is less than their columns take. */
const HEADER_BYTES_MAX = 1024 * 1024;
const BODY_BYTES_MAX = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 300_000;
/** Of all headers of a request, Node's own default. */
const HEADERS_TIMEOUT_MS = 60_000;
const STOP_WAIT_MS = 5_000;
const CONNECTIONS_MAX = 1_024;

export function createHttpServer({
  host,
  port,
  health,
  registry,
  stopWaitMs = STOP_WAIT_MS,
  headerBytesMax = HEADER_BYTES_MAX,
  connectionsMax = CONNECTIONS_MAX,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
}: HttpServerOptions): HttpServer {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    // Node's is the same for all routes.
    requestTimeout: 0,
    forceCloseConnections: 'idle',
    // The client asks for `/clickhouse//ping`.
    routerOptions: { ignoreDuplicateSlashes: true },
    http: { maxHeaderSize: headerBytesMax, headersTimeout: HEADERS_TIMEOUT_MS },
    clientErrorHandler: answerNoRequest,
  });
  app.server.maxConnections = connectionsMax;
  app.decorateRequest('takeYourTime', unbounded);
  app.addHook('onRequest', async (request, reply) => {
    request.takeYourTime = boundTime(request.raw, reply.raw, requestTimeoutMs);
  });
  if (isLoopbackAddress(host)) {
    app.addHook('onRequest', async (request, reply) => {
      if (!isLoopbackHost(request.headers.host))
        return reply.code(403).send({ error: 'ask for this machine by 127.0.0.1 or localhost' });
    });
  }
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is nothing here; see /health and /metrics' }));
  app.setErrorHandler((error, _request, reply) => {
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    // A stack is for the log of whoever registered the route; what a caller did wrong is said.
    return reply.code(statusCode).send({ error: statusCode < 500 ? message : 'the request failed inside' });
  });
  app.get('/health', async (_request, reply) => {
    const report = await health.report();
    return reply.code(report.status === 'ok' ? 200 : 503).send(report);
  });
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  let stopping: Promise<void> | null = null;
  return {
    app,
    start: () => app.listen({ host, port }),
    stop: () => (stopping ??= stop(app, stopWaitMs)),
  };
}

function unbounded(): void {}

/** What comes is no request, or not in time: no route and no hook sees it. */
function answerNoRequest({ code }: { readonly code?: string }, socket: Socket): void {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    sayLast(socket, '408 Request Timeout', `headers have to be in whole within ${HEADERS_TIMEOUT_MS / 1_000} seconds`);
  else if (code === 'HPE_HEADER_OVERFLOW')
    sayLast(socket, '431 Request Header Fields Too Large', 'the headers of this request are longer than they may be');
  else sayLast(socket, '400 Bad Request', 'this is no request of HTTP/1.1 that can be read');
  socket.destroySoon();
}

function sayLast(socket: Socket, status: string, error: string): void {
  if (!socket.writable) return;
  const said = JSON.stringify({ error });
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${said.length}`;
  socket.write(`${head}\r\nConnection: close\r\n\r\n${said}`);
}

/** Closes the connection of a request that has not come in whole by then, unless what is answered was called. */
function boundTime(request: IncomingMessage, response: ServerResponse, timeoutMs: number): () => void {
  const { 'content-length': told, 'transfer-encoding': transfer } = request.headers;
  if ((told ?? '0') === '0' && transfer === undefined) return unbounded;
  const timer = setTimeout(() => {
    if (request.complete) return;
    if (!response.headersSent)
      sayLast(request.socket, '408 Request Timeout', `a request has to be in whole within ${timeoutMs / 1_000} seconds`);
    request.socket.destroySoon();
  }, timeoutMs).unref();
  const end = (): void => clearTimeout(timer);
  response.once('close', end);
  return end;
}

/** Somebody who has stopped reading an answer does not keep the process. */
async function stop(app: FastifyInstance, waitMs: number): Promise<void> {
  const impatient = setTimeout(() => app.server.closeAllConnections(), waitMs);
  try {
    await app.close();
  } finally {
    clearTimeout(impatient);
  }
}
