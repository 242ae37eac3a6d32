/**
 * The metrics of the gateway, in addition to contracts.md section 7: what came to the door and what became of it. Labels are status
 * codes and codes of the log; no token, source or program.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** An fsync takes 1 to 10 ms, a transaction on Kafka 10 ms; a log that is away takes its time-out. */
const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Answers there are; each starts at zero, because a rate over a counter that appears with its first failure misses that failure. */
const CODES = [202, 400, 401, 403, 405, 408, 413, 415, 429, 500, 503];

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** What is looked up when somebody asks. */
export interface GatewayState {
  readonly inFlightBytes: number;
  readonly inFlightRequests: number;
  readonly queuedRequests: number;
  readonly tokens: number;
  readonly isTokensFileBroken: boolean;
}

/** Defines all of them on a registry; twice on the same one is an error. */
export function createGatewayMetrics(registry: Registry) {
  const registers = [registry];
  const metrics = {
    requests: new Counter({
      name: 'ntk_gateway_requests_total',
      help: 'Requests with events, by status code; 0 when the sender went away first.',
      labelNames: ['code'],
      registers,
    }),
    recordsAccepted: new Counter({
      name: 'ntk_gateway_records_accepted_total',
      help: 'Records that the log has acknowledged.',
      registers,
    }),
    bytesAccepted: new Counter({ name: 'ntk_gateway_bytes_accepted_total', help: 'Their bytes, without copies.', registers }),
    recordsRefused: new Counter({
      name: 'ntk_gateway_records_refused_total',
      help: 'Records of requests that were read and then refused, by status code.',
      labelNames: ['code'],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'ntk_gateway_commit_seconds',
      help: 'One transaction of the log, which takes the records of several requests.',
      buckets: COMMIT_SECONDS,
      registers,
    }),
    commitFailures: new Counter({
      name: 'ntk_gateway_commit_failures_total',
      help: 'Transactions that the log did not take, by its code.',
      labelNames: ['code'],
      registers,
    }),
    observe: (state: () => GatewayState): void => defineState(registers, state),
  };
  for (const code of CODES) metrics.requests.inc({ code }, 0);
  return metrics;
}

function defineState(registers: Registry[], state: () => GatewayState): void {
  const gauge = (name: string, help: string, read: (now: GatewayState) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(state()));
      },
    });
  };
  gauge('ntk_gateway_in_flight_bytes', 'Memory taken by requests that come in or wait for the log.', (now) => now.inFlightBytes);
  gauge('ntk_gateway_in_flight_requests', 'Those requests.', (now) => now.inFlightRequests);
  gauge('ntk_gateway_queued_requests', 'Requests that wait for their turn in the log.', (now) => now.queuedRequests);
  gauge('ntk_gateway_tokens', 'Tokens of the file that are in force.', (now) => now.tokens);
  gauge(
    'ntk_gateway_tokens_file_broken',
    '1 while the file of tokens is broken or gone and an earlier one is in force.',
    (now) => (now.isTokensFileBroken ? 1 : 0),
  );
}
