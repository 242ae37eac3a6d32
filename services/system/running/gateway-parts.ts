/** Puts the gateway together, for every form of process that has one. */
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { registerGateway } from '../../gateway/gateway.ts';
import type { Refusal } from '../../gateway/group-commit.ts';
import { Heartbeat } from '../../gateway/heartbeat/heartbeat.ts';
import { TokenBook, TokenFileError } from '../../gateway/tokens/token-book.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Config } from '../../platform/config/load-config.ts';
import { type Health, type HealthState, progressCheck } from '../../platform/http/health.ts';
import type { Part } from '../../platform/lifecycle.ts';
import { type EventLog, LogError } from '../../platform/log/event-log.ts';
import type { Logger } from '../../platform/logger.ts';
import { createGatewayMetrics } from '../../platform/metrics/gateway-metrics.ts';
import { createHeartbeatMetrics } from '../../platform/metrics/heartbeat-metrics.ts';
import { isOnKafka } from '../opening/open-log.ts';
import type { Role } from '../opening/open-system.ts';
import { UserError } from '../user-error.ts';

/** A transaction that takes this long hangs; one that fails is progress. */
const GATEWAY_STILL_MS_MAX = 60_000;

/** Refusing for so long is no leader that moves, nor a broker that is started again. */
const REFUSED_MS_MIN = 30_000;
/** Where nobody sends any more, because it was taken out of service, it has to be tried again to know. */
const REFUSED_AGO_MS_MAX = 60_000;

interface TokensParts {
  readonly config: Config;
  /** In system.json. It may send everything: in a data folder, whose owner may anyway; on Kafka only where there is no file of tokens. */
  readonly systemToken: () => string | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws UserError for a file that is not there or not right */
export function openTokens({ config, systemToken, clock, logger }: TokensParts): TokenBook {
  const file = config.gatewayTokensFile;
  try {
    return new TokenBook({ file, systemToken: isOnKafka(config) && file !== null ? () => null : systemToken, clock, logger });
  } catch (error) {
    if (error instanceof TokenFileError) throw new UserError(error.message, { cause: error });
    throw error;
  }
}

interface GatewayParts {
  readonly config: Config;
  readonly log: EventLog;
  readonly tokens: TokenBook;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly health: Health;
}

export async function openGateway(app: FastifyInstance, parts: GatewayParts): Promise<void> {
  const { config, log, tokens, clock, logger, registry, health } = parts;
  const limits = {
    bodyBytesMax: config.gatewayBodyBytesMax,
    recordsMax: config.gatewayRecordsMax,
    inFlightBytesMax: config.gatewayInFlightBytesMax,
  };
  const metrics = createGatewayMetrics(registry);
  const gateway = await registerGateway(app, { log, tokens, clock, logger, metrics, limits });
  const progressAtMs = (): number => gateway.progressAtMs;
  const progress = progressCheck({ clock, limitMs: GATEWAY_STILL_MS_MAX, progressAtMs });
  health.register('gateway', () => refusalState(gateway.refusal, clock) ?? progress());
}

/** Null while the log takes what hosts send. It may be read, and so look well, by whom no ACL lets write to it. */
export function refusalState(refusal: Refusal | null, clock: Pick<Clock, 'monotonicMs'>): HealthState | null {
  if (refusal === null || refusal.lastMs - refusal.sinceMs < REFUSED_MS_MIN) return null;
  const { lastMs, sinceMs, error } = refusal;
  if (clock.monotonicMs() - lastMs > REFUSED_AGO_MS_MAX) return null;
  const why = error instanceof LogError ? error.message : 'for no known reason';
  return {
    ok: false,
    detail: `the log has taken nothing that hosts sent for ${Math.round((lastMs - sinceMs) / 1_000)} s: ${why}`,
  };
}

interface HeartbeatParts extends Omit<GatewayParts, 'tokens'> {
  readonly roles: readonly Role[];
  /** Of this process alone. */
  readonly secret: string;
}

/** Null where none are to be sent: on Kafka by gateways only, through which hosts come; in a folder by whoever answers for it. */
export function heartbeatPart(parts: HeartbeatParts): Part | null {
  const { config, roles, log, clock, logger, registry, health, secret } = parts;
  const isOurs = roles.includes('gateway') || (roles.includes('writer') && !isOnKafka(config));
  if (!isOurs || config.heartbeatSeconds === 0) return null;
  const metrics = createHeartbeatMetrics(registry);
  const heartbeat = new Heartbeat({ log, clock, intervalMs: config.heartbeatSeconds * 1_000, secret, metrics, logger });
  // Said, not judged: a gateway is not ill because a scorer is, and would only be started again or taken out of service.
  health.register('heartbeat', () => {
    const seconds = Math.round(heartbeat.oldestMs / 1_000);
    return { ok: true, detail: `the newest heartbeat that each partition has answered was sent ${seconds} s ago or later` };
  });
  return {
    name: 'heartbeat',
    start: () => heartbeat.start(),
    stop: () => heartbeat.stop(),
    ended: () => heartbeat.ended(),
  };
}
