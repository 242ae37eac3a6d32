/** What the gateway takes at most, of one request and of all together. Each has a number that a small machine can bear. */

export interface GatewayLimits {
  /** Of a request's body, and of what it is when it was inflated. */
  readonly bodyBytesMax: number;
  readonly recordsMax: number;
  /** Of what a request puts into all partitions: each of them gets a copy of a policy. */
  readonly copiedBytesMax: number;
  /** A body has to be in whole by then. */
  readonly bodyTimeoutMs: number;
  /** From the end of the body to the log's acknowledgement. */
  readonly commitTimeoutMs: number;
  /** Of requests whose body is coming in or whose records wait for the log: {@link InFlight}. */
  readonly inFlightBytesMax: number;
  readonly inFlightRequestsMax: number;
  /** Of one transaction of the log; one request more is taken while it is below. */
  readonly groupBytesMax: number;
  readonly groupRecordsMax: number;
}

const MIB = 1024 * 1024;

export const GATEWAY_LIMITS: GatewayLimits = {
  bodyBytesMax: 8 * MIB,
  recordsMax: 20_000,
  copiedBytesMax: 256 * MIB,
  bodyTimeoutMs: 30_000,
  commitTimeoutMs: 30_000,
  inFlightBytesMax: 64 * MIB,
  inFlightRequestsMax: 512,
  groupBytesMax: 8 * MIB,
  groupRecordsMax: 20_000,
};
