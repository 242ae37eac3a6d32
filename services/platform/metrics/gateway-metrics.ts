/**
 * The metrics of the gateway, in addition to contracts.md section 7: what came to the door and what became of it. Labels are status
 * codes and codes of the log; no token, source or program.
 */
import type { Registry } from 'prom-client';
import { counter, gauge, histogram, lookedUp, makeMetrics } from './definition.ts';
import { LOG_CODE, STATUS_CODE } from './label-values.ts';

/** An fsync takes 1 to 10 ms, a transaction on Kafka 10 ms; a log that is away takes its time-out. */
const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Answers there are; each starts at zero, because a rate over a counter that appears with its first failure misses that failure. */
const CODES = [202, 400, 401, 403, 405, 408, 413, 415, 429, 500, 503];

export const GATEWAY = {
  requests: counter({
    name: 'ntk_gateway_requests_total',
    help: 'Requests with events, by status code; 0 when the sender went away first.',
    labels: { code: STATUS_CODE },
    unit: 'requests',
    by: ['gateway'],
    worry: '500 or 503 grow: hosts are not let in; 401 or 403 grow: a token has expired or is used for what it is not for',
  }),
  recordsAccepted: counter({
    name: 'ntk_gateway_records_accepted_total',
    help: 'Records that the log has acknowledged.',
    unit: 'records',
    by: ['gateway'],
    worry: null,
  }),
  bytesAccepted: counter({
    name: 'ntk_gateway_bytes_accepted_total',
    help: 'Their bytes, without copies.',
    unit: 'bytes',
    by: ['gateway'],
    worry: null,
  }),
  recordsRefused: counter({
    name: 'ntk_gateway_records_refused_total',
    help: 'Records of requests that were read and then refused, by status code.',
    labels: { code: STATUS_CODE },
    unit: 'records',
    by: ['gateway'],
    worry: 'it grows: hosts send what their token is not for, or more than is let in',
  }),
  commitSeconds: histogram({
    name: 'ntk_gateway_commit_seconds',
    help: 'One transaction of the log, which takes the records of several requests.',
    buckets: COMMIT_SECONDS,
    unit: 'seconds',
    by: ['gateway'],
    worry: 'the 99th percentile is above 1',
  }),
  commitFailures: counter({
    name: 'ntk_gateway_commit_failures_total',
    help: 'Transactions that the log did not take, by its code.',
    labels: { code: LOG_CODE },
    unit: 'transactions',
    by: ['gateway'],
    worry: 'it grows for minutes: what hosts send is not taken',
  }),
};

/** Looked up when somebody asks. */
export const GATEWAY_STATE = {
  inFlightBytes: gauge({
    name: 'ntk_gateway_in_flight_bytes',
    help: 'Memory taken by requests that come in or wait for the log.',
    unit: 'bytes',
    by: ['gateway'],
    worry: 'it is near NTK_GATEWAY_IN_FLIGHT_BYTES_MAX: the next requests get 503',
  }),
  inFlightRequests: gauge({
    name: 'ntk_gateway_in_flight_requests',
    help: 'Those requests.',
    unit: 'requests',
    by: ['gateway'],
    worry: null,
  }),
  queuedRequests: gauge({
    name: 'ntk_gateway_queued_requests',
    help: 'Requests that wait for their turn in the log.',
    unit: 'requests',
    by: ['gateway'],
    worry: null,
  }),
  tokens: gauge({
    name: 'ntk_gateway_tokens',
    help: 'Tokens of the file that are in force.',
    unit: 'tokens',
    by: ['gateway'],
    worry: 'gateways differ for more than a minute: one has an old file',
  }),
  isTokensFileBroken: gauge({
    name: 'ntk_gateway_tokens_file_broken',
    help: '1 while the file of tokens is broken or gone and an earlier one is in force.',
    unit: '0 or 1',
    by: ['gateway'],
    worry: 'it is 1: tokens that were taken away are still let in',
  }),
};

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** What is looked up when somebody asks. */
interface GatewayState {
  readonly inFlightBytes: number;
  readonly inFlightRequests: number;
  readonly queuedRequests: number;
  readonly tokens: number;
  readonly isTokensFileBroken: boolean;
}

/** Defines all of them on a registry; twice on the same one is an error. */
export function createGatewayMetrics(registry: Registry) {
  const metrics = makeMetrics(GATEWAY, registry);
  for (const code of CODES) {
    metrics.requests.inc({ code }, 0);
    if (code >= 400) metrics.recordsRefused.inc({ code }, 0);
  }
  return { ...metrics, observe: (state: () => GatewayState): void => tellState(registry, state) };
}

function tellState(registry: Registry, state: () => GatewayState): void {
  for (const [key, definition] of Object.entries(GATEWAY_STATE) as [keyof GatewayState, (typeof GATEWAY_STATE)['tokens']][])
    lookedUp(definition, registry, (shown) => shown.set(Number(state()[key])));
}
