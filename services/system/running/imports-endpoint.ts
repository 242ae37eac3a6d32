/** `POST /v1/imports?format=F&name=N&utcOffset=O`: a file as the body, imported as `ntk ingest` does; for `ntk ingest --to URL`. */
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { DEFAULT_UTC_OFFSET, IMPORT_FORMATS, UTC_OFFSET } from '../../importers/formats.ts';
import { importFile } from '../../importers/import-file.ts';
import { ImportTurns } from '../../importers/import-turns.ts';
import { openInput } from '../../importers/input/open-input.ts';
import { isInputProblem } from '../../importers/input/problem.ts';
import { BearerToken } from '../../platform/http/bearer.ts';
import { type EventLog, ORIGIN } from '../../platform/log/event-log.ts';

interface ImportsOptions {
  readonly log: EventLog;
  readonly token: string;
  readonly spoolFolder: string;
  /** Of a file as it is sent; it is spooled to disk before anything is read. @default 16 GiB */
  readonly fileBytesMax?: number;
}

/** For which nothing of a file comes before its sender is taken to be gone. A large file on a slow line may take hours. */
const SILENCE_MAX_MS = 300_000;
const FILE_BYTES_MAX = 16 * 1024 * 1024 * 1024;
const ANOTHER_TOKEN = 'that is not the token in system.json of the data folder that is worked on here';
/** Of a file's name. */
const NAME_UNITS_MAX = 255;

export async function registerImports(
  app: FastifyInstance,
  { log, token, spoolFolder, fileBytesMax = FILE_BYTES_MAX }: ImportsOptions,
): Promise<void> {
  const bearer = new BearerToken(token);
  const turns = new ImportTurns();
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.addHook('onRequest', async (request, reply) => {
      const { authorization } = request.headers;
      if (bearer.matches(authorization)) return;
      return reply.code(401).send({ error: authorization === undefined ? 'a token is needed' : ANOTHER_TOKEN });
    });
    scope.post('/v1/imports', async (request, reply) => {
      const asked = request.query as { format?: string; name?: unknown; utcOffset?: string };
      const format = IMPORT_FORMATS.find((known) => known === (asked.format ?? 'cloudevents'));
      if (format === undefined) return reply.code(400).send({ message: `format must be one of ${IMPORT_FORMATS.join(', ')}` });
      const { utcOffset = DEFAULT_UTC_OFFSET } = asked;
      if (!UTC_OFFSET.test(utcOffset)) return reply.code(400).send({ message: 'utcOffset must be Z or as +08:00' });
      // What is left of a file that is refused is not waited for.
      void reply.header('connection', 'close');
      if (Number(request.headers['content-length'] ?? 0) > fileBytesMax) throw new FileTooLarge(fileBytesMax);
      request.takeYourTime();
      request.raw.setTimeout(SILENCE_MAX_MS, () => request.raw.destroy());
      const named = nameOf(asked.name);
      const input = await openInput('-', {
        spoolFolder,
        ...(named.name === undefined ? {} : { called: named.name }),
        stdin: request.body instanceof Readable ? upTo(fileBytesMax, request.body) : Readable.from([]),
      });
      request.raw.setTimeout(0);
      void reply.removeHeader('connection');
      if (isInputProblem(input)) return reply.code(400).send({ message: input.message });
      try {
        const options = { ...named, format, origin: ORIGIN.imported, startedWith: 'ingest', utcOffset };
        return await reply.send(await turns.inside(format, input.sha256, () => importFile(log, input, options)));
      } finally {
        await input.close();
      }
    });
  });
}

/** Its status is for whoever answers. */
class FileTooLarge extends Error {
  readonly statusCode = 413;

  constructor(bytesMax: number) {
    super(`a file may have ${bytesMax} bytes as it is sent; send it in pieces`);
    this.name = 'FileTooLarge';
  }
}

/** The body itself stays open, for the answer. @throws FileTooLarge; a length need not be told, and this is what came */
async function* upTo(bytesMax: number, body: Readable): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of body.iterator({ destroyOnReturn: false })) {
    const sent = piece as Buffer;
    bytes += sent.length;
    if (bytes > bytesMax) throw new FileTooLarge(bytesMax);
    yield sent;
  }
}

/** Of a file where it was sent from: without its folders, and no longer than a name may be. Nothing for standard input. */
function nameOf(sent: unknown): { readonly name?: string } {
  const name = typeof sent === 'string' ? basename(sent).slice(0, NAME_UNITS_MAX).toWellFormed() : '';
  return name === '' || name === '-' ? {} : { name };
}
