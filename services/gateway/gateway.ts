/**
 * The door for hosts without Kafka: `POST /v1/events` with one CloudEvent, a batch (JSON array) or NDJSON, and a bearer token that is
 * bound to sources and types. 202 says that every record is in the log and survives a crash; what cannot be read becomes a reject
 * there. docs/gateway.md is for who writes a host.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import { type EventLog, LogError } from '../platform/log/event-log.ts';
import type { Logger } from '../platform/logger.ts';
import type { GatewayMetrics } from '../platform/metrics/gateway-metrics.ts';
import { thrownAway, toldLength } from './body.ts';
import { type Answer, Door } from './door.ts';
import { GroupCommit, type Refusal } from './group-commit.ts';
import { InFlight } from './in-flight.ts';
import { GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';
import { ONCE } from './media-type.ts';
import type { TokenBook } from './tokens/token-book.ts';
import type { Token } from './tokens/token-file.ts';

interface GatewayOptions {
  readonly log: Pick<EventLog, 'commit' | 'partitions'>;
  readonly tokens: TokenBook;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  /** Over {@link GATEWAY_LIMITS}. */
  readonly limits?: Partial<GatewayLimits>;
}

interface Gateway {
  /** Of the loop that brings records into the log, for its health: monotonic milliseconds. */
  readonly progressAtMs: number;
  /** While the log takes nothing that hosts send. */
  readonly refusal: Refusal | null;
}

const PATH = '/v1/events';
const OTHER_METHODS = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/**
 * What is left of a refused body is thrown away, so that the sender can read why and the connection stays; beyond this it is closed. A
 * sender without a token gets less.
 */
const DISCARDED_BYTES_MAX = 64 * 1024 * 1024;
const DISCARDED_UNKNOWN_BYTES_MAX = 64 * 1024;

const WHY_REFUSED = {
  missing: 'a token is needed: Authorization: Bearer TOKEN',
  unknown: 'the token is not known, or not any more',
  expired: 'the token has expired',
} as const;

/** Call before the server listens; when it closes, what waits for the log is waited for. */
export async function registerGateway(app: FastifyInstance, options: GatewayOptions): Promise<Gateway> {
  const { log, tokens, clock, metrics } = options;
  const limits = { ...GATEWAY_LIMITS, ...options.limits };
  const inFlight = new InFlight(limits);
  const queue = new GroupCommit({ log, clock, ...limits, observe: (group) => observeCommit(options, group) });
  const door = new Door({ partitions: log.partitions, limits, inFlight, queue, clock });
  const send = answering(metrics, limits.bodyTimeoutMs);
  metrics.observe(() => {
    tokens.look();
    door.rates.keep(tokens.names);
    return {
      inFlightBytes: inFlight.bytes,
      inFlightRequests: inFlight.requests,
      queuedRequests: queue.waiting,
      tokens: tokens.names.size,
      isTokensFileBroken: tokens.isBroken,
    };
  });
  answerContinue(app);

  await app.register(async (scope) => {
    const holders = new WeakMap<FastifyRequest, Token>();
    // The body is read by the door, when there is room for it.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.setErrorHandler((error, request, reply) => send(request, reply, failure(options, error), false));
    scope.addHook('onRequest', async (request, reply) => {
      const repeated = ONCE.find((name) => (request.raw.headersDistinct[name]?.length ?? 0) > 1);
      if (repeated !== undefined)
        return send(request, reply, { code: 400, body: { error: `the header ${repeated} stands twice` } }, false);
      if (request.method !== 'POST') return;
      const asked = tokens.find(request.headers.authorization);
      if ('token' in asked) return void holders.set(request, asked.token);
      void reply.header('www-authenticate', asked.refused === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"');
      return send(request, reply, { code: 401, body: { error: WHY_REFUSED[asked.refused] } }, false);
    });
    scope.post(PATH, { bodyLimit: limits.bodyBytesMax }, async (request, reply) => {
      const onBodyWanted = (): void => {
        if (isWaiting(request.raw)) reply.raw.writeContinue();
      };
      const answer = await door.handle({ request: request.raw, token: holders.get(request)!, onBodyWanted });
      return send(request, reply, answer, true);
    });
    scope.route({
      method: OTHER_METHODS,
      url: PATH,
      handler: async (request, reply) => {
        void reply.header('allow', 'POST');
        return send(request, reply, { code: 405, body: { error: `POST events to ${PATH}` } }, false);
      },
    });
    scope.addHook('onClose', () => queue.idle());
  });
  return {
    get progressAtMs() {
      return queue.progressAtMs;
    },
    get refusal() {
      return queue.refusal;
    },
  };
}

/** `Expect: 100-continue` of curl and others: whoever is refused has not sent the body for nothing. Other routes say yes at once. */
function answerContinue(app: FastifyInstance): void {
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.split('?', 1)[0] !== PATH || request.method !== 'POST') response.writeContinue();
    app.routing(request, response);
  });
}

function isWaiting(request: IncomingMessage): boolean {
  return request.headers.expect?.toLowerCase() === '100-continue';
}

type Send = (request: FastifyRequest, reply: FastifyReply, answer: Answer, isKnown: boolean) => Promise<FastifyReply>;

/** Says and counts the answer. Nothing that only looks like an answer is counted as one. */
function answering(metrics: GatewayMetrics, bodyTimeoutMs: number): Send {
  return async (request, reply, answer, isKnown) => {
    const { code, body, records = 0, bytes = 0 } = answer;
    metrics.requests.inc({ code });
    if (code === 202) {
      metrics.recordsAccepted.inc(records);
      metrics.bytesAccepted.inc(bytes);
    } else if (records > 0) {
      metrics.recordsRefused.inc({ code }, records);
    }
    if (code === 0) {
      request.raw.destroy();
      return reply.hijack();
    }
    const isLeft = !request.raw.complete;
    const isLast = answer.isLast === true || (isLeft && !isDiscarded(request.raw, isKnown));
    // A sender who wants the connection closed loses it with the answer, and one that still writes then never reads why.
    if (isLeft && !isLast && !reply.raw.shouldKeepAlive) await thrownAway(request.raw, bodyTimeoutMs);
    if (isLast) void reply.header('connection', 'close');
    if (answer.retryAfterSeconds !== undefined) void reply.header('retry-after', String(answer.retryAfterSeconds));
    return reply.code(code).type('application/json; charset=utf-8').send(body);
  };
}

/** Whether what is left of the body is let through. Of a sender who still waits for `100 Continue` nobody knows if it will come. */
function isDiscarded(request: IncomingMessage, isKnown: boolean): boolean {
  const told = toldLength(request) ?? (request.headers['transfer-encoding'] === undefined ? 0 : Number.POSITIVE_INFINITY);
  if (told === 0) return true;
  return !isWaiting(request) && told <= (isKnown ? DISCARDED_BYTES_MAX : DISCARDED_UNKNOWN_BYTES_MAX);
}

function failure({ logger }: GatewayOptions, error: unknown): Answer {
  const { statusCode = 500, message } = error as { statusCode?: number; message: string };
  const isMine = statusCode >= 500;
  if (isMine) logger.error({ err: error }, 'a request with events failed inside');
  return { code: statusCode, body: { error: isMine ? 'the request failed inside; send it again later' : message } };
}

function observeCommit(
  { metrics, logger }: GatewayOptions,
  { requests, seconds, error }: { readonly requests: number; readonly seconds: number; readonly error: unknown },
): void {
  metrics.commitSeconds.observe(seconds);
  if (error === null) return;
  const code = error instanceof LogError ? error.code : 'unexpected';
  metrics.commitFailures.inc({ code });
  if (error instanceof LogError) logger.warn({ code, requests, reason: error.message }, 'the log has not taken what hosts sent');
}
