/**
 * A service that starts while Kafka is away waits for it, as one does that was running already: whoever starts services again when
 * they end would only start this one again and again. Meanwhile `/health` says what it waits for. A command does not wait.
 */
import type { Registry } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import { Health } from '../../platform/http/health.ts';
import { createHttpServer, type HttpServer } from '../../platform/http/http-server.ts';
import { LogError } from '../../platform/log/event-log.ts';
import type { Logger } from '../../platform/logger.ts';

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;

interface AwaitLogOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly host: string;
  readonly port: number;
  /** Aborted by the signal to stop. */
  readonly signal: AbortSignal;
}

/** What `open` opens, or null when this was told to stop before. @throws what waiting cannot mend */
export async function whenLogAnswers<Opened>(open: () => Promise<Opened>, options: AwaitLogOptions): Promise<Opened | null> {
  const { clock, logger, signal } = options;
  let reason = '';
  let server: HttpServer | null = null;
  try {
    for (let retryMs = RETRY_FIRST_MS; !signal.aborted; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)) {
      try {
        return await open();
      } catch (error) {
        if (!isWorthWaiting(error)) throw error;
        reason = error.message;
      }
      logger.warn({ reason, retryInMs: retryMs }, 'the log cannot be opened yet, trying again');
      server ??= await listen(options, () => reason);
      await clock.sleep(retryMs, signal);
    }
    return null;
  } finally {
    // Its port is wanted by what was opened.
    await server?.stop();
  }
}

function isWorthWaiting(error: unknown): error is LogError {
  return error instanceof LogError && (error.code === 'log_unreachable' || error.code === 'log_busy');
}

/** Null when the port is taken: that is said when there is something to serve on it. */
async function listen({ host, port, registry }: AwaitLogOptions, reason: () => string): Promise<HttpServer | null> {
  const health = new Health();
  health.register('log', () => ({ ok: false, detail: reason() }));
  const server = createHttpServer({ host, port, health, registry });
  try {
    await server.start();
    return server;
  } catch {
    await server.stop();
    return null;
  }
}
