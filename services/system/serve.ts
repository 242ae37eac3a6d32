/** The long-running form: scorer and writer of a data folder, metrics, health, and the doors on loopback. */
import { Registry } from 'prom-client';
import { tokensPart } from '../gateway/tokens/hangup.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config/load-config.ts';
import { makeToken, removeSystemFile, writeSystemFile } from '../platform/folder/system.ts';
import { registerClickHouseProxy } from '../platform/http/clickhouse-proxy.ts';
import { createHttpServer, type HttpServer } from '../platform/http/http-server.ts';
import { EXIT_CODES, Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics/metrics.ts';
import { ScorerMetrics } from '../scorer/report-metrics.ts';
import { WriterMetrics } from '../writer/report-metrics.ts';
import { whenLogAnswers } from './await-log.ts';
import { openGateway, openTokens } from './gateway-parts.ts';
import { registerImports } from './imports-endpoint.ts';
import { observers } from './observers.ts';
import { isOnKafka } from './open-log.ts';
import { openSystem, type Role, type System } from './open-system.ts';
import { systemHealth } from './system-health.ts';
import { tuningOf } from './tuning.ts';
import { UserError } from './user-error.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly roles: readonly Role[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted by the first signal to stop: what is not running yet need not begin. */
  readonly signal: AbortSignal;
  /** Told once, when everything runs. */
  readonly onReady: (url: string) => void;
}

/** Where no statements travel in the URL: what a sender takes before anybody knows who it is. */
const HEADER_BYTES_MAX = 16 * 1024;

/** Runs until a signal or a failure; answers the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  const { config, roles, clock, logger } = options;
  const registry = new Registry();
  const metrics = createMetrics(registry, clock);
  const scorerMetrics = new ScorerMetrics(metrics, clock);
  const writerMetrics = new WriterMetrics(metrics, clock);
  // A data folder has one process that all talk to; on Kafka hosts talk to the gateways.
  const hasDoors = roles.includes('gateway') || !isOnKafka(config);
  const token = makeToken();
  // Before anything is opened: a file that is not right is a mistake of a person.
  const tokens = hasDoors ? openTokens({ config, systemToken: token, clock, logger }) : null;
  const told = observers({ metrics, scorerMetrics, writerMetrics, logger });
  const open = (): Promise<System> => openSystem({ ...config, roles, clock, tuning: tuningOf(config), ...told });
  const { httpHost: host, httpPort: port } = config;
  const system = isOnKafka(config)
    ? await whenLogAnswers(open, { clock, logger, registry, host, port, signal: options.signal })
    : await open();
  if (system === null) return EXIT_CODES.stopped;
  const health = systemHealth(system, clock);
  const headers = system.warehouse === null ? { headerBytesMax: HEADER_BYTES_MAX } : {};
  const server = createHttpServer({ host, port, health, registry, ...headers });
  server.app.addHook('onRequest', async (request) => {
    if (request.url === '/metrics') await observe(system, scorerMetrics, metrics);
  });
  const { systemFile } = system.folder;
  if (tokens !== null) {
    await openGateway(server.app, { config, log: system.log, tokens, clock, logger, registry, health });
    await registerImports(server.app, { log: system.log, token, spoolFolder: system.spoolFolder });
  }
  if (system.warehouse !== null)
    await registerClickHouseProxy(server.app, { warehouse: system.warehouse, spoolDir: system.spoolFolder, token });
  const url = await listen(server, system, config);
  const lifecycle = new Lifecycle({ logger })
    .add({ name: 'log and warehouse', start: () => {}, stop: () => system.close() })
    .add(tokensPart(tokens))
    .add({ name: 'http', start: () => {}, stop: () => server.stop() })
    .add({ name: 'scorer and writer', start: () => system.start(), stop: () => system.stop(), ended: () => system.ended() })
    .add({
      // Whoever holds the embedded ClickHouse answers for the folder; a scorer on its own does not.
      name: 'system file',
      start: () => {
        if (system.warehouse !== null || roles.includes('gateway'))
          writeSystemFile(systemFile, { url, token, pid: process.pid, startedAt: new Date(clock.nowMs()).toISOString() });
        options.onReady(url);
      },
      stop: () => removeSystemFile(systemFile, token),
    });
  return lifecycle.run();
}

/** A port that is taken is a mistake of a person: one line, and the folder is let go. */
async function listen(server: HttpServer, system: System, config: Config): Promise<string> {
  try {
    return await server.start();
  } catch (error) {
    await system.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new UserError(`port ${config.httpPort} of ${config.httpHost} is taken; choose another with --port (0: any free one)`);
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new UserError(`cannot listen on ${config.httpHost}:${config.httpPort} (${code}); see NTK_HTTP_HOST and --port`);
    throw error;
  }
}

/** Gauges that are looked up when somebody asks. */
async function observe(system: System, scorerMetrics: ScorerMetrics, metrics: ReturnType<typeof createMetrics>): Promise<void> {
  const { scorer, log } = system;
  if (scorer === null) return;
  const owned = [...scorer.owned()];
  scorerMetrics.observe(
    owned.map(([, one]) => one.state),
    owned.map(([, one]) => one.checkpointAgeMs()),
  );
  let oldestWaitMs = 0;
  for (const [partition, one] of owned) {
    const { end } = await log.bounds('access', partition);
    metrics.lagRecords.set({ partition: String(partition) }, Math.max(0, end - one.position));
    if (end > one.position) oldestWaitMs = Math.max(oldestWaitMs, await one.oldestWaitMs());
  }
  metrics.oldestUnscoredSeconds.set(oldestWaitMs / 1000);
}
