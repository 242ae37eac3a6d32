/** The long-running form, in whatever roles: opens the system, puts its parts in the order in which they start, and runs until it is stopped. */
import { existsSync } from 'node:fs';
import { tokensPart } from '../../gateway/tokens/hangup.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Config } from '../../platform/config/load-config.ts';
import { makeToken } from '../../platform/folder/system.ts';
import { registerClickHouseProxy } from '../../platform/http/clickhouse-proxy.ts';
import { createHttpServer, type HttpServer } from '../../platform/http/http-server.ts';
import { tryPort } from '../../platform/http/try-port.ts';
import { EXIT_CODES, Lifecycle } from '../../platform/lifecycle.ts';
import type { Logger } from '../../platform/logger.ts';
import { giveWay } from '../../platform/priority.ts';
import { systemCodeOf } from '../../platform/system-error.ts';
import { aggregatorPart } from './aggregator-part.ts';
import { whenLogAnswers } from './await-log.ts';
import { heartbeatPart, openGateway, openTokens } from './gateway-parts.ts';
import { registerImports } from './imports-endpoint.ts';
import { isExpected } from './expected.ts';
import { type AppliedPolicy, applyFirstPolicy, type FirstPolicy } from '../facts/first-policy.ts';
import { isOnKafka } from '../opening/open-log.ts';
import { type Keys, readKeys } from '../opening/process-keys.ts';
import { openSystem, type Role, type System } from '../opening/open-system.ts';
import { openPages, type PagesOptions } from './pages.ts';
import { simulatedHost, type SimulatedHostOptions } from './simulated-host.ts';
import { hasDoors, systemFilePart, systemToken } from '../opening/system-file.ts';
import { systemHealth } from './system-health.ts';
import { instrument } from './instrumentation.ts';
import { hasPolicyInForce } from '../facts/policy-in-force.ts';
import { tuningOf } from '../opening/tuning.ts';
import { UserError } from '../user-error.ts';

interface ServeOptions {
  readonly config: Config;
  readonly roles: readonly Role[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the release, without the engine's. */
  readonly version: string;
  /** Aborted by the first signal to stop: what is not running yet need not begin. */
  readonly signal: AbortSignal;
  /** Null: no pages for people. */
  readonly pages: PagesOptions | null;
  /** For a log that has no policy yet; null leaves it without. */
  readonly firstPolicy: FirstPolicy | null;
  /** The simulator as a host; null: real ones. */
  readonly simulated: Pick<SimulatedHostOptions, 'rate' | 'seed'> | null;
  /** Told once, when everything runs. */
  readonly onReady: (url: string, policy: PolicyAtStart) => void;
}

interface PolicyAtStart {
  /** The first policy, where it was put in force now. */
  readonly applied: AppliedPolicy | null;
  /** True also where this process does not look: nobody is to be told of one that may be there. */
  readonly hasPolicy: boolean;
}

/** The simulator waits while the scorer is so many records behind. */
const SIMULATED_BACKLOG_MAX = 50_000;

/** Where no statements travel in the URL: what a sender takes before anybody knows who it is. */
const HEADER_BYTES_MAX = 16 * 1024;

/** Runs until a signal or a failure; answers the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  const { config, roles, clock, logger, pages, simulated } = options;
  const instruments = instrument(options);
  const { registry, figures } = instruments;
  // Verdicts wait for a core behind nobody's rows; beside a scorer of the same process there is only one priority.
  if (roles.every((role) => role === 'writer')) giveWay(config.writerNice);
  const { own: token, accepted } = systemToken(config, roles);
  // Files before anything is opened: one that is not right is a mistake of a person.
  const tokens = hasDoors(config, roles) ? openTokens({ config, systemToken: accepted, clock, logger }) : null;
  const keys = readKeys(config, roles);
  const open = (): Promise<System> =>
    openSystem({ ...config, keys: keys.scoring, roles, clock, tuning: tuningOf(config), ...instruments });
  // Nothing is left behind by a start that fails; who has a folder is told first that another has it, which has its port as well.
  if (!existsSync(config.data)) await requireFreePort(config);
  const { httpHost, httpPort } = config;
  const system = isOnKafka(config)
    ? await whenLogAnswers(open, { clock, logger, registry, host: httpHost, port: httpPort, signal: options.signal })
    : await open();
  if (system === null) return EXIT_CODES.stopped;
  const health = systemHealth(system, clock);
  const headers = system.warehouse === null ? { headerBytesMax: HEADER_BYTES_MAX } : {};
  const server = createHttpServer({ host: httpHost, port: httpPort, health, registry, ...headers });
  const gauges = instruments.gaugesOf(system);
  server.app.addHook('onRequest', async (request) => {
    if (request.url === '/metrics') await gauges.refresh();
  });
  if (tokens !== null) {
    await openGateway(server.app, { config, log: system.log, tokens, clock, logger, registry, health });
    await registerImports(server.app, { log: system.log, token, spoolFolder: system.spoolFolder });
  }
  if (system.warehouse !== null)
    await registerClickHouseProxy(server.app, { warehouse: system.warehouse, spoolDir: system.spoolFolder, token });
  const heartbeat = heartbeatPart({ ...options, log: system.log, registry, health, secret: makeToken() });
  const aggregator = aggregatorPart({ ...options, keys: keys.publishing, log: system.log, registry, health });
  const isSimulated = simulated !== null;
  const shown =
    pages === null
      ? null
      : await openPages(server.app, { pages, keys, isSimulated, system, figures, config, token, health, clock, logger });
  const url = await listen(server, system, config);
  let policy: PolicyAtStart = { applied: null, hasPolicy: true };
  const lifecycle = new Lifecycle({ logger, isExpected, signal: options.signal })
    .add({ name: 'log and warehouse', start: () => {}, stop: () => system.close() })
    .add(tokensPart(tokens))
    .add({ name: 'http', start: () => {}, stop: () => server.stop() });
  if (shown !== null) lifecycle.add(shown);
  lifecycle.add({
    name: 'scorer and writer',
    start: () => system.start(),
    stop: () => system.stop(),
    ended: () => system.ended(),
  });
  lifecycle.add({
    // Before any host is let in, so that its first access is judged by it.
    name: 'first policy',
    start: async () => {
      policy = await policyAtStart(system, keys, options);
    },
    stop: () => {},
  });
  const onReady = (): void => options.onReady(url, policy);
  lifecycle.add(systemFilePart({ config, roles, system, token, clock, url, onReady }));
  const admit = (): Promise<void> => system.admit(SIMULATED_BACKLOG_MAX);
  const host = simulated === null ? null : simulatedHost({ ...simulated, log: system.log, clock, logger, admit });
  for (const part of [heartbeat, aggregator, host]) if (part !== null) lifecycle.add(part);
  return lifecycle.run();
}

/** Asks the state first, which knows the policy in force without reading the log; a log on Kafka may be too long to be read for it. */
async function policyAtStart(
  system: System,
  { scoring }: Keys,
  { firstPolicy, config, clock }: ServeOptions,
): Promise<PolicyAtStart> {
  const [first] = system.scorer?.owned().values() ?? [];
  if (scoring === null || first === undefined || first.state.hasPolicy || isOnKafka(config))
    return { applied: null, hasPolicy: true };
  const { authority } = scoring;
  const applied = firstPolicy === null ? null : await applyFirstPolicy(system.log, authority, firstPolicy, clock.nowMs());
  return { applied, hasPolicy: applied !== null || (await hasPolicyInForce(system.log, authority)) };
}

/** A port that is taken is a mistake of a person: one line, and the folder is let go. */
async function listen(server: HttpServer, system: System, config: Config): Promise<string> {
  try {
    return await server.start();
  } catch (error) {
    await system.close();
    throw portError(error, config);
  }
}

async function requireFreePort(config: Config): Promise<void> {
  try {
    await tryPort(config.httpHost, config.httpPort);
  } catch (error) {
    throw portError(error, config);
  }
}

/** In words where a person can mend it. */
function portError(error: unknown, { httpHost, httpPort }: Config): unknown {
  const code = systemCodeOf(error);
  if (code === 'EADDRINUSE')
    return new UserError(`port ${httpPort} of ${httpHost} is taken; choose another with --port (0: any free one)`);
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
    return new UserError(`cannot listen on ${httpHost}:${httpPort} (${code}); see NTK_HTTP_HOST and --port`);
  return error;
}
