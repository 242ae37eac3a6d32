/**
 * The door for hosts without Kafka: `POST /v1/events` with one CloudEvent, a batch (JSON array) or NDJSON, and a bearer token.
 * 202 says that every record is in the log and survives a crash; what cannot be read becomes a reject there.
 */
import type { FastifyInstance } from 'fastify';
import { placesOf } from '../domain/partitioning/route-record.ts';
import { BearerToken } from '../platform/http/bearer.ts';
import { type Append, type EventLog, LogError, ORIGIN } from '../platform/log/event-log.ts';

export interface LiveEventsOptions {
  readonly log: EventLog;
  readonly token: string;
}

const BODY_BYTES_MAX = 8 * 1024 * 1024;
const RECORDS_MAX = 20_000;
/** A record one byte over the limit is a reject `too_large`, whatever follows; more of it is not kept. */
const RECORD_BYTES_KEPT = 1_048_577;
const NEWLINE = 10;
const RETRY_AFTER_SECONDS = 1;

/** Splits a body into records, or says why it cannot. */
export function recordsOf(contentType: string, body: Buffer): readonly Buffer[] | { readonly problem: string } {
  if (contentType.startsWith('application/cloudevents-batch+json')) {
    let batch: unknown;
    try {
      batch = JSON.parse(body.toString('utf8'));
    } catch {
      return { problem: 'the body is no JSON; a batch is a JSON array of CloudEvents' };
    }
    if (!Array.isArray(batch)) return { problem: 'a batch is a JSON array of CloudEvents' };
    return batch.map((event) => Buffer.from(JSON.stringify(event)));
  }
  if (contentType.startsWith('application/x-ndjson')) return linesOf(body);
  if (contentType.startsWith('application/cloudevents+json') || contentType.startsWith('application/json')) return [body];
  return { problem: 'send application/cloudevents+json, application/cloudevents-batch+json or application/x-ndjson' };
}

function linesOf(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start);
    const end = newline === -1 ? body.length : newline;
    const line = body.subarray(start, newline !== -1 && end > start && body[end - 1] === 13 ? end - 1 : end);
    if (line.some((byte) => byte !== 0x20 && byte !== 0x09)) lines.push(line);
    start = end + 1;
  }
  return lines;
}

/** One append for each partition, records in the order of the request. */
export function appendsOf(records: readonly Buffer[], partitions: number): Append[] {
  const values = Array.from({ length: partitions }, (): Buffer[] => []);
  for (const record of records) {
    const kept = record.subarray(0, RECORD_BYTES_KEPT);
    for (const partition of placesOf(kept, partitions)) values[partition]!.push(kept);
  }
  return values.flatMap((list, partition) =>
    list.length === 0 ? [] : [{ stream: 'access' as const, partition, values: list, origin: ORIGIN.live }],
  );
}

export async function registerLiveEvents(app: FastifyInstance, { log, token }: LiveEventsOptions): Promise<void> {
  const bearer = new BearerToken(token);
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.addHook('onRequest', async (request, reply) => {
      if (!bearer.matches(request.headers.authorization))
        return reply
          .code(401)
          .header('www-authenticate', 'Bearer')
          .send({ error: 'a token is needed: Authorization: Bearer TOKEN' });
    });
    scope.post('/v1/events', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const records = recordsOf(request.headers['content-type'] ?? '', body);
      if ('problem' in records) return reply.code(415).send({ error: records.problem });
      if (records.length > RECORDS_MAX) return reply.code(413).send({ error: `at most ${RECORDS_MAX} records a request` });
      try {
        if (records.length > 0) await log.commit({ appends: appendsOf(records, log.partitions) });
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        return reply.code(503).header('retry-after', String(RETRY_AFTER_SECONDS)).send({ error: error.message });
      }
      return reply.code(202).send({ accepted: records.length });
    });
  });
}
